"""Kairos against a broker that asks for certificate, password and rights: what works, and what is said."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
import trustme
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas.framing import RecordDecoder, encode_json
from schemas.records import OrderLine, Purchase, StageChange
from streams.cli import main
from streams.client_options import client_options
from streams.engine.clock import wall_ms
from streams.settings import load_settings
from streams.topics.kafka import Unreachable
from streams.topics.rights import Acl, as_commands, worker_acls
from streams.topics.start import NotReady, check_inputs
from tests.fortress import Certificates, Fortress
from tests.streams.secured_shop import Shop
from tests.streams.web.workers import until, worker_of

pytestmark = pytest.mark.broker

CUSTOMER = "c-1"


@pytest.fixture(scope="module")
def shop(fortress: Fortress) -> Shop:
    made = Shop(fortress, "secured")
    made.apply()
    return made


def purchase() -> Purchase:
    line = OrderLine(line_id="l-1", product_id="p-1", quantity=1)
    return Purchase(
        event_id="e-1",
        occurred_at=wall_ms(),
        customer_id=CUSTOMER,
        type="order_placed",
        order_id="o-1",
        lines=(line,),
    )


async def send(shop: Shop, topic: str, *values: bytes) -> None:
    options = client_options(shop.settings("admin"))
    async with AIOKafkaProducer(**options) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, CUSTOMER.encode())


async def first(shop: Shop, topics: Sequence[str]) -> dict[str, bytes]:
    """The first committed record of each of `topics`."""
    found: dict[str, bytes] = {}
    options = client_options(shop.settings("admin"))
    async with AIOKafkaConsumer(
        *topics, **options, auto_offset_reset="earliest", isolation_level="read_committed"
    ) as consumer:
        while found.keys() != set(topics):
            record = await asyncio.wait_for(consumer.getone(), 40)
            found.setdefault(record.topic, record.value)
    return found


def lacking(shop: Shop, user: str) -> list[tuple[str, str]]:
    """What this user is told to lack."""
    with pytest.raises(NotReady) as error:
        asyncio.run(check_inputs(shop.settings(user)))
    return [(problem.file, problem.reason) for problem in error.value.errors]


@pytest.mark.slow
def test_a_worker_works_with_the_listed_rights_and_no_others(shop: Shop, tmp_path: Path) -> None:
    granted = shop.run("admin", "topics", "acls", "--principal", "User:worker", "--yes")
    assert granted.stdout == "granted 20 rights to User:worker\n", granted.stderr
    stages, letters = "secured.stages", "secured.dead-letters"
    with worker_of(shop.environ("worker"), tmp_path) as running:
        until(lambda: bool(running()), "the worker serves its pages")
        asyncio.run(send(shop, "secured.purchases", encode_json(purchase()), b"no record"))
        found = asyncio.run(first(shop, [stages, letters]))
    assert RecordDecoder(StageChange).decode(found[stages]).customer_id == CUSTOMER
    assert found[letters] == b"no record"


def test_each_missing_right_is_named_before_a_worker_starts(shop: Shop) -> None:
    acls = worker_acls(shop.settings("worker"))
    users = {f"lacking-{n}": acl for n, acl in enumerate(acls)}
    shop.fortress.grant({user: [it for it in acls if it != left_out] for user, left_out in users.items()})
    said = {user: lacking(shop, user) for user in users}
    assert said == {user: [missing(acl)] for user, acl in users.items()}


def missing(acl: Acl) -> tuple[str, str]:
    """How the lack of a right is told. Who may neither read nor write a topic cannot even see it."""
    if acl.resource == "topic":
        seen = acl.name.endswith("-changelog")
        return acl.name, f"no right {acl.operation if seen else 'DESCRIBE'}"
    if acl.resource == "group":
        return f"group {acl.name}", "no right READ"
    return f"transactional id {acl.name}0", "no right WRITE"


def test_a_worker_that_lacks_a_right_ends_and_says_which(shop: Shop) -> None:
    group = [it for it in worker_acls(shop.settings("worker")) if it.resource == "group"]
    shop.fortress.grant({"nobody": group})
    ended = shop.run("nobody", "worker")
    assert ended.returncode == 2
    assert "secured.purchases: no right DESCRIBE" in ended.stderr
    assert "transactional id secured-app-0: no right WRITE" in ended.stderr
    assert "group " not in ended.stderr


def test_no_right_of_the_cluster_or_to_create_is_asked_for() -> None:
    acls = worker_acls(load_settings({}))
    assert {(it.resource.value, it.operation) for it in acls} == {
        *(("topic", "READ"), ("topic", "WRITE"), ("group", "READ"), ("transactional-id", "WRITE"))
    }
    assert [it.name for it in acls if it.prefixed] == ["kairos-"]


def test_the_rights_are_said_as_calls_of_kafkas_own_tool() -> None:
    settings = load_settings({})
    lines = list(as_commands(worker_acls(settings, "shadow."), "User:it's me", ["a:1", "b:2"]))
    assert len(lines) == 4
    assert all(
        "--bootstrap-server a:1,b:2 --add --allow-principal 'User:it'\"'\"'s me'" in it for it in lines
    )
    assert lines[-1].endswith("--operation Write --resource-pattern-type prefixed --transactional-id kairos-")
    assert sum(line.count("--topic shadow.") for line in lines) == 7


def test_rights_are_granted_by_who_may_and_to_somebody(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["topics", "acls", "--yes"]) == 2
    assert "--principal User:NAME" in capsys.readouterr().err
    refused = shop.run("nobody", "topics", "acls", "--principal", "User:nobody", "--yes")
    assert refused.returncode == 2
    assert "READ on topic secured.purchases is not granted: no right ALTER on the cluster" in refused.stderr


class TestWhoIsNotLetIn:
    def refused(self, shop: Shop, **other: str) -> str:
        with pytest.raises(Unreachable) as error:
            asyncio.run(check_inputs(shop.settings("admin", **other)))
        return str(error.value)

    def test_a_wrong_password(self, shop: Shop) -> None:
        said = self.refused(shop, KAIROS_KAFKA_SASL_PASSWORD="wrong")  # noqa: S106 - it is
        assert "invalid credentials with SASL mechanism SCRAM-SHA-512" in said
        assert "wrong" not in said

    def test_a_broker_whose_certificate_nobody_vouches_for(self, shop: Shop, tmp_path: Path) -> None:
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(other)
        said = self.refused(shop, KAIROS_KAFKA_SSL_CA_LOCATION=str(other))
        assert "CERTIFICATE_VERIFY_FAILED" in said

    def test_a_broker_of_another_name(self, shop: Shop) -> None:
        port = shop.fortress.broker.bootstrap.rpartition(":")[2]
        said = self.refused(shop, KAIROS_KAFKA_BOOTSTRAP_SERVERS=f"localhost:{port}")
        assert "certificate is not valid for 'localhost'" in said

    def test_a_client_whose_certificate_nobody_vouches_for(self, shop: Shop, tmp_path: Path) -> None:
        other = Certificates(tmp_path)
        other.make()
        said = self.refused(
            shop,
            KAIROS_KAFKA_SSL_CERTIFICATE_LOCATION=str(other.client),
            KAIROS_KAFKA_SSL_KEY_LOCATION=str(other.client_key),
        )
        assert said.startswith("no Kafka answers at")
