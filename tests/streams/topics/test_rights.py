"""Whoever lacks a right is told which one, by a broker that asks for users and rights."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from streams.cli import main
from streams.client_options import client_options
from streams.embedded.broker import Broker
from streams.embedded.errors import Unavailable
from streams.embedded.lease import leased
from streams.settings import Settings, load_settings
from streams.topics.kafka import TopicsClient, Unreachable
from streams.topics.rights import ANY_HOST, Acl, Resource
from streams.topics.start import NotReady, check_inputs

pytestmark = pytest.mark.broker

USERS = ("admin", "nobody", "looker", "reader", "describer", "worker")
MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"
OVERRIDES = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS;User:admin",
    "listener.name.clients.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.clients.plain.sasl.jaas.config": (
        f"{MODULE} required " + " ".join(f'user_{user}="{user}-secret"' for user in USERS) + ";"
    ),
}
TOPICS = ("journey.", "kairos-")
ON_TOPICS = {
    "looker": ("DESCRIBE",),
    "describer": ("DESCRIBE", "DESCRIBE_CONFIGS"),
    "reader": ("READ",),
    "worker": ("READ", "WRITE"),
}
MEMBER = (Acl(Resource.GROUP, "kairos", "READ"), Acl(Resource.TRANSACTIONAL_ID, "kairos-0", "WRITE"))
GRANTS = {
    user: [
        *(Acl(Resource.TOPIC, prefix, right, prefixed=True) for prefix in TOPICS for right in rights),
        *(MEMBER if "READ" in rights else ()),
    ]
    for user, rights in ON_TOPICS.items()
}


def environ(broker: Broker, user: str, password: str | None = None) -> dict[str, str]:
    return {
        "KAIROS_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap,
        "KAIROS_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "KAIROS_KAFKA_SASL_USERNAME": user,
        "KAIROS_KAFKA_SASL_PASSWORD": password or f"{user}-secret",
    }


def settings(broker: Broker, user: str, password: str | None = None) -> Settings:
    return load_settings(environ(broker, user, password))


async def _grant(broker: Broker) -> None:
    async with TopicsClient(client_options(settings(broker, "admin"))) as client:
        for user, acls in GRANTS.items():
            await client.grant(acls, f"User:{user}", ANY_HOST)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that knows `USERS`, each with the rights of `GRANTS`."""
    directory = tmp_path_factory.mktemp("guarded") / "kafka"
    with contextlib.ExitStack() as held:
        try:
            broker = held.enter_context(
                leased(Broker(directory, security="SASL_PLAINTEXT", overrides=OVERRIDES))
            )
        except Unavailable as error:
            pytest.skip(f"no Kafka on this machine: {error}")
        asyncio.run(_grant(broker))
        yield broker


def run_as(user: str, broker: Broker, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    for name, value in environ(broker, user).items():
        monkeypatch.setenv(name, value)
    return main(["topics", *words])


def problems(error: pytest.ExceptionInfo[NotReady]) -> set[str]:
    return {problem.reason for problem in error.value.errors}


def test_a_wrong_password_is_told_as_such(guarded: Broker) -> None:
    with pytest.raises(Unreachable, match="Authentication failed: Invalid username or password"):
        asyncio.run(check_inputs(settings(guarded, "admin", "wrong")))


def test_who_may_see_nothing_is_told_so_and_not_that_all_is_missing(
    guarded: Broker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_as("nobody", guarded, monkeypatch, "check") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("kairos: 18 problems\n  journey.purchases: no right DESCRIBE\n")
    with pytest.raises(NotReady) as error:
        asyncio.run(check_inputs(settings(guarded, "nobody")))
    assert problems(error) == {"no right DESCRIBE", "no right READ", "no right WRITE"}


class TestWithTopics:
    @pytest.fixture(autouse=True)
    def _topics(self, guarded: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
        assert run_as("admin", guarded, monkeypatch, "apply", "--partitions", "2", "--yes") == 0

    def test_check_needs_to_see_the_configs(
        self, guarded: Broker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        capsys.readouterr()
        assert run_as("looker", guarded, monkeypatch, "check") == 2
        err = capsys.readouterr().err
        assert err.startswith("kairos: 18 problems\n  journey.")
        assert err.count("no right DESCRIBE_CONFIGS") == 18
        assert run_as("describer", guarded, monkeypatch, "check") == 0

    def test_apply_needs_the_right_to_create(
        self, guarded: Broker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = ("--prefix", "journey.other.")
        assert run_as("describer", guarded, monkeypatch, "apply", *other) == 1
        assert run_as("describer", guarded, monkeypatch, "apply", *other, "--yes") == 2
        err = capsys.readouterr().err
        assert err.startswith("kairos: 16 problems\n")
        assert err.count("no right CREATE\n") == 16

    def test_a_worker_is_told_which_right_it_lacks(self, guarded: Broker) -> None:
        with pytest.raises(NotReady) as error:
            asyncio.run(check_inputs(settings(guarded, "reader")))
        assert problems(error) == {"no right WRITE"}
        assert {problem.file for problem in error.value.errors} >= {
            *("journey.eligibility", "journey.dead-letters", "kairos-customers-changelog")
        }
        assert asyncio.run(check_inputs(settings(guarded, "worker"))) == 2
