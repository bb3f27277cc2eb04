"""One open order, with its lines and parcels."""

from __future__ import annotations

from msgspec import Struct

from state.records.parts import NEVER, NO_FLOOR, Mark, Stamp, Told, Withheld, by_position

PARCELS_MAX = 16
ORDER_LINES_MAX = 2_000


class OrderLine(Struct, array_like=True, gc=False):
    """Which item an order line became; last writer. `mirrored` is what the item was told last, 0 nothing."""

    line_id: str
    content: Stamp
    product_id: str
    unit_id: str
    fulfilment: str
    gift: bool
    quantity: int
    price_minor: int | None
    currency: str | None
    mirrored: int = 0
    variant: str = ""


class LineCancel(Struct, array_like=True, gc=False):
    """How much of an order line was cancelled so far; last writer."""

    line_id: str
    latest: Stamp
    quantity: int


class Parcel(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """One parcel; first and last of what was reported. An order keeps its parcels with the smallest ids."""

    parcel_id: str
    latest: Stamp = NEVER
    status: str = ""
    shipped: Stamp = NEVER
    delivered: Stamp = NEVER
    arrived: Stamp = NEVER
    trouble_first: Stamp = NEVER
    trouble_last: Stamp = NEVER
    estimated: Stamp = NEVER
    estimate_on: int = 0
    named: Stamp = NEVER
    line_ids: tuple[str, ...] = ()
    total: int = 0


class OrderRecord(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """One open order: what was ordered, its parcels, and what was said about them."""

    order_id: str = ""
    due_ms: int = 0
    # facts
    lines: list[OrderLine] = []
    placed: Stamp = NEVER
    cancelled: Stamp = NEVER
    settled: Stamp = NEVER
    lines_floor: Mark = NO_FLOOR
    line_cancels: list[LineCancel] = []
    parcels: list[Parcel] = []
    newest: int = 0
    # said
    told: list[Told] = []
    withheld: list[Withheld] = []
    decided_under: int = 0
    cleared: Stamp = NEVER
    trace: str = ""
