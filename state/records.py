"""What is remembered: one small customer record, one record per owned item, one per open order.

An event loads the customer and the items and the order that it names, so its cost does not grow with what
the customer owns. Each record has two halves:

- *facts*, built only from minimum, maximum, last writer and the k smallest or newest of a set, so that
  any order and any repetition of the same events ends in the same facts;
- *said*, what the outputs told so far; outputs are the difference between it and what holds now.

A record is stored without the fields that hold their default, which are most, and with one letter for the
name of each other, by its place: append fields with defaults, never reorder (see `state.codec`). Small parts
of it are arrays.
Times are epoch milliseconds, 0 is never. A `Stamp` is (time_ms, event_id), a `Mark` adds a word. Lists that
keep the newest entries of a growing set have a floor: whatever is not above it counts as settled, which
makes the bound independent of the order of arrival.
"""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_letters, digits
from typing import NamedTuple

from msgspec import Struct


def by_position() -> Callable[[str], str]:
    """Short names for the fields of one record in the order of their declaration, one character each."""
    letters = iter(ascii_letters + digits)
    return lambda _field: next(letters)


Stamp = tuple[int, str]
Mark = tuple[int, str, str]
NEVER: Stamp = (0, "")
NO_FLOOR: Mark = (0, "", "")

LINES_MAX = 8
UNITS_MAX = 8
TICKETS_MAX = 16
PAYMENTS_MAX = 8
RETURNS_MAX = 16
RESPONSES_MAX = 16
DECLINES_MAX = 8
ORDER_DAYS_MAX = 8
ANSWERS_MAX = 16
GOALS_MAX = 3
CHANNELS_MAX = 32
SUBSCRIPTIONS_MAX = 4
PARCELS_MAX = 16
ORDER_LINES_MAX = 2_000
ORDER_FLAGS_MAX = 16
OPEN_MAX = 20
NEWEST_ITEMS_MAX = 8
TOLD_MAX = 24
RESTS_MAX = 32


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


class Told(Struct, array_like=True, gc=False):
    """One moment that was opened for an anchor (a cycle, a supply, an interval), or settled without."""

    placement: int
    anchor: int
    at: int
    attempt: int = 0
    done: bool = True


class Withheld(Struct, array_like=True, gc=False):
    """The reason last reported for a moment of this record; one that was crowded out looks again then."""

    placement: int
    anchor: int
    reason: int
    look_at: int = 0


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


class Consent(Struct, array_like=True, gc=False):
    """One channel: the profile's word, and the customer's own STOP and explicit opt-in."""

    channel: str
    stated: Stamp = NEVER
    state: str = "unknown"
    stopped: Stamp = NEVER
    started: Stamp = NEVER


