"""The inputs of one partition as a history that ends: read, decoded, and put into order.

    topics up to their fixed ends -> records -> decoded -> sequencer, or refused once

The ends are fixed when the replay begins. What comes after them is not looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from time import perf_counter_ns
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from schemas.errors import Reason
from schemas.records import Control, Product
from streams.engine.reading import RECORDS_MAX
from streams.errors import Fatal
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord, Rejection, Removal
from streams.replay.sequencing import Sequencer, Verdict

_SLICE_CHECK: Final = 8
Refuse = Callable[[InputRecord, Rejection], None]


class History:
    """The co-partitioned topics of one partition up to `ends`, read by one consumer."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        decoder: InputDecoder,
        partition: int,
        ends: Mapping[str, int],
        sequencer: Sequencer,
        refuse: Refuse,
    ) -> None:
        self.records = 0
        """How many were decoded."""
        self._consumer = consumer
        self._decoder = decoder
        self._partition = partition
        self._ends = dict(ends)
        self._sequencer = sequencer
        self._refuse = refuse
        self._pending: deque[InputRecord] = deque()

    @property
    def pending(self) -> bool:
        """Whether records wait to be sorted in."""
        return bool(self._pending)

    async def seek(self) -> None:
        """Go to where each topic is needed again. Fatal: what is needed is not there any more."""
        partitions = [TopicPartition(topic, self._partition) for topic in self._ends]
        first = await self._consumer.beginning_offsets(partitions)
        last = await self._consumer.end_offsets(partitions)
        for tp in partitions:
            offset = self._sequencer.position(tp.topic)
            if offset < self._ends[tp.topic] and not first[tp] <= offset <= last[tp]:
                raise Fatal(
                    f"the replay of {tp.topic}-{tp.partition} needs offset {offset}, and the topic holds "
                    f"{first[tp]} to {last[tp]}: records are lost. Begin anew under another application id"
                )
            self._consumer.seek(tp, min(offset, last[tp]))
        await self._finish()
        self._sequencer.settle()

    async def fetch(self, wait_s: float) -> None:
        """Wait for records of the topics that are needed next, so long at most."""
        wanted = [TopicPartition(topic, self._partition) for topic in self._sequencer.wanting()]
        if not wanted:
            return
        try:
            found = await self._consumer.getmany(
                *wanted, timeout_ms=max(0, int(wait_s * 1000)), max_records=RECORDS_MAX
            )
        except OffsetOutOfRangeError as error:
            raise Fatal(f"records were deleted before they were replayed: {error}") from error
        for tp, records in found.items():
            end = self._ends[tp.topic]
            self._pending.extend(
                InputRecord(it.topic, it.partition, it.offset, it.timestamp, it.key, it.value)
                for it in records
                if it.offset < end
            )
        if not self._pending:
            await self._finish()
            self._sequencer.settle()

    async def sorted_in(self) -> None:
        """What was fetched is sorted in: topics of which that was the last are finished."""
        await self._finish()
        self._sequencer.settle()

    def sort_in(self, until_ns: int) -> None:
        """Decode what was fetched, until a time of `perf_counter_ns`."""
        pending, sequencer = self._pending, self._sequencer
        count = 0
        while pending:
            record = pending.popleft()
            found = self._decoder.decode(record)
            if isinstance(found, Rejection | Removal | Product | Control):
                if isinstance(found, Rejection) and not sequencer.was_read(record):
                    self._refuse(record, found)
                sequencer.pass_by(record)
            elif sequencer.offer(record, found) is Verdict.TOO_LATE:
                rejection = Rejection(Reason.TOO_LATE_FOR_REPLAY, "occurred_at", type(found).__name__)
                self._refuse(record, rejection)
            count += 1
            if count % _SLICE_CHECK == 0 and perf_counter_ns() >= until_ns:
                break
        self.records += count
        sequencer.settle()

    def lag(self) -> dict[str, int]:
        """Records before the ends that were not read yet, by topic."""
        return {topic: max(0, end - self._sequencer.position(topic)) for topic, end in self._ends.items()}

    async def _finish(self) -> None:
        """Topics whose consumer stands at their end or behind it have no more to bring."""
        if self._pending:
            return
        for topic, end in self._ends.items():
            if await self._consumer.position(TopicPartition(topic, self._partition)) >= end:
                self._sequencer.finish(topic, end)
