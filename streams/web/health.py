"""Whether a worker lives and is ready, and how its partitions are.

    GET /healthz      the loop of this worker lives; who restarts what hangs asks this
    GET /readyz       it does all that it is there for now, or what it does not; who rolls a new version
                      out waits for this before the next worker
    GET /partitions   how each of its partitions is

A worker is not killed because its broker is away, so health asks no broker: what stands still, and why, is
for readiness and for alerts. The age of the last commit counts while there is lag; an idle partition
counts as having committed when it last looked and found nothing. Standbys count too: whoever stops the next
worker before they are warm has nobody to take over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Final

from aiohttp import web
from msgspec import Struct

from streams.engine.partitions import Partitions
from streams.engine.task import PartitionTask, Phase, Role
from streams.engine.worlds import Worlds
from streams.web.answers import json_answer

HEALTH: Final = "/healthz"
READY: Final = "/readyz"
PARTITIONS: Final = "/partitions"


class PartitionNow(Struct, frozen=True, kw_only=True):
    """One partition. `lag`: records not yet taken, `lag_by_topic` where they lie."""

    partition: int
    role: str
    phase: str
    current: bool
    lag: int
    lag_by_topic: dict[str, int]
    last_commit_age_ms: int | None
    transaction_ms: int
    commits: int
    steps: int
    reopened: int
    restored: int


def partition_now(task: PartitionTask, now_s: float) -> PartitionNow:
    """How a partition is at `now_s` of `monotonic`."""
    stats = task.stats
    return PartitionNow(
        partition=task.number,
        role=task.role,
        phase=task.phase,
        current=stats.current,
        lag=sum(stats.lag.values()),
        lag_by_topic=dict(stats.lag),
        last_commit_age_ms=int((now_s - stats.at_s) * 1000) if stats.at_s else None,
        transaction_ms=int(stats.took_s * 1000),
        commits=stats.number,
        steps=stats.steps,
        reopened=stats.reopened,
        restored=stats.restored,
    )


async def healthz(_: web.Request) -> web.Response:
    """The loop that runs this runs everything else."""
    return json_answer({"status": "ok"})


Check = Callable[[], str | None]
"""Why something that a worker needs cannot be had now, None when it can."""


class Readiness:
    """Why a worker is not ready. `checks` are of what else it needs, and answer at once, from memory.

    `member` says whether the group's coordinator knows this worker now: else others may have its partitions.
    """

    def __init__(
        self,
        partitions: Partitions,
        worlds: Worlds,
        member: Callable[[], bool],
        commit_age_max_s: float,
        checks: Sequence[Check] = (),
    ) -> None:
        self._partitions = partitions
        self._worlds = worlds
        self._member = member
        self._commit_age_max_s = commit_age_max_s
        self._checks = tuple(checks)

    def problems(self) -> list[str]:
        """What is amiss; empty when it is ready."""
        return [*self._all(), *(why for check in self._checks if (why := check()) is not None)]

    def _all(self) -> Iterator[str]:
        if self._worlds.world is None:
            yield "catalogue and control are not read yet"
        elif not self._partitions.rebalances:
            yield "the group has not told which partitions are for this worker"
        elif not self._member():
            yield "the group's coordinator does not answer"
        now_s = monotonic()
        for number, task in sorted(self._partitions.tasks.items()):
            if (why := self._amiss(task, now_s)) is not None:
                yield f"partition {number} {why}"

    def _amiss(self, task: PartitionTask, now_s: float) -> str | None:
        if task.role is Role.GONE:
            return None
        if task.phase in (Phase.RESTORING, Phase.REOPENING, Phase.PAUSED):
            return f"is {task.phase}"
        age_s = now_s - task.stats.at_s
        if task.role is Role.ACTIVE and any(task.stats.lag.values()) and age_s > self._commit_age_max_s:
            return f"has committed nothing for {age_s:.0f} s, and there is lag"
        return None

    async def get(self, _: web.Request) -> web.Response:
        """200 when it is ready, 503 with the reasons when it is not."""
        problems = self.problems()
        body = {"status": "not ready" if problems else "ready", "problems": problems}
        return json_answer(body, 503 if problems else 200)


class PartitionsPage:
    """Answers how the partitions of this worker are."""

    def __init__(self, tasks: Callable[[], Mapping[int, PartitionTask]]) -> None:
        self._tasks = tasks

    async def get(self, _: web.Request) -> web.Response:
        """All partitions of this worker, by number."""
        now_s = monotonic()
        return json_answer([partition_now(task, now_s) for _, task in sorted(self._tasks().items())])
