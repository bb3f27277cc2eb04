"""Pure. What holds a moment back although it is here: one table of gates, the first that is shut tells why.

A gate answers when it lifts by itself at the latest: that is when the moment is looked at again, exactly.
`FAR` means that only an event can lift it; then the event's own step looks again.
"""

from __future__ import annotations

from collections.abc import Callable

from state.records.customer import Claim, Open, Sent
from streams.journey import friction
from streams.journey.moments import anchor_of, told_of
from streams.journey.step import Step
from streams.journey.view import DAY_MS, FAR
from streams.journey.words import PLACEMENT_WORDS, FlagState, Move, Placement, Reason, Stage

Shut = tuple[Reason, int] | None
Gate = Callable[[Step, Claim], Shut]
OLD_OFFERS_MAX = 8
"""So many offers are known longer than any cap looks at them."""
ESSENTIAL, NEXT_STEP, UNBOXING = Placement.ESSENTIAL, Placement.NEXT_STEP, Stage.UNBOXING
# By names of the module, because until Python 3.12 `Reason.BEFORE_LIVE` costs as much as two calls.
BEFORE_LIVE, OFFERS_REST, FRESH_ANSWER = Reason.BEFORE_LIVE, Reason.OFFERS_REST, Reason.FRESH_ANSWER
ASKED_RECENTLY, WAITING_FOR_ANSWER = Reason.ASKED_RECENTLY, Reason.WAITING_FOR_ANSWER
OUTRANKED, ALREADY_OPEN, DAILY_CAP = Reason.OUTRANKED, Reason.ALREADY_OPEN, Reason.DAILY_CAP
OFFER_GAP, OFFER_CAP = Reason.OFFER_GAP, Reason.OFFER_CAP
ASKING, OFFERING, HELPING = Move.ASK, Move.OFFER, Move.HELP
EVERY_MOVE = frozenset(Move)
GUIDE, ASK = frozenset((Move.GUIDE,)), frozenset((Move.ASK,))
OFFER, HELP = frozenset((Move.OFFER,)), frozenset((Move.HELP,))


def paused(step: Step, claim: Claim) -> Shut:
    """The operator paused this brand, placement or product."""
    control = step.world.control
    if not control.pauses:
        return None
    shut = control.paused(step.customer.brand, PLACEMENT_WORDS[claim.placement], claim.product_id)
    return (Reason.PAUSED, FAR) if shut else None


def not_current(step: Step, _claim: Claim) -> Shut:
    """Inputs of this partition are still unread: what forbids it may be among them."""
    if step.at.current:
        return None
    return Reason.CATCHING_UP, step.now + step.rules.sources.catching_up_look_again_ms


# What is not there, where a moment is about that.
SILENCE: dict[int, str] = {
    Placement.STALLED_START: "usage",
    Placement.EARLY_EDUCATION: "usage",
    Placement.REFILL: "purchases",
    Placement.MAINTAIN: "purchases",
}


def inputs_stale(step: Step, claim: Claim) -> Shut:
    """A source that is silent everywhere says nothing about one customer's silence."""
    if SILENCE.get(claim.placement) not in step.at.stale_sources:
        return None
    return Reason.INPUTS_STALE, step.now + step.rules.sources.look_again_ms


def before_live(step: Step, claim: Claim) -> Shut:
    """What happened before going live opens nothing."""
    live_from = _live_from(step, claim) if step.world.control.live_dates else step.rules.live.from_ms
    return (BEFORE_LIVE, FAR) if claim.opens_at < live_from else None


def _live_from(step: Step, claim: Claim) -> int:
    word = PLACEMENT_WORDS[claim.placement]
    return step.world.control.live_from_ms(step.rules, step.customer.brand, word, claim.product_id)


def ramping_up(step: Step, claim: Claim) -> Shut:
    """After going live the share of customers that may be spoken to grows evenly."""
    ramp_ms = step.rules.live.ramp_ms
    if not ramp_ms:
        return None
    opens = _live_from(step, claim) + int(step.world.identity.share(step.customer_id, "ramp") * ramp_ms)
    return (Reason.RAMPING_UP, opens) if step.now < opens else None


def agent_holds(step: Step, _claim: Claim) -> Shut:
    """A person is on it already."""
    held = any(flag.held_by_agent and flag.state == FlagState.OPEN for flag in step.customer.flags)
    return (Reason.AGENT_HOLDS, FAR) if held else None


def mass_incident(step: Step, claim: Claim) -> Shut:
    """Many customers have the same problem at once: one message each would help nobody."""
    if claim.anchor not in step.at.held_flags:
        return None
    return Reason.MASS_INCIDENT, step.now + step.rules.mass_incident.look_again_ms


def helped_recently(step: Step, _claim: Claim) -> Shut:
    """One help move in 24 h."""
    lifts = step.customer.past.helped_at + step.rules.help.gap_ms
    return (Reason.HELP_RECENTLY, lifts) if step.customer.past.helped_at and step.now < lifts else None


def in_friction(step: Step, claim: Claim) -> Shut:
    """Help first."""
    if not step.customer.flags:
        return None
    return friction.blocking(step, claim.move, claim.order_id, claim.product_id)


def guide_first(step: Step, claim: Claim) -> Shut:
    """After delivery the essential comes with or after the guide."""
    if claim.placement != ESSENTIAL or claim.stage != UNBOXING:
        return None
    if not step.rules.moments[Placement.SETUP_GUIDE.word].enabled:
        return None
    order = step.peek_order(claim.order_id)
    anchor = anchor_of(f"{claim.order_id}/{claim.parcel_id}")
    if order is None or told_of(order.told, Placement.SETUP_GUIDE, anchor) is not None:
        return None
    return Reason.GUIDE_FIRST, FAR


