"""Pure. The life of one permission: opened, then exactly one end.

    opened -> accepted | declined | answered | completed | superseded | revoked | expired

A permission that was never reported sent ends at `send_by`; one that was sent ends with its answer or at
`answer_until`. Holdout customers get the same life on a topic of its own, as if all were sent.
"""

from __future__ import annotations

from schemas.records import Check, Eligibility, Window
from state.records.customer import OPEN_MAX, Claim, CustomerRecord, Open, Sent
from streams.journey import channels, gates
from streams.journey.candidates import Choice
from streams.journey.send_windows import send_windows
from streams.journey.step import Step
from streams.journey.telling import tell, untell
from streams.journey.view import DAY_MS
from streams.journey.words import (
    MOVE_WORDS,
    PLACEMENT_WORDS,
    STAGE_WORDS,
    Move,
    Placement,
    Reason,
    Scope,
    Status,
)

EXPERIMENTAL = frozenset((Move.OFFER, Move.ASK))
DECLINES: dict[int, tuple[str, ...]] = {
    Move.OFFER: ("no", "not_now", "stop"),
    Move.ASK: ("no", "not_now", "stop"),
    Move.GUIDE: ("stop",),
    Move.HELP: ("stop",),
}


class Saying:
    """What an opening adds to a claim: candidate, channels, checks."""

    __slots__ = ("avoid", "channels", "checks", "choice", "escalate", "send_windows")

    def __init__(
        self,
        choice: Choice | None,
        channels: tuple[str, ...],
        send_windows: tuple[Window, ...],
        avoid: tuple[str, ...],
        checks: tuple[Check, ...],
        *,
        escalate: bool,
    ) -> None:
        self.choice = choice
        self.channels = channels
        self.send_windows = send_windows
        self.avoid = avoid
        self.checks = checks
        self.escalate = escalate


NOTHING = Saying(None, (), (), (), (), escalate=False)


def about(claim: Claim, customer: CustomerRecord) -> str:
    """What an eligibility is about, as text that its id derives from."""
    if claim.scope == Scope.CUSTOMER:
        return f"customer/{customer.past.asks}"
    if claim.scope == Scope.EPISODE:
        return f"episode/{claim.ref}/{customer.past.helps}"
    if claim.scope == Scope.ORDER:
        return f"order/{claim.order_id}/{claim.opens_at}"
    if claim.scope == Scope.PARCEL:
        return f"parcel/{claim.order_id}/{claim.parcel_id}/{claim.product_id}/{claim.unit_id}"
    return f"item/{claim.product_id}/{claim.unit_id}/{claim.cycle}/{claim.anchor}"


def open_(step: Step, claim: Claim, saying: Saying) -> None:
    """Open a permission and remember that it was said."""
    customer, past, choice, now = step.customer, step.customer.past, saying.choice, step.now
    attempt = tell(step, claim)
    in_holdout = claim.move in EXPERIMENTAL and _in_holdout(step)
    eligibility_id = step.world.identity.eligibility_id(
        step.customer_id, customer.epoch, about(claim, customer), claim.placement, attempt
    )
    candidate, relation, family = (
        ("", "", "") if choice is None else (choice.candidate, choice.relation, choice.family)
    )
    # By position, as all records of more than 15 fields: Python passes so many names in a dict.
    held = Open(
        eligibility_id, claim.placement, claim.move, claim.service, in_holdout, claim.product_id,
        claim.unit_id, claim.cycle, claim.order_id, claim.parcel_id, claim.stage, claim.anchor, attempt,
        candidate, relation, family, now, now, claim.ends_at,
        claim.ends_at + step.rules.caps.answer_window_ms, now if in_holdout else 0, claim.ref,
    )  # fmt: skip
    customer.open.append(held)
    keep_ms = max(step.rules.caps.offers_window_ms, step.rules.caps.offer_gap_ms, DAY_MS)
    past.sent = gates.counted(past.sent, now, keep_ms)
    counts = held.move == Move.OFFER and not held.service
    past.sent.append(Sent(now, held.eligibility_id, counts, family=held.family, move=held.move))
    if claim.move == Move.ASK:
        customer.asked_at, past.asks, past.ask_withheld = now, past.asks + 1, 0
    elif claim.move == Move.HELP:
        past.helped_at, past.helps = now, past.helps + 1
    question = step.rules.asks.question if claim.placement == Placement.GOAL_QUESTION else None
    _say(step, held, Status.OPENED, Reason.MOMENT_CAME, saying, question)
    if len(customer.open) > OPEN_MAX:
        _make_room(step)


def _in_holdout(step: Step) -> bool:
    holdout = step.rules.holdout
    return holdout.share > 0 and step.world.identity.share(step.customer_id, holdout.salt) < holdout.share


