"""A story about one customer: events at their times, wake-ups at theirs, and what was said.

    story = Story().profile().order("kettle").delivered()
    story.until(days=8)
    assert story.opened("stalled_start")

Time starts at DAY_0; `story.at(days=..., hours=...)` moves on, doing every wake-up on the way.
"""

from __future__ import annotations

from typing import Any, Self

from schemas.records import (
    Answer,
    Consent,
    Delivery,
    Erasure,
    Milestone,
    OrderLine,
    Product,
    Profile,
    Purchase,
    Relation,
    Reply,
    Subscription,
    Ticket,
    Usage,
)
from state.layouts import Codecs
from state.memory import MemoryStore
from state.overlay import Overlay
from state.store import Batch
from streams.journey.advance import Journey, Work
from streams.journey.catalogue import Catalogue
from streams.journey.control import ControlState
from streams.journey.identity import Identity
from streams.journey.policy_set import PolicySet
from streams.journey.step import At, World
from streams.loading.policy_file import load_policies

DAY_0 = 1_767_225_600_000  # 2026-01-01T00:00:00Z
HOUR = 3_600_000
DAY = 24 * HOUR
GRANTED = (Consent(channel="email", state="granted", at=DAY_0 - DAY),)


def product(product_id: str, kind: str = "durable", price_minor: int = 10_000, **more: Any) -> Product:
    """A catalogue product; relations as (kind, product_id) pairs or Relation."""
    relations = tuple(
        r if isinstance(r, Relation) else Relation(kind=r[0], product_id=r[1])
        for r in more.pop("relations", ())
    )
    more.setdefault("category", product_id)
    return Product(
        product_id=product_id,
        version="test-1",
        kind=kind,  # type: ignore[arg-type]
        price_minor=price_minor,
        currency="EUR",
        relations=relations,
        **more,
    )


PRODUCTS = (
    product(
        "kettle",
        relations=(
            ("add_on", "filter"),
            ("required_to_start", "plug"),
            ("maintains", "descaler"),
            ("upgrade", "kettle-pro"),
            Relation(kind="next_step", product_id="teapot", goals=("better tea",), behaviours=("brewed",)),
        ),
        maintenance_interval_days=90,
        milestones=(
            Milestone(name="100 cups", earns_upgrade=True),
            Milestone(name="brewed", earns_upgrade=False),
        ),
    ),
    product("lamp", relations=(("add_on", "bulb"), ("next_step", "teapot")), usage_reported=False),
    product("coffee", "consumable", 1_000, supply_days=30.0, relations=(("refill", "coffee"),)),
    product("filter", price_minor=1_000),
    product("bulb", price_minor=500),
    product("plug", price_minor=800),
    product("descaler", price_minor=900),
    product("teapot", price_minor=4_000),
    product("kettle-pro", price_minor=20_000),
    product("plan", "plan", 2_000, relations=(("upgrade", "kettle-pro"),)),
)


def world(
    policy: PolicySet | None = None,
    products: tuple[Product, ...] = PRODUCTS,
    control: ControlState | None = None,
) -> World:
    """The world of the tests."""
    return World(
        policy or load_policies(),
        Catalogue("test-1", products),
        Identity(b"test"),
        control or ControlState(),
        1,
    )


