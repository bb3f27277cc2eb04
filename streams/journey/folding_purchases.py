"""Pure. fold(records, purchase event) -> facts of orders, their lines, subscriptions, payments and returns.

As in `streams.journey.folding`, order and repetition do not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.records import OrderLine as LineSent
from schemas.records import Purchase
from state.records.customer import ORDER_DAYS_MAX, PAYMENTS_MAX, RETURNS_MAX, CustomerFacts, Toggle
from state.records.item import LINES_MAX, SUBSCRIPTIONS_MAX, UNITS_MAX, ItemRecord, Line, Subscription
from state.records.order import ORDER_LINES_MAX, LineCancel, OrderLine, OrderRecord
from state.records.parts import NEVER, Mark, Stamp
from streams.journey.facts import above, bound, earlier, keep_newest, keep_whole, later, wins
from streams.journey.step import Step
from streams.journey.view import DAY_MS

# No id holds a control character, so a payment for a subscription is never taken for one for an order.
OF_SUBSCRIPTION = "\x1f"


def fold_purchase(step: Step, event: Purchase) -> None:
    """Orders, refunds, returns, subscriptions and payments."""
    stamp = (event.occurred_at, event.event_id)
    kind = event.type
    if event.subscription is not None and kind.startswith("subscription_"):
        _fold_subscription(step.item(event.subscription.product_id), event, stamp)
    if kind in ("payment_failed", "payment_recovered"):
        subscription_id = event.subscription.subscription_id if event.subscription is not None else ""
        ref = event.order_id or f"{OF_SUBSCRIPTION}{subscription_id}"
        _toggle_payment(step.customer.facts, ref, stamp, started=kind == "payment_failed")
        return
    if event.order_id is None:
        return
    _FOLD_ORDER.get(kind, _ignore)(step, event, stamp)


def _ignore(_step: Step, _event: Purchase, _stamp: Stamp) -> None:
    """Subscription events that name an order change no order."""


def _fold_placed(step: Step, event: Purchase, stamp: Stamp) -> None:
    order = step.order(event.order_id or "")
    placed = event.type == "order_placed"
    if placed:
        order.placed = earlier(order.placed, stamp)
        keep_newest(step.customer.order_days, stamp[0] // DAY_MS, ORDER_DAYS_MAX)
    order.newest = max(order.newest, stamp[0])
    held = {line.line_id: line for line in order.lines}
    for sent in event.lines:
        left = _fold_order_line(order, held, sent, stamp)
        item = step.item(sent.product_id, sent.unit_id or "")
        line = _line_of(item, order.order_id, sent.line_id, stamp)
        if line is not None:
            _write_line(line, sent, stamp, placed=placed)
            if left is not None and step.item(left.product_id, left.unit_id) is not item:
                line.void = False
            item.lines_floor = bound(item.lines, item.lines_floor, LINES_MAX, _newest_of_line, _trim_line)
        if sent.unit_id and placed:
            base = step.item(sent.product_id)
            keep_newest(base.units, (stamp[0], stamp[1], sent.unit_id), UNITS_MAX)
    order.lines_floor = bound(
        order.lines, order.lines_floor, ORDER_LINES_MAX, _newest_of_order_line, keep_whole
    )


def _fold_order_line(
    order: OrderRecord, held: dict[str, OrderLine], sent: LineSent, stamp: Stamp
) -> OrderLine | None:
    """Write the line; return what it replaced, whose item is then decided too."""
    if not above(stamp, sent.line_id, order.lines_floor):
        return None
    line = OrderLine(
        sent.line_id,
        stamp,
        sent.product_id,
        sent.unit_id or "",
        sent.fulfilment,
        sent.gift,
        sent.quantity,
        sent.price_minor,
        sent.currency,
        variant=sent.variant or "",
    )
    old = held.get(sent.line_id)
    if old is None:
        order.lines.append(line)
    elif wins(stamp, _payload(line), old.content, _payload(old)):
        order.lines[order.lines.index(old)] = line
    else:
        return None
    held[sent.line_id] = line
    return old


def _payload(line: OrderLine) -> tuple[Any, ...]:
    return (
        line.product_id, line.unit_id, line.fulfilment, line.gift, line.quantity, line.price_minor,
        line.currency, line.variant,
    )  # fmt: skip


def _line_of(item: ItemRecord, order_id: str, line_id: str, stamp: Stamp) -> Line | None:
    """The item's line to write to, or None when the stamp is under the floor."""
    if not above(stamp, f"{order_id}\x1f{line_id}", item.lines_floor):
        return None
    for line in item.lines:
        if line.line_id == line_id and line.order_id == order_id:
            return line
    line = Line(order_id, line_id)
    item.lines.append(line)
    return line


