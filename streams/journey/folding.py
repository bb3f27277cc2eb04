"""Pure. fold(records, event) -> facts: no clock, no decision; order and repetition do not matter.

One function per input topic. An event touches the customer and exactly the items and the order it names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.records import Delivery, Profile, Purchase, Reply, Usage
from schemas.records import OrderLine as LineSent
from schemas.records import Ticket as TicketSent
from state.records import (
    ANSWERS_MAX,
    CHANNELS_MAX,
    DECLINES_MAX,
    GOALS_MAX,
    LINES_MAX,
    NEVER,
    ORDER_DAYS_MAX,
    ORDER_LINES_MAX,
    PARCELS_MAX,
    PAYMENTS_MAX,
    RESPONSES_MAX,
    RETURNS_MAX,
    SUBSCRIPTIONS_MAX,
    TICKETS_MAX,
    Answer,
    Consent,
    CustomerRecord,
    ItemRecord,
    Line,
    Mark,
    OrderLine,
    OrderRecord,
    Parcel,
    Response,
    Stamp,
    Subscription,
    Ticket,
    Toggle,
)
from streams.journey.facts import above, bound, earlier, keep_ends, keep_newest, later, wins
from streams.journey.reply_meaning import meaning_of
from streams.journey.step import Step
from streams.journey.view import DAY_MS

OPEN_TICKET = frozenset(("new", "open", "pending", "hold"))
TROUBLE = frozenset(("attempt_fail", "exception", "expired", "returned_to_sender", "lost"))
ON_THE_WAY = frozenset(
    ("in_transit", "out_for_delivery", "available_for_pickup", "attempt_fail", "delivered")
)
TOPICS = frozenset(("shipping", "troubleshooting", "billing", "return"))

# Usage that names a thing keeps a Mark under this name, usage that only happens keeps a Stamp.
USAGE_MARKS: dict[str, tuple[str, int]] = {
    "milestone": ("milestones", 2),
    "limit_reached": ("limits", 1),
    "site_visit": ("visits", 1),
}
USAGE_STAMPS: dict[str, tuple[str, int]] = {
    "setup_started": ("setup_started", 1),
    "setup_completed": ("setup_completed", 1),
    "session": ("sessions", 3),
    "result": ("results", 1),
    "guidance_opened": ("guidance", 1),
    "consumed": ("consumed", 1),
}


def fold_purchase(step: Step, event: Purchase) -> None:
    """Orders, refunds, returns, subscriptions and payments."""
    stamp = (event.occurred_at, event.event_id)
    kind = event.type
    if event.subscription is not None and kind.startswith("subscription_"):
        _fold_subscription(step.item(event.subscription.product_id), event, stamp)
    if kind == "payment_failed" or kind == "payment_recovered":
        subscription_id = event.subscription.subscription_id if event.subscription is not None else ""
        ref = event.order_id or subscription_id
        _toggle_payment(step.customer, ref, stamp, started=kind == "payment_failed")
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
        _fold_order_line(order, held, sent, stamp)
        item = step.item(sent.product_id, sent.unit_id or "")
        line = _line_of(item, order.order_id, sent.line_id, stamp)
        if line is not None:
            _write_line(line, sent, stamp, placed=placed)
            item.lines_floor = bound(item.lines, item.lines_floor, LINES_MAX, _newest_of_line, _trim_line)
        if sent.unit_id:
            base = step.item(sent.product_id)
            base.newest_unit = max(base.newest_unit, (stamp[0], stamp[1], sent.unit_id))
    order.lines_floor = bound(
        order.lines, order.lines_floor, ORDER_LINES_MAX, _newest_of_order_line, _keep_whole
    )


def _fold_order_line(order: OrderRecord, held: dict[str, OrderLine], sent: LineSent, stamp: Stamp) -> None:
    if not above(stamp, sent.line_id, order.lines_floor):
        return
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
    )
    old = held.get(sent.line_id)
    if old is None:
        order.lines.append(line)
    elif wins(stamp, _payload(line), old.content, _payload(old)):
        order.lines[order.lines.index(old)] = line
    else:
        return
    held[sent.line_id] = line


def _payload(line: OrderLine) -> tuple[Any, ...]:
    return (
        line.product_id, line.unit_id, line.fulfilment, line.gift, line.quantity, line.price_minor, line.currency,
    )  # fmt: skip


def _line_of(item: ItemRecord, order_id: str, line_id: str, stamp: Stamp) -> Line | None:
    """The item's line to write to, or None when the stamp is under the floor."""
    for line in item.lines:
        if line.line_id == line_id and line.order_id == order_id:
            return line
    if not above(stamp, f"{order_id}\x1f{line_id}", item.lines_floor):
        return None
    line = Line(order_id, line_id)
    item.lines.append(line)
    return line


