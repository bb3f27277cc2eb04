"""Customers who do what nobody should: ids twice, times that cannot be, unknown things, too much of all."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from schemas.records import Consent, Delivery, OrderLine, Profile, Purchase, Reply, Ticket, Usage
from streams.inputs.rules import PRICE_MINOR_MAX, QUANTITY_MAX
from streams.simulation.chance import DAY, HOUR, MINUTE, SECOND
from streams.simulation.life import Arrival, Life
from streams.simulation.made_up_shop import UNKNOWN
from streams.simulation.people import TEXTS, buy_a_thing, introduce, live, speak

SKEW_MAX_MS: Final = 5 * MINUTE
"""An event may be dated this much after it is processed; whatever is later is refused before the journey."""
STATUSES: Final = (
    "info_received",
    "in_transit",
    "attempt_fail",
    "exception",
    "delivered",
    "lost",
    "available_for_pickup",
    "update_opened",
)
KINDS: Final = (
    "order_placed",
    "order_updated",
    "order_cancelled",
    "order_refunded",
    "return_registered",
    "return_closed",
)


def contradict(life: Life, at_ms: int) -> int:
    """A parcel that is everything at once, partly in one millisecond."""
    thing = life.rng.choice(life.shop.durables)
    order_id = life.order(at_ms, life.line(thing, 1))
    for _ in range(life.rng.randint(3, 8)):
        at_ms += life.rng.choice((0, 0, 1, SECOND, DAY))
        parcel_id = life.rng.choice(("p1", "p1", "p2"))
        life.tell(Delivery, at_ms, order_id=order_id, parcel_id=parcel_id, status=life.rng.choice(STATUSES))
    return at_ms


def turn_around(life: Life, at_ms: int) -> int:
    """Usage before the purchase, a delivery before the order, a refund before both."""
    rng = life.rng
    thing = rng.choice(life.shop.durables)
    order_id = life.name("o")
    lines = (life.line(thing, 1, quantity=rng.choice((1, 2))),)
    tales: list[Callable[[int], None]] = [
        lambda at: life.tell(Usage, at, type=rng.choice(("session", "result")), product_id=thing.product_id),
        lambda at: life.tell(Delivery, at, order_id=order_id, parcel_id="p1", status="delivered"),
        lambda at: life.tell(Purchase, at, type="order_placed", order_id=order_id, lines=lines),
        lambda at: life.tell(Purchase, at, type=rng.choice(KINDS[2:]), order_id=order_id, lines=lines),
    ]
    rng.shuffle(tales)
    for tale in tales:
        tale(at_ms)
        at_ms += rng.choice((0, 1, HOUR, 3 * DAY))
    return at_ms


def exaggerate(life: Life, at_ms: int) -> int:
    """Giant and empty quantities, unknown products, lines that change their product."""
    rng = life.rng
    order_id = life.name("o")
    for _ in range(rng.randint(2, 4)):
        line = OrderLine(
            line_id=rng.choice(("l1", "l2")),
            product_id=rng.choice((UNKNOWN, rng.choice(life.shop.products).product_id)),
            quantity=rng.choice((0, 1, 1, QUANTITY_MAX)),
            price_minor=rng.choice((None, 0, PRICE_MINOR_MAX)),
            currency=rng.choice((None, "EUR", "SEK")),
            unit_id=rng.choice((None, "u1", "u2")),
        )
        life.tell(Purchase, at_ms, type=rng.choice(KINDS), order_id=order_id, lines=(line,))
        at_ms += rng.choice((0, MINUTE, DAY))
    return at_ms


def flood(life: Life, at_ms: int) -> int:
    """More tickets, orders, parcels, units, subscriptions or words than anyone keeps."""
    rng = life.rng
    tale = rng.choice((_tickets, _orders, _parcels, _units, _words))
    for number in range(rng.choice((10, 18, 24))):
        tale(life, at_ms, number)
        at_ms += rng.choice((0, MINUTE, HOUR))
    return at_ms


def _tickets(life: Life, at_ms: int, number: int) -> None:
    status = life.rng.choice(("new", "open", "solved", "closed"))
    life.tell(
        Ticket, at_ms, ticket_id=f"flood-{number}", status=status, topic=life.rng.choice(("billing", None))
    )


def _orders(life: Life, at_ms: int, number: int) -> None:
    thing = life.shop.durables[0]
    order_id = life.order(at_ms, life.line(thing, 1, quantity=1, replacement=number % 5 == 4))
    life.tell(
        Delivery, at_ms, order_id=order_id, parcel_id="p1", status="exception", estimate_on=at_ms // DAY
    )


def _parcels(life: Life, at_ms: int, number: int) -> None:
    life.tell(Delivery, at_ms, order_id="flood", parcel_id=f"p{number}", status=life.rng.choice(STATUSES))


def _units(life: Life, at_ms: int, number: int) -> None:
    thing = life.shop.durables[0]
    life.order(at_ms, life.line(thing, 1, unit_id=f"flood-{number}", fulfilment="in_store"))
    life.tell(Usage, at_ms + HOUR, type="result", product_id=thing.product_id, unit_id=f"flood-{number}")


def _words(life: Life, at_ms: int, number: int) -> None:
    life.tell(
        Reply,
        at_ms,
        intent=life.rng.choice(("no", "not_now", "yes", "question")),
        eligibility_id=f"unknown-{number}",
        text=life.rng.choice(TEXTS),
        channel=f"channel-{number}",
    )
    consent = Consent(channel=f"channel-{number}", state="granted", at=at_ms, explicit=True)
    life.tell(Profile, at_ms, consents=(consent,))


def report_nonsense(life: Life, at_ms: int) -> int:
    """Feedback and answers about permissions that nobody gave."""
    for feedback in ("sent", "failed", "seen", None):
        intent: Any = None if feedback else life.rng.choice(("yes", "no", "answer", "answered", "help"))
        life.tell(
            Reply,
            at_ms,
            eligibility_id=life.rng.choice(("nobody", None)),
            feedback=feedback,
            intent=intent,
            channel="email",
        )
        at_ms += SECOND
    return at_ms


TRICKS: Final = (contradict, turn_around, exaggerate, flood, report_nonsense, buy_a_thing, speak)


def plot(life: Life, events_about: int) -> None:
    """One adversary, until about so many events are told."""
    introduce(life, life.start_ms)
    at_ms = life.start_ms
    while len(life.arrivals) < events_about:
        at_ms = life.rng.choice(TRICKS)(life, life.after(at_ms, 20 * DAY))


def disturb(rng: Random, arrivals: list[Arrival], share: float) -> list[Arrival]:
    """What transport and clocks do to a share of all events: late, ahead of time, twice, in another order."""
    found: list[Arrival] = []
    for arrival in arrivals:
        event, at_ms = arrival.event, arrival.at_ms
        if rng.random() < share:
            at_ms += rng.choice((SECOND, HOUR, DAY, 9 * DAY, -SKEW_MAX_MS, -SKEW_MAX_MS + 1, -1))
        found.append(Arrival(at_ms, event))
        if rng.random() < share / 2:
            found.append(Arrival(at_ms + rng.choice((0, 1, HOUR, 20 * DAY)), event))
        if rng.random() < share / 8:
            found.append(Arrival(at_ms + rng.choice((0, DAY)), _forged(rng, event, arrivals)))
    return found


def _forged(rng: Random, event: Any, arrivals: list[Arrival]) -> Any:
    """Another payload under the same event id, of the same kind and customer."""
    alike = [
        a.event for a in arrivals if type(a.event) is type(event) and a.event.customer_id == event.customer_id
    ]
    other = rng.choice(alike)
    fields = {name: getattr(other, name) for name in other.__struct_fields__}
    time = event.occurred_at if rng.random() < 0.7 else other.occurred_at
    return type(event)(**fields | {"event_id": event.event_id, "occurred_at": time})


__all__ = ["SKEW_MAX_MS", "disturb", "live", "plot"]
