"""What a worker knows of a real registry: asked for, kept, and waited for while the registry is away."""

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.errors import SchemaUnavailable, Undecodable
from schemas.framing import encode_confluent
from schemas.model import documents
from schemas.records import Usage
from streams.embedded.registry import Registry
from streams.errors import Fatal
from streams.registry import cache as module
from streams.registry.cache import SchemaCache
from streams.registry.client import RegistryAway, RegistryClient
from streams.registry.comparing import carry_out, look
from streams.registry.subjects import subjects
from tests.streams.registry.test_registering import settings

pytestmark = [pytest.mark.registry, pytest.mark.slow]

USAGE = Usage("u1", "c1", 1_750_000_000_000, None, "session", "p1")
NOWHERE = "http://127.0.0.1:9"
WITHIN_S = 20.0


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():  # noqa: ASYNC110 - it looks at what others change
            await asyncio.sleep(0.02)


async def registered(url: str, prefix: str) -> dict[str, int]:
    async with RegistryClient(settings(url)) as client:
        await carry_out(client, await look(client, tuple(subjects(prefix))))
        usage = next(it for it in subjects(prefix) if it.topic == "usage")
        schema_id = await client.id_of(usage.name, usage.text)
        assert schema_id is not None
        return {"usage": schema_id}


def known(url: str, folder: Path) -> SchemaCache:
    return SchemaCache(RegistryClient(settings(url)), folder / "kept.json")


def test_an_id_is_asked_for_in_the_background_and_then_known(registry: Registry, tmp_path: Path) -> None:
    async def scenario() -> None:
        schema_id = (await registered(registry.url, "asked."))["usage"]
        cache = known(registry.url, tmp_path)
        await cache.open("asked.", with_outputs=True)
        data = encode_confluent(USAGE, schema_id)
        assert not cache.readable(data)
        with pytest.raises(SchemaUnavailable):
            cache.schema(schema_id)
        await until(lambda: cache.readable(data))
        assert cache.schema(schema_id)["name"] == "Usage"
        assert cache.problem() is None
        assert len(cache.outputs) == 6
        await cache.close()

    asyncio.run(scenario())


def test_only_the_confluent_format_needs_an_id(tmp_path: Path) -> None:
    async def scenario() -> None:
        cache = known(NOWHERE, tmp_path)
        for value in (None, b"", b"{}", b"\xc3\x01", b"\x00\x00\x00\x01"):
            assert cache.readable(value)
        assert cache.waiting == 0
        assert not cache.readable(b"\x00\x00\x00\x00\x01")
        assert cache.waiting == 1

    asyncio.run(scenario())


def test_an_id_that_a_registry_denies_for_long_is_refused(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ABSENT_AFTER_S", 0.5)

    async def scenario() -> None:
        cache = known(registry.url, tmp_path)
        await cache.open("denied.", with_outputs=False)
        assert not cache.ready(2**31 - 1)
        await until(lambda: cache.ready(2**31 - 1))
        with pytest.raises(Undecodable, match="unknown_schema"):
            cache.schema(2**31 - 1)
        await cache.close()

    asyncio.run(scenario())


def test_who_has_time_asks_and_knows_at_once(registry: Registry) -> None:
    async def scenario() -> None:
        schema_id = (await registered(registry.url, "sure."))["usage"]
        cache = SchemaCache(RegistryClient(settings(registry.url)), None)
        await cache.sure(encode_confluent(USAGE, schema_id))
        assert cache.schema(schema_id)["name"] == "Usage"
        await cache.sure(encode_confluent(USAGE, 2**31 - 1))
        with pytest.raises(Undecodable, match="unknown_schema"):
            cache.schema(2**31 - 1)
        await cache.close()
        nobody = SchemaCache(RegistryClient(settings(NOWHERE)), None)
        with pytest.raises(RegistryAway):
            await nobody.sure(encode_confluent(USAGE, 1))
        await nobody.close()

    asyncio.run(scenario())


def test_an_outage_denies_nothing_and_what_was_known_outlives_it(
    private_registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ABSENT_AFTER_S", 0.0)
    process = private_registry.process
    assert process is not None

    async def scenario() -> None:
        schema_id = (await registered(private_registry.url, "away."))["usage"]
        first = known(private_registry.url, tmp_path)
        await first.open("away.", with_outputs=True)
        first.ready(schema_id)
        await until(lambda: first.ready(schema_id))
        await first.close()
        private_registry.stop()
        again = known(private_registry.url, tmp_path)
        await again.open("away.", with_outputs=True)
        assert again.outputs == first.outputs
        assert again.schema(schema_id) == json.loads(json.dumps(first.schema(schema_id)))
        assert not again.ready(schema_id + 100)
        await until(lambda: not again.reachable)
        assert again.problem() == "the schema registry does not answer"
        assert not again.ready(schema_id + 100)
        async with RegistryClient(settings(private_registry.url)) as client:
            await asyncio.to_thread(private_registry.start)
            changed = {**documents()["Usage"], "namespace": "other"}
            new_id = await client.register("other-value", json.dumps(changed))
        again.ready(new_id)
        await until(lambda: again.ready(new_id))
        await until(lambda: again.problem() is None)  # an answer to what was asked before may be on its way
        await again.close()

    asyncio.run(scenario())


def test_a_registry_that_hangs_is_away_too(
    private_registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.registry.client.WITHIN_S", 0.5)
    process = private_registry.process
    assert process is not None

    async def scenario() -> None:
        cache = known(private_registry.url, tmp_path)
        await cache.open("hangs.", with_outputs=False)
        process.send(signal.SIGSTOP)
        try:
            assert not cache.ready(1)
            await until(lambda: not cache.reachable)
        finally:
            process.send(signal.SIGCONT)
        await until(lambda: cache.reachable)
        await cache.close()

    asyncio.run(scenario())


def test_without_ever_having_heard_of_its_own_schemas_nothing_starts(tmp_path: Path) -> None:
    async def scenario() -> None:
        with pytest.raises(Fatal, match="without it the ids of our own schemas are not known"):
            await known(NOWHERE, tmp_path).open("journey.", with_outputs=True)
        (tmp_path / "kept.json").write_text('{"url":"http://other","schemas":{},"outputs":{"stages":1}}')
        with pytest.raises(Fatal):
            await known(NOWHERE, tmp_path).open("journey.", with_outputs=True)

    asyncio.run(scenario())
