from collections import Counter

from schemas.records import Purchase, Reply
from streams.simulation.chance import chance
from streams.simulation.reactions import REACTIONS, react
from tests.streams.checkers.cases import DAY, T, opened

OFFER = opened(T)[1]
DRAWN = [list(react(OFFER, chance(seed, "react"))) for seed in range(400)]
EVENTS = [arrival.event for reaction in DRAWN for arrival in reaction]


def test_the_same_chance_reacts_the_same_way() -> None:
    assert list(react(OFFER, chance(5, "react"))) == DRAWN[5]


def test_senders_and_customers_do_everything_that_there_is_to_do() -> None:
    replies = [event for event in EVENTS if isinstance(event, Reply)]
    assert {reply.feedback for reply in replies} == {"sent", "failed", "suppressed", "seen", None}
    assert {reply.intent for reply in replies} >= set(REACTIONS) - {"nothing", "buy", "text"}
    bought = [event for event in EVENTS if isinstance(event, Purchase)]
    assert {line.product_id for event in bought for line in event.lines} == {OFFER.candidate}
    assert {event.eligibility_id for event in bought} == {OFFER.eligibility_id, None}


def test_reports_lie_within_the_permission_or_just_beside_its_end() -> None:
    sent = Counter(
        event.occurred_at - OFFER.send_by for event in EVENTS if getattr(event, "feedback", "") == "sent"
    )
    assert {-1, 0, 1} <= sent.keys()
    assert min(sent) >= -7 * DAY
