"""What is sent when, and what a later run still has to send."""

from collections.abc import Iterator

import pytest

from schemas.records import Eligibility, Purchase, Reply
from streams.sources.source import Event
from streams.up.traffic import Traffic
from tests.streams.up.said import eligibility


def order(at_ms: int) -> Purchase:
    return Purchase(f"order:{at_ms}", "c1", at_ms, type="order_placed")


def history(*times: int) -> Iterator[Event]:
    return iter([order(at_ms) for at_ms in times])


def answers(*times: int):  # type: ignore[no-untyped-def] # a responder
    def react(said: Eligibility) -> tuple[Event, ...]:
        return tuple(Reply(f"{said.eligibility_id}:{at_ms}", "c1", at_ms, channel="email") for at_ms in times)

    return react


def times(events: list[Event]) -> list[int]:
    return [event.occurred_at for event in events]


@pytest.mark.parametrize(("now_ms", "sent"), [(19, [10]), (20, [10, 20]), (21, [10, 20])])
def test_an_event_is_sent_at_its_time_and_not_before(now_ms: int, sent: list[int]) -> None:
    assert times(Traffic(history(10, 20, 30), None, 0).due(now_ms)) == sent


def test_nothing_is_sent_twice() -> None:
    traffic = Traffic(history(10, 20), None, 0)
    assert times(traffic.due(15)) == [10]
    assert times(traffic.due(25)) == [20]
    assert traffic.due(99) == []
    assert traffic.over


def test_a_later_run_goes_on_behind_what_was_sent() -> None:
    assert times(Traffic(history(10, 20, 21), None, 20).due(99)) == [21]


def test_reactions_are_sent_among_the_history_in_order_of_time() -> None:
    traffic = Traffic(history(10, 30), answers(20, 40), 0)
    traffic.react(eligibility(1), heard=False)
    assert times(traffic.due(99)) == [10, 20, 30, 40]


def test_what_is_heard_of_too_late_is_sent_at_once_with_its_own_time() -> None:
    traffic = Traffic(history(), answers(20), 0)
    assert traffic.due(50) == []
    traffic.react(eligibility(1), heard=False)
    assert times(traffic.due(50)) == [20]


def test_an_eligibility_that_was_heard_before_brings_only_what_was_not_sent() -> None:
    traffic = Traffic(history(), answers(20, 21), 20)
    traffic.react(eligibility(1), heard=True)
    assert times(traffic.due(99)) == [21]


def test_an_eligibility_that_was_not_heard_before_brings_all() -> None:
    traffic = Traffic(history(), answers(20, 21), 20)
    traffic.react(eligibility(1), heard=False)
    assert times(traffic.due(99)) == [20, 21]


def test_only_an_opening_is_reacted_to() -> None:
    traffic = Traffic(history(), answers(20), 0)
    traffic.react(eligibility(1, "revoked"), heard=False)
    assert traffic.due(99) == []