def _write_line(line: Line, sent: LineSent, stamp: Stamp, *, placed: bool) -> None:
    if placed:
        line.placed = later(line.placed, stamp)
    new = (
        sent.quantity, sent.fulfilment, sent.gift, sent.replacement, sent.price_minor, sent.currency,
        sent.contract_ends_at or 0, sent.variant or "",
    )  # fmt: skip
    old = (
        line.quantity, line.fulfilment, line.gift, line.replacement, line.price_minor, line.currency,
        line.contract_ends_at, line.variant,
    )  # fmt: skip
    if wins(stamp, new, line.content, old):
        line.content = stamp
        (
            line.quantity, line.fulfilment, line.gift, line.replacement, line.price_minor, line.currency,
            line.contract_ends_at, line.variant,
        ) = new  # fmt: skip


def _fold_cancelled(step: Step, event: Purchase, stamp: Stamp) -> None:
    order = step.order(event.order_id or "")
    order.newest = max(order.newest, stamp[0])
    if not event.lines:
        order.cancelled = later(order.cancelled, stamp)
        return
    for sent in event.lines:
        _fold_line_cancel(order, LineCancel(sent.line_id, stamp, sent.quantity))
        item = step.item(sent.product_id, sent.unit_id or "")
        line = _line_of(item, order.order_id, sent.line_id, stamp)
        if line is not None and wins(stamp, (sent.quantity,), line.cancelled, (line.cancelled_quantity,)):
            line.cancelled, line.cancelled_quantity = stamp, sent.quantity
        item.lines_floor = bound(item.lines, item.lines_floor, LINES_MAX, _newest_of_line, _trim_line)


def _fold_line_cancel(order: OrderRecord, cancel: LineCancel) -> None:
    """The last writer of each line; of more lines than an order may have, the newest."""
    held = next((c for c in order.line_cancels if c.line_id == cancel.line_id), None)
    if held is None:
        order.line_cancels.append(cancel)
        if len(order.line_cancels) > ORDER_LINES_MAX:
            order.line_cancels.remove(min(order.line_cancels, key=lambda c: (c.latest, c.line_id)))
    elif wins(cancel.latest, (cancel.quantity,), held.latest, (held.quantity,)):
        held.latest, held.quantity = cancel.latest, cancel.quantity


def _fold_refunded(step: Step, event: Purchase, stamp: Stamp) -> None:
    order = step.order(event.order_id or "")
    order.newest = max(order.newest, stamp[0])
    order.settled = later(order.settled, stamp)
    _toggle_return(step.customer.facts, order.order_id, stamp, started=False)
    for sent in event.lines:
        item = step.item(sent.product_id, sent.unit_id or "")
        line = _line_of(item, order.order_id, sent.line_id, stamp)
        if line is not None and wins(stamp, (sent.quantity,), line.refunded, (line.refunded_quantity,)):
            line.refunded, line.refunded_quantity = stamp, sent.quantity
        item.lines_floor = bound(item.lines, item.lines_floor, LINES_MAX, _newest_of_line, _trim_line)


def _fold_return(step: Step, event: Purchase, stamp: Stamp) -> None:
    order_id = event.order_id or ""
    _toggle_return(step.customer.facts, order_id, stamp, started=event.type == "return_registered")


