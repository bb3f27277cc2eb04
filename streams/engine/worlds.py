"""What the rules know besides the customer: catalogue and control, read to their end and followed.

    catalogue, control -> records by key -> settled -> judged -> World, under a version that is its content

A batch of the catalogue comes record by record, and half of one would be a catalogue that nobody wrote. So a
new world begins when both topics are read to their end and nothing came for a while, and only when it is
sound: else the last one holds on, and the log says what is wrong with the new one.

The version is a hash of policy, catalogue and control. So it is the same in every worker and after every
start, and what was decided under it is not decided anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.framing import encode
from schemas.records import Control, Product
from streams.engine.clients import Clients, stop
from streams.engine.clock import wall_ms
from streams.engine.overrides import partitions_of
from streams.errors import Fatal, Retryable
from streams.inputs.decode import InputDecoder
from streams.inputs.records import InputRecord, Rejection, Removal
from streams.journey.catalogue import Catalogue
from streams.journey.control import RECORDS_MAX, ControlState
from streams.journey.identity import Identity
from streams.journey.policy_set import PolicySet
from streams.journey.step import World
from streams.loading.catalogue_rules import wrong_between, wrong_in
from streams.loading.control_file import wrong_with
from streams.loading.policy_file import policy_of_text

log = logging.getLogger(__name__)

SETTLED_S: Final = 1.0
"""Silence after which what was read is taken for a whole batch."""
WAIT_S: Final = 0.25
RETRY_S: Final = 2.0
PROBLEMS_MAX: Final = 5
"""Problems of a catalogue that one line of the log names."""
VERSION_BYTES: Final = 6


class Records:
    """The last record of every key. It knows no Kafka."""

    def __init__(self, decoder: InputDecoder) -> None:
        self.products: dict[str, Product] = {}
        self.control: dict[str, Control] = {}
        self.refused = 0
        self._decoder = decoder

    def take(self, record: InputRecord) -> None:
        """One record of the catalogue or of control. One that cannot be read leaves its key as it was."""
        found = self._decoder.decode(record)
        if isinstance(found, Rejection):
            self.refused += 1
            log.error(
                "%s-%s offset %s is refused: %s %s",
                *(record.topic, record.partition, record.offset, found.reason.value, found.field),
                extra={"topic": record.topic, "partition": record.partition, "offset": record.offset},
            )
        elif isinstance(found, Removal):
            self.products.pop(found.key, None)
            self.control.pop(found.key, None)
        elif isinstance(found, Product):
            self.products[found.product_id] = found
        elif isinstance(found, Control):
            self.control[found.control_id] = found

    def problems(self) -> list[str]:
        """What is wrong with them together; empty when a world can be made of them."""
        known = self.products.keys()
        found = [
            f"product {product.product_id}, {field}: {reason}"
            for product in self.products.values()
            for field, reason in (*wrong_in(product), *wrong_between(product, known))
        ]
        found += [
            f"control {control.control_id}, {field}: {reason}"
            for control in self.control.values()
            for field, reason in wrong_with(control)
        ]
        if len(self.control) > RECORDS_MAX:
            found.append(f"more than {RECORDS_MAX} control records")
        return found


def world_of(
    policies: PolicySet, products: Iterable[Product], control: Iterable[Control], identity: Identity
) -> World:
    """The world of these records. A policy among the control records replaces `policies`."""
    state = ControlState(control)
    said = state.policy
    if said is not None and said.policy is not None:
        policies = policy_of_text(said.policy, said.control_id).policies()
    ordered = sorted(products, key=lambda product: product.product_id)
    digest = blake2b(policies.version.encode(), digest_size=VERSION_BYTES)
    for product in ordered:
        digest.update(encode(product))
    newest = max((product.version for product in ordered), default="none")
    for record in sorted(state.records.values(), key=lambda record: record.control_id):
        digest.update(encode(record))
    return World(
        policies, Catalogue(newest, ordered), identity, state, int.from_bytes(digest.digest(), "big") or 1
    )


class Worlds:
    """Follows both topics. `world` is what holds now, None until both were read to their end once."""

    def __init__(
        self,
        clients: Clients,
        decoder: InputDecoder,
        topics: tuple[str, ...],
        policies: PolicySet,
        identity: Identity,
        fixed: Iterable[Product] = (),
    ) -> None:
        self.world: World | None = None
        self.problems = 0
        """Why the newest records are not the world: how many things are wrong with them."""
        self.ready = asyncio.Event()
        self._clients = clients
        self._topics = topics
        self._policies = policies
        self.identity = identity
        self._decoder = decoder
        self._records = Records(decoder)
        self._fixed = tuple(fixed)
        self._ends = False

    def now(self) -> World:
        """What holds now. Fatal: it was asked for before it was ready."""
        if self.world is None:
            raise Fatal("catalogue and control are not read yet")
        return self.world

    def end(self) -> None:
        """Stop following."""
        self._ends = True

    async def run(self) -> None:
        """Follow until `end`. Fatal: at the start, what the topics hold makes no world."""
        while not self._ends:
            consumer: AIOKafkaConsumer | None = None
            try:
                consumer = await self._clients.consumer([])
                await self._follow(consumer)
            except (KafkaError, Retryable, OSError) as error:
                log.warning("catalogue and control cannot be read now: %r", error)
                await asyncio.sleep(RETRY_S)
            finally:
                if consumer is not None:
                    await stop(consumer)

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        partitions = await _partitions(consumer, self._topics)
        consumer.assign(partitions)
        for tp, offset in (await consumer.beginning_offsets(partitions)).items():
            consumer.seek(tp, offset)
        ends = await consumer.end_offsets(partitions)
        self._records = Records(self._decoder)
        changed_at: float | None = monotonic() - SETTLED_S
        while not self._ends:
            found = await consumer.getmany(timeout_ms=int(WAIT_S * 1000))
            for records in found.values():
                for it in records:
                    self._records.take(
                        InputRecord(it.topic, it.partition, it.offset, it.timestamp, it.key, it.value)
                    )
            if found:
                changed_at = monotonic() - (_age_s(found) if self.world is None else 0.0)
            if changed_at is not None and monotonic() - changed_at >= SETTLED_S:
                read = [await consumer.position(tp) >= end for tp, end in ends.items()]
                if all(read):
                    changed_at = None
                    self._settle()

    def _settle(self) -> None:
        """A whole batch is here: it is the world from now on, if it is sound."""
        records = self._records
        problems = records.problems()
        self.problems = len(problems)
        if problems:
            shown = "; ".join(problems[:PROBLEMS_MAX])
            text = f"catalogue and control hold {len(problems)} problems: {shown}"
            if self.world is None:
                raise Fatal(f"{text}. Mend them and start again")
            log.error("%s. What held before holds on", text)
            return
        products = self._fixed or records.products.values()
        world = world_of(self._policies, products, records.control.values(), self.identity)
        if self.world is None or world.version != self.world.version:
            self.world = world
            log.info(
                "world %x: policy %s, catalogue %s of %s products, %s control records",
                *(world.version, world.policies.version, world.catalogue.version, len(world.catalogue)),
                len(world.control.records),
            )
        self.ready.set()


def _age_s(found: Mapping[TopicPartition, Sequence[Any]]) -> float:
    """How long ago the newest of these was written: a start need not wait for what was whole long before."""
    newest_ms: int = max(record.timestamp for records in found.values() for record in records)
    return max(0.0, (wall_ms() - newest_ms) / 1000)


async def _partitions(consumer: AIOKafkaConsumer, topics: tuple[str, ...]) -> list[TopicPartition]:
    """All partitions of the topics. Fatal: one does not exist."""
    found = []
    for topic in topics:
        numbers = await partitions_of(consumer, topic)
        if not numbers:
            raise Fatal(f"the topic {topic} does not exist: `kairos topics apply` makes it")
        found += [TopicPartition(topic, number) for number in sorted(numbers)]
    return found
