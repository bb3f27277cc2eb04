"""Pure. One step: one event or one look for one customer, and everything that the rules may reach in it.

The step is the only thing passed between the rules. It loads records through the working set, remembers
which items and orders were touched, collects claims (moments that are here, or wait) and outputs.
"""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Struct

from state.records.customer import Claim, CustomerRecord, Forgotten
from state.records.item import ItemRecord
from state.records.order import OrderRecord
from streams.journey.catalogue import Catalogue, Entry
from streams.journey.control import ControlState
from streams.journey.identity import Identity
from streams.journey.policy import Policy
from streams.journey.policy_set import PolicySet
from streams.journey.view import View
from streams.journey.words import Reason, Scope

ClaimKey = tuple[int, str, str, str]
Claims = dict[ClaimKey, Claim]
OF_ITEMS = frozenset((Scope.ITEM, Scope.CUSTOMER))
PARCEL, EPISODE = Scope.PARCEL, Scope.EPISODE
KNOWN_MAX = 65_536
"""Products by brand that a world remembers with their policies."""


class Records(Protocol):
    """The working set of one batch; see `state.overlay`."""

    def exists(self, customer_id: str) -> bool: ...
    def customer(self, customer_id: str) -> CustomerRecord: ...
    def touch_customer(self, customer_id: str) -> None: ...
    def item(self, customer_id: str, product_id: str, unit_id: str = "") -> ItemRecord | None: ...
    def put_item(self, customer_id: str, item: ItemRecord) -> None: ...
    def order(self, customer_id: str, order_id: str) -> OrderRecord | None: ...
    def put_order(self, customer_id: str, order: OrderRecord) -> None: ...
    def remove_order(self, customer_id: str, order_id: str) -> None: ...
    def erase(self, customer_id: str) -> None: ...
    def forgotten(self, key: bytes) -> Forgotten | None: ...
    def put_forgotten(self, key: bytes, value: Forgotten) -> None: ...


class At(Struct, frozen=True):
    """When and under which conditions a step is taken.

    `current`: every input of the partition was read to near its end. `stale_sources`: input topics, without
    prefix ("deliveries"), that are silent beyond their expected interval. `held_flags`: flags whose help is
    held (a mass incident).
    """

    now_ms: int
    current: bool = True
    stale_sources: frozenset[str] = frozenset()
    held_flags: frozenset[int] = frozenset()


class World:
    """What the rules know besides the customer: policy, catalogue, control and identity. Never changed."""

    __slots__ = ("_known", "catalogue", "control", "identity", "policies", "version")

    def __init__(
        self,
        policies: PolicySet,
        catalogue: Catalogue,
        identity: Identity,
        control: ControlState,
        version: int,
    ) -> None:
        self.policies = policies
        self.catalogue = catalogue
        self.identity = identity
        self.control = control
        self.version = version
        self._known: dict[tuple[str, str], tuple[Entry | None, Policy]] = {}

    def known(self, brand: str, product_id: str) -> tuple[Entry | None, Policy]:
        """What the catalogue says about a product, and the policy for it under a brand."""
        key = (brand, product_id)
        found = self._known.get(key)
        if found is None:
            entry = self.catalogue.get(product_id)
            category = entry.product.category if entry is not None else ""
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            found = self._known[key] = entry, self.policies.rules(brand, category, product_id)
        return found


def key_of(claim: Claim) -> ClaimKey:
    """What two claims share when they are the same moment: a parcel's items share one guide.

    The question of a customer waits for each item that may raise it, so that none is lost with another.
    """
    if claim.scope in OF_ITEMS:
        return claim.placement, claim.product_id, claim.unit_id, claim.cycle
    if claim.scope == PARCEL:
        return claim.placement, claim.order_id, claim.parcel_id, ""
    if claim.scope == EPISODE:
        return claim.placement, claim.ref, "", ""
    return claim.placement, claim.order_id, "", ""


class Step:
    """The scope of one event or look. `cause` is the event's id, None for a look; `trace` is the event's."""

    __slots__ = (
        "at",
        "cause",
        "claims",
        "closed",
        "consents_before",
        "contents",
        "crowded",
        "customer",
        "customer_id",
        "items",
        "now",
        "orders",
        "outputs",
        "recheck",
        "records",
        "rules",
        "said",
        "stirred",
        "trace",
        "vacated",
        "views",
        "waiting",
        "withheld",
        "world",
        "zone_changed",
    )

    def __init__(
        self,
        world: World,
        records: Records,
        outputs: list[tuple[str, Any]],
        customer_id: str,
        at: At,
        cause: str | None,
        trace: str = "",
    ) -> None:
        self.world = world
        self.records = records
        self.outputs = outputs
        self.customer_id = customer_id
        self.customer = records.customer(customer_id)
        self.at = at
        self.now = at.now_ms
        self.cause = cause
        self.trace = trace
        self.rules: Policy = world.known(self.customer.brand, "")[1]
        self.items: dict[tuple[str, str], ItemRecord] = {}
        self.orders: dict[str, OrderRecord] = {}
        self.claims: Claims = {}
        self.waiting: Claims = {}  # by key, from the beginning of the decision on
        self.crowded: tuple[Claim, ...] = ()
        self.vacated: tuple[ClaimKey, ...] = ()
        self.withheld: dict[ClaimKey, tuple[Claim, Reason]] = {}
        self.recheck = False
        self.stirred = False  # facts or rules of friction may be others than at the last step
        self.closed: tuple[str, ...] = ()
        self.consents_before: dict[str, str] | None = None
        self.said: dict[str, str] | None = None  # what is allowed on each channel, once it was asked for
        self.zone_changed = False
        self.views: dict[tuple[str, str], View] = {}
        self.contents: dict[str, frozenset[str]] | None = None  # by order, once they were asked for

    def item(self, product_id: str, unit_id: str = "") -> ItemRecord:
        """The record of an item named by the event: loaded or new, and decided at the end of the step."""
        key = (product_id, unit_id)
        item = self.items.get(key)
        if item is None:
            item = self.records.item(self.customer_id, product_id, unit_id)
            if item is None:
                item = ItemRecord(product_id=product_id, unit_id=unit_id)
            self.items[key] = item
        return item

    def peek(self, product_id: str, unit_id: str = "") -> ItemRecord | None:
        """An item's record to look at only."""
        return self.items.get((product_id, unit_id)) or self.records.item(
            self.customer_id, product_id, unit_id
        )

    def order(self, order_id: str) -> OrderRecord:
        """The record of an order named by the event: loaded or new, and decided in the step."""
        order = self.orders.get(order_id)
        if order is None:
            order = self.records.order(self.customer_id, order_id)
            if order is None:
                order = OrderRecord(order_id=order_id)
            self.orders[order_id] = order
        return order

    def peek_order(self, order_id: str) -> OrderRecord | None:
        """An order's record, without touching it; None for what was never ordered, as a subscription."""
        if not order_id:
            return None
        return self.orders.get(order_id) or self.records.order(self.customer_id, order_id)

    def close_order(self, order: OrderRecord) -> None:
        """The order is over: its record goes at the end of the step."""
        self.closed += (order.order_id,)

    def rules_for(self, product_id: str) -> Policy:
        """The policy for one product of this customer's brand."""
        return self.world.known(self.customer.brand, product_id)[1]

    def say(self, topic: str, record: Any) -> None:
        """Append an output."""
        self.outputs.append((topic, record))

    def next_sequence(self) -> int:
        """The customer's next number, counted over all output topics."""
        self.customer.sequence += 1
        return self.customer.sequence
