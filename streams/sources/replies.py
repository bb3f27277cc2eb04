"""Made up: what customers say without being asked.

Questions (some about trouble, most of interest), complaints, STOP and START, tastes and constraints told in
passing, ratings, and messages with text alone, which a policy's keywords must read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict, Unpack

from schemas.records import Answer, Intent, Reply
from streams.sources.bought import Bought
from streams.sources.chance import Chance, Draws
from streams.sources.parcels import DAY_MS, HOUR_MS, Parcel

ASKS = 0.03
COMPLAINS_OF_TROUBLE = 0.15
COMPLAINS = 0.004
STOPS = 0.006
STARTS_AGAIN = 0.3
WRITES = 0.012
RATES = 0.02
TELLS = 0.01

INTEREST = (
    "is there a matching larger one?",
    "which size fits a tall candle?",
    "will you have it in blue again?",
)
FRICTION = (
    "where is my parcel?",
    "one piece is missing, what now?",
    "it is not working, how do i return it?",
)
COMPLAINTS = ("this is ridiculous", "very disappointed", "third time this happens, awful")
TEXTS = (
    "STOP",
    "unsubscribe",
    "not now",
    "yes please",
    "thank you, lovely things!",
    "broken again",
    "HELP",
    "no thanks",
)
TASTES = (
    Answer("preference", "colour", "ivory"),
    Answer("preference", "size", "small"),
    Answer("constraint", "allergy", "scent"),
)


def replies(bought: Bought, parcels: tuple[Parcel, ...], chance: Chance) -> Iterator[Reply]:
    """What the customer says in the weeks around one order."""
    voice = _Voice(bought, chance)
    yield from voice.questions()
    yield from voice.complaints(any(parcel.is_in_trouble for parcel in parcels))
    yield from voice.stop_and_start()
    yield from voice.other()


class _What(TypedDict, total=False):
    """The fields of a reply that tell what it says."""

    intent: Intent
    text: str
    rating: int
    signals_friction: bool | None
    answers: tuple[Answer, ...]
    product_id: str


class _Voice:
    """One customer around one order."""

    def __init__(self, bought: Bought, chance: Chance) -> None:
        self._bought = bought
        self._source = chance.source
        self._draws: Draws = chance.of("replies", bought.order_id)

    def questions(self) -> Iterator[Reply]:
        """A question, and most often the shop's answer within a day and a half."""
        draws = self._draws
        if not draws.happens(ASKS):
            return
        trouble = draws.happens(0.35)
        at_ms = self._later(20)
        product_id = draws.pick(self._bought.lines).product_id
        text = draws.pick(FRICTION if trouble else INTEREST)
        judged = trouble if draws.happens(0.8) else None
        yield self._say(
            "question", at_ms, intent="question", text=text, signals_friction=judged, product_id=product_id
        )
        if draws.happens(0.8):
            answered_at = at_ms + draws.early(HOUR_MS, 36 * HOUR_MS)
            yield self._say("answered", answered_at, intent="answered", product_id=product_id)

    def complaints(self, trouble: bool) -> Iterator[Reply]:  # noqa: FBT001 - a fact about the order, not a mode
        """A frustrated word, most often after trouble with a parcel."""
        if self._draws.happens(COMPLAINS_OF_TROUBLE if trouble else COMPLAINS):
            yield self._say(
                "complaint", self._later(14), intent="frustrated", text=self._draws.pick(COMPLAINTS)
            )

    def stop_and_start(self) -> Iterator[Reply]:
        """STOP on a channel, and for some START months later."""
        draws = self._draws
        if not draws.happens(STOPS):
            return
        at_ms, channel = self._later(40), draws.pick(("email", "email", "sms"))
        yield self._say("stop", at_ms, intent="stop", text="STOP", channel=channel)
        if draws.happens(STARTS_AGAIN):
            again_at = at_ms + draws.between(5 * DAY_MS, 120 * DAY_MS)
            yield self._say("start", again_at, intent="start", text="START", channel=channel)

    def other(self) -> Iterator[Reply]:
        """Text alone, ratings, and what is told in passing."""
        draws = self._draws
        if draws.happens(WRITES):
            channel = draws.pick(("email", "sms"))
            yield self._say("text", self._later(30), text=draws.pick(TEXTS), channel=channel)
        if draws.happens(RATES):
            yield self._say("rating", self._later(30), rating=5 - draws.early(0, 4))
        if draws.happens(TELLS):
            yield self._say("taste", self._later(30), intent="answer", answers=(draws.pick(TASTES),))

    def _later(self, days: int) -> int:
        return self._bought.at_ms + self._draws.between(HOUR_MS, days * DAY_MS)

    def _say(self, name: str, at_ms: int, channel: str = "email", **what: Unpack[_What]) -> Reply:
        return Reply(
            event_id=f"reply:{self._bought.order_id}:{name}",
            customer_id=self._bought.customer_id,
            occurred_at=at_ms,
            source=self._source,
            channel=channel,
            **what,
        )
