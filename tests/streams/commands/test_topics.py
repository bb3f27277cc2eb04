"""The command against a real broker: what it says, what it does, and what it leaves alone."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from schemas.topics import topics as registry
from streams.cli import main
from streams.embedded.broker import Broker
from streams.settings import Settings, load_settings
from streams.topics.kafka import TopicsClient
from streams.topics.start import NotReady, check_inputs
from streams.topics.wanted import wanted_topics
from tests.brokers import Topics

Kairos = Callable[..., int]
SEEN_WITHIN_S = 20.0


def rows(text: str) -> dict[str, list[str]]:
    """The cells of the printed table by topic; folded cells are joined."""
    found: dict[str, list[str]] = {}
    last = ""
    for line in text.splitlines():
        if line.startswith("│"):
            cells = [cell.strip() for cell in line.strip("│").split("│")]
            last = cells[0] or last
            found[last] = (
                [f"{a} {b}".strip() for a, b in zip(found[last], cells[1:], strict=True)]
                if not cells[0]
                else cells[1:]
            )
    return found


@pytest.fixture
def settings(broker: Broker, topics: Topics) -> Iterator[Settings]:
    """Of an application of this test alone; its topics are deleted afterwards."""
    made = load_settings(
        {},
        None,
        {
            "kafka.bootstrap.servers": broker.bootstrap,
            "engine.topic.prefix": topics.prefix,
            "engine.application.id": topics.name("app"),
        },
    )
    yield made
    topics._created += [name for name in configs_of(made) if name not in topics._created]


@pytest.fixture
def kairos(settings: Settings) -> Kairos:
    """`kairos topics` with the settings of this test."""
    own = [
        *("--prefix", settings.engine.topic_prefix),
        *("--set", f"engine.application.id={settings.engine.application_id}"),
        *("--bootstrap-server", settings.kafka.bootstrap_servers[0]),
    ]
    return lambda action, *words: main(["topics", action, *own, *words])


def configs_of(settings: Settings) -> dict[str, Mapping[str, str]]:
    """The configs of the topics that are there, as the broker says."""

    async def read() -> dict[str, Mapping[str, str]]:
        options = {"bootstrap_servers": list(settings.kafka.bootstrap_servers), "request_timeout_ms": 30_000}
        async with TopicsClient(options) as client:
            cluster = await client.with_configs(
                await client.read([it.name for it in wanted_topics(settings)])
            )
        return {name: existing.configs or {} for name, existing in cluster.topics.items()}

    return asyncio.run(read())


def seen(settings: Settings, *names: str) -> None:
    """Wait until the broker, who learns of new topics from its controller, shows them to others."""
    end = time.monotonic() + SEEN_WITHIN_S
    while not configs_of(settings).keys() >= set(names):
        assert time.monotonic() < end, f"not there: {names}"


def test_list_asks_no_broker(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "list", "--prefix", "x.", "--partitions", "4"]) == 0
    shown = rows(capsys.readouterr().out)
    own = {"kairos-customers-changelog", "kairos-dead-letters-replayed"}
    assert set(shown) == {*(f"x.{name}" for name in registry()), *own}
    assert shown["x.usage"] == ["input", "4", "90 d", "customer_id", "Usage", "product", "READ"]
    assert shown["x.control"][1:3] == ["1", "the last of each key"]
    assert shown["kairos-customers-changelog"][-1] == "READ and WRITE"


def test_a_broker_that_is_not_there_is_told_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "check", "--bootstrap-server", "127.0.0.1:1"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("kairos: no Kafka answers at 127.0.0.1:1: Unable connect to")
    assert err.count("\n") == 1


@pytest.mark.parametrize("count", ["0", "101"])
def test_replicas_have_a_bound(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "check", "--replication-factor", count]) == 2
    assert capsys.readouterr().err == f"kairos: --replication-factor is 1 to 100, not {count}\n"


@pytest.mark.parametrize("option", ["--partitions", "--prefix"])
def test_options_are_judged_like_the_settings_that_they_stand_for(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["topics", "list", option, "/"]) == 2
    assert capsys.readouterr().err.startswith("kairos: command line: engine.")


@pytest.mark.broker
class TestOnABroker:
    def test_apply_only_says_what_it_would_do(
        self, kairos: Kairos, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert kairos("apply") == 1
        out = capsys.readouterr().out
        assert {row[0] for row in rows(out).values()} == {"create"}
        assert "nothing was changed: --yes does it" in out
        assert configs_of(settings) == {}

    def test_apply_makes_all_and_a_second_time_nothing(
        self, kairos: Kairos, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert kairos("check", "--partitions", "4") == 1
        assert kairos("apply", "--partitions", "4", "--yes") == 0
        assert "created 18, changed 0" in capsys.readouterr().out
        found = configs_of(settings)
        for wanted in wanted_topics(settings):
            assert wanted.configs.items() <= found[wanted.name].items()
        assert kairos("apply", "--yes") == 0
        assert "created 0, changed 0" in capsys.readouterr().out
        assert kairos("check") == 0
        assert {row[0] for row in rows(capsys.readouterr().out).values()} == {"ok"}
        assert asyncio.run(check_inputs(settings)) == 4

    def test_apply_changes_single_entries_and_leaves_the_others(
        self, kairos: Kairos, settings: Settings, topics: Topics, capsys: pytest.CaptureFixture[str]
    ) -> None:
        config = {"cleanup.policy": "delete", "segment.ms": "604800000", "flush.messages": "12345"}
        customers = topics.create("customers", partitions=2, config=config)
        usage = topics.create("usage", partitions=2, config={"retention.ms": "-1", "flush.ms": "54321"})
        assert kairos("apply", "--yes") == 0
        assert "created 16, changed 1" in capsys.readouterr().out
        found = configs_of(settings)
        assert found[customers]["cleanup.policy"] == "compact"
        assert found[customers]["segment.ms"] == "21600000"
        assert found[customers]["flush.messages"] == "12345"
        assert (found[usage]["retention.ms"], found[usage]["flush.ms"]) == ("-1", "54321")

    def test_partition_counts_are_refused_and_the_rest_is_done(
        self, kairos: Kairos, settings: Settings, topics: Topics, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for word in ("purchases", "deliveries"):
            topics.create(word, partitions=2)
        topics.create("usage", partitions=3)
        assert kairos("apply", "--yes") == 1
        shown = rows(capsys.readouterr().out)
        assert shown[topics.name("usage")][:2] == ["by hand", "3 partitions"]
        assert "migration into new topics" in shown[topics.name("usage")][2]
        assert set(configs_of(settings)) == {
            topics.name(word)
            for word in ("purchases", "deliveries", "usage", "catalogue", "control", "dead-letters")
        } | {settings.replayed_topic}

    def test_a_worker_is_told_all_that_is_missing(self, settings: Settings, topics: Topics) -> None:
        seen(settings, topics.create("purchases", partitions=2), topics.create("usage", partitions=3))
        with pytest.raises(NotReady) as error:
            asyncio.run(check_inputs(settings))
        reasons = {problem.file: problem.reason for problem in error.value.errors}
        assert len(reasons) == 16
        assert reasons[settings.changelog_topic].startswith("missing changelog")
        apart = "a customer needs one number everywhere"
        assert reasons[topics.name("purchases")] == f"has 2 partitions, others have 3: {apart}"

    def test_a_changelog_that_forgets_stops_a_worker(
        self, kairos: Kairos, settings: Settings, topics: Topics
    ) -> None:
        config = {"cleanup.policy": "delete"}
        seen(settings, topics.create("app-customers-changelog", partitions=2, config=config))
        assert kairos("apply", "--partitions", "2") == 1
        with pytest.raises(NotReady, match="the state of customers would vanish"):
            asyncio.run(check_inputs(settings))
        assert kairos("apply", "--partitions", "2", "--yes") == 0
        assert asyncio.run(check_inputs(settings)) == 2
