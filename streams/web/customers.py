"""`GET /customers/{customer_id}`: what `kairos explain --json` says, from the live state, wherever it is.

    at work here       answered from here, as of the last commit
    else               asked of the worker that has the partition
    it does not answer  answered from a standby here, and said to be stale
    none of these      503: ask again

A worker whose partition was given to another one works on until it is fenced, and while nothing is to be
committed it does not learn that it was: so it counts as a standby here.
`read_from` in the answer says where it comes from, and when the state was last decided upon.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from aiohttp import web
from msgspec import Struct

from state.errors import MalformedKey, StateError
from state.store import Store
from streams.engine.clock import Clock
from streams.engine.task import PartitionTask, Phase, Role
from streams.journey.step import World
from streams.replay.explanation import Explanation, Gone
from streams.web.answers import json_answer, later, refusal
from streams.web.explaining import Busy, Copied, Explainer, copied
from streams.web.forwarding import HOP, PARTITION, Forwarder

PATH: Final = "/customers/{customer_id}"
ITEMS: Final = 10
ITEMS_MAX: Final = 1_000
STALE: Final = "Kairos-Stale"


class ReadFrom(Struct, frozen=True):
    """Where an explanation was read. Not `complete`: the customer has more records than were read."""

    partition: int
    role: str
    stale: bool
    decided_at: int
    complete: bool


class Places(Struct, frozen=True, kw_only=True):
    """What a worker knows of the places of customers. Each is asked for every question anew."""

    partition_of: Callable[[str], int | None]
    """None while the worker does not know how many partitions there are."""
    tasks: Callable[[], Mapping[int, PartitionTask]]
    worker_of: Callable[[int], str | None]
    """The address of the worker that has a partition, None when it is unknown or this one."""
    world: Callable[[], World | None]
    clock: Clock


class CustomerPages:
    """Answers questions about customers."""

    def __init__(self, places: Places, forwarder: Forwarder) -> None:
        self._places = places
        self._forwarder = forwarder
        self._explainer = Explainer()

    async def close(self) -> None:
        """Let go of the thread and of all connections."""
        self._explainer.close()
        await self._forwarder.close()

    async def get(self, request: web.Request) -> web.Response:
        """The answer to one question."""
        customer_id = request.match_info["customer_id"]
        items = _items(request.query.get("items", str(ITEMS)))
        if items is None:
            return refusal(400, f"items is a number from 1 to {ITEMS_MAX}")
        number, world = self._places.partition_of(customer_id), self._places.world()
        if number is None or world is None:
            return later("the worker starts: ask again")
        try:
            return await self._answer(
                number, world, customer_id, items, may_forward=HOP not in request.headers
            )
        except MalformedKey as error:
            return refusal(400, f"this is no customer id: {error}")
        except Busy as error:
            return later(str(error))

    async def _answer(
        self, number: int, world: World, customer_id: str, items: int, *, may_forward: bool
    ) -> web.Response:
        task = self._places.tasks().get(number)
        if task is not None and _decides(task):
            answer = await self._here(task, world, customer_id, items)
            if answer is not None:
                return answer
        worker = self._places.worker_of(number) if may_forward else None
        if worker is not None:
            answer = await self._forwarder.ask(worker, customer_id, number, items)
            if answer is not None:
                return answer
        if task is not None and task.phase in (Phase.STANDING_BY, Phase.WORKING):
            answer = await self._here(task, world, customer_id, items)
            if answer is not None and answer.status == web.HTTPOk.status_code:
                return answer
        return later(_why(number, task, worker), {PARTITION: str(number)})

    async def _here(
        self, task: PartitionTask, world: World, customer_id: str, items: int
    ) -> web.Response | None:
        """From the store of this task, None when it was closed meanwhile."""
        stale = not _decides(task)
        found = _copied(task.store, world, customer_id)
        if found is None:
            return None
        now_ms = self._places.clock.now_ms()
        explained = await self._explainer.explain(found, world, customer_id, now_ms, items)
        headers = {PARTITION: str(task.number), **({STALE: "1"} if stale else {})}
        if explained is None:
            return refusal(404, f'no customer "{customer_id}" is known', headers)
        role = "standby" if stale else "active"
        place = ReadFrom(task.number, role, stale, found.decided_at, found.complete)
        return json_answer(_with(explained, place), headers=headers)


def _decides(task: PartitionTask) -> bool:
    """Whether nobody else can have decided more than what is in the store of this task."""
    return task.phase is Phase.WORKING and task.role is Role.ACTIVE


def _copied(store: Store | None, world: World, customer_id: str) -> Copied | None:
    if store is None:
        return None
    try:
        return copied(store, customer_id, world.identity.forgotten_key(customer_id))
    except MalformedKey:
        raise
    except StateError:
        return None


def _with(explained: Explanation | Gone, place: ReadFrom) -> bytes:
    """The explanation as `kairos explain --json` has it, with where it was read behind it."""
    return msgspec.json.encode(explained)[:-1] + b',"read_from":' + msgspec.json.encode(place) + b"}"


def _why(number: int, task: PartitionTask | None, worker: str | None) -> str:
    if task is not None:
        return f"partition {number} is {task.phase.replace('_', ' ')} here: ask again"
    if worker is not None:
        return f"partition {number} is at {worker}, which does not answer now"
    return (
        f"it is not known which worker has partition {number} now: ask again. Workers on several machines "
        "find each other by web.host or web.advertised.host"
    )


def _items(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else 0
    return number if 1 <= number <= ITEMS_MAX else None
