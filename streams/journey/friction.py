"""Pure. All friction rules: one table of what raises each flag, one life for all of them.

    shipping_problem    a parcel in trouble or late (from the order), a shipping ticket
    troubleshooting     a ticket of that topic, or of one we do not know
    billing_problem     a billing ticket, a failed payment
    open_question       a question that signals friction, unanswered for at most 48 h
    return_in_progress  a registered return (routine: its order only), a return ticket
    negative_reply      a frustrated or complaining reply, a bad rating

A flag is open while one of its causes holds, cools off after the last has ended, and is gone then. A cause
that nobody ever ends stops blocking after `stale_after` and is marked stale. What an open or cooling flag
blocks is policy. Where several flags hold, the open one blocks before the cooling one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct, structs

from schemas.records import FrictionChange
from state.records.customer import FlagNow, Open, Ticket, Toggle
from state.records.parts import NEVER
from streams.journey.folding_purchases import OF_SUBSCRIPTION
from streams.journey.step import Step
from streams.journey.view import FAR
from streams.journey.words import (
    FLAG_STATE_WORDS,
    FLAG_WORDS,
    MOVE_WORDS,
    Flag,
    FlagState,
    Move,
    Reason,
    Scope,
)

EPISODES_MAX = 8
FLAGS_MAX = 64


class Cause(Struct, frozen=True, gc=False):
    """One thing that raises a flag. `ended_at` 0: it still holds. `cool_off_ms` counts from its end."""

    ref: str
    since: int
    ended_at: int
    by: str
    cool_off_ms: int
    stale_after_ms: int
    order_id: str = ""
    product_id: str = ""
    severe: bool = False
    routine: bool = False
    inferred: bool = False
    agent: bool = False


def _tickets(step: Step, flag: Flag, topic: str) -> Iterable[Cause]:
    rules = step.rules.friction[flag.word]
    urgent = step.rules.help.escalate_priorities
    for ticket in step.customer.facts.tickets:
        if ticket.topic == topic:
            since, ended_at, by = _ticket_span(ticket)
            if since:
                yield Cause(
                    ticket.order_id or ticket.product_id, since, ended_at, by,
                    cool_off_ms=rules.cool_off_by_ticket_ms, stale_after_ms=rules.stale_after_ms,
                    order_id=ticket.order_id, product_id=ticket.product_id,
                    severe=ticket.priority in urgent or ticket.bad, agent=ticket.agent_holds and not ended_at,
                )  # fmt: skip


def _ticket_span(ticket: Ticket) -> tuple[int, int, str]:
    """(open since, ended at or 0, the event): the run of openings after the last resolution, or before it."""
    opened, resolved = ticket.opened, ticket.resolved
    if not opened:
        return 0, 0, ""
    if not resolved or opened[-1] > resolved[-1]:
        after = resolved[-1] if resolved else NEVER
        first = next(stamp for stamp in opened if stamp > after)
        return first[0], 0, first[1]
    ended = next(stamp for stamp in resolved if stamp >= opened[-1])
    return opened[-1][0], ended[0], opened[-1][1]


def _toggles(step: Step, flag: Flag, toggles: list[Toggle], *, routine: bool) -> Iterable[Cause]:
    rules = step.rules.friction[flag.word]
    for toggle in toggles:
        if toggle.started[0]:
            order_id = "" if toggle.ref[:1] == OF_SUBSCRIPTION else toggle.ref
            ended_at = toggle.ended[0] if toggle.ended > toggle.started else 0
            yield Cause(
                toggle.ref, toggle.started[0], ended_at, toggle.started[1], cool_off_ms=rules.cool_off_ms,
                stale_after_ms=rules.stale_after_ms, order_id=order_id, routine=routine,
            )  # fmt: skip


def shipping_problem(step: Step) -> Iterable[Cause]:
    """Mirrored from open orders, and shipping tickets."""
    rules = step.rules.friction[Flag.SHIPPING_PROBLEM.word]
    for held in step.customer.past.order_flags:
        yield Cause(
            held.order_id, held.since, held.ended_at, held.cause, cool_off_ms=rules.cool_off_ms,
            stale_after_ms=rules.stale_after_ms, order_id=held.order_id, severe=held.severe,
            inferred=held.inferred,
        )  # fmt: skip
    yield from _tickets(step, Flag.SHIPPING_PROBLEM, "shipping")


def troubleshooting(step: Step) -> Iterable[Cause]:
    """Tickets of that topic or of an unknown one."""
    return _tickets(step, Flag.TROUBLESHOOTING, "troubleshooting")


def billing_problem(step: Step) -> Iterable[Cause]:
    """Billing tickets and failed payments."""
    yield from _tickets(step, Flag.BILLING_PROBLEM, "billing")
    yield from _toggles(step, Flag.BILLING_PROBLEM, step.customer.facts.payments, routine=False)


def return_in_progress(step: Step) -> Iterable[Cause]:
    """Registered returns are routine; a return ticket is not. A refund or a closed return ends both."""
    for cause in _tickets(step, Flag.RETURN_IN_PROGRESS, "return"):
        ends = [
            toggle.ended[0] for toggle in step.customer.facts.returns
            if toggle.ref == cause.order_id and toggle.ended[0] > cause.since
        ] + [cause.ended_at] * bool(cause.ended_at)  # fmt: skip
        yield structs.replace(cause, ended_at=min(ends, default=0))
    yield from _toggles(step, Flag.RETURN_IN_PROGRESS, step.customer.facts.returns, routine=True)


def open_question(step: Step) -> Iterable[Cause]:
    """The newest friction question, until it is answered or 48 h have passed."""
    asked, answered = step.customer.facts.question, step.customer.facts.answered
    if not asked[0]:
        return
    rules = step.rules.friction[Flag.OPEN_QUESTION.word]
    ends = asked[0] + step.rules.help.question_open_ms
    yield _timed(step, asked, min(answered[0], ends) if answered > asked else ends, rules.cool_off_ms)


def negative_reply(step: Step) -> Iterable[Cause]:
    """The newest negative reply, until contact was solved after it or time has passed."""
    said = step.customer.facts.negative
    if not said[0]:
        return
    rules = step.rules.friction[Flag.NEGATIVE_REPLY.word]
    ends = said[0] + step.rules.help.negative_for_ms
    solved = [stamp for ticket in step.customer.facts.tickets for stamp in ticket.resolved if stamp > said]
    yield _timed(step, said, min(min(solved)[0], ends) if solved else ends, rules.cool_off_ms)


def _timed(step: Step, raised: tuple[int, str], ends: int, cool_off_ms: int) -> Cause:
    """A cause that ends by itself: its stale time is its end, without being stale."""
    ended_at = ends if ends <= step.now else 0
    return Cause("", raised[0], ended_at, raised[1], cool_off_ms=cool_off_ms, stale_after_ms=ends - raised[0])


FRICTION: tuple[tuple[Flag, Callable[[Step], Iterable[Cause]]], ...] = (
    (Flag.SHIPPING_PROBLEM, shipping_problem),
    (Flag.TROUBLESHOOTING, troubleshooting),
    (Flag.BILLING_PROBLEM, billing_problem),
    (Flag.OPEN_QUESTION, open_question),
    (Flag.RETURN_IN_PROGRESS, return_in_progress),
    (Flag.NEGATIVE_REPLY, negative_reply),
)


def update(step: Step) -> None:
    """Bring the customer's flags to what holds now and say every change.

    Time ends flags and raises none but for orders, so without any, only other facts or rules can matter.
    """
    customer = step.customer
    if not (customer.flags or step.orders or step.stirred):
        return
    facts, past = customer.facts, customer.past
    if not (
        customer.flags or facts.tickets or past.order_flags or facts.payments
        or facts.returns or facts.question[0] or facts.negative[0]
    ):  # fmt: skip
        return
    wanted = _wanted(step)
    for held in list(customer.flags):
        new = wanted.get((held.flag, held.ref))
        if new is None:
            customer.flags.remove(held)
            _say(step, held, held.state, FlagState.NONE, stale=_went_stale(step, held))
    for key, new in wanted.items():
        held_now = next((flag for flag in customer.flags if (flag.flag, flag.ref) == key), None)
        if held_now is None:
            if len(customer.flags) < FLAGS_MAX:
                customer.flags.append(new)
            _say(step, new, FlagState.NONE, FlagState(new.state))
        else:
            _renew(step, held_now, new)
    past.order_flags = [
        held for held in past.order_flags
        if not held.ended_at or (Flag.SHIPPING_PROBLEM, held.order_id) in wanted
    ]  # fmt: skip


def _wanted(step: Step) -> dict[tuple[int, str], FlagNow]:
    wanted: dict[tuple[int, str], FlagNow] = {}
    for flag, causes in FRICTION:
        for cause in causes(step):
            new = _state_of(step.now, flag, cause)
            if new is None:
                continue
            old = wanted.get((new.flag, new.ref))
            wanted[(new.flag, new.ref)] = new if old is None else _merged(old, new)
    return wanted


def _state_of(now: int, flag: Flag, cause: Cause) -> FlagNow | None:
    if cause.ended_at and cause.ended_at <= now:
        state, until = FlagState.COOLING_OFF, cause.ended_at + cause.cool_off_ms
    else:
        state, until = FlagState.OPEN, cause.since + cause.stale_after_ms
        if cause.ended_at:
            until = min(until, cause.ended_at)
    if until <= now:
        return None
    return FlagNow(
        flag, cause.ref, state, cause.since, until, cause.order_id, cause.product_id, cause.severe,
        cause.routine, cause.inferred, cause.agent, cause.by,
    )  # fmt: skip


def _merged(one: FlagNow, other: FlagNow) -> FlagNow:
    """Two causes of one flag: open beats cooling, then the earlier start; widest reach and last end count."""
    first, second = sorted((one, other), key=lambda flag: (flag.state, flag.since, flag.cause))
    if first.state == second.state:
        first.until = max(first.until, second.until)
        first.severe = first.severe or second.severe
        first.held_by_agent = first.held_by_agent or second.held_by_agent
        first.routine = first.routine and second.routine
    return first


def _renew(step: Step, held: FlagNow, new: FlagNow) -> None:
    """Keep when it began and how it was helped."""
    if new.held_by_agent != held.held_by_agent or new.routine != held.routine:
        step.recheck = True
    held.severe, held.routine, held.held_by_agent = new.severe, new.routine, new.held_by_agent
    held.order_id, held.product_id, held.inferred = new.order_id, new.product_id, new.inferred
    if held.state == new.state:
        if held.until != new.until:
            step.recheck = True
        held.until, held.cause = new.until, new.cause
        if new.since < held.since and not (held.helped_at or held.help_reason):
            held.since = new.since  # an earlier start was heard of before anything was said of the episode
        return
    before = held.state
    held.state, held.until, held.cause = new.state, new.until, new.cause
    if new.state == FlagState.OPEN:
        held.since, held.helped_at, held.help_reason = new.since, 0, 0
    _say(step, held, before, FlagState(new.state))


def _went_stale(step: Step, held: FlagNow) -> bool:
    ends_by_itself = held.flag in (Flag.OPEN_QUESTION, Flag.NEGATIVE_REPLY)
    return held.state == FlagState.OPEN and held.until <= step.now and not ends_by_itself


def _say(step: Step, flag: FlagNow, before: int, after: FlagState, *, stale: bool = False) -> None:
    step.recheck = True
    if after == FlagState.OPEN:
        step.customer.past.episodes = [*step.customer.past.episodes, flag.since][-EPISODES_MAX:]
    scope = Scope.ORDER if flag.order_id else Scope.ITEM if flag.product_id else Scope.CUSTOMER
    step.say(
        "journey.friction",
        FrictionChange(
            customer_id=step.customer_id, sequence=step.next_sequence(), flag=FLAG_WORDS[flag.flag],
            scope=scope.word, scope_id=flag.order_id or flag.product_id or None,
            from_state=FLAG_STATE_WORDS[before], to_state=after.word,
            since=flag.since if after == FlagState.OPEN else step.now,
            until=flag.until if after != FlagState.NONE else None,
            severity="severe" if flag.severe else "normal", stale=stale, inferred=flag.inferred,
            decided_at=step.now, cause_event_id=step.cause, policy_version=step.world.policies.version,
            catalogue_version=step.world.catalogue.version,
        ),
    )  # fmt: skip


def blocking(step: Step, move: int, order_id: str, product_id: str) -> tuple[Reason, int] | None:
    """Why a move about an order's item is blocked and until when at the latest; None when it is free."""
    flags = step.customer.flags
    if not flags:
        return None
    found: tuple[Reason, int] | None = None
    for flag in flags:
        rules = step.rules.friction[FLAG_WORDS[flag.flag]]
        is_open = flag.state == FlagState.OPEN
        breadth = (rules.open_blocks if is_open else rules.cooling_blocks).get(MOVE_WORDS[move], "none")
        if flag.routine and breadth == "customer":
            breadth = "order"
        if breadth == "none" or (breadth == "order" and not _concerns(flag, order_id, product_id)):
            continue
        reason = Reason.FRICTION if is_open else Reason.COOLING_OFF
        if found is None or reason < found[0]:
            found = (reason, flag.until)
        elif reason == found[0]:
            found = (reason, max(found[1], flag.until))
    return found


def _concerns(flag: FlagNow, order_id: str, product_id: str) -> bool:
    """Whether a flag as wide as its order reaches this one; a flag that names nothing reaches all."""
    if flag.order_id:
        return flag.order_id == order_id
    return not flag.product_id or flag.product_id == product_id


def blocks_open(step: Step, held: Open) -> bool:
    """Whether an open permission may not stand any more."""
    if held.move == Move.HELP:
        return False
    return blocking(step, held.move, held.order_id, held.product_id) is not None


def next_change(step: Step) -> int:
    """When the first flag changes by time alone."""
    return min((flag.until for flag in step.customer.flags), default=FAR)


def frustrated(step: Step) -> bool:
    """Whether the customer is frustrated just now."""
    return any(
        flag.flag == Flag.NEGATIVE_REPLY and flag.state == FlagState.OPEN for flag in step.customer.flags
    )
