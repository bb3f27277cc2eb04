"""`GET /healthz`: the loop of this worker lives. `GET /partitions`: how each of its partitions is.

A worker is not killed because its broker is away, so health asks no broker: what stands still, and why, is
for `/partitions` and for alerts. The age of the last commit counts while there is lag; an idle partition
counts as having committed when it last looked and found nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

from aiohttp import web
from msgspec import Struct

from streams.engine.task import PartitionTask
from streams.web.answers import json_answer

HEALTH: Final = "/healthz"
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


class PartitionsPage:
    """Answers how the partitions of this worker are."""

    def __init__(self, tasks: Callable[[], Mapping[int, PartitionTask]]) -> None:
        self._tasks = tasks

    async def get(self, _: web.Request) -> web.Response:
        """All partitions of this worker, by number."""
        now_s = monotonic()
        return json_answer([partition_now(task, now_s) for _, task in sorted(self._tasks().items())])
