"""All that is known of one customer at a step, by the events processed so far and not erased."""

from collections.abc import Mapping

from schemas.records import Delivery, Erasure, Product, Profile, Purchase, Reply, Ticket, Usage
from streams.checkers.history import Event
from streams.checkers.known_contact import Channels
from streams.checkers.known_friction import Friction
from streams.checkers.known_orders import Orders
from streams.checkers.limits import Limits

FIRST_VALUE = frozenset({"result", "milestone", "consumed"})
"""Usage that is first value by itself; sessions are when there are enough of them."""


class Known:
    """What the events tell. An erasure forgets all but the opt-outs, and all that is dated before it."""

    def __init__(self, products: Mapping[str, Product]) -> None:
        self.products = products
        self.channels = Channels()
        self.erased_ms = 0
        self.erasing = False
        """Whether the event of this step is an erasure that was not heard of before."""
        self.forgotten_ids: set[str] = set()
        """Ids of events from before the last erasure that did not come again since."""
        self.texts: set[str] = set()
        """Everything that the customer ever wrote."""
        self._forget()

    def _forget(self) -> None:
        self.orders = Orders()
        self.friction = Friction()
        self.tickets: list[Ticket] = []
        self.replies: list[Reply] = []
        self.event_ids: set[str] = set()
        self._usage: dict[str, list[Usage]] = {}
        self._events: set[Event] = set()

    def take(self, event: Event | None, limits: Limits) -> None:
        """Add an event; the same one again adds nothing, an erasure neither."""
        self.erasing = isinstance(event, Erasure) and event.occurred_at > self.erased_ms
        if event is None:
            return
        if isinstance(event, Erasure):
            if self.erasing:
                self._erase(event)
        elif event.occurred_at > self.erased_ms and event not in self._events:
            self._events.add(event)
            self.event_ids.add(event.event_id)
            self.forgotten_ids.discard(event.event_id)
            self.friction.take(event, limits)
            self._sort(event, limits)

    def _erase(self, event: Erasure) -> None:
        self.forgotten_ids |= self.event_ids
        self.erased_ms = event.occurred_at
        self.channels.forget()
        self._forget()

    def _sort(self, event: Event, limits: Limits) -> None:
        if isinstance(event, Purchase | Delivery):
            self.orders.take(event)
        elif isinstance(event, Usage):
            self._usage.setdefault(event.product_id, []).append(event)
        elif isinstance(event, Ticket):
            self.tickets.append(event)
        elif isinstance(event, Profile):
            self.channels.take_profile(event)
        elif isinstance(event, Reply):
            self.replies.append(event)
            self.channels.take_reply(event, limits)
            if event.text:
                self.texts.add(event.text)

    def usage_of(self, product_id: str | None) -> list[Usage]:
        """Usage that names the product, of any unit."""
        return self._usage.get(product_id or "", [])

    def may_have_first_value(self, product_id: str, at_ms: int, limits: Limits) -> bool:
        """Whether some reading of the events gives the product, in any unit, its first value.

        Either usage says so, or the catalogue says that its usage is not reported and a delivery may be old
        enough.
        """
        usage = self.usage_of(product_id)
        if any(event.type in FIRST_VALUE for event in usage):
            return True
        if sum(event.type == "session" for event in usage) >= limits.sessions_for_first_value:
            return True
        product = self.products.get(product_id)
        if (
            product is not None
            and product.kind == "consumable"
            and len(self.orders.with_product(product_id)) > 1
        ):
            return True
        silent = product is not None and not product.usage_reported
        return silent and self._delivered_by(product_id, at_ms - limits.inferred_first_value_after_ms, limits)

    def may_be_delivered(self, product_id: str) -> bool:
        """Whether some event lets one think that the product reached the customer; use proves it."""
        return bool(self.usage_of(product_id)) or self.orders.may_be_delivered(product_id)

    def _delivered_by(self, product_id: str, at_ms: int, limits: Limits) -> bool:
        """Whether the product may have been delivered at or before `at_ms`."""
        for order in self.orders.with_product(product_id):
            ordered = [purchase.occurred_at for purchase in order.ordered]
            first_ms = min([*ordered, *(d.occurred_at for d in order.deliveries())], default=at_ms + 1)
            if first_ms <= at_ms and (order.may_be_delivered(product_id) or not limits.delivery_feed):
                return True
        if any(event.occurred_at <= at_ms for event in self.usage_of(product_id)):
            return True
        return any(p.occurred_at <= at_ms for p in self.orders.subscriptions.get(product_id, []))
