"""One Kafka transaction per commit: outputs, dead letters, changelog and position, all or nothing.

    begin -> send batches -> every one acknowledged -> [group offsets] -> commit -> offset of the changelog

Every batch is awaited before the commit, because aiokafka commits a transaction of which a batch was refused.
Group offsets go in after that, and at most once a second: nothing reads them but tools that show lag, and an
offset request beside a produce request of the same transaction makes the broker refuse one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError, ProducerFenced
from aiokafka.structs import OffsetAndMetadata, RecordMetadata

from streams.engine.clients import acknowledged
from streams.engine.commit import Commit, Output
from streams.engine.failpoints import Failpoints
from streams.engine.overrides import end_nothing
from streams.errors import Fatal, KairosError, Retryable

GROUP_OFFSETS_EVERY_S: Final = 1.0
UNKNOWN_OFFSET: Final = -1
ANSWERS_WITHIN_S: Final = 5.0
"""How long the batches of a transaction that ended may take to say why."""
Sent = tuple[asyncio.Future[RecordMetadata], int]
"""The answer to a batch that was sent, and how many records are in it."""


class Fenced(KairosError):
    """Another worker has taken the partition over: nothing of this transaction stands."""


class Transactions:
    """The transactions of one partition, through one producer, which nobody else uses."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        partition: int,
        *,
        changelog: str,
        group: str,
        failpoints: Failpoints,
    ) -> None:
        self._producer = producer
        self.partition = partition
        self._changelog = changelog
        self._group = group
        self._failpoints = failpoints
        self._offsets_at = 0.0

    async def commit(self, commit: Commit, timestamp_ms: int) -> int:
        """Say it all. The changelog's next offset, or UNKNOWN_OFFSET when the broker did not say.

        Fenced: another worker took over. Retryable: it failed or its outcome is unknown, so the partition
        must be opened anew before anything else. Fatal: no rights, or a topic does not exist.
        """
        reach = self._failpoints.reach
        sent: list[Sent] = []
        with self._naming():
            reach("before_begin")
            await self._producer.begin_transaction()
            reach("after_begin")
            await self._send(commit, timestamp_ms, sent)
            reach("after_send")
            answers = await acknowledged(future for future, _ in sent)
            reach("after_acknowledged")
            await self._send_offsets(commit.position.inputs)
            reach("after_offsets")
            reach("before_commit")
            await self._producer.commit_transaction()
            reach("after_commit")
        first, records = answers[-1].offset, sent[-1][1]
        return first + records if first >= 0 else UNKNOWN_OFFSET

    async def mark(self, partitions: Iterable[TopicPartition], *, committed: bool) -> None:
        """End a transaction over these partitions that wrote nothing: brokers mark it in each of them.

        Raises as `commit`.
        """
        with self._naming():
            await end_nothing(self._producer, partitions, committed=committed)

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Gives Kafka's errors the names that callers know."""
        try:
            yield
        except ProducerFenced as error:
            raise Fenced(f"partition {self.partition} is another worker's now") from error
        except KafkaError as error:
            raise _named(error) from error

    async def _send(self, commit: Commit, timestamp_ms: int, sent: list[Sent]) -> None:
        """All batches, those of the changelog last, its position as the very last record.

        What refuses an earlier batch ends the transaction while the next one is on its way, of which aiokafka
        then says only that there is no transaction: the earlier one knows why.
        """
        try:
            await self._send_all(commit, timestamp_ms, sent)
        except IllegalOperation as error:
            if why := await _refusals(sent):
                raise why[0] from error
            raise Retryable(f"the transaction ended while it was written: {error}") from error

    async def _send_all(self, commit: Commit, timestamp_ms: int, sent: list[Sent]) -> None:
        by_topic: dict[str, list[Output]] = {}
        for output in commit.outputs:
            by_topic.setdefault(output.topic, []).append(output)
        for topic, outputs in by_topic.items():
            await self._send_to(topic, self.partition, outputs, timestamp_ms, sent)
        if commit.letters:
            topic = commit.letters[0].topic
            partitions = await self._producer.partitions_for(topic)
            number = self.partition % max(1, len(partitions))
            await self._send_to(topic, number, commit.letters, timestamp_ms, sent)
        changes = [Output(self._changelog, key, value) for key, value in commit.changes.values.items()]
        await self._send_to(self._changelog, self.partition, changes, timestamp_ms, sent)

    async def _send_to(
        self, topic: str, partition: int, outputs: Iterable[Output], timestamp_ms: int, sent: list[Sent]
    ) -> None:
        producer = self._producer
        batch = producer.create_batch()
        for it in outputs:
            headers = list(it.headers)
            if batch.append(timestamp=timestamp_ms, key=it.key, value=it.value, headers=headers) is None:
                records = batch.record_count()
                sent.append((await producer.send_batch(batch, topic, partition=partition), records))
                batch = producer.create_batch()
                batch.append(timestamp=timestamp_ms, key=it.key, value=it.value, headers=headers)
        records = batch.record_count()
        sent.append((await producer.send_batch(batch, topic, partition=partition), records))

    async def _send_offsets(self, inputs: Mapping[str, int]) -> None:
        now = monotonic()
        if not inputs or now - self._offsets_at < GROUP_OFFSETS_EVERY_S:
            return
        self._offsets_at = now
        offsets = {
            TopicPartition(topic, self.partition): OffsetAndMetadata(offset, "")
            for topic, offset in inputs.items()
        }
        await self._producer.send_offsets_to_transaction(offsets, self._group)


async def _refusals(sent: list[Sent]) -> list[BaseException]:
    """Why batches were refused, as far as they say so in time."""
    futures = [future for future, _ in sent]
    if futures:
        await asyncio.wait(futures, timeout=ANSWERS_WITHIN_S)
    answered = [future for future in futures if future.done() and not future.cancelled()]
    return [why for future in answered if (why := future.exception()) is not None]


def _named(error: KafkaError) -> KairosError:
    """Who must act: the operator where rights or topics are missing, else nobody."""
    if "Authorization" in type(error).__name__:
        return Fatal(f"Kafka refuses to write: {error!r}. `kairos topics check` shows what is missing")
    return Retryable(f"the transaction failed: {error!r}")
