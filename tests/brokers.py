"""A real Kafka for tests. How to use it:

    @pytest.mark.broker
    def test_a_claim(broker: Broker, topics: Topics) -> None:
        inputs = topics.create("purchases", partitions=4)

        async def scenario() -> None:
            async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
                await producer.send_and_wait(inputs, b"...")

        asyncio.run(scenario())

- `broker` is one for the whole run, shared by all workers: never stop, kill or pause it. It lives on a lease,
  so it ends with the last worker, also when the run is killed.
- `private_broker` makes one for a test that must kill or pause it, or needs other settings:
  `private_broker(overrides={...}, security="SASL_PLAINTEXT")`. It starts in about 5 s: use it sparingly.
- `topics` gives every test names of its own: `topics.prefix` (for a program with a prefix setting),
  `topics.name("purchases")`, `topics.create("purchases", partitions=4, config={...})`, and
  `async with topics.admin() as admin`. What it created is deleted after the test. Use `topics.name` for
  consumer groups and transactional ids too: they share one broker like the topics.

Topics are not created by themselves. Where Java or the jars are not to be had, these tests are skipped.
"""

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.embedded import java
from streams.embedded.broker import Broker
from streams.embedded.errors import Unavailable
from streams.embedded.jars import Jars
from streams.embedded.jars import kafka_jars as jars_of_this_user
from streams.embedded.lease import leased

_numbers = itertools.count(1)
KNOWN_LOOKS_MAX = 100
KNOWN_LOOK_EVERY_S = 0.05
KEPT = {"retention.ms": "-1"}
"""Records of tests are dated as a test likes: once a broker is 30 s old, it deletes what is a week old."""


class Topics:
    """Names and topics of one test."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix
        self._created: list[str] = []

    def name(self, word: str) -> str:
        """`word`, made unique to this test."""
        return f"{self.prefix}{word}"

    def create(self, word: str, *, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        """Create a topic and return its name. Not from within a running event loop."""
        self.create_all({word: (partitions, config or {})})
        return self.name(word)

    def create_all(self, wanted: Mapping[str, tuple[int, Mapping[str, str]]]) -> None:
        """Create topics of so many partitions and these settings in one request, which is much quicker."""
        made = {self.name(word): how for word, how in wanted.items()}
        asyncio.run(self._create(made))

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """An admin client of this test's own."""
        client = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await client.start()
        try:
            yield client
        finally:
            await client.close()

    def delete_created(self) -> None:
        """Free what the broker keeps for this test's topics."""
        if self._created:
            asyncio.run(self._delete(self._created))

    async def _delete(self, names: list[str]) -> None:
        async with self.admin() as client:
            await client.delete_topics(names)

    async def _create(self, made: Mapping[str, tuple[int, Mapping[str, str]]]) -> None:
        """A broker answers that it has made a topic a moment before its metadata shows it."""
        topics = [
            NewTopic(name, count, 1, topic_configs=KEPT | dict(more)) for name, (count, more) in made.items()
        ]
        async with self.admin() as client:
            answer = await client.create_topics(topics)
            refused = {error[0]: error for error in answer.topic_errors if error[1]}
            self._created += made.keys() - refused.keys()
            assert not refused, f"not created: {refused}"
            for _ in range(KNOWN_LOOKS_MAX):
                found = await client.describe_topics(list(made))
                if all(not it["error_code"] and it["partitions"] for it in found):
                    return
                await asyncio.sleep(KNOWN_LOOK_EVERY_S)
        raise AssertionError(f"the broker does not show {list(made)}")


@pytest.fixture(scope="session")
def kafka_jars() -> Jars:
    """What every broker needs; without it, whatever asks for it is skipped."""
    jars = jars_of_this_user()
    try:
        java.executable()
        jars.ready()
    except Unavailable as error:
        pytest.skip(f"no Kafka on this machine: {error}")
    return jars


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory, kafka_jars: Jars) -> Iterator[Broker]:
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with leased(Broker(shared / "kafka", jars=kafka_jars)) as held:
        yield held


@pytest.fixture
def private_broker(tmp_path: Path, kafka_jars: Jars) -> Iterator[Callable[..., Broker]]:
    numbers = itertools.count(1)
    with contextlib.ExitStack() as held:

        def start(**how: Any) -> Broker:
            made = Broker(tmp_path / f"kafka-{next(numbers)}", jars=kafka_jars, **how)
            return held.enter_context(leased(made))

        yield start


@pytest.fixture
def topics(broker: Broker) -> Iterator[Topics]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    made = Topics(broker.bootstrap, f"{worker}-{next(_numbers)}.")
    yield made
    made.delete_created()