def _make_room(step: Step) -> None:
    """Attribution is bounded: the oldest that only waits for an answer ends first, then the oldest."""
    customer = step.customer
    oldest = min(
        customer.open, key=lambda held: (held.send_by > step.now, held.opened_at, held.eligibility_id)
    )
    end(step, oldest, Status.EXPIRED, Reason.ATTRIBUTION_FULL)


def end(step: Step, held: Open, status: Status, reason: Reason) -> None:
    """End a permission; what was never sent may come again when it was only taken back."""
    customer = step.customer
    customer.open.remove(held)
    step.recheck = True
    unsent = not held.sent_at
    if unsent and customer.past.sender_reports:
        mark_unsent(customer, held.eligibility_id)
    if status in (Status.REVOKED, Status.SUPERSEDED) and unsent:
        untell(step, held)
    if held.move == Move.ASK:
        _count_ask(step, held, status)
    _say(step, held, status, reason, None, None)


def mark_unsent(customer: CustomerRecord, eligibility_id: str) -> None:
    """No cap counts it, unless a late report says that it was sent."""
    for sent in customer.past.sent:
        if sent.eligibility_id == eligibility_id and not sent.replied:
            sent.unsent = True


def _count_ask(step: Step, held: Open, status: Status) -> None:
    if status in (Status.ANSWERED, Status.ACCEPTED):
        step.customer.asks_unanswered = 0
    elif status == Status.EXPIRED and (held.sent_at or not step.customer.past.sender_reports):
        step.customer.asks_unanswered += 1
    elif status == Status.REVOKED and any(
        sent.unsent for sent in step.customer.past.sent if sent.eligibility_id == held.eligibility_id
    ):
        step.customer.asked_at = 0  # it was never asked, and the gap before it had passed


def expire(step: Step) -> None:
    """End what time has ended: nothing can be answered for less long than it can be sent."""
    now = step.now
    for held in step.customer.open:
        if held.send_by <= now:
            break
    else:
        return
    for held in list(step.customer.open):
        if held.send_by <= now and not held.sent_at:
            end(step, held, Status.EXPIRED, Reason.SEND_WINDOW_OVER)
        elif held.answer_until <= now:
            end(step, held, Status.EXPIRED, Reason.ANSWER_WINDOW_OVER)


def reissue(step: Step, held: Open, reason: Reason) -> None:
    """Say an open permission anew, with the channels and send windows it has now; without any it ends."""
    rule = step.rules_for(held.product_id).moments[PLACEMENT_WORDS[held.placement]]
    usable, _ = channels.usable(step, rule, held)
    usable, sendable = when_to_send(step, usable, held.send_by)
    if not usable:
        end(step, held, Status.REVOKED, reason)
        return
    avoid = channels.avoided(step)
    saying = Saying(None, usable, sendable, avoid, (), escalate=False)
    _say(step, held, Status.RESCHEDULED, reason, saying, None)


def when_to_send(
    step: Step, channels: tuple[str, ...], send_by: int
) -> tuple[tuple[str, ...], tuple[Window, ...]]:
    """The channels that can be used until `send_by`, and the UTC intervals that bind push channels.

    Where quiet hours leave no interval, only channels that push nothing are left.
    """
    sending = step.rules.sending
    if any([channel in sending.push_channels for channel in channels]):
        found = windows(step, send_by)
        if found:
            return channels, found
        channels = tuple([channel for channel in channels if channel not in sending.push_channels])
    return channels, (Window(step.now, send_by),)


def windows(step: Step, send_by: int) -> tuple[Window, ...]:
    """UTC intervals from now on outside the customer's quiet hours; none where all are quiet."""
    sending = step.rules.sending
    zone = step.customer.facts.time_zone or sending.default_time_zone
    spread = step.world.identity.spread(step.customer_id, "send")
    found = send_windows(step.now, send_by, zone, sending, spread, push=True)
    return tuple([Window(*interval) for interval in found])


def _say(
    step: Step, held: Open, status: Status, reason: Reason, saying: Saying | None, question: str | None
) -> None:
    opens_at = step.now if status == Status.RESCHEDULED else held.opens_at
    said = NOTHING if saying is None else saying
    marketing = held.move in EXPERIMENTAL and not held.service
    step.say(
        "journey.holdout" if held.holdout else "journey.eligibility",
        Eligibility(
            held.eligibility_id, status.word, step.customer_id, step.next_sequence(),
            held.product_id or None, held.unit_id or None, held.cycle or None,
            held.order_id or None, held.parcel_id or None,
            STAGE_WORDS[held.stage] if held.stage else None, PLACEMENT_WORDS[held.placement],
            MOVE_WORDS[held.move], "marketing" if marketing else "service",
            held.candidate or None, held.relation or None, question,
            opens_at, held.send_by, held.answer_until,
            said.send_windows, said.channels, said.avoid, said.checks,
            DECLINES[held.move] if saying is not None else (), reason.word, said.escalate,
            step.now, step.cause, step.world.policies.version, step.world.catalogue.version,
        ),
    )  # fmt: skip
