"""Made-up consumers for measuring: five things each, ids of 24 characters, and a few weeks with them.

The mix is that of a shop with connected products: most events are usage, some parcels, few tickets and
replies. Everything is a function of the number of the consumer.
"""

from collections.abc import Iterator
from random import Random

from schemas.records import (
    Consent,
    Delivery,
    DeliveryStatus,
    Milestone,
    OrderLine,
    Product,
    Profile,
    Purchase,
    Relation,
    Reply,
    Ticket,
    Usage,
)
from streams.sources.source import Event

START = 1_736_942_400_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
ITEMS = 5
PRODUCTS = 60


def id_of(kind: str, number: int) -> str:
    """24 characters."""
    return f"{kind}{number:0{24 - len(kind)}d}"


def products() -> tuple[Product, ...]:
    """Durables, each with something to add, to do next and to keep it well, and consumables that refill."""
    return tuple(_product(number) for number in range(PRODUCTS))


def _product(number: int) -> Product:
    def other(step: int) -> str:
        return id_of("product", (number + step) % PRODUCTS)

    if number % 3 == 2:
        return Product(
            id_of("product", number), "bench-1", "consumables", kind="consumable", price_minor=1_500,
            currency="EUR", supply_days=30.0, relations=(Relation("refill", id_of("product", number)),),
        )  # fmt: skip
    return Product(
        id_of("product", number), "bench-1", "things", kind="durable", price_minor=9_900, currency="EUR",
        maintenance_interval_days=60, milestones=(Milestone("100", earns_upgrade=True),),
        relations=(
            Relation("add_on", other(2)), Relation("next_step", other(3), goals=("health", "speed")),
            Relation("maintains", other(5)), Relation("upgrade", other(6)),
        ),
    )  # fmt: skip


def consumer(number: int, weeks: int = 6) -> list[Event]:
    """One consumer's events, in no order."""
    return list(_Consumer(number, weeks).events())


class _Consumer:
    def __init__(self, number: int, weeks: int) -> None:
        self.rng = Random(number)
        self.id = id_of("customer", number)
        self.number, self.weeks = number, weeks
        self.ordered_at = START + self.rng.randrange(14 * DAY)
        self.order_id = id_of("order", number)
        self.items = self.rng.sample(range(PRODUCTS), ITEMS)
        self.count = 0

    def head(self, at: int) -> tuple[str, str, int, str]:
        self.count += 1
        return id_of("event", self.number * 10_000 + self.count), self.id, at, "bench"

    def events(self) -> Iterator[Event]:
        at = self.ordered_at
        consents = tuple(Consent(channel, "granted", at - DAY) for channel in ("email", "in_app", "push"))
        yield Profile(*self.head(at - HOUR), time_zone="Europe/Berlin", locale="de", consents=consents)
        lines = tuple(
            OrderLine(id_of("line", self.number * 10 + place), id_of("product", item), quantity=1,
                      price_minor=9_900, currency="EUR")
            for place, item in enumerate(self.items)
        )  # fmt: skip
        yield Purchase(*self.head(at), type="order_placed", order_id=self.order_id, lines=lines)
        arrives = at + self.rng.randrange(2 * DAY, 4 * DAY)
        steps: tuple[tuple[DeliveryStatus, int], ...] = (
            ("info_received", at + HOUR),
            ("in_transit", at + DAY),
            ("delivered", arrives),
        )
        for status, when in steps:
            yield Delivery(*self.head(when), order_id=self.order_id, parcel_id=id_of("parcel", self.number),
                           status=status, estimate_on=(at + 5 * DAY) // DAY)  # fmt: skip
        for item in self.items:
            yield from self._used(id_of("product", item), arrives)
        if self.number % 5 == 0:
            yield from self._trouble(arrives + 6 * DAY)
        yield Reply(*self.head(arrives + 9 * DAY), channel="email", intent="question")

    def _used(self, product_id: str, arrives: int) -> Iterator[Event]:
        at = arrives + self.rng.randrange(HOUR, 2 * DAY)
        for kind in ("setup_started", "setup_completed", "result"):
            at += self.rng.randrange(MINUTE, HOUR)
            yield Usage(*self.head(at), type=kind, product_id=product_id)
        for _ in range(2 * self.weeks):
            at += self.rng.randrange(DAY, 6 * DAY)
            yield Usage(*self.head(at), type="session", product_id=product_id)

    def _trouble(self, at: int) -> Iterator[Event]:
        for status in ("new", "open", "solved"):
            at += self.rng.randrange(HOUR, DAY)
            yield Ticket(*self.head(at), ticket_id=id_of("ticket", self.number), status=status,
                         topic="troubleshooting", product_id=id_of("product", self.items[0]))  # fmt: skip
