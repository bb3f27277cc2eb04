"""How far a partition is behind its inputs: records, and how long the oldest of them waits."""

import asyncio
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.engine.reading import Inputs
from streams.inputs.records import InputRecord
from tests.streams.engine.test_deciding import NOW

CLOCK: Any = SimpleNamespace(now_ms=lambda: NOW, speed=2.0)
USAGE, REPLIES = "journey.usage", "journey.replies"


class Consumer:
    """The ends of topics, and how far they were fetched."""

    def __init__(self, **ends: int | None) -> None:
        self.ends: dict[str, int | None] = {f"journey.{topic}": end for topic, end in ends.items()}
        self.fetched: dict[str, int] = {}

    def last_stable_offset(self, tp: TopicPartition) -> int | None:
        return self.ends[tp.topic]

    async def position(self, tp: TopicPartition) -> int:
        return self.fetched.get(tp.topic, 0)


def pending(*ages_ms: int) -> list[InputRecord]:
    return [InputRecord(USAGE, 0, number, NOW - age, b"c", b"") for number, age in enumerate(ages_ms)]


def lag(inputs: Inputs) -> tuple[dict[str, int], dict[str, float]]:
    """Records, and for how many seconds they wait by now."""
    records, since = asyncio.run(inputs.lag(CLOCK))
    now_s = monotonic()
    return records, {topic: now_s - at_s for topic, at_s in since.items()}


def test_what_was_fetched_and_not_taken_is_behind_and_as_old_as_its_oldest_record() -> None:
    consumer = Consumer(usage=10, replies=3)
    consumer.fetched = {USAGE: 4, REPLIES: 3}
    inputs = Inputs(consumer, (USAGE, REPLIES), 0)
    inputs.pending.extend(pending(60_000, 1_000))
    records, waits = lag(inputs)
    assert records == {USAGE: 6 + 2, REPLIES: 0}
    assert waits == {USAGE: pytest.approx(30, abs=5)}


def test_a_topic_of_which_the_end_is_unknown_is_missing() -> None:
    assert lag(Inputs(Consumer(usage=None), (USAGE,), 0)) == ({}, {})


def test_nothing_waits_since_before_the_last_time_when_nothing_did() -> None:
    consumer = Consumer(usage=0)
    inputs = Inputs(consumer, (USAGE,), 0)
    assert lag(inputs) == ({USAGE: 0}, {})
    inputs.pending.extend(pending(3_600_000))
    records, waits = lag(inputs)
    assert records == {USAGE: 1}
    assert waits == {USAGE: pytest.approx(0, abs=5)}


def test_what_was_not_even_fetched_waits_since_it_was_last_seen_that_nothing_does() -> None:
    inputs = Inputs(Consumer(usage=5), (USAGE,), 0)
    inputs._began_s -= 40
    records, waits = lag(inputs)
    assert records == {USAGE: 5}
    assert waits == {USAGE: pytest.approx(40, abs=5)}