def _write_line(line: Line, sent: LineSent, stamp: Stamp, *, placed: bool) -> None:
    if placed:
        line.placed = later(line.placed, stamp)
    new = (
        sent.quantity, sent.fulfilment, sent.gift, sent.replacement, sent.price_minor, sent.currency,
        sent.contract_ends_at or 0,
    )  # fmt: skip
    old = (
        line.quantity, line.fulfilment, line.gift, line.replacement, line.price_minor, line.currency,
        line.contract_ends_at,
    )  # fmt: skip
    if wins(stamp, new, line.content, old):
        line.content = stamp
        (
            line.quantity, line.fulfilment, line.gift, line.replacement, line.price_minor, line.currency,
            line.contract_ends_at,
        ) = new  # fmt: skip


def _fold_cancelled(step: Step, event: Purchase, stamp: Stamp) -> None:
    order = step.order(event.order_id or "")
    order.newest = max(order.newest, stamp[0])
    if not event.lines:
        order.cancelled = later(order.cancelled, stamp)
        return
    for sent in event.lines:
        item = step.item(sent.product_id, sent.unit_id or "")
        line = _line_of(item, order.order_id, sent.line_id, stamp)
        if line is not None and wins(stamp, (sent.quantity,), line.cancelled, (line.cancelled_quantity,)):
            line.cancelled, line.cancelled_quantity = stamp, sent.quantity
        item.lines_floor = bound(item.lines, item.lines_floor, LINES_MAX, _newest_of_line, _trim_line)


def _fold_refunded(step: Step, event: Purchase, stamp: Stamp) -> None:
    order = step.order(event.order_id or "")
    order.newest = max(order.newest, stamp[0])
    order.settled = later(order.settled, stamp)
    _toggle_return(step.customer, order.order_id, stamp, started=False)
    for sent in event.lines:
        item = step.item(sent.product_id, sent.unit_id or "")
        line = _line_of(item, order.order_id, sent.line_id, stamp)
        if line is not None and wins(stamp, (sent.quantity,), line.refunded, (line.refunded_quantity,)):
            line.refunded, line.refunded_quantity = stamp, sent.quantity
        item.lines_floor = bound(item.lines, item.lines_floor, LINES_MAX, _newest_of_line, _trim_line)


def _fold_return(step: Step, event: Purchase, stamp: Stamp) -> None:
    order_id = event.order_id or ""
    _toggle_return(step.customer, order_id, stamp, started=event.type == "return_registered")


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
    if not above(line.refunded, key, floor):
        line.refunded, line.refunded_quantity = NEVER, 0
    if not above(line.cancelled, key, floor):
        line.cancelled, line.cancelled_quantity = NEVER, 0


def _newest_of_order_line(line: OrderLine) -> Mark:
    return (line.content[0], line.content[1], line.line_id)


def _keep_whole(_entry: Any, _floor: Mark) -> None:
    """Entries that are one last writer have no older parts to trim."""


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


def _toggle_payment(customer: CustomerRecord, ref: str, stamp: Stamp, *, started: bool) -> None:
    customer.payments_floor = _toggle(
        customer.payments, customer.payments_floor, PAYMENTS_MAX, ref, stamp, started=started
    )


def _toggle_return(customer: CustomerRecord, ref: str, stamp: Stamp, *, started: bool) -> None:
    customer.returns_floor = _toggle(
        customer.returns, customer.returns_floor, RETURNS_MAX, ref, stamp, started=started
    )


def _newest_of_toggle(toggle: Toggle) -> Mark:
    time_ms, event_id = max(toggle.started, toggle.ended)
    return (time_ms, event_id, toggle.ref)


def _trim_toggle(toggle: Toggle, floor: Mark) -> None:
    if not above(toggle.started, toggle.ref, floor):
        toggle.started = NEVER
    if not above(toggle.ended, toggle.ref, floor):
        toggle.ended = NEVER


