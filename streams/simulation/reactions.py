"""How senders and customers react to a permission: it is sent or not, seen, answered, bought upon."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from schemas.records import Answer, Eligibility, OrderLine, Purchase, Reply
from streams.simulation.chance import DAY, HOUR, pause
from streams.simulation.life import Arrival
from streams.simulation.made_up_shop import GOALS

REACTIONS: Final = {
    "nothing": 5,
    "yes": 1,
    "no": 1,
    "not_now": 1,
    "answer": 2,
    "buy": 2,
    "frustrated": 0.4,
    "stop": 0.3,
    "question": 0.4,
    "text": 0.5,
}
"""Reactions with their weights."""
TEXT: Final = "thank you, but I would rather have peace and quiet this week"


def react(record: Eligibility, rng: Random) -> Iterator[Arrival]:
    """What comes back about a permission that was opened, at most a handful of events."""
    head = {"customer_id": record.customer_id, "source": "made-up:simulation"}
    number = 0

    def tell(kind: Any, at_ms: int, **fields: Any) -> Arrival:
        nonlocal number
        number += 1
        event_id = f"r{number}-{record.eligibility_id[:12]}"
        return Arrival(at_ms, kind(event_id=event_id, occurred_at=at_ms, **head, **fields))

    named = {
        "eligibility_id": record.eligibility_id,
        "channel": record.channels[0] if record.channels else None,
    }
    at_ms = record.opens_at + _delay(rng, record)
    fate = rng.choices(("sent", "failed", "suppressed", ""), (7, 1, 1, 3))[0]
    if fate:
        yield tell(Reply, at_ms, feedback=fate, **named)
    if fate == "sent" and rng.random() < 0.3:
        at_ms += pause(rng, DAY)
        yield tell(Reply, at_ms, feedback="seen", **named)
    answer = rng.choices(list(REACTIONS), list(REACTIONS.values()))[0]
    if answer == "nothing" or (fate in {"failed", "suppressed"} and rng.random() < 0.8):
        return
    at_ms += pause(rng, 30 * DAY)
    if answer == "buy":
        if record.candidate is not None:
            line = OrderLine(
                line_id="l1",
                product_id=record.candidate,
                quantity=1,
                fulfilment=rng.choice(("ship", "in_store")),
            )
            clicked = record.eligibility_id if rng.random() < 0.5 else None
            order_id = f"bought-{record.eligibility_id[:12]}"
            yield tell(
                Purchase, at_ms, type="order_placed", order_id=order_id, lines=(line,), eligibility_id=clicked
            )
    elif answer == "answer":
        goal = Answer(kind="goal", key="goal", value=rng.choice(GOALS))
        yield tell(Reply, at_ms, intent="answer", answers=(goal,), **_perhaps_unnamed(rng, named))
    elif answer == "text":
        yield tell(
            Reply, at_ms, text=rng.choice((TEXT, "no thanks", "STOP", "yes")), **_perhaps_unnamed(rng, named)
        )
    else:
        yield tell(Reply, at_ms, intent=answer, **_perhaps_unnamed(rng, named))


def _perhaps_unnamed(rng: Random, named: dict[str, Any]) -> dict[str, Any]:
    """Some replies do not say what they answer."""
    return named if rng.random() < 0.8 else named | {"eligibility_id": None}


def _delay(rng: Random, record: Eligibility) -> int:
    """Until it is sent: at once, soon, or right at the end of the permission."""
    left = record.send_by - record.opens_at
    return rng.choice((0, 1, HOUR, pause(rng, max(left, 2_000)), left - 1, left, left + 1))