def offers_rest(step: Step, claim: Claim) -> Shut:
    """A no rests all offers for a while; service offers are exempt."""
    until = step.customer.offers_rest_until
    return (OFFERS_REST, until) if not claim.service and step.now < until else None


def fresh_answer(step: Step, _claim: Claim) -> Shut:
    """The goal is known."""
    goals = step.customer.goals
    lifts = goals[-1][0] + step.rules.asks.answer_fresh_ms if goals else 0
    return (FRESH_ANSWER, lifts) if step.now < lifts else None


def asked_recently(step: Step, _claim: Claim) -> Shut:
    """One question per customer in 30 d, and 180 d of rest after two without an answer."""
    customer, asks = step.customer, step.rules.asks
    if not customer.asked_at:
        return None
    if customer.asks_unanswered >= asks.unanswered_max:
        lifts = customer.asked_at + asks.unanswered_rest_ms
        return (Reason.ASKS_REST, lifts) if step.now < lifts else None
    lifts = customer.asked_at + asks.gap_ms
    return (ASKED_RECENTLY, lifts) if step.now < lifts else None


def waiting_for_answer(step: Step, claim: Claim) -> Shut:
    """The next step waits up to 5 d for a pending ask."""
    if claim.placement != NEXT_STEP:
        return None
    pending = next((held for held in step.customer.open if held.move == ASKING), None)
    if pending is None:
        return None
    lifts = pending.opens_at + step.rules.asks.pending_wait_ms
    return (WAITING_FOR_ANSWER, lifts) if step.now < lifts else None


def already_open(step: Step, claim: Claim) -> Shut:
    """At most one permission of each move; a service offer may supersede an offer that was not sent.

    A moment that was here when the other opened was outranked, one that came later found it open.
    """
    held = permission(step, claim.move)
    if held is None or supersedes(step, claim, held):
        return None
    reason = OUTRANKED if claim.opens_at <= held.opened_at else ALREADY_OPEN
    return reason, held.send_by


def permission(step: Step, move: int) -> Open | None:
    """The open permission of a move: sendable still, whether sent or not."""
    for held in step.customer.open:
        if held.move == move and held.send_by > step.now:
            return held
    return None


def supersedes(step: Step, claim: Claim, held: Open) -> bool:
    """Whether a service offer takes the place of a lower offer that was not sent."""
    if not claim.service or claim.move != OFFERING or held.service or held.sent_at:
        return False
    rules = step.rules_for(held.product_id)
    return rules.moments[PLACEMENT_WORDS[held.placement]].priority < claim.priority


def offer_gap(step: Step, claim: Claim) -> Shut:
    """At least 7 d between offers; service offers are exempt."""
    if claim.service:
        return None
    last = max((sent.at for sent in step.customer.past.sent if sent.offer and not sent.unsent), default=0)
    lifts = last + step.rules.caps.offer_gap_ms
    return (OFFER_GAP, lifts) if last and step.now < lifts else None


def offer_cap(step: Step, claim: Claim) -> Shut:
    """At most 2 offers in 30 d; service offers are exempt."""
    if claim.service:
        return None
    caps = step.rules.caps
    times = [sent.at for sent in step.customer.past.sent if sent.offer and not sent.unsent]
    return _full(step, OFFER_CAP, times, caps.offers_in_window, caps.offers_window_ms)


def daily_cap(step: Step, claim: Claim) -> Shut:
    """At most 3 moves in 24 h; help counts, but is never held back by a cap."""
    if claim.move == HELPING:
        return None
    times = [sent.at for sent in step.customer.past.sent if not sent.unsent]
    return _full(step, DAILY_CAP, times, step.rules.caps.daily_moves, DAY_MS)


def _full(step: Step, reason: Reason, times: list[int], most: int, window_ms: int) -> Shut:
    inside = sorted(at for at in times if at + window_ms > step.now)
    return (reason, inside[len(inside) - most] + window_ms) if len(inside) >= most else None


GATES: tuple[tuple[frozenset[Move], Gate], ...] = (
    (EVERY_MOVE, paused),
    (GUIDE | OFFER, inputs_stale),
    (EVERY_MOVE, before_live),
    (EVERY_MOVE, ramping_up),
    (HELP, agent_holds),
    (HELP, mass_incident),
    (HELP, helped_recently),
    (EVERY_MOVE - HELP, in_friction),
    (OFFER, guide_first),
    (OFFER, offers_rest),
    (ASK, fresh_answer),
    (ASK, asked_recently),
    (OFFER, waiting_for_answer),
    (EVERY_MOVE, already_open),
    (OFFER, offer_gap),
    (OFFER, offer_cap),
    (EVERY_MOVE, daily_cap),
    (EVERY_MOVE, not_current),  # last, so that catching up changes no reason that holds anyway
)
BY_MOVE: dict[int, tuple[Gate, ...]] = {
    move: tuple(gate for moves, gate in GATES if move in moves) for move in Move
}


def first_shut(step: Step, claim: Claim) -> Shut:
    """The first gate that holds the moment back, None when it may be said."""
    for gate in BY_MOVE[claim.move]:
        shut = gate(step, claim)
        if shut is not None:
            return shut
    return None


def counted(sent: list[Sent], now: int, keep_ms: int) -> list[Sent]:
    """What caps look at, and the last offers before it: a late no still rests their family."""
    kept = [entry for entry in sent if entry.at + keep_ms > now]
    old = [entry for entry in sent if entry.family and entry.at + keep_ms <= now]
    return old[-OLD_OFFERS_MAX:] + kept if old else kept
