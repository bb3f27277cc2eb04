"""Pure. fold(records, event) -> facts: no clock, no decision; order and repetition do not matter.

One function per input topic. An event touches the customer and exactly the items and the order it names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.records import Delivery, Profile, Purchase, Reply, Usage
from schemas.records import Ticket as TicketSent
from state.records.customer import (
    ANSWERS_MAX,
    CHANNELS_MAX,
    DECLINES_MAX,
    GOALS_MAX,
    TICKETS_MAX,
    Answer,
    Consent,
    CustomerFacts,
    CustomerRecord,
    Ticket,
)
from state.records.order import PARCELS_MAX, OrderRecord, Parcel
from state.records.parts import Mark, Stamp
from streams.journey.channels import states
from streams.journey.facts import above, bound, earlier, keep_ends, keep_newest, keep_whole, later, wins
from streams.journey.folding_purchases import fold_purchase
from streams.journey.reply_meaning import meaning_of
from streams.journey.step import Step

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
    """What was done with a product; without a unit it counts for the newest unit, kept at the product."""
    item = step.item(event.product_id, event.unit_id or "")
    if item.units and not event.unit_id:
        step.item(event.product_id, item.newest_unit)
    marks = USAGE_MARKS.get(event.type)
    if marks is not None:
        keep_ends(getattr(item, marks[0]), (event.occurred_at, event.event_id, event.name or ""), marks[1])
        return
    field, k = USAGE_STAMPS[event.type]
    keep_ends(getattr(item, field), (event.occurred_at, event.event_id), k)


def fold_ticket(step: Step, event: TicketSent) -> None:
    """A ticket's state, and solved contact."""
    facts = step.customer.facts
    stamp = (event.occurred_at, event.event_id)
    opening = event.status in OPEN_TICKET
    if event.satisfaction == "bad":
        facts.negative = later(facts.negative, stamp)
    if not above(stamp, event.ticket_id, facts.tickets_floor):
        return
    ticket = next((held for held in facts.tickets if held.ticket_id == event.ticket_id), None)
    if ticket is None:
        ticket = Ticket(event.ticket_id)
        facts.tickets.append(ticket)
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
    facts.tickets_floor = bound(
        facts.tickets, facts.tickets_floor, TICKETS_MAX, _newest_of_ticket, _trim_ticket
    )


def _newest_of_ticket(ticket: Ticket) -> Mark:
    return (ticket.latest[0], ticket.latest[1], ticket.ticket_id)


def _trim_ticket(ticket: Ticket, floor: Mark) -> None:
    ticket.opened = [stamp for stamp in ticket.opened if above(stamp, ticket.ticket_id, floor)]
    ticket.resolved = [stamp for stamp in ticket.resolved if above(stamp, ticket.ticket_id, floor)]


def fold_reply(step: Step, event: Reply) -> None:
    """What a customer or a sender said back."""
    customer = step.customer
    facts = customer.facts
    stamp = (event.occurred_at, event.event_id)
    intent, signals_friction = meaning_of(event, step.world.policies.base)
    if intent == "frustrated":
        facts.negative = later(facts.negative, stamp)
    elif intent in ("question", "help"):
        if signals_friction or intent == "help":
            facts.question = later(facts.question, stamp)
        else:
            facts.interest = later(facts.interest, stamp)
    elif intent == "answered":
        facts.answered = later(facts.answered, stamp)
    elif intent in ("no", "not_now", "yes"):
        keep_newest(facts.declines, (*stamp, event.eligibility_id or "", intent), DECLINES_MAX)
    elif intent in ("stop", "start"):
        step.consents_before = states(customer)
        for channel in _channels_meant(step, event.channel):
            _fold_opt(customer, channel, stamp, out=intent == "stop")
    for answer in event.answers:
        if answer.kind == "goal":
            keep_newest(customer.goals, (*stamp, answer.value), GOALS_MAX)
        else:
            _fold_answer(facts, Answer(answer.kind, answer.key, stamp, answer.value))


def _channels_meant(step: Step, channel: str | None) -> tuple[str, ...]:
    sending = step.world.policies.base.sending
    if channel is None:
        return tuple(sending.known_channels)
    return sending.opt_out_channels.get(channel, (channel,))


def _fold_answer(facts: CustomerFacts, answer: Answer) -> None:
    key = f"{answer.kind}\x1f{answer.key}"
    if not above(answer.latest, key, facts.answers_floor):
        return
    for index, held in enumerate(facts.answers):
        if held.kind == answer.kind and held.key == answer.key:
            if wins(answer.latest, (answer.value,), held.latest, (held.value,)):
                facts.answers[index] = answer
            return
    facts.answers.append(answer)
    facts.answers_floor = bound(
        facts.answers, facts.answers_floor, ANSWERS_MAX, _newest_of_answer, keep_whole
    )


def _newest_of_answer(answer: Answer) -> Mark:
    return (answer.latest[0], answer.latest[1], f"{answer.kind}\x1f{answer.key}")


# Each has a last writer of its own: a profile that leaves a field out says nothing about it.
PROFILE_FIELDS = ("time_zone", "locale", "market", "brand")


def fold_profile(step: Step, event: Profile) -> None:
    """Who the customer is to the messaging systems, and their consents."""
    customer = step.customer
    facts = customer.facts
    stamp = (event.occurred_at, event.event_id)
    zone = facts.time_zone
    stamps = list(facts.profiled)
    for index, name in enumerate(PROFILE_FIELDS):
        place = facts if name in facts.__struct_fields__ else customer
        value, held = getattr(event, name), getattr(place, name)
        if value is not None and wins(stamp, (value,), stamps[index], (held,)):
            stamps[index] = stamp
            setattr(place, name, value)
    facts.profiled = (stamps[0], stamps[1], stamps[2], stamps[3])
    step.zone_changed = facts.time_zone != zone
    if event.consents:
        step.consents_before = states(customer)
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
    consents = customer.facts.consents
    for consent in consents:
        if consent.channel == channel:
            return consent
    entry = Consent(channel)
    consents.append(entry)
    consents.sort(key=lambda held: held.channel)
    if len(consents) > CHANNELS_MAX and consents.pop() is entry:
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
