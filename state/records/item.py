"""One owned item, with its order lines and subscriptions."""

from __future__ import annotations

from msgspec import Struct

from state.records.parts import NEVER, NO_FLOOR, Mark, Stamp, Told, Withheld, by_position

LINES_MAX = 8
UNITS_MAX = 8
SUBSCRIPTIONS_MAX = 4


class Line(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """One order line of an item; each aspect keeps its last writer.

    `shipped_at`, `delivered`, `lost`, `void` (the order cancelled, or the line moved to another product) and
    `parcel_id` mirror the order record.
    """

    order_id: str
    line_id: str
    placed: Stamp = NEVER
    content: Stamp = NEVER
    quantity: int = 0
    fulfilment: str = "ship"
    gift: bool = False
    replacement: bool = False
    price_minor: int | None = None
    currency: str | None = None
    contract_ends_at: int = 0
    refunded: Stamp = NEVER
    refunded_quantity: int = 0
    cancelled: Stamp = NEVER
    cancelled_quantity: int = 0
    shipped_at: int = 0
    delivered: Stamp = NEVER
    lost: bool = False
    void: bool = False
    parcel_id: str = ""
    variant: str = ""


class Subscription(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """Last writer of one subscription. `status` is the last event type."""

    subscription_id: str
    latest: Stamp = NEVER
    started: Stamp = NEVER
    status: str = ""
    term_starts_at: int = 0
    paid_through_at: int = 0
    renews_at: int = 0


class ItemRecord(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """One owned item: a product, and the unit where events name units.

    The record of the empty unit also names the units bought last: usage that names no unit is folded into it
    and counts for the newest. Usage lists hold the k smallest and k greatest stamps of all ever seen.
    """

    product_id: str = ""
    unit_id: str = ""
    due_ms: int = 0
    # facts
    lines: list[Line] = []
    lines_floor: Mark = NO_FLOOR
    units: list[Mark] = []
    setup_started: list[Stamp] = []
    setup_completed: list[Stamp] = []
    sessions: list[Stamp] = []
    results: list[Stamp] = []
    milestones: list[tuple[int, str, str]] = []
    limits: list[tuple[int, str, str]] = []
    guidance: list[Stamp] = []
    consumed: list[Stamp] = []
    visits: list[tuple[int, str, str]] = []
    subscriptions: list[Subscription] = []
    subscriptions_floor: Mark = NO_FLOOR
    # said
    stage: int = 0
    stage_since: int = 0
    inferred: bool = False
    cycle: str = ""
    first_value_at: int = 0
    told: list[Told] = []
    withheld: list[Withheld] = []
    decided_under: int = 0
    goal_at: int = 0
    supply: str = ""
    rhythm: float | None = None
    trace: str = ""

    @property
    def newest_unit(self) -> str:
        """The unit that was bought last, "" where events name none."""
        return self.units[-1][2] if self.units else ""
