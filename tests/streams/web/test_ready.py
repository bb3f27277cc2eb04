"""When a worker says that it is ready, and what it says when it is not."""

from time import monotonic
from types import SimpleNamespace
from typing import cast

import pytest

from streams.engine.kit import Stats
from streams.engine.partitions import Partitions
from streams.engine.task import PartitionTask, Phase, Role
from streams.engine.worlds import Worlds
from streams.web.health import Check, Readiness

AGE_MAX_S = 30.0


def task(phase: Phase, role: Role = Role.ACTIVE, lag: int = 0, age_s: float = 0.0) -> PartitionTask:
    stats = Stats(at_s=monotonic() - age_s, lag={"journey.usage": lag, "journey.replies": 0})
    return cast(PartitionTask, SimpleNamespace(phase=phase, role=role, stats=stats))


def problems(
    *tasks: PartitionTask,
    read: bool = True,
    told: bool = True,
    member: bool = True,
    check: Check | None = None,
) -> list[str]:
    partitions = SimpleNamespace(tasks=dict(enumerate(tasks)), rebalances=int(told))
    worlds = SimpleNamespace(world=object() if read else None)
    checks = () if check is None else (check,)
    parts = cast(Partitions, partitions), cast(Worlds, worlds)
    return Readiness(*parts, lambda: member, AGE_MAX_S, checks).problems()


def test_a_worker_is_ready_once_it_was_told_its_partitions_even_if_they_are_none() -> None:
    assert problems(read=False) == ["catalogue and control are not read yet"]
    assert problems(told=False) == ["the group has not told which partitions are for this worker"]
    assert problems() == []


def test_it_is_not_ready_while_others_may_have_its_partitions() -> None:
    assert problems(task(Phase.WORKING), member=False) == ["the group's coordinator does not answer"]


@pytest.mark.parametrize("role", [Role.ACTIVE, Role.STANDBY])
@pytest.mark.parametrize("phase", list(Phase))
def test_it_is_ready_once_every_partition_is_restored_also_to_stand_by(phase: Phase, role: Role) -> None:
    ready = phase not in (Phase.RESTORING, Phase.REOPENING, Phase.PAUSED)
    assert problems(task(Phase.WORKING), task(phase, role)) == ([] if ready else [f"partition 1 is {phase}"])
    assert problems(task(phase, Role.GONE)) == []


def test_an_old_commit_counts_while_there_is_lag() -> None:
    old, young = AGE_MAX_S + 1, AGE_MAX_S - 1
    assert problems(task(Phase.WORKING, lag=0, age_s=old)) == []
    assert problems(task(Phase.WORKING, lag=1, age_s=young)) == []
    assert problems(task(Phase.WORKING, Role.STANDBY, lag=1, age_s=old)) == []
    (why,) = problems(task(Phase.WORKING, lag=1, age_s=old))
    assert why == "partition 0 has committed nothing for 31 s, and there is lag"


def test_what_else_it_needs_may_keep_it_from_being_ready() -> None:
    assert problems(check=lambda: "the registry does not answer") == ["the registry does not answer"]
    assert problems(check=lambda: None) == []
