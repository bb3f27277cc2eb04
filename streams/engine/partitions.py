"""All partition tasks of a worker: which exist, what each is to do, and that none of them ends unseen.

    assignment (active, standby) -> roles -> tasks

A task that ends by itself, with an error or without, would leave its partition standing still while the
worker looks well. So that is fatal for the worker: another one takes over, and the operator hears of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import copy_context
from time import monotonic
from typing import Final

from streams.engine.kit import Kit
from streams.engine.peers import positions_of_all
from streams.engine.position import Stage
from streams.engine.task import PartitionTask, Phase, Role
from streams.errors import Fatal
from streams.logs import PARTITION

log = logging.getLogger(__name__)

STOP_WITHIN_S: Final = 20.0
"""How long tasks may take to commit and close when the worker stops."""
GROUP_ASKED_EVERY_S: Final = 0.5
GROUP_TOLD_WITHIN_S: Final = 1.0
STABLE: Final = "Stable"
WITH_MEMBERS: Final = frozenset(("PreparingRebalance", "CompletingRebalance", STABLE))
"""States of a group, in Kafka's words."""
SLICE_LEAST_NS: Final = 2_000_000


class Partitions:
    """The tasks of this worker by partition number."""

    def __init__(self, crash: Callable[[BaseException], None], stop_within_s: float = STOP_WITHIN_S) -> None:
        self._stop_within_s = stop_within_s
        self.tasks: dict[int, PartitionTask] = {}
        self.rebalances = 0
        self._crash = crash
        self._running: dict[int, asyncio.Task[None]] = {}
        self._kit: Kit | None = None
        self._stopping = False

    def use(self, kit: Kit) -> None:
        """What every task is given from now on."""
        self._kit = kit

    @property
    def count(self) -> int | None:
        """How many partitions there are in all, None before this worker is set up."""
        return None if self._kit is None else self._kit.partitions

    def slice_ns(self, budget_ms: int) -> int:
        """How long a slice may take: the budget of the loop, shared by the partitions at work."""
        working = sum(task.phase is Phase.WORKING for task in self.tasks.values())
        return max(SLICE_LEAST_NS, budget_ms * 1_000_000 // max(1, working))

    def assign(self, active: Iterable[int], standby: Iterable[int]) -> None:
        """From now on these are ours. Tasks of partitions that stay work on as if nothing had happened."""
        if self._stopping:
            return
        self.rebalances += 1
        roles = dict.fromkeys(standby, Role.STANDBY) | dict.fromkeys(active, Role.ACTIVE)
        for number, task in self.tasks.items():
            role = roles.get(number, Role.GONE)
            if task.role is not role:
                log.info("partition %s: %s -> %s", number, task.role, role, extra={"partition": number})
                task.become(role)
        for number, role in sorted(roles.items()):
            if number not in self.tasks:
                self._start(number, role)

    async def hand_over(self, within_s: float, group: Callable[[], Awaitable[str]]) -> None:
        """Work on until others have taken all over, so that no partition stands still meanwhile.

        To be called after the group was left. `group` tells its state: when nobody is left in it, or the
        partitions are given to others and nothing is to be done for them here any more, that is the end.
        """
        self._stopping = True
        for task in self.tasks.values():
            task.become(Role.GONE)
        running, until_s = set(self._running.values()), monotonic() + within_s
        while running and monotonic() < until_s:
            asking = asyncio.ensure_future(group())
            await asyncio.wait({asking}, timeout=GROUP_TOLD_WITHIN_S)
            state, said = asking.result() if asking.done() else "", self._transactions()
            if state not in WITH_MEMBERS:
                return
            _, running = await asyncio.wait(running, timeout=GROUP_ASKED_EVERY_S)
            if state == STABLE and said == self._transactions():
                return

    def _transactions(self) -> int:
        return sum(task.stats.number for task in self.tasks.values())

    async def stop(self) -> None:
        """End all tasks: each commits what it has and closes. Bounded."""
        self._stopping = True
        for task in self.tasks.values():
            task.become(Role.GONE, at_once=True)
        running = list(self._running.values())
        if running:
            _, late = await asyncio.wait(running, timeout=self._stop_within_s)
            for one in late:
                log.warning("%s did not end within %s s: left behind", one.get_name(), self._stop_within_s)
                one.cancel()

    def finished(self) -> bool:
        """Whether all that is ours to work on has come to its end: only a replay has one."""
        active = [task.phase for task in self.tasks.values() if task.role is Role.ACTIVE]
        return bool(active) and all(phase is Phase.FINISHED for phase in active)

    async def replayed(self) -> bool:
        """Whether the partitions of all workers have come to the end of a replay."""
        kit = self._kit
        if kit is None or not self.finished():
            return False
        found = await positions_of_all(kit.clients, kit.changelog, kit.partitions)
        ended = [it.replayed is not None and it.replayed.stage is Stage.DONE for it in found.values()]
        return len(ended) == kit.partitions and all(ended)

    def phases(self) -> Mapping[int, Phase]:
        """What each partition does now."""
        return {number: task.phase for number, task in sorted(self.tasks.items())}

    def _start(self, number: int, role: Role) -> None:
        if self._kit is None:
            raise Fatal("partitions were assigned before the worker was set up")
        log.info("partition %s: %s", number, role, extra={"partition": number})
        task = self.tasks[number] = PartitionTask(self._kit, number, role)
        context = copy_context()
        context.run(PARTITION.set, number)
        running = self._running[number] = asyncio.create_task(
            task.run(), name=f"partition-{number}", context=context
        )
        running.add_done_callback(lambda done: self._ended(number, done))

    def _ended(self, number: int, done: asyncio.Task[None]) -> None:
        task = self.tasks.pop(number)
        self._running.pop(number, None)
        if self._stopping:
            return
        if done.cancelled():
            self._crash(Fatal(f"the task of partition {number} was cancelled by nobody"))
        elif (error := done.exception()) is not None:
            self._crash(error)
        elif task.role is not Role.GONE:
            # it was given back while its end was on the way
            self._start(number, task.role)
