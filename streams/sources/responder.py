"""Made up: how a sender and a customer react to an opened eligibility.

The sender hands most messages to the best channel within the first send window, and says so; some fail, some
are suppressed, some it forgets. The customer sees some of them, and of those says yes, no, not now, answers,
asks, is annoyed, or sends STOP; mostly nothing. Whoever says yes to an offer most often buys the candidate,
which then travels and is used as any other order.

A reaction is a function of the seed, the catalogue and the eligibility, by a hash of its id: the same
eligibility gets the same reaction in any process and any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.records import (
    Answer,
    Eligibility,
    Feedback,
    Intent,
    OrderLine,
    Product,
    Purchase,
    Reply,
    Subscription,
)
from streams.sources import parcels as parcel_post
from streams.sources.bought import Bought, order
from streams.sources.chance import Chance, Draws
from streams.sources.parcels import DAY_MS, HOUR_MS, MINUTE_MS
from streams.sources.source import Event, Responder
from streams.sources.uses import uses

GENERATOR = "responder"
COUNTRY = "United Kingdom"
"""Where orders that follow an offer are sent; an eligibility does not say where its customer lives."""

SENT_WITHIN_MS = 2 * HOUR_MS
FORGETS, FAILS, SUPPRESSES = 0.04, 0.02, 0.03
"""Shares of the sender: nothing is sent; it could not be sent; it was held back."""
UNREPORTED = 0.05
SEEN = 0.6
BUYS: dict[Intent | None, float] = {"yes": 0.7, None: 0.04}
"""Share that buys the candidate, by what was said; None is silence."""
TEXT_ONLY = 0.06
ANSWERED = 0.8

REACTIONS: dict[str, tuple[tuple[Intent, float], ...]] = {
    "guide": (("yes", 0.1), ("question", 0.04), ("frustrated", 0.008), ("stop", 0.002)),
    "ask": (
        ("answer", 0.5),
        ("no", 0.08),
        ("not_now", 0.06),
        ("question", 0.02),
        ("frustrated", 0.004),
        ("stop", 0.004),
    ),
    "offer": (
        ("yes", 0.12),
        ("no", 0.14),
        ("not_now", 0.1),
        ("question", 0.04),
        ("stop", 0.012),
        ("frustrated", 0.006),
    ),
    "help": (("yes", 0.3), ("frustrated", 0.08), ("question", 0.05), ("no", 0.05)),
}
"""Of those who saw a message of this move, what share says what; the rest is silent."""

TEXTS: dict[Intent, str] = {
    "yes": "yes please",
    "no": "no thanks",
    "not_now": "maybe later",
    "question": "does it fit the one I have?",
    "frustrated": "please stop selling, this is ridiculous",
    "stop": "STOP",
}


def responder(seed: int, catalogue: Iterable[Product] = ()) -> Responder:
    """Who answers under `seed`; `catalogue` gives the goals that are answered and the prices paid."""
    return _Responder(seed, catalogue).react


class _Responder:
    def __init__(self, seed: int, catalogue: Iterable[Product]) -> None:
        self._chance = Chance(GENERATOR, seed)
        self._products = {product.product_id: product for product in catalogue}
        self._goals = {product_id: _goals([product]) for product_id, product in self._products.items()}
        self._all_goals = _goals(self._products.values()) or ("something_else",)

    def react(self, eligibility: Eligibility) -> tuple[Event, ...]:
        """What follows, in order of time; nothing for what is not an opening."""
        if eligibility.status != "opened":
            return ()
        reaction = _Reaction(eligibility, self._chance)
        events: list[Event] = [*reaction.replies(self._goals_of(eligibility))]
        if reaction.buys_at is not None:
            events += self._bought(reaction, eligibility, reaction.buys_at)
        return tuple(sorted(events, key=lambda event: (event.occurred_at, event.event_id)))

    def _goals_of(self, eligibility: Eligibility) -> tuple[str, ...]:
        return self._goals.get(eligibility.product_id or "") or self._all_goals

    def _bought(self, reaction: _Reaction, eligibility: Eligibility, at_ms: int) -> Iterator[Event]:
        product_id = eligibility.candidate
        assert product_id is not None
        product = self._products.get(product_id)
        order_id = f"order-{reaction.token}"
        if eligibility.placement == "subscribe":
            yield _subscribed(eligibility, product_id, at_ms, reaction.token, self._chance.source)
            return
        line = OrderLine(
            line_id=f"{order_id}:1",
            product_id=product_id,
            quantity=1,
            price_minor=product.price_minor if product else None,
            currency=product.currency if product else None,
        )
        bought = Bought(
            order_id, eligibility.customer_id, COUNTRY, at_ms, is_first=False, lines=(line,), taken=()
        )
        yield order(bought, self._chance.source, eligibility.eligibility_id)
        for parcel in parcel_post.parcels(bought, self._chance):
            yield from parcel_post.events(parcel, self._chance)
            if product:
                yield from uses(parcel, self._products, self._chance)[0]


class _Reaction:
    """To one eligibility."""

    def __init__(self, eligibility: Eligibility, chance: Chance) -> None:
        self.token = chance.token(eligibility.eligibility_id)
        """Names everything that follows: ids of outputs may be as long as an id can be."""
        self.buys_at: int | None = None
        self._eligibility = eligibility
        self._source = chance.source
        self._draws: Draws = chance.of("reaction", eligibility.eligibility_id)
        self._channel = eligibility.channels[0] if eligibility.channels else "email"

    def replies(self, goals: tuple[str, ...]) -> Iterator[Reply]:
        """What sender and customer say; `buys_at` is known afterwards."""
        draws = self._draws
        sent_at = self._sent_at()
        share = draws.share()
        if sent_at is None or share < FORGETS:
            return
        if share < FORGETS + FAILS + SUPPRESSES:
            yield self._feed_back("failed" if share < FORGETS + FAILS else "suppressed", sent_at)
            return
        if not draws.happens(UNREPORTED):
            yield self._feed_back("sent", sent_at)
        if draws.happens(SEEN):
            seen_at = sent_at + draws.early(MINUTE_MS, 20 * HOUR_MS)
            if draws.happens(0.7):
                yield self._feed_back("seen", seen_at)
            yield from self._said(seen_at, goals)

    def _sent_at(self) -> int | None:
        """When it is sent: in the first window that is left, before `send_by`; None when there is none."""
        eligibility = self._eligibility
        ready_at = eligibility.opens_at + self._draws.between(1_000, 10 * MINUTE_MS)
        windows = [(window.from_at, window.until_at) for window in eligibility.send_windows]
        for from_at, until_at in windows or [(ready_at, eligibility.send_by)]:
            first, end = max(ready_at, from_at), min(until_at, eligibility.send_by)
            if first < end:
                return first + self._draws.early(0, min(SENT_WITHIN_MS, end - first - 1))
        return None

    def _said(self, seen_at: int, goals: tuple[str, ...]) -> Iterator[Reply]:
        draws, eligibility = self._draws, self._eligibility
        intent = self._intent()
        at_ms = seen_at + draws.early(10_000, 2 * DAY_MS)
        buys = BUYS.get(intent, 0.0) if eligibility.move == "offer" and eligibility.candidate else 0.0
        if draws.happens(buys):
            self.buys_at = at_ms + draws.early(30_000, 2 * DAY_MS)
        if intent is None:
            return
        if intent in TEXTS and draws.happens(TEXT_ONLY):
            yield self._reply("text", at_ms, text=TEXTS[intent])
        elif intent == "answer":
            yield self._reply(
                "answer", at_ms, intent="answer", answers=(Answer("goal", "goal", draws.pick(goals)),)
            )
        else:
            yield self._reply(intent, at_ms, intent=intent, text=TEXTS.get(intent))
        if intent == "question" and draws.happens(ANSWERED):
            yield self._reply("answered", at_ms + draws.early(HOUR_MS, 30 * HOUR_MS), intent="answered")

    def _intent(self) -> Intent | None:
        share = self._draws.share()
        for intent, probability in REACTIONS.get(self._eligibility.move, ()):
            share -= probability
            if share < 0:
                return intent
        return None

    def _feed_back(self, feedback: Feedback, at_ms: int) -> Reply:
        return self._reply(feedback, at_ms, feedback=feedback)

    def _reply(
        self,
        name: str,
        at_ms: int,
        intent: Intent | None = None,
        text: str | None = None,
        answers: tuple[Answer, ...] = (),
        feedback: Feedback | None = None,
    ) -> Reply:
        return Reply(
            event_id=f"reaction:{self.token}:{name}",
            customer_id=self._eligibility.customer_id,
            occurred_at=at_ms,
            source=self._source,
            channel=self._channel,
            eligibility_id=self._eligibility.eligibility_id,
            intent=intent,
            text=text,
            answers=answers,
            feedback=feedback,
            product_id=self._eligibility.product_id if intent == "question" else None,
        )


def _goals(products: Iterable[Product]) -> tuple[str, ...]:
    return tuple(
        sorted({goal for product in products for relation in product.relations for goal in relation.goals})
    )


def _subscribed(eligibility: Eligibility, product_id: str, at_ms: int, token: str, source: str) -> Purchase:
    return Purchase(
        event_id=f"subscription:{token}",
        customer_id=eligibility.customer_id,
        occurred_at=at_ms,
        source=source,
        type="subscription_started",
        subscription=Subscription(f"subscription-{token}", product_id, term_starts_at=at_ms),
        eligibility_id=eligibility.eligibility_id,
    )
