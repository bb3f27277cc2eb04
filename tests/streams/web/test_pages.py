"""Who may ask, where the server listens, and what is answered while the state is elsewhere."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from streams.configuration.secret import Secret
from streams.engine.clock import LiveClock
from streams.engine.kit import Stats
from streams.engine.task import PartitionTask, Phase, Role
from streams.errors import Fatal
from streams.web.access import guard, shows
from streams.web.binding import listening, reached_at
from streams.web.customers import CustomerPages, Places
from streams.web.explaining import copied, explain_copied
from streams.web.forwarding import HOP, PARTITION, Forwarder
from streams.web.health import partition_now
from tests.streams.journey.story import Story

TOKEN = Secret("a token of some bytes")
SHOWN = {"Authorization": f"Bearer {TOKEN.reveal()}"}
Get = Callable[[str, Mapping[str, str]], Awaitable[tuple[int, dict[str, str], Any]]]


def story() -> Story:
    return Story().profile().order("kettle").at(days=2).delivered()


def task(made: Story, role: Role, phase: Phase) -> PartitionTask:
    return cast(
        PartitionTask, SimpleNamespace(number=0, role=role, phase=phase, store=made.store, stats=Stats())
    )


def places(made: Story, tasks: dict[int, PartitionTask], owner: str | None = None) -> Places:
    return Places(
        partition_of=lambda _: 0,
        tasks=lambda: tasks,
        worker_of=lambda _: owner,
        world=lambda: made.world,
        clock=LiveClock(),
    )


def serve(pages: Places, token: Secret | None, ask: Callable[[Get], Awaitable[None]]) -> None:
    """Run `ask` against a server of these pages."""

    async def scenario() -> None:
        customers = CustomerPages(pages, Forwarder(token))
        app = web.Application(middlewares=[guard(token)])
        app.add_routes([web.get("/customers/{customer_id}", customers.get)])

        async def get(path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], Any]:
            answer = await client.get(path, headers=dict(headers))
            return answer.status, dict(answer.headers), msgspec.json.decode(await answer.read())

        async with TestClient(TestServer(app)) as client:
            await ask(get)
        await customers.close()

    asyncio.run(scenario())


def test_the_answer_is_the_explanation_and_where_it_was_read() -> None:
    made = story()

    async def ask(get: Get) -> None:
        status, headers, found = await get(f"/customers/{made.customer}", {})
        assert (status, headers[PARTITION]) == (200, "0")
        assert [item["product_id"] for item in found["items"]] == ["kettle"]
        assert found["read_from"]["role"] == "active"
        assert (await get("/customers/nobody", {}))[0] == 404
        assert (await get("/customers/" + "x" * 513, {}))[0] == 400
        assert [(await get(f"/customers/a?items={n}", {}))[0] for n in (0, 1_001, "x")] == [400, 400, 400]

    serve(places(made, {0: task(made, Role.ACTIVE, Phase.WORKING)}), None, ask)


@pytest.mark.parametrize("phase", [Phase.STANDING_BY, Phase.WORKING])
def test_a_standby_answers_when_nobody_else_does_and_says_that_it_may_be_stale(phase: Phase) -> None:
    made = story()

    async def ask(get: Get) -> None:
        status, headers, found = await get(f"/customers/{made.customer}", {})
        assert (status, headers["Kairos-Stale"], found["read_from"]["stale"]) == (200, "1", True)
        assert (await get("/customers/nobody", {}))[0] == 503

    serve(places(made, {0: task(made, Role.STANDBY, phase)}, "http://127.0.0.1:1"), None, ask)


def test_a_partition_that_is_restored_is_to_be_asked_again() -> None:
    made = story()

    async def ask(get: Get) -> None:
        status, headers, found = await get(f"/customers/{made.customer}", {})
        assert (status, headers["Retry-After"]) == (503, "1")
        assert found["error"] == "partition 0 is restoring here: ask again"

    serve(places(made, {0: task(made, Role.ACTIVE, Phase.RESTORING)}), None, ask)


def test_a_question_is_forwarded_once_with_the_token() -> None:
    made, asked = story(), list[web.Request]()

    async def owner(request: web.Request) -> web.Response:
        asked.append(request)
        return web.json_response({"customer_id": request.match_info["id"]}, headers={PARTITION: "0"})

    async def scenario() -> None:
        app = web.Application()
        app.add_routes([web.get("/customers/{id}", owner)])
        async with TestServer(app) as server:
            customers = CustomerPages(places(made, {}, str(server.make_url("/"))), Forwarder(TOKEN))
            for headers, status in (({}, 200), ({HOP: "1"}, 503)):
                request = make_mocked_request("GET", "/", headers, match_info={"customer_id": "a/b ü"})
                assert (await customers.get(request)).status == status
            await customers.close()

    asyncio.run(scenario())
    (request,) = asked
    assert request.match_info["id"] == "a/b ü"
    assert (request.headers[HOP], request.headers["Authorization"]) == ("1", SHOWN["Authorization"])


def test_with_a_token_only_who_shows_it_is_answered() -> None:
    made = story()

    async def ask(get: Get) -> None:
        path = f"/customers/{made.customer}"
        assert (await get(path, {}))[0] == 401
        assert (await get(path, {"Authorization": "Bearer another token here"}))[0] == 401
        assert (await get(path, SHOWN))[0] == 200
        assert (await get("/elsewhere", SHOWN))[0] == 404

    serve(places(made, {0: task(made, Role.ACTIVE, Phase.WORKING)}), TOKEN, ask)


def test_without_a_token_a_request_must_name_a_loopback_host() -> None:
    made = story()

    async def ask(get: Get) -> None:
        assert (await get(f"/customers/{made.customer}", {"Host": "evil.example"}))[0] == 403

    serve(places(made, {0: task(made, Role.ACTIVE, Phase.WORKING)}), None, ask)


@pytest.mark.parametrize(
    ("header", "right"),
    [
        ("Bearer a token of some bytes", True),
        ("bearer  a token of some bytes ", True),
        ("Basic a token of some bytes", False),
        ("Bearer a token of some byte", False),
        ("", False),
    ],
)
def test_a_token_is_shown_or_not(header: str, right: bool) -> None:
    assert shows(header, TOKEN) is right


def test_a_taken_port_makes_the_next_one_ours() -> None:
    with listening("127.0.0.1", 0) as first:
        taken = first.getsockname()[1]
        with listening("127.0.0.1", taken) as second:
            assert taken < second.getsockname()[1] < taken + 64


def test_a_host_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(Fatal, match=r"web\.host 192\.0\.2\.1"):
        listening("192.0.2.1", 0)


def test_others_find_a_worker_at_its_host_or_where_it_says() -> None:
    assert str(reached_at("127.0.0.1", None, 5)) == "http://127.0.0.1:5"
    assert str(reached_at("::1", None, 5)) == "http://[::1]:5"
    assert str(reached_at("0.0.0.0", "w1.example", 5)) == "http://w1.example:5"  # noqa: S104 - a value
    assert reached_at("::", None, 5).host == socket.gethostname().lower()


def test_a_copy_is_as_of_one_commit_whatever_is_written_after() -> None:
    made = story()
    found = copied(made.store, made.customer, made.world.identity.forgotten_key(made.customer))
    before = explain_copied(found, made.world, made.customer, made.now, 10)
    made.at(days=3).use("result")
    assert explain_copied(found, made.world, made.customer, made.now, 10) is not None
    again = copied(made.store, made.customer, made.world.identity.forgotten_key(made.customer))
    assert found.values != again.values
    assert before is not None
    assert found.complete


def test_a_partition_says_how_it_is() -> None:
    one = task(story(), Role.ACTIVE, Phase.WORKING)
    one.stats.lag, one.stats.at_s = {"a": 2, "b": 3}, 10.0
    found = partition_now(one, 12.5)
    assert (found.role, found.phase, found.lag, found.last_commit_age_ms) == ("active", "working", 5, 2500)
