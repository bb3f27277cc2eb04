"""What one made-up customer tells, as arrivals: an event, and the time at which it is processed."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from schemas.records import Delivery, OrderLine, Product, Purchase, Reply, Ticket, Usage
from streams.checkers.history import Event
from streams.simulation.chance import DAY, HOUR, MINUTE, pause
from streams.simulation.made_up_shop import Shop

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event and when it is processed, epoch milliseconds."""

    at_ms: int
    event: Event


class Life:
    """One customer's events so far. Whoever lives it tells what happens at which time."""

    def __init__(self, customer_id: str, rng: Random, shop: Shop, start_ms: int) -> None:
        self.customer_id = customer_id
        self.rng = rng
        self.shop = shop
        self.start_ms = start_ms
        self.arrivals: list[Arrival] = []
        self._numbers = 0

    def tell(self, kind: Callable[..., Any], at_ms: int, **fields: Any) -> None:
        """Something happens and is heard of at once."""
        event = kind(
            event_id=self.name("e"), customer_id=self.customer_id, occurred_at=at_ms,
            source="made-up:simulation", **fields,
        )  # fmt: skip
        self.arrivals.append(Arrival(at_ms, event))

    def name(self, prefix: str) -> str:
        """A new id."""
        self._numbers += 1
        return f"{prefix}{self._numbers:03d}-{self.customer_id[-6:]}"

    def maybe(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.rng.random() < probability

    def after(self, at_ms: int, most_ms: int = 40 * DAY) -> int:
        """Some time later."""
        return at_ms + pause(self.rng, most_ms)

    def line(self, product: Product, number: int, **fields: Any) -> OrderLine:
        """An order line."""
        plain: dict[str, Any] = {
            "line_id": f"l{number}", "product_id": product.product_id, "quantity": 1,
            "price_minor": product.price_minor, "currency": product.currency,
        }  # fmt: skip
        return OrderLine(**plain | fields)

    def order(self, at_ms: int, *lines: OrderLine, **fields: Any) -> str:
        """Place an order and return its id."""
        order_id = self.name("o")
        self.tell(Purchase, at_ms, type="order_placed", order_id=order_id, lines=lines, **fields)
        return order_id

    def ship(self, at_ms: int, order_id: str, *, line_ids: tuple[str, ...] = (), parcel: str = "p1") -> int:
        """A parcel's way to the customer, with the trouble it may meet; when it was delivered."""
        rng = self.rng
        estimate = rng.choice((None, (at_ms + rng.randint(1, 6) * DAY) // DAY))
        told: dict[str, Any] = {"order_id": order_id, "parcel_id": parcel, "line_ids": line_ids}
        if self.maybe(0.4):
            self.tell(Delivery, at_ms, status="info_received", estimate_on=estimate, **told)
        at_ms = self.after(at_ms, 3 * DAY)
        self.tell(Delivery, at_ms, status="in_transit", estimate_on=estimate, **told)
        if self.maybe(0.15):
            self.tell(Delivery, self.after(at_ms, DAY), status="update_opened", **told)
        if self.maybe(0.2):
            at_ms = self.after(at_ms, 2 * DAY)
            self.tell(Delivery, at_ms, status=rng.choice(("exception", "attempt_fail", "expired")), **told)
        at_ms = self.after(at_ms, 5 * DAY)
        fate = rng.choices(("delivered", "lost", "returned_to_sender", ""), (0.9, 0.03, 0.03, 0.04))[0]
        if fate:
            self.tell(Delivery, at_ms, status=fate, **told)
        return at_ms

    def use(self, at_ms: int, product_id: str, unit_id: str | None = None) -> int:
        """Setup, sessions and results, as far as this customer gets; the time of the last one."""
        rng = self.rng
        depth = rng.choice((0, 1, 3, 5, 6, 7, 7))
        kinds = (
            ("setup_started", None), ("setup_completed", None), ("session", None),
            ("session", None), ("session", None), (rng.choice(("result", "guidance_opened")), None),
            (rng.choice(("milestone", "limit_reached")), rng.choice(("mastered", "opened", "storage"))),
        )  # fmt: skip
        for kind, name in kinds[:depth]:
            at_ms = self.after(at_ms, 5 * DAY)
            self.tell(Usage, at_ms, type=kind, product_id=product_id, unit_id=unit_id, name=name)
        return at_ms

    def complain(self, at_ms: int, **about: Any) -> int:
        """A ticket from its opening to its end, if it ever ends; the time of its last change."""
        rng = self.rng
        ticket_id = self.name("t")
        topic = rng.choice(("shipping", "troubleshooting", "billing", "return", "something else", None))
        told: dict[str, Any] = {
            "ticket_id": ticket_id,
            "topic": topic,
            "priority": rng.choice(("normal", "urgent")),
        }
        path = rng.choice(
            (
                ("new", "solved"),
                ("new", "open", "solved", "closed"),
                ("open", "solved", "open", "solved"),
                ("new",),
            )
        )
        for status in path:
            self.tell(Ticket, at_ms, status=status, agent_holds=self.maybe(0.25), **told | about)
            at_ms = self.after(at_ms, 4 * DAY)
        return at_ms

    def say(self, at_ms: int, intent: str | None, **fields: Any) -> None:
        """A reply."""
        self.tell(Reply, at_ms, intent=intent, **fields)


FEW_MINUTES = 10 * MINUTE
FEW_HOURS = 6 * HOUR
