"""The same load and the same kills against an ordinary Faust agent with an ordinary table: at least once.

It answers every input once, as far as it goes by its source. What it loses or repeats when it is killed shows
that this suite sees such things. `python -m tests.chaos.plain PLAN` is its worker.
"""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any, Final

import faust
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from msgspec import Struct

from streams.engine.clients import stop
from tests.chaos.kafka import make_topics, read_all
from tests.chaos.plan import Plan, read_plan
from tests.chaos.workers import Worker

KILLS_EVERY_S: Final = 4.0
QUIET_S: Final = 8.0
"""So long without an answer more means that no more will come."""
AT_MOST_S: Final = 90.0


class Found(Struct, frozen=True):
    """What became of the inputs."""

    inputs: int
    answers: int
    missing: int
    twice: int
    kills: int


def answers_topic(plan: Plan) -> str:
    """Where the agent says what it saw."""
    return f"{plan.name}-answers"


def app_of(plan: Plan) -> faust.App:
    """An agent that counts the records of every key and answers each."""
    app = faust.App(
        plan.name,
        broker=f"kafka://{plan.bootstrap}",
        store="memory://",
        datadir=plan.directory,
        topic_partitions=plan.partitions,
        broker_session_timeout=plan.session_timeout_ms / 1000,
        broker_heartbeat_interval=plan.session_timeout_ms / 8000,
        web_enabled=False,
        topic_disable_leader=True,
    )
    inputs = app.topic(*plan.inputs, value_serializer="raw", key_serializer="raw")
    answers = app.topic(answers_topic(plan), value_serializer="raw", key_serializer="raw")
    seen: Any = app.Table("seen", default=int, partitions=plan.partitions)

    async def count(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            key = (message.key or b"").hex()
            seen[key] += 1
            place = f"{message.topic}/{message.partition}/{message.offset}"
            await answers.send(key=place.encode(), value=str(seen[key]).encode())

    app.agent(inputs, name="plain")(count)
    return app


async def run_plain(plan: Plan) -> Found:
    """Load, kills, and what came of it."""
    await make_topics(plan)
    await _make_answers(plan)
    command = (sys.executable, "-m", "tests.chaos.plain", str(plan.write()))
    workers = [Worker(plan, number, command) for number in range(plan.workers)]
    load = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.load", str(plan.path)), stdout=asyncio.subprocess.PIPE
    )
    kills = 0
    try:
        for worker in workers:
            await worker.start()
        ends_at = monotonic() + plan.seconds
        while monotonic() < ends_at:
            await asyncio.sleep(KILLS_EVERY_S)
            worker = workers[kills % len(workers)]
            await worker.kill()
            await worker.start()
            kills += 1
        await load.communicate()
        found = await _settled(plan)
    finally:
        if load.returncode is None:
            load.kill()
        await asyncio.gather(*(worker.kill() for worker in workers))
    partitions = [TopicPartition(topic, p) for topic in plan.inputs for p in range(plan.partitions)]
    inputs = {
        f"{tp.topic}/{tp.partition}/{it.offset}".encode()
        for tp, records in (await read_all(plan.bootstrap, partitions)).items()
        for it in records
    }
    return Found(
        inputs=len(inputs),
        answers=found.total(),
        missing=len(inputs - found.keys()),
        twice=sum(count - 1 for count in found.values()),
        kills=kills,
    )


async def _make_answers(plan: Plan) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=plan.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(answers_topic(plan), plan.partitions, 1)])
    finally:
        await stop(admin)


async def _settled(plan: Plan) -> Counter[bytes]:
    """The answers by input, once no more of them come."""
    partitions = [TopicPartition(answers_topic(plan), p) for p in range(plan.partitions)]
    ends_at, quiet_from, before = monotonic() + AT_MOST_S, monotonic(), -1
    while True:
        records = await read_all(plan.bootstrap, partitions)
        found = Counter(it.key or b"" for answers in records.values() for it in answers)
        if found.total() != before:
            before, quiet_from = found.total(), monotonic()
        if monotonic() - quiet_from >= QUIET_S or monotonic() >= ends_at:
            return found
        await asyncio.sleep(1.0)


if __name__ == "__main__":
    app = app_of(read_plan(Path(sys.argv[1])))
    sys.argv[1:] = []
    faust.Worker(app, loglevel="info", quiet=True).execute_from_commandline()
