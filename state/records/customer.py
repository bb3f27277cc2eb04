"""One customer: what holds for everything they own; and what stays of one who was erased."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from state.records.parts import NEVER, NO_FLOOR, Mark, Stamp, by_position, part, reader

TICKETS_MAX = 16
PAYMENTS_MAX = 8
RETURNS_MAX = 16
DECLINES_MAX = 8
ORDER_DAYS_MAX = 8
ANSWERS_MAX = 16
GOALS_MAX = 3
CHANNELS_MAX = 32
ORDER_FLAGS_MAX = 16
OPEN_MAX = 20
NEWEST_ITEMS_MAX = 8
RESTS_MAX = 32


class Consent(Struct, omit_defaults=True, rename=by_position(), gc=False):
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


class CustomerFacts(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """What events said of a customer, but for the little that stands in the record itself."""

    profiled: tuple[Stamp, Stamp, Stamp, Stamp] = (NEVER, NEVER, NEVER, NEVER)
    time_zone: str = ""
    locale: str = ""
    market: str = ""
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
    answers: list[Answer] = []
    answers_floor: Mark = NO_FLOOR
    declines: list[tuple[int, str, str, str]] = []


class CustomerPast(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """What was said to a customer, and how they stood, as far as it still counts."""

    order_flags: list[OrderFlag] = []
    order_flags_floor: Stamp = NEVER
    sent: list[Sent] = []
    rests: list[Rest] = []
    counted: list[str] = []
    asks: int = 0
    ask_withheld: int = 0
    helped_at: int = 0
    helps: int = 0
    episodes: list[int] = []
    sender_reports: bool = False
    stage_counts: list[int] = []
    newest: list[ItemNow] = []


class CustomerRecord(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """One customer: what holds for everything they own.

    What most steps look at stands here. The rest, in two parts, stays the bytes that it was stored as until
    somebody asks for it: `facts` and `past`.

    `trace` is, here and in items and orders, the W3C trace context of the event that touched the record last,
    empty when it had none: what a later look says because of it belongs to that trace.
    """

    due_ms: int = 0
    stored_facts: bytes = part(CustomerFacts)
    stored_past: bytes = part(CustomerPast)
    # facts
    brand: str = ""
    goals: list[tuple[int, str, str]] = []
    order_days: list[int] = []
    # said
    epoch: int = 0
    erased_at: int = 0
    sequence: int = 0
    flags: list[FlagNow] = []
    open: list[Open] = []
    waiting: list[Claim] = []
    offers_rest_until: int = 0
    declines_in_a_row: int = 0
    asked_at: int = 0
    asks_unanswered: int = 0
    decided_under: int = 0
    context_until: int = 0
    trace: str = ""

    @property
    def facts(self) -> CustomerFacts:
        """Facts that few steps look at. Damaged: the bytes are not theirs."""
        held: Any = self.stored_facts
        if type(held) is bytes:
            held = self.stored_facts = READ_FACTS(held)
        return held.held  # type: ignore[no-any-return]

    @property
    def past(self) -> CustomerPast:
        """What was said that few steps look at. Damaged: the bytes are not those."""
        held: Any = self.stored_past
        if type(held) is bytes:
            held = self.stored_past = READ_PAST(held)
        return held.held  # type: ignore[no-any-return]


READ_FACTS: Final = reader(CustomerFacts)
READ_PAST: Final = reader(CustomerPast)


class Forgotten(Struct, omit_defaults=True, rename=by_position(), gc=False):
    """All that stays of an erased customer, under a keyed hash: the opt-outs, the epoch, the sequence."""

    epoch: int
    sequence: int
    erased_at: int
    stopped: list[str] = []
