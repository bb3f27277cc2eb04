"""Made up: all that surrounds the orders of a log and is not in it.

A log of orders knows no parcels, no usage, no tickets, no replies and no consents. They are made up around
each order from a seed, so that the whole journey can be replayed on real purchases, and every such event says
so in its `source`. What happens around one order depends on that order, the catalogue and the seed alone: not
on other customers, not on the order in which orders are read.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping

from schemas.records import Product, Purchase
from streams.sources import after_sales
from streams.sources import parcels as parcel_post
from streams.sources.bought import Bought
from streams.sources.chance import Chance
from streams.sources.parcels import DAY_MS, HOUR_MS, Parcel
from streams.sources.people import profiles
from streams.sources.replies import replies
from streams.sources.source import Event
from streams.sources.tickets import Trouble, life_of
from streams.sources.uses import Stalled, uses

GENERATOR = "surroundings"

SHIPPING_TICKET = 0.4
LOST_TICKET = 0.9
SETUP_TICKET = 0.4
BILLING_TICKET = 0.4
RETURN_TICKET = 0.15
OTHER_TICKET = 0.004
OTHER_TOPICS = (None, "wholesale prices", "gift advice")


class Surroundings:
    """Makes up what surrounds orders, under one seed."""

    def __init__(self, seed: int, products: Mapping[str, Product]) -> None:
        self._chance = Chance(GENERATOR, seed)
        self._products = products

    def around(self, bought: Bought) -> Iterator[Event]:
        """All made-up events around one order, in no order of time; none lies before the order."""
        chance = self._chance
        yield from profiles(bought, chance)
        payments = tuple(after_sales.payments(bought, chance))
        yield from payments
        sent = parcel_post.parcels(bought, chance)
        returns = tuple(after_sales.returns(bought, sent, chance))
        yield from returns
        stalled = []
        for parcel in sent:
            stalled_with_it = yield from self._arrival(parcel)
            stalled.extend(stalled_with_it)
        for trouble in self._troubles(bought, payments, returns, sent, stalled):
            yield from life_of(trouble, chance)
        yield from replies(bought, sent, chance)

    def _arrival(self, parcel: Parcel) -> Generator[Event, None, list[Stalled]]:
        """A parcel, the usage of its contents, what replaces it; returns the setups that stalled."""
        yield from parcel_post.events(parcel, self._chance)
        used, stalled = uses(parcel, self._products, self._chance)
        yield from used
        again = after_sales.replacement(parcel, self._chance)
        if again is not None:
            yield after_sales.replaced(again, self._chance)
            for other in parcel_post.parcels(again, self._chance):
                stalled += yield from self._arrival(other)
        return stalled

    def _troubles(
        self,
        bought: Bought,
        payments: Iterable[Purchase],
        returns: Iterable[Purchase],
        parcels: Iterable[Parcel],
        stalled: Iterable[Stalled],
    ) -> Iterator[Trouble]:
        """The tickets that somebody opens because of what happened around `bought`."""
        draws = self._chance.of("troubles", bought.order_id)
        customer_id, order_id = bought.customer_id, bought.order_id
        for purchase in payments:
            if purchase.type == "payment_failed" and draws.happens(BILLING_TICKET):
                at_ms = purchase.occurred_at + draws.early(HOUR_MS, 2 * DAY_MS)
                yield Trouble(f"{order_id}-billing", customer_id, "billing", at_ms, order_id=order_id)
        for ordinal, purchase in enumerate(returns, 1):
            if purchase.type == "return_registered" and draws.happens(RETURN_TICKET):
                at_ms = purchase.occurred_at + draws.early(HOUR_MS, 3 * DAY_MS)
                yield Trouble(f"{order_id}-return-{ordinal}", customer_id, "return", at_ms, order_id=order_id)
        for parcel in parcels:
            lost = parcel.arrives_at is None
            if parcel.is_in_trouble and draws.happens(LOST_TICKET if lost else SHIPPING_TICKET):
                at_ms = parcel.promised_on * DAY_MS + draws.between(20 * HOUR_MS, 3 * DAY_MS)
                name = f"{parcel.parcel_id}-shipping"
                yield Trouble(name, customer_id, "shipping", at_ms, severe=lost, order_id=order_id)
        for setup in stalled:
            if draws.happens(SETUP_TICKET):
                name, product_id = f"{setup.line.line_id}-setup", setup.line.product_id
                yield Trouble(name, customer_id, "troubleshooting", setup.at_ms, product_id=product_id)
        if draws.happens(OTHER_TICKET):
            at_ms = bought.at_ms + draws.between(HOUR_MS, 20 * DAY_MS)
            yield Trouble(f"{order_id}-other", customer_id, draws.pick(OTHER_TOPICS), at_ms)