_FOLD_ORDER: dict[str, Callable[[Step, Purchase, Stamp], None]] = {
    "order_placed": _fold_placed,
    "order_updated": _fold_placed,
    "order_cancelled": _fold_cancelled,
    "order_refunded": _fold_refunded,
    "return_registered": _fold_return,
    "return_closed": _fold_return,
}


def _newest_of_line(line: Line) -> Mark:
    time_ms, event_id = max(line.placed, line.content, line.refunded, line.cancelled)
    return (time_ms, event_id, f"{line.order_id}\x1f{line.line_id}")


def _trim_line(line: Line, floor: Mark) -> None:
    key = f"{line.order_id}\x1f{line.line_id}"
    if not above(line.placed, key, floor):
        line.placed = NEVER
    if not above(line.content, key, floor):
        line.content, line.quantity, line.gift, line.replacement = NEVER, 0, False, False
        line.fulfilment, line.price_minor, line.currency, line.contract_ends_at = "ship", None, None, 0
        line.variant = ""
    if not above(line.refunded, key, floor):
        line.refunded, line.refunded_quantity = NEVER, 0
    if not above(line.cancelled, key, floor):
        line.cancelled, line.cancelled_quantity = NEVER, 0


def _newest_of_order_line(line: OrderLine) -> Mark:
    return (line.content[0], line.content[1], line.line_id)


def _fold_subscription(item: ItemRecord, event: Purchase, stamp: Stamp) -> None:
    sent = event.subscription
    if sent is None or not above(stamp, sent.subscription_id, item.subscriptions_floor):
        return
    held = next((s for s in item.subscriptions if s.subscription_id == sent.subscription_id), None)
    if held is None:
        held = Subscription(sent.subscription_id)
        item.subscriptions.append(held)
    if event.type == "subscription_started":
        held.started = later(held.started, stamp)
    terms = (sent.term_starts_at or 0, sent.paid_through_at or 0, sent.renews_at or 0)
    payload = (event.type, *terms)
    if wins(
        stamp, payload, held.latest, (held.status, held.term_starts_at, held.paid_through_at, held.renews_at)
    ):
        held.latest, held.status = stamp, event.type
        held.term_starts_at, held.paid_through_at, held.renews_at = terms
    item.subscriptions_floor = bound(
        item.subscriptions,
        item.subscriptions_floor,
        SUBSCRIPTIONS_MAX,
        _newest_of_subscription,
        _trim_subscription,
    )


def _newest_of_subscription(held: Subscription) -> Mark:
    return (held.latest[0], held.latest[1], held.subscription_id)


def _trim_subscription(held: Subscription, floor: Mark) -> None:
    if not above(held.started, held.subscription_id, floor):
        held.started = NEVER


def _toggle(entries: list[Toggle], floor: Mark, limit: int, ref: str, stamp: Stamp, *, started: bool) -> Mark:
    if not above(stamp, ref, floor):
        return floor
    held = next((toggle for toggle in entries if toggle.ref == ref), None)
    if held is None:
        held = Toggle(ref)
        entries.append(held)
    if started:
        held.started = later(held.started, stamp)
    else:
        held.ended = later(held.ended, stamp)
    return bound(entries, floor, limit, _newest_of_toggle, _trim_toggle)


def _toggle_payment(facts: CustomerFacts, ref: str, stamp: Stamp, *, started: bool) -> None:
    facts.payments_floor = _toggle(
        facts.payments, facts.payments_floor, PAYMENTS_MAX, ref, stamp, started=started
    )


def _toggle_return(facts: CustomerFacts, ref: str, stamp: Stamp, *, started: bool) -> None:
    facts.returns_floor = _toggle(
        facts.returns, facts.returns_floor, RETURNS_MAX, ref, stamp, started=started
    )


def _newest_of_toggle(toggle: Toggle) -> Mark:
    time_ms, event_id = max(toggle.started, toggle.ended)
    return (time_ms, event_id, toggle.ref)


def _trim_toggle(toggle: Toggle, floor: Mark) -> None:
    if not above(toggle.started, toggle.ref, floor):
        toggle.started = NEVER
    if not above(toggle.ended, toggle.ref, floor):
        toggle.ended = NEVER
