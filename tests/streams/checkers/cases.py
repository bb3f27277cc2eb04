"""Hand-made histories for the checkers' own tests: a story is told step by step, then judged."""

from dataclasses import replace
from typing import Any

from schemas.records import (
    Answer,
    Check,
    Consent,
    Delivery,
    Eligibility,
    Erasure,
    OrderLine,
    Product,
    Profile,
    Purchase,
    Relation,
    Reply,
    Ticket,
    Usage,
    Window,
)
from streams.checkers.checker import Checker
from streams.checkers.history import ELIGIBILITY, Counted, Event, History, Record, Step
from streams.checkers.judge import judge
from streams.checkers.limits import Limits

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
T = 1_704_110_400_000
"""2024-01-01 12:00 UTC."""
ANNA = "customer-anna"
OFFERS = ("order_add_on", "essential", "next_step", "refill", "subscribe", "maintain", "upgrade")
PLACEMENTS = (
    *OFFERS,
    "pre_arrival",
    "setup_guide",
    "stalled_start",
    "goal_question",
    "early_education",
    "help",
)

LIMITS = Limits(
    channels=dict.fromkeys(PLACEMENTS, frozenset({"email", "in_app"}))
    | {
        "essential": frozenset({"shipping_update", "email", "in_app"}),
        "order_add_on": frozenset({"order_page", "email"}),
    },
    enabled=frozenset(PLACEMENTS),
    live_from_ms=0,
    order_add_on_ms=DAY,
    essential_ms=3 * DAY,
    add_on_price_share_max=0.3,
    reorders_for_subscribe=3,
    sessions_for_first_value=3,
    inferred_first_value_after_ms=14 * DAY,
    delivery_feed=True,
    order_remembered_ms=30 * DAY,
    stale_after_ms=30 * DAY,
    question_open_ms=2 * DAY,
    negative_for_ms=7 * DAY,
    bad_rating_max=2,
    offer_gap_ms=7 * DAY,
    offers_in_window=2,
    offers_window_ms=30 * DAY,
    daily_moves=3,
    family_rest_ms=90 * DAY,
    offers_rest_ms=14 * DAY,
    not_now_family_rest_ms=7 * DAY,
    not_now_offers_rest_ms=7 * DAY,
    declines_in_a_row=2,
    in_a_row_rest_ms=30 * DAY,
    ask_gap_ms=30 * DAY,
    answer_fresh_ms=180 * DAY,
    asks_unanswered_max=2,
    asks_unanswered_rest_ms=180 * DAY,
    help_delay_ms=30 * MINUTE,
    help_gap_ms=DAY,
    default_time_zone="UTC",
    quiet_from_minute=21 * 60,
    quiet_until_minute=8 * 60,
    push_channels=frozenset({"email", "sms", "push"}),
    opt_out_channels={"sms": frozenset({"sms"})},
    keywords={"stop": frozenset({"stop"}), "no": frozenset({"no thanks"})},
    late_by_max_ms=0,
    remembered=16,
)

PRODUCTS = (
    Product(
        product_id="drill",
        version="v1",
        category="tools",
        kind="durable",
        price_minor=10_000,
        currency="EUR",
        relations=(
            Relation(kind="add_on", product_id="case"),
            Relation(kind="required_to_start", product_id="battery"),
            Relation(kind="next_step", product_id="bits"),
            Relation(kind="upgrade", product_id="drill-pro"),
        ),
    ),
    Product(
        product_id="case", version="v1", category="cases", kind="durable", price_minor=3_000, currency="EUR"
    ),
    Product(product_id="battery", version="v1", category="power", kind="durable"),
    Product(product_id="bits", version="v1", category="bits", kind="durable"),
    Product(product_id="drill-pro", version="v1", category="tools", kind="durable"),
    Product(product_id="beans", version="v1", category="coffee", kind="consumable", supply_days=14.0),
    Product(product_id="lamp", version="v1", category="light", kind="durable", usage_reported=False),
)

