"""Pure. The facts of one owned item in words, in the order in which they happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from state.records.item import ItemRecord, Line, Subscription
from state.records.parts import Stamp
from streams.journey.supply import refill_window
from streams.journey.view import FAR, View
from streams.replay.explanation import Fact


def facts_of(view: View) -> tuple[Fact, ...]:
    """What is known of an item at the view's time. Times of 0 stand for what has no date."""
    item = view.item
    facts = [
        *(fact for line in item.lines for fact in _line(line)),
        *_delivery(view),
        *_use(item),
        *_value(view),
        *(fact for held in item.subscriptions for fact in _subscription(held)),
        *_supply(view),
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.at, fact.what)))


def _line(line: Line) -> Iterator[Fact]:
    placed = line.placed if line.placed[0] else line.content
    extra = (", as a gift" * line.gift) + (", as a replacement" * line.replacement)
    if placed[0]:
        yield Fact(placed[0], f"ordered {line.quantity}{extra} (order {line.order_id}, line {line.line_id})")
    if line.refunded[0]:
        yield Fact(line.refunded[0], f"{line.refunded_quantity} refunded (order {line.order_id})")
    if line.cancelled[0]:
        count = "all" if line.cancelled_quantity < 0 else str(line.cancelled_quantity)
        yield Fact(line.cancelled[0], f"{count} cancelled (order {line.order_id})")
    if line.void:
        yield Fact(placed[0], f"the whole order {line.order_id} was cancelled")
    if line.lost:
        yield Fact(placed[0], f"lost on its way (order {line.order_id})")
    if line.shipped_at and line.shipped_at != line.delivered[0]:
        yield Fact(line.shipped_at, f"shipped (order {line.order_id})")
    if line.contract_ends_at:
        yield Fact(line.contract_ends_at, "contract ends")


def _delivery(view: View) -> Iterator[Fact]:
    for line in view.item.lines:
        if line.delivered[0]:
            yield Fact(line.delivered[0], f"delivered (order {line.order_id})")
    if view.delivery_inferred and view.delivered[0]:
        yield Fact(view.delivered[0], "taken for delivered, which nobody reported")


def _use(item: ItemRecord) -> Iterator[Fact]:
    kinds: tuple[tuple[str, Sequence[Stamp]], ...] = (
        ("setup started", item.setup_started),
        ("setup completed", item.setup_completed),
        ("session", item.sessions),
        ("result", item.results),
        ("guidance opened", item.guidance),
        ("consumed", item.consumed),
    )
    for word, stamps in kinds:
        if stamps:
            yield Fact(stamps[0][0], f"first {word}" if len(stamps) > 1 else word)
        if len(stamps) > 1:
            yield Fact(stamps[-1][0], f"newest {word}")
    for word, marks in (
        ("milestone", item.milestones),
        ("limit reached", item.limits),
        ("visit", item.visits),
    ):
        for at, _, name in marks:
            yield Fact(at, f"{word}: {name}" if name else word)


def _value(view: View) -> Iterator[Fact]:
    at = view.first_value[0]
    if at and at <= view.now:
        yield Fact(at, "first value, inferred" if view.value_inferred else "first value")


def _subscription(held: Subscription) -> Iterator[Fact]:
    word = held.status.removeprefix("subscription_").replace("_", " ")
    yield Fact(held.latest[0], f"subscription {held.subscription_id} {word}")
    if held.paid_through_at:
        yield Fact(held.paid_through_at, f"subscription {held.subscription_id} is paid through")
    if held.renews_at:
        yield Fact(held.renews_at, f"subscription {held.subscription_id} renews")


def _supply(view: View) -> Iterator[Fact]:
    if not view.consumable:
        return
    window = refill_window(view)
    if window.expected_at < FAR:
        basis = f"estimate by {window.basis}, confidence {window.confidence:.0%}"
        yield Fact(window.expected_at, f"runs out about now ({basis})")
        yield Fact(window.opens_at, "a refill may be offered from here")
        yield Fact(window.ends_at, "until here a refill may be offered")