def fold_delivery(step: Step, event: Delivery) -> None:
    """A parcel's status, lines, estimate."""
    stamp = (event.occurred_at, event.event_id)
    order = step.order(event.order_id)
    if event.status == "update_opened":
        return
    order.newest = max(order.newest, stamp[0])
    parcel = _parcel_of(order, event.parcel_id)
    if parcel is None:
        return
    status = event.status
    if wins(stamp, (status,), parcel.latest, (parcel.status,)):
        parcel.latest, parcel.status = stamp, status
    if status in ON_THE_WAY:
        parcel.shipped = earlier(parcel.shipped, stamp)
    if status == "delivered":
        parcel.delivered = earlier(parcel.delivered, stamp)
        parcel.arrived = later(parcel.arrived, stamp)
    elif status in TROUBLE:
        parcel.trouble_first = earlier(parcel.trouble_first, stamp)
        parcel.trouble_last = later(parcel.trouble_last, stamp)
    if event.estimate_on is not None and wins(
        stamp, (event.estimate_on,), parcel.estimated, (parcel.estimate_on,)
    ):
        parcel.estimated, parcel.estimate_on = stamp, event.estimate_on
    named = (event.line_ids, event.parcels_total or 0)
    if (event.line_ids or event.parcels_total) and wins(
        stamp, named, parcel.named, (parcel.line_ids, parcel.total)
    ):
        parcel.named, parcel.line_ids, parcel.total = stamp, *named


def _parcel_of(order: OrderRecord, parcel_id: str) -> Parcel | None:
    for parcel in order.parcels:
        if parcel.parcel_id == parcel_id:
            return parcel
    order.parcels.append(Parcel(parcel_id))
    order.parcels.sort(key=lambda held: held.parcel_id)
    parcel = next(held for held in order.parcels if held.parcel_id == parcel_id)
    if len(order.parcels) > PARCELS_MAX and order.parcels.pop() is parcel:
        return None
    return parcel


def fold_usage(step: Step, event: Usage) -> None:
    """What was done with a product; without a unit it is kept at the product and counts for the newest unit."""
    item = step.item(event.product_id, event.unit_id or "")
    if not event.unit_id and item.newest_unit[2]:
        step.item(event.product_id, item.newest_unit[2])
    marks = USAGE_MARKS.get(event.type)
    if marks is not None:
        keep_ends(getattr(item, marks[0]), (event.occurred_at, event.event_id, event.name or ""), marks[1])
        return
    field, k = USAGE_STAMPS[event.type]
    keep_ends(getattr(item, field), (event.occurred_at, event.event_id), k)


def fold_ticket(step: Step, event: TicketSent) -> None:
    """A ticket's state, and solved contact."""
    customer = step.customer
    stamp = (event.occurred_at, event.event_id)
    opening = event.status in OPEN_TICKET
    if not opening:
        customer.solved = later(customer.solved, stamp)
    if event.satisfaction == "bad":
        customer.negative = later(customer.negative, stamp)
    if not above(stamp, event.ticket_id, customer.tickets_floor):
        return
    ticket = next((held for held in customer.tickets if held.ticket_id == event.ticket_id), None)
    if ticket is None:
        ticket = Ticket(event.ticket_id)
        customer.tickets.append(ticket)
    keep_newest(ticket.opened if opening else ticket.resolved, stamp, 3)
    new = (
        event.status, event.topic if event.topic in TOPICS else "troubleshooting", event.priority,
        event.satisfaction == "bad", event.agent_holds, event.order_id or "", event.product_id or "",
    )  # fmt: skip
    old = (
        ticket.status, ticket.topic, ticket.priority, ticket.bad, ticket.agent_holds, ticket.order_id,
        ticket.product_id,
    )  # fmt: skip
    if wins(stamp, new, ticket.latest, old):
        ticket.latest = stamp
        (
            ticket.status, ticket.topic, ticket.priority, ticket.bad, ticket.agent_holds, ticket.order_id,
            ticket.product_id,
        ) = new  # fmt: skip
    customer.tickets_floor = bound(
        customer.tickets, customer.tickets_floor, TICKETS_MAX, _newest_of_ticket, _trim_ticket
    )


def _newest_of_ticket(ticket: Ticket) -> Mark:
    return (ticket.latest[0], ticket.latest[1], ticket.ticket_id)


def _trim_ticket(ticket: Ticket, floor: Mark) -> None:
    ticket.opened = [stamp for stamp in ticket.opened if above(stamp, ticket.ticket_id, floor)]
    ticket.resolved = [stamp for stamp in ticket.resolved if above(stamp, ticket.ticket_id, floor)]


def fold_reply(step: Step, event: Reply) -> None:
    """What a customer or a sender said back."""
    customer = step.customer
    stamp = (event.occurred_at, event.event_id)
    if event.feedback is not None and event.eligibility_id is not None:
        _fold_feedback(customer, event.eligibility_id, event.feedback, stamp)
    intent, signals_friction = meaning_of(event, step.world.policies.base)
    if intent == "frustrated":
        customer.negative = later(customer.negative, stamp)
    elif intent == "question" or intent == "help":
        if signals_friction or intent == "help":
            customer.question = later(customer.question, stamp)
        else:
            customer.interest = later(customer.interest, stamp)
    elif intent == "answered":
        customer.answered = later(customer.answered, stamp)
    elif intent in ("no", "not_now", "yes"):
        keep_newest(customer.declines, (*stamp, event.eligibility_id or "", intent), DECLINES_MAX)
    elif intent == "stop" or intent == "start":
        step.consents_changed = True
        for channel in _channels_meant(step, event.channel):
            _fold_opt(customer, channel, stamp, out=intent == "stop")
    for answer in event.answers:
        if answer.kind == "goal":
            keep_newest(customer.goals, (*stamp, answer.value), GOALS_MAX)
        else:
            _fold_answer(customer, Answer(answer.kind, answer.key, stamp, answer.value))


