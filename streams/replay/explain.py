"""Pure. Records, world and time -> an `Explanation`: what is known, open, withheld, and what comes next.

Nothing is decided here. Stages, blocking and caps are asked of the rules that decide, so an explanation
cannot tell another story than the outputs did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest

from msgspec import Struct

from state.records import customer as stored_customer
from state.records import parts as stored_parts
from state.records.customer import Consent, CustomerRecord
from state.records.item import ItemRecord
from state.records.order import OrderRecord
from streams.journey import channels
from streams.journey.moments import told_of
from streams.journey.step import Records, Step, World
from streams.journey.telling import SCOPES
from streams.journey.view import FAR
from streams.journey.words import (
    MOVE_WORDS,
    PLACEMENT_WORDS,
    STAGE_WORDS,
    Flag,
    FlagState,
    Move,
    Placement,
    Reason,
    Scope,
    Stage,
)
from streams.replay.explained_caps import caps_of, rests_of
from streams.replay.explanation import (
    Channel,
    Explanation,
    Fact,
    FlagNow,
    ItemNow,
    Known,
    OpenNow,
    OrderNow,
    ParcelNow,
    Waiting,
    Withheld,
)
from streams.replay.item_facts import facts_of
from streams.replay.looking import Look, Owned

AHEAD_MAX = 12
ELSEWHERE = "\x00"
"""An order and a product that nobody has: what blocks there blocks everywhere."""


class Found(Struct, frozen=True):
    """All records of one customer beside the customer record."""

    items: Sequence[ItemRecord]
    orders: Sequence[OrderRecord]


def explain(
    world: World, records: Records, customer_id: str, found: Found, now_ms: int, most: int | None
) -> Explanation:
    """Explain a customer whose record exists; `most` items and orders, None for all of them."""
    look = Look(world, records, customer_id, now_ms)
    customer = look.step.customer
    items = sorted(found.items, key=_newest_item, reverse=True)[:most]
    orders = sorted(found.orders, key=lambda order: (order.newest, order.order_id), reverse=True)[:most]
    shown = tuple(_item(look, item) for item in items)
    flags = tuple(_flag(look, flag) for flag in customer.flags)
    opened = tuple(_open(held, now_ms) for held in customer.open)
    waiting = tuple(_waiting(claim) for claim in customer.waiting)
    dues = (
        customer.due_ms, *(item.due_ms for item in found.items), *(order.due_ms for order in found.orders)
    )  # fmt: skip
    asked = customer.past.ask_withheld
    return Explanation(
        customer_id=customer_id,
        as_of=now_ms,
        policy_version=world.policies.version,
        catalogue_version=world.catalogue.version,
        known=_known(customer),
        stages={
            STAGE_WORDS[n]: count for n, count in enumerate(customer.past.stage_counts) if n and count > 0
        },
        items_total=len(found.items),
        items=shown,
        orders_total=len(found.orders),
        orders=tuple(_order(order) for order in orders),
        friction=flags,
        open=opened,
        waiting=waiting,
        withheld=(Withheld(Placement.GOAL_QUESTION.word, Reason(asked).word),) if asked else (),
        rests=tuple(rests_of(look.step)),
        caps=tuple(caps_of(look.step)),
        ahead=_ahead([*_changes(look, found.items), *_ends(flags, opened, waiting)], now_ms),
        next_look_at=min((due for due in dues if due), default=0),
    )


def _newest_item(item: ItemRecord) -> tuple[int, str, str]:
    placed = max((line.placed[0] for line in item.lines), default=0)
    return max(placed, item.stage_since), item.product_id, item.unit_id


def _known(customer: CustomerRecord) -> Known:
    facts = customer.facts

    def answers(kind: str) -> tuple[str, ...]:
        return tuple(f"{answer.key} = {answer.value}" for answer in facts.answers if answer.kind == kind)

    return Known(
        time_zone=facts.time_zone or None,
        locale=facts.locale or None,
        market=facts.market or None,
        brand=customer.brand or None,
        profiled_at=max(facts.profiled)[0],
        channels=tuple(_channel(consent) for consent in facts.consents),
        goals=tuple(Fact(at, value) for at, _, value in customer.goals),
        preferences=answers("preference"),
        constraints=answers("constraint"),
    )


def _channel(consent: Consent) -> Channel:
    """What holds, and whose word it is: a STOP, an opt-in, or the profile."""
    if consent.stopped[0] and consent.stopped >= consent.started:
        why = "the customer said STOP"
    elif consent.started[0] and consent.started >= consent.stated:
        why = "the customer opted in"
    else:
        why = "the profile says so" if consent.stated[0] else "nobody said anything"
    return Channel(consent.channel, channels.consent_state(consent), why)


def _item(look: Look, item: ItemRecord) -> ItemNow:
    owned = look.owned(item)
    changes_at = owned.changes_at if owned.changes_at < FAR else 0
    after = look.owned(item, changes_at).stage if changes_at else owned.stage
    entry = owned.view.entry
    return ItemNow(
        product_id=item.product_id,
        unit_id=item.unit_id or None,
        name=entry.product.name if entry is not None else None,
        stage=owned.stage.word,
        since=_since(owned),
        inferred=item.inferred and item.stage == owned.stage,
        changes_at=changes_at if after != owned.stage else 0,
        changes_to=after.word if after != owned.stage else None,
        facts=facts_of(owned.view),
        said=tuple(_said(item.told)),
        withheld=tuple(_withheld(item)),
        next_look_at=item.due_ms,
    )


def _since(owned: Owned) -> int:
    if owned.stage == Stage.NONE:
        return 0
    return owned.item.stage_since if owned.item.stage == owned.stage else owned.since


def _said(told: Iterable[stored_parts.Told]) -> Iterator[Fact]:
    for entry in told:
        again = "" if entry.done else ", taken back: it may come again"
        yield Fact(entry.at, PLACEMENT_WORDS[entry.placement] + again)


def _withheld(record: ItemRecord | OrderRecord) -> Iterator[Withheld]:
    """The last reason of each moment that was not settled since."""
    last = {seen.placement: seen for seen in record.withheld}
    for seen in last.values():
        told = told_of(record.told, seen.placement, seen.anchor)
        if told is None or not told.done or seen.reason == Reason.TOO_LATE:
            yield Withheld(PLACEMENT_WORDS[seen.placement], Reason(seen.reason).word)


def _order(order: OrderRecord) -> OrderNow:
    return OrderNow(
        order_id=order.order_id,
        placed_at=order.placed[0],
        cancelled_at=order.cancelled[0] if order.cancelled > order.placed else 0,
        lines=len(order.lines),
        parcels=tuple(
            ParcelNow(p.parcel_id, p.status, p.shipped[0], p.delivered[0], p.estimate_on)
            for p in order.parcels
        ),
        said=tuple(_said(order.told)),
        withheld=tuple(_withheld(order)),
        next_look_at=order.due_ms,
    )


def _flag(look: Look, flag: stored_customer.FlagNow) -> FlagNow:
    order = f"order {flag.order_id}" if flag.order_id else ""
    return FlagNow(
        flag=Flag(flag.flag).word,
        state=FlagState(flag.state).word,
        about=order or flag.product_id or None,
        cause=_cause(look.step, flag),
        since=flag.since,
        until=flag.until,
        severe=flag.severe,
        inferred=flag.inferred,
        held_by_agent=flag.held_by_agent,
        helped_at=flag.helped_at,
        blocks=tuple(_blocks(look, flag)),
    )


def _cause(step: Step, flag: stored_customer.FlagNow) -> str:
    """The event, and the ticket if it is one of ours to see."""
    tickets = [
        ticket.ticket_id
        for ticket in step.customer.facts.tickets
        if any(flag.cause == event_id for _, event_id in (*ticket.opened, *ticket.resolved))
    ]
    by = f"ticket {tickets[0]}, " if tickets else ""
    return by + (f"event {flag.cause}" if flag.cause else "no delivery by the day it was expected")


def _blocks(look: Look, flag: stored_customer.FlagNow) -> Iterator[str]:
    for move in (Move.OFFER, Move.ASK, Move.GUIDE):
        if look.blocks(flag, move, ELSEWHERE, ELSEWHERE):
            yield f"{move.word}: everything of the customer"
        elif look.blocks(flag, move, flag.order_id, flag.product_id):
            yield f"{move.word}: what it is about"


def _open(held: stored_customer.Open, now_ms: int) -> OpenNow:
    return OpenNow(
        eligibility_id=held.eligibility_id,
        placement=PLACEMENT_WORDS[held.placement],
        move=MOVE_WORDS[held.move],
        about=_about(held),
        candidate=held.candidate or None,
        opened_at=held.opened_at,
        send_by=held.send_by,
        answer_until=held.answer_until,
        sent_at=held.sent_at,
        holdout=held.holdout,
        may_be_sent=held.send_by > now_ms and not held.sent_at,
    )


def _about(held: stored_customer.Open | stored_customer.Claim) -> str:
    """The scope of a moment in words."""
    scope = SCOPES[Placement(held.placement)]
    if scope == Scope.EPISODE:
        flag, _, rest = held.ref.partition("/")
        return f"{Flag(int(flag)).word} {rest.rpartition('/')[0]}".strip() if flag.isdigit() else "friction"
    if scope == Scope.CUSTOMER:
        return "the customer"
    if scope in (Scope.ORDER, Scope.PARCEL) and held.order_id:
        return f"order {held.order_id}" + (f", parcel {held.parcel_id}" if held.parcel_id else "")
    return f"{held.product_id} {held.unit_id}".strip()


def _waiting(claim: stored_customer.Claim) -> Waiting:
    return Waiting(
        placement=PLACEMENT_WORDS[claim.placement],
        move=MOVE_WORDS[claim.move],
        about=_about(claim),
        reason=Reason(claim.reason).word if claim.reason else "",
        look_again_at=claim.look_at,
        ends_at=claim.ends_at,
    )


def _changes(look: Look, items: Iterable[ItemRecord]) -> list[Fact]:
    """The next changes of stage, of all items, shown or not."""
    all_owned = (look.owned(item) for item in items)
    ahead = nsmallest(AHEAD_MAX, (o for o in all_owned if o.changes_at < FAR), key=lambda o: o.changes_at)
    facts = []
    for owned in ahead:
        after = look.owned(owned.item, owned.changes_at).stage
        if after != owned.stage:
            name = f"{owned.item.product_id} {owned.item.unit_id}".strip()
            facts.append(Fact(owned.changes_at, f"{name} is in {after.word}"))
    return facts


def _ends(flags: Iterable[FlagNow], opened: Iterable[OpenNow], waiting: Iterable[Waiting]) -> Iterator[Fact]:
    for flag in flags:
        yield Fact(flag.until, f"{flag.flag} ends, or cools off, by itself")
    for held in opened:
        yield Fact(held.send_by, f"the permission for {held.placement} about {held.about} ends")
        if held.sent_at:
            yield Fact(held.answer_until, f"{held.placement} no longer waits for an answer")
    for one in waiting:
        yield Fact(one.look_again_at, f"{one.placement} about {one.about} is looked at again")


def _ahead(facts: Iterable[Fact], now_ms: int) -> tuple[Fact, ...]:
    """What time alone will change, the next first."""
    return tuple(nsmallest(AHEAD_MAX, (fact for fact in facts if fact.at > now_ms), key=lambda fact: fact.at))
