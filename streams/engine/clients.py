"""Kafka clients of a partition: made here with the options of this worker, and stopped here within a bound.

A client whose broker is down may take for ever to stop, and its `stop` can leak a cancellation into whoever
awaits it. So it is stopped in a task of its own, which is left behind after a time limit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import TransactionalIdAuthorizationFailed

from streams.errors import Fatal

log = logging.getLogger(__name__)

STOP_WITHIN_S: Final = 5.0
FETCH_WAIT_MS: Final = 100
"""How long the broker holds a fetch that finds nothing. Whoever has news waits for the others as long."""
BATCH_BYTES: Final = 512 * 1024
REQUEST_BYTES_MAX: Final = 1_114_112 + 1024
"""A dead letter is an input of the maximum size and its headers."""
TRANSACTION_TIMEOUT_MS: Final = 30_000
"""After this time the broker ends a transaction whose worker died and whose partition nobody took over."""

Client = AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient


class Clients:
    """Makes clients. `common` are options of every client: addresses and security; see `configuration`."""

    def __init__(
        self,
        common: Mapping[str, Any],
        *,
        consumer: Mapping[str, Any] | None = None,
        producer: Mapping[str, Any] | None = None,
    ) -> None:
        self._common = dict(common)
        self._consumer = dict(consumer or {})
        self._producer = dict(producer or {})

    async def consumer(
        self, partitions: Sequence[TopicPartition], *, parsed_only: bool = False, committed_only: bool = True
    ) -> AIOKafkaConsumer:
        """A started consumer of these partitions, in no group, that reads committed records only.

        `parsed_only`: of each record nothing but key, value and offset is asked for. `committed_only` false:
        it sees what is not decided yet as well.
        """
        consumer = AIOKafkaConsumer(
            **{
                **self._common,
                "fetch_max_wait_ms": FETCH_WAIT_MS,
                **self._consumer,
                "group_id": None,
                "enable_auto_commit": False,
                "auto_offset_reset": "none",
                "isolation_level": "read_committed" if committed_only else "read_uncommitted",
                **({"key_deserializer": as_parsed} if parsed_only else {}),
            }
        )
        try:
            await consumer.start()
            if partitions:
                consumer.assign(partitions)
        except BaseException:
            await stop(consumer)
            raise
        return consumer

    async def watching(
        self, partitions: Sequence[TopicPartition], *, committed_only: bool = True
    ) -> AIOKafkaConsumer:
        """A consumer that reads nothing, for questions about these partitions.

        About one that it is not assigned to, a consumer has to ask for its topic first, for 0.1 s each.
        """
        consumer = await self.consumer(partitions, committed_only=committed_only)
        consumer.pause(*partitions)
        return consumer

    async def written_until(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Where partitions end, with what is not decided yet: readers of committed records see less."""
        consumer = await self.watching(partitions, committed_only=False)
        try:
            ends: Mapping[TopicPartition, int] = await consumer.end_offsets(list(partitions))
            return ends
        finally:
            await stop(consumer)

    async def producer(self, transactional_id: str) -> AIOKafkaProducer:
        """A started transactional producer: from now on all others of this id are fenced.

        Fatal: this user may not write under the id.
        """
        producer = AIOKafkaProducer(
            **{
                **self._common,
                "transaction_timeout_ms": TRANSACTION_TIMEOUT_MS,
                "compression_type": "zstd",
                **self._producer,
                "transactional_id": transactional_id,
                "max_batch_size": BATCH_BYTES,
                "max_request_size": REQUEST_BYTES_MAX,
            }
        )
        try:
            await producer.start()
        except TransactionalIdAuthorizationFailed as error:
            await stop(producer)
            raise Fatal(f"transactional id {transactional_id}: no right WRITE") from error
        except BaseException:
            await stop(producer)
            raise
        return producer

    async def admin(self) -> AIOKafkaAdminClient:
        """A started admin client."""
        admin = AIOKafkaAdminClient(**self._common)
        await admin.start()
        return admin


def as_parsed(key: bytes | None) -> bytes | None:
    """The deserializer of keys that marks a consumer of `parsed_only`; see `overrides`."""
    return key


async def acknowledged(sent: Iterable[Awaitable[Any]]) -> list[Any]:
    """What the broker said to each; the first refusal is raised after all have answered."""
    answers = await asyncio.gather(*sent, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


async def stop(client: Any, within_s: float = STOP_WITHIN_S) -> None:
    """Stop a client, or leave it behind after a time; never raises for what the client does."""
    task = asyncio.ensure_future(_stop(client))
    await asyncio.wait({task}, timeout=within_s)
    if not task.done():
        task.cancel()
        log.warning("a Kafka client did not stop within %s s and was left behind", within_s)


async def _stop(client: Any) -> None:
    try:
        if isinstance(client, AIOKafkaAdminClient):
            await client.close()
        else:
            await client.stop()
    except asyncio.CancelledError:
        log.debug("a Kafka client was cancelled while it stopped")
    except Exception as error:  # noqa: BLE001 - whatever it is, the client is not used any more
        log.debug("a Kafka client did not stop cleanly: %r", error)
