"""Sets the stage on a broker: the topics, and what the catalogue and control topics must hold before a start.

A journey of the past keeps the timestamps of the past. A broker deletes and rolls by them, so with the
retention of a real application it would throw all of it away within minutes, and at an hour of journey per
second it would begin a new file every few seconds. So here nothing ages, and files roll by size.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer

from schemas.framing import encode
from schemas.records import Product
from schemas.topics import CATALOGUE
from streams.client_options import client_options
from streams.errors import Fatal
from streams.settings import Settings
from streams.topics.applying import carry_out, look
from streams.topics.kafka import TopicsClient
from streams.topics.plan import Asked, Finding
from streams.topics.wanted import wanted_topics

AGELESS: Final[Mapping[str, str]] = {
    "retention.ms": "-1",
    "segment.ms": str(2**62),
    "max.compaction.lag.ms": str(2**62),
    "segment.bytes": str(64 << 20),
}

LOOKS_MAX: Final = 100
LOOK_EVERY_S: Final = 0.1
"""A broker may take a moment to know what it has just created."""


async def set_topics(settings: Settings) -> None:
    """Create what is missing of the topics of these settings. Fatal: Kafka does not do so."""
    wanted = wanted_topics(settings)
    async with TopicsClient(client_options(settings)) as client:
        findings = await look(client, wanted, Asked(settings.engine.partitions))
        missing = [_ageless(it) for it in findings if it.create is not None]
        await carry_out(client, missing)
        names = {it.topic for it in missing}
        for _ in range(LOOKS_MAX):
            if not names:
                return
            await asyncio.sleep(LOOK_EVERY_S)
            names -= (await client.read(sorted(names))).topics.keys()
    raise Fatal(f"Kafka does not create the topics {', '.join(sorted(names))}")


async def keep_for_ever(settings: Settings) -> None:
    """Let nothing age in the topics of these settings, which are there. Fatal: Kafka refuses."""
    wanted = {it.name: it.configs for it in wanted_topics(settings)}
    async with TopicsClient(client_options(settings)) as client:
        there = (await client.read(list(wanted))).topics
        refused = await client.change({name: _without_age(wanted[name]) for name in there})
    if refused:
        raise Fatal("; ".join(f"{name}: {reason}" for name, reason in sorted(refused.items())))


def _ageless(finding: Finding) -> Finding:
    assert finding.create is not None
    configs = {**finding.create.configs, **_without_age(finding.create.configs)}
    return msgspec.structs.replace(finding, create=msgspec.structs.replace(finding.create, configs=configs))


def _without_age(configs: Mapping[str, str]) -> Mapping[str, str]:
    """What to change in these: only what is deleted by age has a retention."""
    compacted = configs["cleanup.policy"] != "delete"
    return {name: value for name, value in AGELESS.items() if not (compacted and name == "retention.ms")}


async def write_catalogue(producer: AIOKafkaProducer, prefix: str, products: Iterable[Product]) -> None:
    """Say all products."""
    sent: list[Any] = [
        await producer.send(prefix + CATALOGUE, encode(product), product.product_id.encode(), partition=0)
        for product in products
    ]
    for one in sent:
        await one