NAMES = ("right_stage", "next_logical_step", "easy_no", "personalised", "channel_fits", "trust_protected")
CHECKS = tuple(Check(name=name, verdict="pass", evidence=("owns=drill",)) for name in NAMES)


class Story:
    """Steps in order, with sequence numbers and ids that a teller need not think of."""

    def __init__(self, customer_id: str = ANNA, limits: Limits = LIMITS) -> None:
        self.customer_id = customer_id
        self.limits = limits
        self.steps: list[Step] = []
        self.sequence = 0
        self.events = 0

    def tell(self, at_ms: int, event: Event | None, *said: tuple[str, Record], current: bool = True) -> None:
        """One step."""
        numbered = tuple((topic, self._numbered(record, at_ms, event)) for topic, record in said)
        self.steps.append(Step(at_ms, self.customer_id, event, current, self.limits, numbered))

    def look(self, at_ms: int, *said: tuple[str, Record], current: bool = True) -> None:
        """A step without an event."""
        self.tell(at_ms, None, *said, current=current)

    def head(self, at_ms: int) -> dict[str, Any]:
        """What every event begins with."""
        self.events += 1
        return {"event_id": f"event-{self.events}", "customer_id": self.customer_id, "occurred_at": at_ms}

    def _numbered(self, record: Record, at_ms: int, event: Event | None) -> Record:
        if not isinstance(record, Counted) or record.sequence:
            return record
        self.sequence += 1
        fields = {name: getattr(record, name) for name in record.__struct_fields__}
        cause = event.event_id if event is not None else None
        given = {"customer_id": self.customer_id, "sequence": self.sequence, "decided_at": at_ms}
        return type(record)(**fields | given | {"cause_event_id": cause})

    def consents(self, at_ms: int, *channels: str, state: Any = "granted", explicit: bool = False) -> None:
        """A profile that states consents."""
        stated = tuple(Consent(channel=c, state=state, at=at_ms, explicit=explicit) for c in channels)
        self.tell(at_ms, Profile(**self.head(at_ms), consents=stated))

    def orders(self, at_ms: int, *product_ids: str, order_id: str = "order-1", **line: Any) -> None:
        """An order with one line for each product."""
        self.tell(at_ms, self.order(at_ms, *product_ids, order_id=order_id, **line))

    def order(self, at_ms: int, *product_ids: str, order_id: str = "order-1", **line: Any) -> Purchase:
        """The event of an order."""
        plain = {name: value for name, value in line.items() if name != "quantity"}
        lines = tuple(
            OrderLine(line_id=f"line-{n}", product_id=product_id, quantity=line.get("quantity", 1), **plain)
            for n, product_id in enumerate(product_ids)
        )
        return Purchase(**self.head(at_ms), type="order_placed", order_id=order_id, lines=lines)

    def purchase(self, at_ms: int, kind: Any, **fields: Any) -> None:
        """Another event of purchases."""
        self.tell(at_ms, Purchase(**self.head(at_ms), type=kind, **{"order_id": "order-1"} | fields))

    def parcel(self, at_ms: int, status: Any, order_id: str = "order-1", parcel_id: str = "parcel-1") -> None:
        """A parcel's status."""
        self.tell(at_ms, self.status(at_ms, status, order_id, parcel_id))

    def status(
        self, at_ms: int, status: Any, order_id: str = "order-1", parcel_id: str = "parcel-1"
    ) -> Delivery:
        """The event of a parcel's status."""
        return Delivery(**self.head(at_ms), order_id=order_id, parcel_id=parcel_id, status=status)

    def uses(self, at_ms: int, kind: Any, product_id: str = "drill") -> None:
        """Usage."""
        self.tell(at_ms, Usage(**self.head(at_ms), type=kind, product_id=product_id))

    def ticket(self, at_ms: int, status: Any, *said: tuple[str, Record], **fields: Any) -> None:
        """A ticket's status."""
        event = Ticket(**{"ticket_id": "ticket-1"} | self.head(at_ms) | {"status": status} | fields)
        self.tell(at_ms, event, *said)

    def replies(self, at_ms: int, intent: Any, *said: tuple[str, Record], **fields: Any) -> None:
        """A reply or feedback."""
        self.tell(at_ms, Reply(**self.head(at_ms), intent=intent, **fields), *said)

    def feedback(self, at_ms: int, feedback: Any, eligibility_id: str) -> None:
        """A sender's report."""
        self.replies(at_ms, None, feedback=feedback, eligibility_id=eligibility_id)

    def answers_goal(self, at_ms: int) -> None:
        """The answer to a goal question."""
        self.replies(at_ms, "answer", answers=(Answer(kind="goal", key="goal", value="speed"),))

    def erases(self, at_ms: int, *said: tuple[str, Record]) -> None:
        """An erasure."""
        self.tell(at_ms, Erasure(**self.head(at_ms)), *said)


