"""The contract in a real registry: what is registered, how it is guarded, and what is refused."""

import asyncio
import itertools
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession, web

from streams.cli import main
from streams.configuration.secret import Secret
from streams.embedded.registry import Registry
from streams.errors import Fatal
from streams.registry.client import NotTaken, RegistryClient
from streams.registry.comparing import Verdict, carry_out, look, settled
from streams.registry.subjects import output_ids, subjects
from streams.settings import RegistrySettings
from tests.schemas.changes import adding, changed, without

pytestmark = pytest.mark.registry

Told = Callable[[RegistryClient], Awaitable[None]]
Ask = Callable[[Told], None]
JSON = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
_numbers = itertools.count(1)


def settings(url: str, **more: Any) -> RegistrySettings:
    return RegistrySettings(
        **{"url": url, "username": None, "password": None, "ssl_ca_location": None, **more}
    )


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """Stands before the topics of this test alone."""
    return f"{request.node.name}-{next(_numbers)}."


@pytest.fixture
def ask(registry: Registry) -> Ask:
    """Runs what is told with a client."""

    async def run(told: Told) -> None:
        async with RegistryClient(settings(registry.url)) as client:
            await told(client)

    return lambda told: asyncio.run(run(told))


def test_the_contract_is_registered_once_under_its_compatibility(ask: Ask, prefix: str) -> None:
    wanted = tuple(subjects(prefix))

    async def told(client: RegistryClient) -> None:
        before = await look(client, wanted)
        assert {it.verdict for it in before} == {Verdict.REGISTER}
        with pytest.raises(Fatal, match=f"does not hold our schema of {prefix}eligibility-value, "):
            await output_ids(client, prefix)
        assert len(await carry_out(client, before)) == len(wanted)
        after = await look(client, wanted)
        assert settled(after)
        assert await carry_out(client, after) == []
        levels = {it.name: await client.compatibility(it.name) for it in wanted}
        assert levels[f"{prefix}purchases-value"] == "BACKWARD_TRANSITIVE"
        assert levels[f"{prefix}eligibility-value"] == "FULL_TRANSITIVE"
        ids = await output_ids(client, prefix)
        assert ids.keys() == {"eligibility", "holdout", "stages", "friction", "decisions", "customers"}
        text = await client.schema(ids["stages"])
        assert json.loads(text or "")["name"] == "StageChange"
        assert await client.schema(2**31 - 1) is None

    ask(told)


def test_the_registry_itself_refuses_from_then_on_what_would_break_a_subscriber(
    ask: Ask, prefix: str
) -> None:
    stages = next(it for it in subjects(prefix) if it.topic == "stages")
    needed = changed("StageChange", adding(name="needed", type="string"))

    async def told(client: RegistryClient) -> None:
        await carry_out(client, await look(client, [stages]))
        with pytest.raises(NotTaken):
            await client.register(stages.name, json.dumps(needed))

    ask(told)


def test_what_would_break_a_registered_version_is_refused_and_nothing_else_is_registered(
    ask: Ask, prefix: str, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    older = changed("Usage", without("product_id"))

    async def told(client: RegistryClient) -> None:
        await client.register(f"{prefix}usage-value", json.dumps(older))

    ask(told)
    words = ["--registry", registry.url, "--prefix", prefix]
    assert main(["schemas", "register", "--yes", *words]) == 1
    said = capsys.readouterr().out
    assert "nothing was registered: what is refused must be mended first" in said
    assert "Usage.product_id" in said
    assert main(["schemas", "check", *words]) == 1
    assert "refused" in capsys.readouterr().out


def test_a_weaker_compatibility_is_put_right(ask: Ask, prefix: str) -> None:
    (usage,) = (it for it in subjects(prefix) if it.topic == "usage")

    async def told(client: RegistryClient) -> None:
        await carry_out(client, await look(client, [usage]))
        await client.set_compatibility(usage.name, "NONE")
        (found,) = await look(client, [usage])
        assert (found.verdict, found.todo) == (Verdict.SET, "BACKWARD_TRANSITIVE")
        await carry_out(client, [found])
        assert settled(await look(client, [usage]))

    ask(told)


def test_it_is_only_said_without_yes(
    prefix: str, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--registry", registry.url, "--prefix", prefix]
    assert main(["schemas", "register", *words]) == 1
    assert "nothing was registered: --yes does it" in capsys.readouterr().out
    assert main(["schemas", "check", *words]) == 1
    assert main(["schemas", "register", "--yes", *words]) == 0
    assert main(["schemas", "check", *words]) == 0


def test_a_registry_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemas", "check", "--registry", "http://127.0.0.1:9"]) == 2
    assert "the schema registry http://127.0.0.1:9 cannot be asked" in capsys.readouterr().err
    assert main(["schemas", "check"]) == 2
    assert "Set registry.url" in capsys.readouterr().err


def test_user_and_password_are_shown_to_whoever_guards_a_registry(registry: Registry, prefix: str) -> None:
    """In front of the real one stands what asks for a password, as a gateway does."""
    right = "Basic " + b64encode("reader:a pass:wörd".encode()).decode()

    async def guard(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != right:
            return web.Response(status=401)
        async with (
            ClientSession() as session,
            session.request(
                request.method, registry.url + request.path, data=await request.read(), headers=JSON
            ) as answer,
        ):
            return web.Response(
                status=answer.status, body=await answer.read(), content_type=answer.content_type
            )

    async def scenario() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", guard)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = "http://{}:{}".format(*runner.addresses[0][:2])
        usage = next(it for it in subjects(prefix) if it.topic == "usage")
        user = {"username": "reader", "password": Secret("a pass:wörd")}
        async with RegistryClient(settings(url, **user)) as client:
            await client.alive()
            assert await client.id_of(usage.name, usage.text) is None
        async with RegistryClient(settings(url, **user | {"password": Secret("another")})) as client:
            with pytest.raises(Fatal, match=r"lets this user not in: see registry\.username") as error:
                await client.alive()
            assert "another" not in str(error.value)
        await runner.cleanup()

    asyncio.run(scenario())
