"""A table of rules that are broken on purpose. A checker that never finds anything proves nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from schemas.records import Delivery, Eligibility, Erasure, Profile, Purchase, Reply, StageChange, Ticket
from streams.checkers.history import ELIGIBILITY, HOLDOUT, Event
from streams.journey.policy_set import Tree
from streams.simulation.broken_engines import (
    Telling,
    believes,
    changed,
    mishears,
    opening,
    speaks,
    with_numbers,
)
from streams.simulation.chance import DAY, HOUR, MINUTE
from streams.simulation.engine import JourneyEngine, MakeEngine

TICKET_FLAGS: Final = ("troubleshooting", "billing_problem", "shipping_problem", "return_in_progress")
ALL_FLAGS: Final = (*TICKET_FLAGS, "open_question", "negative_reply")


@dataclass(frozen=True, slots=True)
class Variant:
    """One rule that is broken."""

    name: str
    what: str
    make: MakeEngine


def _numbers(name: str, what: str, **changes: Tree) -> Variant:
    return Variant(name, what, with_numbers(changes))


def _moment(placement: str, **fields: Any) -> Tree:
    return {placement: fields}


def _unblocking(*flags: str, moves: Iterable[str] = ("offer", "ask")) -> Tree:
    nothing = dict.fromkeys(moves, "none")
    return {flag: {"open_blocks": nothing, "cooling_blocks": nothing} for flag in flags}


def _without(kind: type, when: Callable[[Any], bool] = lambda _event: True) -> type[JourneyEngine]:
    """Does not hear events of a kind."""
    return mishears(lambda event: None if isinstance(event, kind) and when(event) else event)


def _is_stop(event: Reply) -> bool:
    return event.intent == "stop" or (event.text or "").strip().lower() == "stop"


def _heard(event: Event, **fields: Any) -> Event:
    heard: Event = changed(event, **fields)
    return heard


def _hear_consent(event: Event) -> Event:
    if not isinstance(event, Profile):
        return event
    return _heard(event, consents=tuple(changed(c, state="granted") for c in event.consents))


def _hear_no_agent(event: Event) -> Event:
    return _heard(event, agent_holds=False) if isinstance(event, Ticket) else event


def _hear_no_trouble(event: Event) -> Event:
    bad = isinstance(event, Delivery) and event.status in {"exception", "attempt_fail", "expired"}
    return _heard(event, status="in_transit") if bad else event


def _hear_use_as_value(event: Event) -> Event:
    return _heard(event, type="result") if getattr(event, "type", "") == "setup_started" else event


class Now(JourneyEngine):
    """Takes whatever comes last for the latest."""

    clock = 1_800_000_000_000

    def event(self, event: Event, now_ms: int, conditions: Any) -> Any:
        """Every event happens later than all before it."""
        self.clock += 1
        late = event if isinstance(event, Erasure) else changed(event, occurred_at=self.clock)
        return super().event(late, now_ms, conditions)


def _unless(ends: Callable[[Eligibility], bool]) -> type[JourneyEngine]:
    """Forgets to say some ends."""

    def speak(topic: str, record: Any) -> Iterable[Telling]:
        forgotten = isinstance(record, Eligibility) and record.status != "opened" and ends(record)
        return [] if forgotten else [(topic, record)]

    return speaks(speak)


def _twice(topic: str, record: Any) -> Iterable[Telling]:
    ended = isinstance(record, Eligibility) and record.status in {"expired", "completed"}
    return [(topic, record)] * (2 if ended else 1)


def _two_arms(topic: str, record: Any) -> Iterable[Telling]:
    if isinstance(record, Eligibility) and record.move in {"offer", "ask"}:
        topic = HOLDOUT if int(record.eligibility_id[-1], 16) % 2 else ELIGIBILITY
    return [(topic, record)]


def _no_origin(topic: str, record: Any) -> Iterable[Telling]:
    return [(topic, changed(record, from_stage=None) if isinstance(record, StageChange) else record)]


def _skipping(topic: str, record: Any) -> Iterable[Telling]:
    return [] if isinstance(record, Eligibility) and record.status == "expired" else [(topic, record)]


def _evidence(record: Eligibility, *evidence: str) -> Eligibility:
    return changed(record, checks=tuple(changed(check, evidence=evidence) for check in record.checks))  # type: ignore[no-any-return]


class Gossip(JourneyEngine):
    """Puts the customer's own words into the evidence."""

    words = "nothing yet"

    def event(self, event: Event, now_ms: int, conditions: Any) -> Any:
        """Remember what was written, and repeat it."""
        if isinstance(event, Reply) and event.text:
            self.words = event.text
        said = super().event(event, now_ms, conditions)
        return tuple(
            (topic, _evidence(record, self.words) if isinstance(record, Eligibility) else record)
            for topic, record in said
        )