class Story:
    """See the module."""

    def __init__(self, given: World | None = None, customer: str = "anna") -> None:
        self.world = given or world()
        self.journey = Journey(self.world)
        self.store = MemoryStore()
        self.work = Work(Overlay(self.store, Codecs()))
        self.customer = customer
        self.now = DAY_0
        self.conditions: dict[str, Any] = {}
        self.said: list[tuple[int, str, Any]] = []
        self.looks = 0
        self._count = 0

    def _stamp(self, event_id: str | None = None) -> dict[str, Any]:
        self._count += 1
        return {
            "event_id": event_id or f"e{self._count}",
            "customer_id": self.customer,
            "occurred_at": self.now,
        }

    def send(self, event: Any) -> list[tuple[str, Any]]:
        """One event now; returns what it made Kairos say."""
        self.journey.on_event(self.work, event, At(self.now, **self.conditions))
        return self._commit()

    def look(self, target: Any) -> list[tuple[str, Any]]:
        """One look now."""
        self.journey.on_wake_up(self.work, self.customer, target, At(self.now, **self.conditions))
        return self._commit()

    def _commit(self) -> list[tuple[str, Any]]:
        batch = Batch()
        overlay = self.work.records
        assert isinstance(overlay, Overlay)
        overlay.commit_to(batch)
        self.store.write(batch)
        overlay.drop()
        outputs, self.work.outputs = self.work.outputs, []
        self.said += [(self.now, topic, record) for topic, record in outputs]
        return outputs

    def at(self, *, days: float = 0, hours: float = 0, minutes: float = 0, ms: int = 0) -> Self:
        """Move to this time after DAY_0, doing every wake-up on the way."""
        until = DAY_0 + round(days * DAY + hours * HOUR + minutes * 60_000) + ms
        assert until >= self.now, "a story does not go back"
        for _ in range(10_000):
            due = self.store.due(until, 1)
            if not due:
                break
            self.now = max(self.now, due[0].due_ms)
            self.looks += 1
            self.look(due[0].target)
        else:
            raise AssertionError("wake-ups do not end")
        self.now = until
        return self

    def profile(self, **more: Any) -> Self:
        """A profile; by default with consent for e-mail."""
        more.setdefault("consents", GRANTED)
        self.send(Profile(**self._stamp(), **more))
        return self

    def order(self, *products: str | OrderLine, order_id: str = "o1", **more: Any) -> Self:
        """An order of these products, one each."""
        lines = tuple(
            p
            if isinstance(p, OrderLine)
            else OrderLine(
                line_id=str(n), product_id=p, quantity=1, price_minor=self._price(p), currency="EUR"
            )
            for n, p in enumerate(products, 1)
        )
        more.setdefault("type", "order_placed")
        self.send(Purchase(**self._stamp(), order_id=order_id, lines=lines, **more))
        return self

    def _price(self, product_id: str) -> int | None:
        entry = self.world.catalogue.get(product_id)
        return entry.product.price_minor if entry is not None else None

    def purchase(self, kind: str, *lines: OrderLine, order_id: str | None = "o1", **more: Any) -> Self:
        """Any other purchase event."""
        self.send(Purchase(**self._stamp(), type=kind, order_id=order_id, lines=lines, **more))  # type: ignore[arg-type]
        return self

    def subscription(self, kind: str, product_id: str, **terms: Any) -> Self:
        """A subscription event."""
        held = Subscription(subscription_id="s1", product_id=product_id, **terms)
        return self.purchase(kind, order_id=None, subscription=held)

    def parcel(self, status: str, order_id: str = "o1", parcel_id: str = "p1", **more: Any) -> Self:
        """A parcel status."""
        self.send(Delivery(**self._stamp(), order_id=order_id, parcel_id=parcel_id, status=status, **more))  # type: ignore[arg-type]
        return self

    def delivered(self, order_id: str = "o1", parcel_id: str = "p1", **more: Any) -> Self:
        """A delivered parcel."""
        return self.parcel("delivered", order_id, parcel_id, **more)

    def use(self, kind: str, product_id: str = "kettle", **more: Any) -> Self:
        """A usage event."""
        self.send(Usage(**self._stamp(), type=kind, product_id=product_id, **more))  # type: ignore[arg-type]
        return self

    def ticket(self, status: str, topic: str = "troubleshooting", ticket_id: str = "t1", **more: Any) -> Self:
        """A ticket in this status."""
        self.send(Ticket(**self._stamp(), ticket_id=ticket_id, status=status, topic=topic, **more))  # type: ignore[arg-type]
        return self

    def reply(self, intent: str | None = None, eligibility: Any = None, **more: Any) -> Self:
        """A reply, to an eligibility if one is given."""
        about = eligibility.eligibility_id if eligibility is not None else None
        self.send(Reply(**self._stamp(), intent=intent, eligibility_id=about, **more))  # type: ignore[arg-type]
        return self

    def sent(self, eligibility: Any) -> Self:
        """The sender reports that it was sent."""
        return self.reply(None, eligibility, feedback="sent")

    def goal(self, value: str, eligibility: Any = None) -> Self:
        """An answer to the goal question."""
        return self.reply("answer", eligibility, answers=(Answer(kind="goal", key="goal", value=value),))

    def erase(self) -> Self:
        """Forget the customer."""
        self.send(Erasure(**self._stamp()))
        return self

    # what was said

    def of(self, topic: str) -> list[Any]:
        """Records of an output topic in order."""
        return [record for _, name, record in self.said if name == topic]

    def changes(self, placement: str, status: str | None = None) -> list[Any]:
        """Eligibility records of a placement, in order, by default all of them."""
        records = self.of("journey.eligibility") + self.of("journey.holdout")
        return [r for r in records if r.placement == placement and status in (None, r.status)]

    def opened(self, placement: str) -> list[Any]:
        """Openings of a placement."""
        return self.changes(placement, "opened")

    def withheld(self, placement: str) -> list[str]:
        """Reasons for which a placement was withheld, in order."""
        return [r.reason for r in self.of("journey.decisions") if r.placement == placement]

    def stages(self, product_id: str = "kettle") -> list[str]:
        """Stages of an item in order."""
        return [r.to_stage for r in self.of("journey.stages") if r.product_id == product_id]

    def flags(self, flag: str) -> list[str]:
        """States of a friction flag in order."""
        return [r.to_state for r in self.of("journey.friction") if r.flag == flag]
