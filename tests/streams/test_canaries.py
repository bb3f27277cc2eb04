"""Secrets and what customers wrote, followed through a real worker: neither comes out where it must not.

The worker logs all that it can, reads its secrets from files, and is killed by the first thing that it would
unpickle. What customers wrote belongs into the state, the outputs and the value of a dead letter: there it
is looked for too, so that a canary which never flew is noticed.
"""

import asyncio
import os
import pickle
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from streams.client_options import client_options
from streams.engine.clock import wall_ms
from streams.topics.rights import worker_acls
from tests.fortress import KEY_PASSWORD, Fortress, password
from tests.streams.secured_shop import Shop
from tests.streams.web.workers import until, worker_of

pytestmark = [pytest.mark.broker, pytest.mark.slow]

CUSTOMER = "canary-customer-1"
WRITTEN = "canary-written-by-a-customer"
SECRETS = {
    "KAFKA_SASL_PASSWORD": password("canary"),
    "KAFKA_SSL_KEY_PASSWORD": KEY_PASSWORD,
    "WEB_TOKEN": "canary-token-of-the-pages",
    "ENGINE_IDENTITY_KEY": "canary-key-of-identities",
}
ANSWER = {"kind": "goal", "key": "goal", "value": WRITTEN}
NO_PICKLE = """
import os, pickle
def refuse(*_, **__):
    os.write(2, b"something was unpickled\\n")
    os._exit(99)
class Refusing(pickle.Unpickler):
    __init__ = refuse
pickle.load, pickle.loads, pickle.Unpickler = refuse, refuse, Refusing
"""
"""What a Python runs before anything else: from here on, whoever unpickles ends the process."""
PAGES = ("/healthz", "/readyz", "/metrics", "/partitions", "/table/", "/router/", "/nowhere")


class Touch:
    """Unpickled, it would make a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


def said(**more: object) -> bytes:
    now = wall_ms()
    return msgspec.json.encode({"event_id": WRITTEN, "occurred_at": now, "customer_id": CUSTOMER, **more})


def refused_ones(trap: Path) -> list[bytes]:
    """Records with what a customer wrote in every place of which a refusal might tell."""
    return [
        said(intent=WRITTEN),
        said(intent="stop", channel=WRITTEN * 100),
        said(occurred_at=WRITTEN, intent="yes"),
        said(answers=[{WRITTEN: WRITTEN}]),
        WRITTEN.encode(),
        b'{"' + WRITTEN.encode(),
        b"\x00\x00\x00\x00\x07" + WRITTEN.encode(),
        pickle.dumps((WRITTEN, Touch(trap))),
    ]


def secret_files(folder: Path) -> dict[str, str]:
    """The settings that name a file for each secret."""
    for name, text in SECRETS.items():
        (folder / name).write_text(text + "\n")
    return {f"KAIROS_{name}_FILE": str(folder / name) for name in SECRETS}


async def send(shop: Shop, values: list[bytes]) -> None:
    async with AIOKafkaProducer(**client_options(shop.settings("admin"))) as producer:
        for value in values:
            await producer.send_and_wait(f"{shop.name}.replies", value, CUSTOMER.encode())


async def letters(shop: Shop, count: int) -> list[ConsumerRecord]:
    found: list[ConsumerRecord] = []
    async with AIOKafkaConsumer(
        f"{shop.name}.dead-letters",
        **client_options(shop.settings("admin")),
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    ) as consumer:
        while len(found) < count:
            found.append(await asyncio.wait_for(consumer.getone(), 60))
    return found


def page(url: str, token: str | None) -> str:
    """What is answered, whatever its status, headers included."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own
            return f"{answer.headers}{answer.read().decode()}"
    except urllib.error.HTTPError as error:
        return f"{error.code}{error.headers}{error.read().decode()}"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_secrets_and_what_customers_wrote_appear_nowhere_else(
    fortress: Fortress, tmp_path: Path, log_format: str
) -> None:
    shop = Shop(fortress, f"flown-{log_format}")
    shop.apply()
    fortress.grant({"canary": worker_acls(shop.settings("admin"))})
    trap = tmp_path / "unpickled"
    (tmp_path / "sitecustomize.py").write_text(NO_PICKLE)
    bad = refused_ones(trap)
    environ = {name: text for name, text in shop.environ("canary").items() if "PASSWORD" not in name}
    more = {
        "KAIROS_ENGINE_LOG_LEVEL": "debug",
        "KAIROS_ENGINE_LOG_FORMAT": log_format,
        "PYTHONPATH": str(tmp_path),
    }
    with worker_of({**environ, **secret_files(tmp_path), **more}, tmp_path) as address:
        until(lambda: bool(address()), "the worker serves its pages")
        asyncio.run(send(shop, [said(intent="answer", answers=[ANSWER]), *bad]))
        found = asyncio.run(letters(shop, len(bad)))
        token = SECRETS["WEB_TOKEN"]
        known = f"{address()}/customers/{CUSTOMER}"
        until(lambda: WRITTEN in page(known, token), "what the customer wrote is in the state")
        pages = {path: page(address() + path, token) for path in PAGES}
        pages |= {f"{path} unasked": page(address() + path, None) for path in PAGES}
        pages["customer unasked"] = page(known, None)
        pages["wrong token"] = page(known, token[:-1])
    assert sorted(letter.value for letter in found) == sorted(bad)
    headers = {f"letter {n}": repr(letter.headers) for n, letter in enumerate(found)}
    log = (tmp_path / "worker-0.log").read_text()
    assert not trap.exists()
    assert "something was unpickled" not in log
    assert holds({"log": log, **pages, **headers}, [*SECRETS.values(), WRITTEN, CUSTOMER]) == []
    for path in ("/table/", "/router/", "/nowhere"):
        assert pages[path].startswith("404"), f"Faust serves {path}"


def holds(places: Mapping[str, str], canaries: list[str]) -> list[tuple[str, str]]:
    return [(place, canary) for place, text in places.items() for canary in canaries if canary in text]
