"""What is known of one customer at one time, as plain data: the shape of `kairos explain --json`.

Times are epoch milliseconds, 0 or null where there is none. Words are those of the outputs.
"""

from __future__ import annotations

from msgspec import Struct


class Fact(Struct, frozen=True):
    """Something that happened, or that follows from it, at a time, in words."""

    at: int
    what: str


class Channel(Struct, frozen=True):
    """What holds for one channel, and what it rests on."""

    channel: str
    holds: str
    why: str


class Known(Struct, frozen=True):
    """The profile, and what the customer said."""

    time_zone: str | None
    locale: str | None
    market: str | None
    brand: str | None
    profiled_at: int
    channels: tuple[Channel, ...]
    goals: tuple[Fact, ...]
    preferences: tuple[str, ...]
    constraints: tuple[str, ...]


class Withheld(Struct, frozen=True):
    """A moment that could have been, with the reason that was last reported for it."""

    placement: str
    reason: str


class ParcelNow(Struct, frozen=True):
    """One parcel of an open order. `estimate_on` is days since the epoch, 0 for none."""

    parcel_id: str
    status: str
    shipped_at: int
    delivered_at: int
    estimate_on: int


class OrderNow(Struct, frozen=True):
    """An order whose record is still open."""

    order_id: str
    placed_at: int
    cancelled_at: int
    lines: int
    parcels: tuple[ParcelNow, ...]
    said: tuple[Fact, ...]
    withheld: tuple[Withheld, ...]
    next_look_at: int


class ItemNow(Struct, frozen=True):
    """One owned item. `changes_at` 0: no other stage is in sight without an event."""

    product_id: str
    unit_id: str | None
    name: str | None
    stage: str
    since: int
    inferred: bool
    changes_at: int
    changes_to: str | None
    facts: tuple[Fact, ...]
    said: tuple[Fact, ...]
    withheld: tuple[Withheld, ...]
    next_look_at: int


class FlagNow(Struct, frozen=True):
    """A reason not to sell now. `until`: when it ends by itself at the latest. `blocks`: move and breadth."""

    flag: str
    state: str
    about: str | None
    cause: str
    since: int
    until: int
    severe: bool
    inferred: bool
    held_by_agent: bool
    helped_at: int
    blocks: tuple[str, ...]


class OpenNow(Struct, frozen=True):
    """A permission that has not ended. After `send_by` a sent one only waits for its answer."""

    eligibility_id: str
    placement: str
    move: str
    about: str
    candidate: str | None
    opened_at: int
    send_by: int
    answer_until: int
    sent_at: int
    holdout: bool
    may_be_sent: bool


class Waiting(Struct, frozen=True):
    """A moment that is here but waits. `look_again_at` 0: only an event can lift the reason."""

    placement: str
    move: str
    about: str
    reason: str
    look_again_at: int
    ends_at: int


class Cap(Struct, frozen=True):
    """How much of a limit is used; `name` is the reason that it gives, and service offers do not count.

    `next_at`: when one more is possible as far as this limit goes.
    """

    name: str
    used: int
    most: int
    within_ms: int
    next_at: int


class Rest(Struct, frozen=True):
    """What rests until when."""

    what: str
    until: int


class Explanation(Struct, frozen=True):
    """One customer at `as_of`. Lists of items and orders are bounded, newest first; totals say how many."""

    customer_id: str
    as_of: int
    policy_version: str
    catalogue_version: str
    known: Known
    stages: dict[str, int]
    items_total: int
    items: tuple[ItemNow, ...]
    orders_total: int
    orders: tuple[OrderNow, ...]
    friction: tuple[FlagNow, ...]
    open: tuple[OpenNow, ...]
    waiting: tuple[Waiting, ...]
    withheld: tuple[Withheld, ...]
    """Of the customer as a whole: the goal question."""
    rests: tuple[Rest, ...]
    caps: tuple[Cap, ...]
    ahead: tuple[Fact, ...]
    """What changes by time alone if nothing happens, the next one first."""
    next_look_at: int


class Gone(Struct, frozen=True):
    """All that is left of a customer who was forgotten."""

    customer_id: str
    erased_at: int
    stopped: tuple[str, ...]
    """Channels that stay opted out."""
