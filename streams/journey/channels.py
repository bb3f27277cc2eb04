"""Pure. Consent and channels: which may be used for a moment, which must be avoided.

    message class   a channel may be used when
    marketing       it is granted; the brand's own surfaces when any channel is granted
    service         it is neither denied nor stopped

Offers and asks always need a grant, service offers too: unknown consent denies them. A STOP lasts until an
explicit opt-in dated later; what a profile export says never lifts it. In transit the essential stands below
the tracking of a shipping update, and nowhere else.
"""

from __future__ import annotations

from state.records.customer import Claim, Consent, CustomerRecord, Open
from streams.journey.policy import Moment, Sending
from streams.journey.step import Step
from streams.journey.words import Move, Placement, Reason, Stage

GRANTED, DENIED, UNKNOWN = "granted", "denied", "unknown"
SHIPPING_UPDATE = "shipping_update"
NEEDS_GRANT = frozenset((Move.OFFER, Move.ASK))
ESSENTIAL, CHECKOUT = Placement.ESSENTIAL, Stage.CHECKOUT


def consent_state(consent: Consent) -> str:
    """What holds for one channel: STOP, then the later of the explicit opt-in and the profile's word."""
    if consent.stopped[0] and consent.stopped[0] >= consent.started[0]:
        return DENIED
    if consent.started[0] and consent.started >= consent.stated:
        return GRANTED
    return consent.state


def states(customer: CustomerRecord) -> dict[str, str]:
    """The state of every channel that was ever named."""
    return {consent.channel: consent_state(consent) for consent in customer.facts.consents}


def said_in(step: Step) -> dict[str, str]:
    """The states of all channels after the facts of a step, which everything that it opens asks for."""
    if step.said is None:
        step.said = states(step.customer)
    return step.said


def usable(step: Step, rule: Moment, about: Claim | Open) -> tuple[tuple[str, ...], Reason | None]:
    """Channels in the order of the moment's policy, or the reason why there are none."""
    said = said_in(step)
    if about.move in NEEDS_GRANT and GRANTED not in said.values():
        return (), Reason.NO_CONSENT
    channels = allowed(said, step, rule, about)
    return channels, None if channels else Reason.NO_CHANNEL


def allowed(said: dict[str, str], step: Step, rule: Moment, about: Claim | Open) -> tuple[str, ...]:
    """Channels in the order of the moment's policy, under these states."""
    if about.move not in NEEDS_GRANT:
        channels = tuple([c for c in rule.channels if said.get(c, UNKNOWN) != DENIED])
    elif GRANTED in said.values():
        channels = tuple([c for c in rule.channels if _granted(c, said, step.rules.sending)])
    else:
        return ()
    if about.placement == ESSENTIAL and about.stage == CHECKOUT:
        return tuple([c for c in channels if c == SHIPPING_UPDATE])
    return channels


def _granted(channel: str, said: dict[str, str], sending: Sending) -> bool:
    state = said.get(channel, UNKNOWN)
    return state == GRANTED or (state == UNKNOWN and channel not in sending.push_channels)


def avoided(step: Step) -> tuple[str, ...]:
    """Known channels that are denied or stopped."""
    said = said_in(step)
    if DENIED not in said.values():
        return ()
    return tuple([channel for channel in step.rules.sending.known_channels if said.get(channel) == DENIED])
