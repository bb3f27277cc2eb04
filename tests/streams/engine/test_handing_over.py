"""How long a worker that left its group works on: as long as there is somebody to take over, and work."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from time import monotonic
from types import SimpleNamespace

import pytest

from streams.engine import partitions as module
from streams.engine.partitions import Partitions
from streams.engine.task import Role

LONG_S = 60.0
LOOK_S = 0.05


class Working:
    """A partition that commits all the time, or never, until it is taken over."""

    def __init__(self, *, busy: bool) -> None:
        self.stats = SimpleNamespace(number=0)
        self.busy = busy
        self.role: Role | None = None
        self.taken = asyncio.Event()

    def become(self, role: Role, *, at_once: bool = False) -> None:
        assert not at_once
        self.role = role

    async def run(self) -> None:
        while not self.taken.is_set():
            self.stats.number += self.busy
            await asyncio.wait({asyncio.create_task(self.taken.wait())}, timeout=LOOK_S / 10)


@contextlib.asynccontextmanager
async def at_work(task: Working) -> AsyncIterator[Partitions]:
    """A worker with this one partition; it is over at the end, if nobody took it over before."""
    partitions = Partitions(lambda error: pytest.fail(str(error)))
    partitions.tasks[0] = task  # type: ignore[assignment] # what a task shows to the others
    running = partitions._running[0] = asyncio.create_task(task.run())
    try:
        yield partitions
    finally:
        task.taken.set()
        await running


async def looks(states: Sequence[str], task: Working, *, taken_at: int | None = None) -> int:
    """How often the group was asked; the last of its states lasts."""
    asked = 0

    async def group() -> str:
        nonlocal asked
        asked += 1
        if asked == taken_at:
            task.taken.set()
        return states[min(asked, len(states)) - 1]

    async with at_work(task) as partitions:
        await partitions.hand_over(LONG_S, group)
    return asked


@pytest.fixture(autouse=True)
def _looks_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GROUP_ASKED_EVERY_S", LOOK_S)


@pytest.mark.parametrize("state", ["Empty", "Dead", ""])
def test_it_ends_at_once_where_nobody_is_left_or_nobody_says_so(state: str) -> None:
    async def act() -> int:
        return await looks([state], Working(busy=True))

    assert asyncio.run(act()) == 1


def test_it_ends_when_others_have_taken_over() -> None:
    async def act() -> tuple[int, Role | None]:
        task = Working(busy=True)
        return await looks(["Stable"], task, taken_at=3), task.role

    assert asyncio.run(act()) == (3, Role.GONE)


def test_where_there_is_nothing_to_do_it_ends_once_the_others_know_what_is_theirs() -> None:
    async def act() -> int:
        return await looks(["PreparingRebalance", "CompletingRebalance", "Stable"], Working(busy=False))

    assert asyncio.run(act()) == 3


def test_others_that_leave_too_are_not_waited_for() -> None:
    async def act() -> int:
        return await looks(["PreparingRebalance", "Empty"], Working(busy=True))

    assert asyncio.run(act()) == 2


def test_it_has_a_bound() -> None:
    async def group() -> str:
        return "Stable"

    async def act() -> float:
        async with at_work(Working(busy=True)) as partitions:
            began_s = monotonic()
            await partitions.hand_over(5 * LOOK_S, group)
            return monotonic() - began_s

    assert 5 * LOOK_S <= asyncio.run(act()) < LONG_S


def test_who_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GROUP_TOLD_WITHIN_S", LOOK_S)

    async def act() -> None:
        silent = asyncio.Event()

        async def group() -> str:
            await silent.wait()
            return "Stable"

        async with at_work(Working(busy=True)) as partitions:
            await asyncio.wait_for(partitions.hand_over(LONG_S, group), LONG_S / 2)
            silent.set()

    asyncio.run(act())
