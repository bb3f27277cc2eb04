"""Records whose schema is not known yet, held back in front of the decoder.

A topic is held from the first such record on, since what stands behind it in the same topic must not
overtake it; the other topics of the partition flow. While any is held the partition is not current: who knows
what the held ones say. The consumer of a held topic is paused, so no more is held than was fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

ENDS_EVERY_S: Final = 2.0

ConsumerRecord = Any
"""As aiokafka hands it over; it has no types."""


class Held:
    """What is held of one partition's topics. `readable`: whether the schema of a value is known."""

    def __init__(self, consumer: AIOKafkaConsumer, readable: Callable[[bytes | None], bool]) -> None:
        self._consumer = consumer
        self._readable = readable
        self._held: dict[TopicPartition, list[ConsumerRecord]] = {}
        self._ends: Mapping[TopicPartition, int] = {}
        self._asked_at_s = 0.0

    def __bool__(self) -> bool:
        return bool(self._held)

    def __iter__(self) -> Iterator[ConsumerRecord]:
        for records in self._held.values():
            yield from records

    def holds(self, tp: TopicPartition) -> bool:
        """Whether anything of it is held."""
        return tp in self._held

    def admitted(
        self, found: Mapping[TopicPartition, Sequence[ConsumerRecord]]
    ) -> Mapping[TopicPartition, list[ConsumerRecord]]:
        """What of `found`, and of what was held before it, can be decoded now; the rest is held."""
        held = dict(self._held)
        return {tp: self._admit(tp, [*held.get(tp, ()), *found.get(tp, ())]) for tp in {**held, **found}}

    async def ends(self) -> Mapping[TopicPartition, int]:
        """Where held topics end, which nothing tells whoever does not fetch; asked now and then."""
        if self._held and monotonic() - self._asked_at_s >= ENDS_EVERY_S:
            self._ends = await self._consumer.end_offsets([*self._held])
            self._asked_at_s = monotonic()
        return self._ends if self._held else {}

    def _admit(self, tp: TopicPartition, records: list[ConsumerRecord]) -> list[ConsumerRecord]:
        for at, record in enumerate(records):
            if not self._readable(record.value):
                if tp not in self._held:
                    self._consumer.pause(tp)
                self._held[tp] = records[at:]
                return records[:at]
        if self._held.pop(tp, None) is not None:
            self._consumer.resume(tp)
        return records