def opened(at_ms: int, eligibility_id: str = "e-1", **fields: Any) -> tuple[str, Eligibility]:
    """A flawless offer of the next step for the drill, open for a week from noon on."""
    given: dict[str, Any] = {
        "eligibility_id": eligibility_id, "status": "opened", "customer_id": ANNA, "sequence": 0,
        "product_id": "drill", "placement": "next_step", "move": "offer", "message_class": "marketing",
        "candidate": "bits", "relation": "next_step", "stage": "usage", "opens_at": at_ms,
        "send_by": at_ms + 7 * DAY, "answer_until": at_ms + 21 * DAY,
        "send_windows": (Window(from_at=at_ms, until_at=at_ms + HOUR),), "channels": ("in_app", "email"),
        "avoid_channels": (), "checks": CHECKS, "decline_options": ("no", "not_now"), "reason": "moment_came",
        "escalate_to_human": False, "decided_at": at_ms, "policy_version": "p1", "catalogue_version": "c1",
    }  # fmt: skip
    return ELIGIBILITY, Eligibility(**given | fields)


def guide(at_ms: int, eligibility_id: str = "g-1", **fields: Any) -> tuple[str, Eligibility]:
    """A setup guide."""
    plain = {"placement": "setup_guide", "move": "guide", "message_class": "service", "stage": "unboxing"}
    return opened(at_ms, eligibility_id, **plain | {"candidate": None, "relation": None} | fields)


def ask(at_ms: int, eligibility_id: str = "q-1", **fields: Any) -> tuple[str, Eligibility]:
    """A goal question."""
    plain = {"placement": "goal_question", "move": "ask", "product_id": None, "stage": None}
    return opened(at_ms, eligibility_id, **plain | {"candidate": None, "relation": None} | fields)


def help_(at_ms: int, eligibility_id: str = "h-1", **fields: Any) -> tuple[str, Eligibility]:
    """Help."""
    plain = {"placement": "help", "move": "help", "message_class": "service", "product_id": None}
    return opened(at_ms, eligibility_id, **plain | {"candidate": None, "relation": None} | fields)


def ended(
    start: tuple[str, Eligibility], status: str, reason: str = "moment_passed", **fields: Any
) -> tuple[str, Eligibility]:
    """The end of an eligibility."""
    topic, record = start
    held = {name: getattr(record, name) for name in record.__struct_fields__}
    return topic, Eligibility(**held | {"status": status, "reason": reason, "sequence": 0} | fields)


def owner_of_a_drill(limits: Limits = LIMITS) -> Story:
    """A customer who may be offered a next step from `T` on: consent, a delivered drill, a first result."""
    story = Story(limits=limits)
    story.consents(T - 30 * DAY, "email", "in_app")
    story.orders(T - 29 * DAY, "drill")
    story.parcel(T - 27 * DAY, "in_transit")
    story.parcel(T - 26 * DAY, "delivered")
    story.uses(T - 20 * DAY, "result")
    return story


def wrongs(checker: type[Checker], *stories: Story) -> list[str]:
    """What one checker finds."""
    steps = sorted((step for story in stories for step in story.steps), key=lambda step: step.at_ms)
    return [violation.what for violation in judge(History(steps, PRODUCTS), (checker,))]


def with_limits(**changed: Any) -> Limits:
    """Limits with some changed."""
    return replace(LIMITS, **changed)