class Chatter(JourneyEngine):
    """Has something to say whenever it is looked at."""

    last: Any = None

    def look(self, customer_id: str, target: Any, now_ms: int, conditions: Any) -> Any:
        """Repeats what it said last."""
        said = super().look(customer_id, target, now_ms, conditions)
        self.last = said[-1] if said else self.last
        return said or (() if self.last is None else (self.last,))


VARIANTS: Final[tuple[Variant, ...]] = (
    _numbers(
        "gap-1ms-short", "offers may come 1 ms before the gap is over", caps={"offer_gap_ms": 7 * DAY - 1}
    ),
    _numbers("no-gap", "offers need no gap", caps={"offer_gap_ms": 1, "offers_in_window": 2}),
    _numbers(
        "three-offers", "one offer more in a month", caps={"offers_in_window": 6, "offer_gap_ms": 7 * DAY}
    ),
    _numbers("no-daily-cap", "any number of moves in a day", caps={"daily_moves": 90}),
    _numbers(
        "long-add-on",
        "the order's add-on lasts an hour longer",
        moments=_moment("order_add_on", window_ms=25 * HOUR),
    ),
    _numbers(
        "long-essential", "an essential lasts a day longer", moments=_moment("essential", window_ms=4 * DAY)
    ),
    _numbers("dear-add-on", "an add-on may cost half of the item", offers={"add_on_price_share_max": 0.5}),
    _numbers(
        "foreign-channel",
        "offers use a channel of another placement",
        moments=_moment("refill", channels=["shipping_update", "in_app", "email", "sms", "push"]),
    ),
    _numbers("tickets-block-nothing", "tickets do not stop offers", friction=_unblocking(*TICKET_FLAGS)),
    _numbers(
        "anger-blocks-nothing", "frustration does not stop offers", friction=_unblocking("negative_reply")
    ),
    _numbers(
        "early-stale",
        "friction is forgotten after a day",
        friction={flag: {"stale_after_ms": DAY} for flag in ALL_FLAGS},
    ),
    _numbers("bad-ratings-are-fine", "a bad rating is no friction", help={"bad_rating_max": 0}),
    _numbers("late-help", "help comes ten minutes late", moments=_moment("help", delay_ms=40 * MINUTE)),
    _numbers("much-help", "help comes every hour", help={"gap_ms": HOUR}),
    _numbers(
        "no-rest",
        "a no rests nothing",
        declines={
            "offers_rest_ms": 1,
            "family_rest_ms": 1,
            "not_now_offers_rest_ms": 1,
            "not_now_family_rest_ms": 1,
            "in_a_row_rest_ms": 1,
        },
    ),
    _numbers(
        "rest-1ms-short",
        "offers rest 1 ms too short",
        declines={"offers_rest_ms": 14 * DAY - 1, "not_now_offers_rest_ms": 7 * DAY - 1},
    ),
    _numbers("ask-again", "questions need no gap", asks={"gap_ms": 1}),
    _numbers("stale-answers", "an answer is fresh for a day", asks={"answer_fresh_ms": DAY}),
    _numbers("one-session", "one session is first value", stages={"sessions_for_first_value": 1}),
    _numbers(
        "early-inference",
        "first value is inferred after a day",
        stages={"inferred_first_value_after_ms": DAY},
    ),
    _numbers(
        "loud-nights",
        "quiet hours begin an hour late and end an hour early",
        sending={"quiet_from_minute": 22 * 60, "quiet_until_minute": 7 * 60},
    ),
    _numbers("nothing-is-pushed", "no channel counts as push", sending={"push_channels": []}),
    _numbers(
        "long-feed",
        "deliveries are inferred although there is a feed",
        deliveries={"feed": False, "inferred_after_ms": DAY},
    ),
    _numbers("live-early", "opens before going live", live={"from_ms": 0, "ramp_ms": 0}),
    Variant("deaf-to-pause", "does not hear that it is paused", with_numbers({}, hears_control=False)),
    Variant("deaf-to-stop", "does not hear STOP", _without(Reply, _is_stop)),
    Variant("deaf-to-no", "does not hear a consent that is denied", mishears(_hear_consent)),
    Variant("deaf-to-tickets", "does not hear of tickets", _without(Ticket)),
    Variant("deaf-to-agents", "does not hear that an agent holds a ticket", mishears(_hear_no_agent)),
    Variant("deaf-to-trouble", "takes a parcel in trouble for one under way", mishears(_hear_no_trouble)),
    Variant("deaf-to-erasures", "does not hear erasures", _without(Erasure)),
    Variant(
        "deaf-to-frustration",
        "does not hear frustration",
        _without(Reply, lambda r: r.intent == "frustrated"),
    ),
    Variant(
        "deaf-to-payments",
        "does not hear of failed payments",
        _without(Purchase, lambda p: p.type == "payment_failed"),
    ),
    Variant("setup-is-value", "takes the begin of setup for first value", mishears(_hear_use_as_value)),
    Variant("always-current", "opens while catching up", believes(lambda now: replace(now, current=True))),
    Variant(
        "never-silent",
        "infers from the silence of a dead source",
        believes(lambda now: replace(now, stale_sources=frozenset())),
    ),
    Variant("last-arrival-wins", "takes what comes last for the latest", Now),
    Variant(
        "no-revocation",
        "forgets to take back what friction blocks",
        _unless(lambda end: end.reason == "friction_started"),
    ),
    Variant(
        "no-acceptance", "forgets that a purchase accepts", _unless(lambda end: end.reason == "purchased")
    ),
    Variant("no-expiry", "forgets to end what expired", _unless(lambda end: end.status == "expired")),
    Variant(
        "no-erased-end",
        "forgets to take back what an erasure ends",
        _unless(lambda end: end.reason == "erased"),
    ),
    Variant("two-ends", "ends twice", speaks(_twice)),
    Variant("gaps", "leaves gaps in the sequence", speaks(_skipping, renumbers=False)),
    Variant("two-arms", "holds back by permission, not by customer", speaks(_two_arms)),
    Variant("no-origin", "forgets from which stage an item came", speaks(_no_origin)),
    Variant(
        "open-id",
        "ids contain the customer",
        opening(lambda e: changed(e, eligibility_id=f"{e.customer_id}/{e.eligibility_id}")),
    ),
    Variant("same-id", "ids repeat", opening(lambda e: changed(e, eligibility_id=e.placement))),
    Variant(
        "generic",
        "offers what has nothing to do with the item",
        opening(lambda e: changed(e, candidate="gift-card") if e.move == "offer" else e),
    ),
    Variant("impersonal", "offers without saying why", opening(_evidence)),
    Variant("five-checks", "leaves a check out", opening(lambda e: changed(e, checks=e.checks[:5]))),
    Variant("no-way-out", "offers no way to say no", opening(lambda e: changed(e, decline_options=()))),
    Variant(
        "endless",
        "permissions never end in time",
        opening(lambda e: changed(e, send_by=e.send_by - HOUR, answer_until=e.answer_until - HOUR)),
    ),
    Variant("gossip", "repeats what the customer wrote", Gossip),
    Variant("chatter", "says something at every look", Chatter),
)
"""All variants; add one for every rule that a checker is meant to guard."""

SHOWN_BY: Final[Mapping[str, int]] = {
    "gap-1ms-short": 84,
    "no-gap": 5,
    "three-offers": 13,
    "no-daily-cap": 7,
    "long-essential": 3,
    "dear-add-on": 32,
    "anger-blocks-nothing": 8,
    "early-stale": 1,
    "bad-ratings-are-fine": 9,
    "much-help": 7,
    "no-rest": 16,
    "rest-1ms-short": 72,
    "ask-again": 16,
    "stale-answers": 1,
    "early-inference": 4,
    "live-early": 38,
    "deaf-to-pause": 6,
    "deaf-to-agents": 131,
    "deaf-to-stop": 1,
    "deaf-to-tickets": 3,
    "deaf-to-erasures": 7,
    "deaf-to-frustration": 5,
    "deaf-to-payments": 13,
    "always-current": 5,
    "never-silent": 8,
    "no-erased-end": 7,
    "gossip": 7,
}
"""Seeds that showed a variant, tried first; where it shows no more, others do."""