class Ticket(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """One support ticket: last writer of its fields, the newest openings and resolutions."""

    ticket_id: str
    latest: Stamp = NEVER
    status: str = ""
    topic: str = ""
    priority: str = "normal"
    bad: bool = False
    agent_holds: bool = False
    order_id: str = ""
    product_id: str = ""
    opened: list[Stamp] = []
    resolved: list[Stamp] = []


class Toggle(Struct, array_like=True, gc=False):
    """Something that starts and ends by events: a failed payment by reference, a return by order."""

    ref: str
    started: Stamp = NEVER
    ended: Stamp = NEVER


class Answer(Struct, array_like=True, gc=False):
    """Last writer of one preference or constraint."""

    kind: str
    key: str
    latest: Stamp
    value: str


class Response(Struct, array_like=True, gc=False):
    """What was reported back about one eligibility, newest of each kind."""

    eligibility_id: str
    latest: Stamp = NEVER
    sent: Stamp = NEVER
    failed: Stamp = NEVER
    suppressed: Stamp = NEVER
    seen: Stamp = NEVER


class FlagNow(Struct, array_like=True, gc=False):
    """A friction flag as last said. `until` is when it ends by itself, 0 when only an event ends it."""

    flag: int
    ref: str
    state: int
    since: int
    until: int = 0
    order_id: str = ""
    product_id: str = ""
    severe: bool = False
    routine: bool = False
    inferred: bool = False
    held_by_agent: bool = False
    cause: str = ""
    helped_at: int = 0
    help_reason: int = 0


class OrderFlag(Struct, array_like=True, gc=False):
    """The shipping problem of one open order, mirrored from its record. `ended_at` 0: still open."""

    order_id: str
    since: int
    ended_at: int = 0
    severe: bool = False
    inferred: bool = False
    cause: str = ""


class Open(Struct, array_like=True, gc=False):
    """An eligibility that has not ended: a permission until `send_by`, attribution after it if sent."""

    eligibility_id: str
    placement: int
    move: int
    service: bool
    holdout: bool
    product_id: str
    unit_id: str
    cycle: str
    order_id: str
    parcel_id: str
    stage: int
    anchor: int
    attempt: int
    candidate: str
    relation: str
    family: str
    opened_at: int
    opens_at: int
    send_by: int
    answer_until: int
    sent_at: int = 0
    ref: str = ""


class Claim(Struct, array_like=True, gc=False):
    """A moment that is here but waits: why, until when it lasts, and when it is looked at again."""

    placement: int
    scope: int
    product_id: str
    unit_id: str
    cycle: str
    order_id: str
    parcel_id: str
    stage: int
    anchor: int
    attempt: int
    move: int
    service: bool
    priority: int
    opens_at: int
    ends_at: int
    ref: str = ""
    reason: int = 0
    look_at: int = 0


class Sent(Struct, array_like=True, gc=False):
    """One thing that was said, for the caps. `unsent`: by the sender's own reports it was not, up to now."""

    at: int
    eligibility_id: str
    offer: bool
    unsent: bool = False
    family: str = ""
    move: int = 0
    replied: bool = False


class Rest(Struct, array_like=True, gc=False):
    """An offer family that rests until a time."""

    family: str
    until: int


class ItemNow(Struct, array_like=True, gc=False):
    """One of the items whose stage changed last."""

    product_id: str
    unit_id: str
    stage: int
    since: int


class CustomerRecord(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """One customer: what holds for everything they own.

    `trace` is, here and in items and orders, the W3C trace context of the event that touched the record last,
    empty when it had none: what a later look says because of it belongs to that trace.
    """

    due_ms: int = 0
    # facts
    profiled: tuple[Stamp, Stamp, Stamp, Stamp] = (NEVER, NEVER, NEVER, NEVER)
    time_zone: str = ""
    locale: str = ""
    market: str = ""
    brand: str = ""
    consents: list[Consent] = []
    tickets: list[Ticket] = []
    tickets_floor: Mark = NO_FLOOR
    payments: list[Toggle] = []
    payments_floor: Mark = NO_FLOOR
    returns: list[Toggle] = []
    returns_floor: Mark = NO_FLOOR
    negative: Stamp = NEVER
    question: Stamp = NEVER
    answered: Stamp = NEVER
    interest: Stamp = NEVER
    goals: list[tuple[int, str, str]] = []
    answers: list[Answer] = []
    answers_floor: Mark = NO_FLOOR
    responses: list[Response] = []
    responses_floor: Mark = NO_FLOOR
    declines: list[tuple[int, str, str, str]] = []
    order_days: list[int] = []
    # said
    epoch: int = 0
    erased_at: int = 0
    sequence: int = 0
    flags: list[FlagNow] = []
    order_flags: list[OrderFlag] = []
    open: list[Open] = []
    waiting: list[Claim] = []
    sent: list[Sent] = []
    rests: list[Rest] = []
    offers_rest_until: int = 0
    declines_in_a_row: int = 0
    counted: list[str] = []
    asked_at: int = 0
    asks: int = 0
    asks_unanswered: int = 0
    ask_withheld: int = 0
    helped_at: int = 0
    helps: int = 0
    episodes: list[int] = []
    sender_reports: bool = False
    stage_counts: list[int] = []
    newest: list[ItemNow] = []
    decided_under: int = 0
    context_until: int = 0
    order_flags_floor: Stamp = NEVER
    trace: str = ""


class Forgotten(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """All that stays of an erased customer, under a keyed hash: the opt-outs, the epoch, the sequence."""

    epoch: int
    sequence: int
    erased_at: int
    stopped: list[str] = []


class Target(NamedTuple):
    """What a wake-up is for: the customer (all empty), one item, or one order."""

    product_id: str = ""
    unit_id: str = ""
    order_id: str = ""