def _channels_meant(step: Step, channel: str | None) -> tuple[str, ...]:
    sending = step.world.policies.base.sending
    if channel is None:
        return tuple(sending.known_channels)
    return sending.opt_out_channels.get(channel, (channel,))


def _fold_feedback(customer: CustomerRecord, eligibility_id: str, feedback: str, stamp: Stamp) -> None:
    if not above(stamp, eligibility_id, customer.responses_floor):
        return
    held = next((r for r in customer.responses if r.eligibility_id == eligibility_id), None)
    if held is None:
        held = Response(eligibility_id)
        customer.responses.append(held)
    held.latest = later(held.latest, stamp)
    setattr(held, feedback, later(getattr(held, feedback), stamp))
    customer.responses_floor = bound(
        customer.responses, customer.responses_floor, RESPONSES_MAX, _newest_of_response, _trim_response
    )


def _newest_of_response(held: Response) -> Mark:
    return (held.latest[0], held.latest[1], held.eligibility_id)


def _trim_response(held: Response, floor: Mark) -> None:
    for name in ("sent", "failed", "suppressed", "seen"):
        if not above(getattr(held, name), held.eligibility_id, floor):
            setattr(held, name, NEVER)


def _fold_answer(customer: CustomerRecord, answer: Answer) -> None:
    key = f"{answer.kind}\x1f{answer.key}"
    if not above(answer.latest, key, customer.answers_floor):
        return
    for index, held in enumerate(customer.answers):
        if held.kind == answer.kind and held.key == answer.key:
            if wins(answer.latest, (answer.value,), held.latest, (held.value,)):
                customer.answers[index] = answer
            return
    customer.answers.append(answer)
    customer.answers_floor = bound(
        customer.answers, customer.answers_floor, ANSWERS_MAX, _newest_of_answer, _keep_whole
    )


def _newest_of_answer(answer: Answer) -> Mark:
    return (answer.latest[0], answer.latest[1], f"{answer.kind}\x1f{answer.key}")


def fold_profile(step: Step, event: Profile) -> None:
    """Who the customer is to the messaging systems, and their consents."""
    customer = step.customer
    stamp = (event.occurred_at, event.event_id)
    new = (event.time_zone or "", event.locale or "", event.market or "", event.brand or "")
    old = (customer.time_zone, customer.locale, customer.market, customer.brand)
    if wins(stamp, new, customer.profiled, old):
        step.zone_changed = new[0] != customer.time_zone
        customer.profiled = stamp
        customer.time_zone, customer.locale, customer.market, customer.brand = new
    step.consents_changed = bool(event.consents)
    for sent in event.consents:
        at = (sent.at, event.event_id)
        if sent.explicit and sent.state == "granted":
            _fold_opt(customer, sent.channel, at, out=False)
        consent = _consent_of(customer, sent.channel)
        if consent is not None and wins(at, (sent.state,), consent.stated, (consent.state,)):
            consent.stated, consent.state = at, sent.state


def _fold_opt(customer: CustomerRecord, channel: str, stamp: Stamp, *, out: bool) -> None:
    consent = _consent_of(customer, channel)
    if consent is None:
        return
    if out:
        consent.stopped = later(consent.stopped, stamp)
    else:
        consent.started = later(consent.started, stamp)


def _consent_of(customer: CustomerRecord, channel: str) -> Consent | None:
    """The channel's entry; a customer keeps the channels whose names are smallest."""
    for consent in customer.consents:
        if consent.channel == channel:
            return consent
    entry = Consent(channel)
    customer.consents.append(entry)
    customer.consents.sort(key=lambda held: held.channel)
    if len(customer.consents) > CHANNELS_MAX and customer.consents.pop() is entry:
        return None
    return entry


FOLDS: dict[type, Callable[[Step, Any], None]] = {
    Purchase: fold_purchase,
    Delivery: fold_delivery,
    Usage: fold_usage,
    TicketSent: fold_ticket,
    Reply: fold_reply,
    Profile: fold_profile,
}
