"""The inputs of one partition: what comes next, and whether they are read to near their end.

Topics are merged by the timestamps of their records as far as they were fetched together, each in its own
order. That brings a ticket before the purchase that came after it more often than not, and nothing rests on
it: facts do not depend on order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from heapq import merge
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from streams.engine.clock import Clock
from streams.engine.holding import Held
from streams.engine.position import Position
from streams.errors import Fatal
from streams.inputs.records import InputRecord
from streams.inputs.tracing import traceparent

RECORDS_MAX: Final = 2_000
"""Records that one fetch hands over."""
LITTLE: Final = 500
"""Records of a fetch below which there is no backlog."""
ASKED_WITHIN_S: Final = 10.0
"""How old the broker's word about the end of a topic may be."""


class Inputs:
    """The co-partitioned input topics of one partition, read by one consumer."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        topics: Sequence[str],
        partition: int,
        current_within_ms: int = 60_000,
        readable: Callable[[bytes | None], bool] | None = None,
    ) -> None:
        self.pending: deque[InputRecord] = deque()
        self.little = True
        """Whether the last fetch brought so few records that there is no backlog."""
        self._consumer = consumer
        self._held = None if readable is None else Held(consumer, readable)
        self._current_within_ms = current_within_ms
        self._partitions = [TopicPartition(topic, partition) for topic in topics]
        self._newest_ms = dict.fromkeys(self._partitions, 0)
        self._began_s = monotonic()
        self._idle_at_s: dict[str, float] = {}

    async def seek(self, position: Position | None) -> dict[str, int]:
        """Go to where the last transaction ended; to the beginning when there never was one.

        Returns the positions. Fatal: a position lies outside of its topic, which only the operator can judge.
        """
        first = await self._consumer.beginning_offsets(self._partitions)
        end = await self._consumer.end_offsets(self._partitions)
        found: dict[str, int] = {}
        for tp in self._partitions:
            offset = None if position is None else position.inputs.get(tp.topic)
            if offset is None:
                offset = first[tp]
            elif not first[tp] <= offset <= end[tp]:
                raise Fatal(
                    f"{tp.topic}-{tp.partition} was read to offset {offset}, but holds {first[tp]} to "
                    f"{end[tp]}: records are lost, or the topic was made anew. Restore the topic, or start a "
                    "new application id"
                )
            self._consumer.seek(tp, offset)
            found[tp.topic] = offset
        return found

    async def fetch(self, wait_s: float) -> None:
        """Wait for records, so long at most, and put them behind those that are pending.

        Where there is no backlog the broker is asked for nothing between two calls, so that each brings what
        came since the last one, of all topics at once. What was fetched ahead of time would only be its first
        records, and the others would have to wait until those are taken.
        """
        self._consumer.resume(*self._flowing())
        try:
            found = await self._consumer.getmany(
                *self._partitions, timeout_ms=max(0, int(wait_s * 1000)), max_records=RECORDS_MAX
            )
        except OffsetOutOfRangeError as error:
            raise Fatal(
                f"a position lies outside of its topic: {error}. Records were deleted before they were read"
            ) from error
        self.little = sum(map(len, found.values())) < LITTLE
        if self.little:
            self._consumer.pause(*self._partitions)
        if self._held is not None:
            found = self._held.admitted(found)
        if found:
            for tp, records in found.items():
                if records:
                    self._newest_ms[tp] = records[-1].timestamp
            self.pending.extend(map(_record, merge(*found.values(), key=_timestamp)))

    def _flowing(self) -> list[TopicPartition]:
        """The topics that are not held."""
        return [tp for tp in self._partitions if not (self._held and self._held.holds(tp))]

    async def current(self, now_ms: int, speed: float) -> bool:
        """Whether every topic was decided to near its end, and the end is known of late.

        How near that is, is said in wall time, so `speed` scales it.
        """
        if self._held:
            return False
        oldest_ms = now_ms - int(self._current_within_ms * max(1.0, speed))
        if (
            self.pending
            and self.pending[0].timestamp_ms is not None
            and self.pending[0].timestamp_ms < oldest_ms
        ):
            return False
        for tp in self._partitions:
            if self._newest_ms[tp] >= oldest_ms:
                continue
            end = self._consumer.last_stable_offset(tp)
            if end is None or await self._consumer.position(tp) < end:
                return False
            polled_ms = self._consumer.last_poll_timestamp(tp)
            if polled_ms is None or monotonic() - polled_ms / 1000 > ASKED_WITHIN_S:
                return False
        return True

    @property
    def newest_ms(self) -> int:
        """The newest timestamp that was seen; 0 when none was."""
        return max(self._newest_ms.values(), default=0)

    async def lag(self, clock: Clock) -> tuple[dict[str, int], dict[str, float]]:
        """Records not yet taken by topic, and since when, by `monotonic`, the oldest of them waits.

        Topics of which the end is unknown are missing. Nothing waits here since before the last time when
        nothing did, whatever its timestamp says.
        """
        waiting: dict[str, int] = {}
        oldest_ms: dict[str, int] = {}
        for record in (*self.pending, *map(_record, self._held or ())):
            waiting[record.topic] = waiting.get(record.topic, 0) + 1
            if record.topic not in oldest_ms and record.timestamp_ms is not None:
                oldest_ms[record.topic] = record.timestamp_ms
        ends = {} if self._held is None else await self._held.ends()
        now_ms, now_s = clock.now_ms(), monotonic()
        found: dict[str, int] = {}
        since: dict[str, float] = {}
        for tp in self._partitions:
            end = ends.get(tp, self._consumer.last_stable_offset(tp))
            if end is None:
                continue
            topic = tp.topic
            found[topic] = max(0, end - await self._consumer.position(tp)) + waiting.get(topic, 0)
            if not found[topic]:
                self._idle_at_s[topic] = now_s
            elif topic in oldest_ms:
                age_s = max(0, now_ms - oldest_ms[topic]) / clock.speed / 1000
                since[topic] = max(now_s - age_s, self._idle_at_s.get(topic, 0.0))
            else:
                since[topic] = self._idle_at_s.get(topic, self._began_s)
        return found, since


def _timestamp(record: Any) -> int:
    return int(record.timestamp)


def _record(record: Any) -> InputRecord:
    trace = traceparent(record.headers) if record.headers else ""
    return InputRecord(
        record.topic, record.partition, record.offset, record.timestamp, record.key, record.value, trace
    )
