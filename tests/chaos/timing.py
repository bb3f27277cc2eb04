"""What a run shows about time: looks that are overdue, who is called current, how long nothing was said."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from streams.engine.journal import Line
from streams.inputs.records import InputRecord
from tests.chaos.plan import BEHIND_MS, Plan
from tests.chaos.scene import Backlog

OVERDUE_MAX_MS: Final = 10_000
"""Wall time that a look may be overdue at the end, long after the last fault."""
Inputs = Mapping[str, list[InputRecord]]


def overdue(plan: Plan, next_due_ms: int | None, ended_ms: int) -> int:
    """How long the next look was overdue when the workers were stopped, in wall time; 0 when it may be."""
    if next_due_ms is None:
        return 0
    overdue_ms = int((ended_ms - next_due_ms) / plan.speed)
    return overdue_ms if overdue_ms > OVERDUE_MAX_MS else 0


def wrongly_current(
    plan: Plan, partition: int, lines: Iterable[Line], inputs: Inputs, backlogs: Sequence[Backlog]
) -> str | None:
    """Nobody is current while anything of a backlog is unread: it could forbid what would be opened."""
    following = dict.fromkeys(inputs, 0)
    within_ms = int(BEHIND_MS * plan.speed)
    waiting = deque(backlogs)
    ends: Mapping[str, int] = {}
    for line in lines:
        for part in line.slices:
            while waiting and waiting[0].at_ms <= part.now_ms:
                ends = waiting.popleft().ends
            unread = [
                f"{topic} {offset}"
                for topic, offset in following.items()
                if offset < ends.get(f"{topic}-{partition}", 0)
                and (inputs[topic][offset].timestamp_ms or 0) < part.now_ms - within_ms
            ]
            if part.current and unread:
                return f"was current at {part.now_ms} with {unread} of a backlog unread"
            for run in part.taken:
                following[run.topic] = run.first + run.count
    return None


def pauses(
    plan: Plan, written_ms: Sequence[int], lines: Sequence[Line], inputs: Inputs
) -> Iterator[tuple[float, float]]:
    """Since when and how long nothing was committed while there was something to take, in wall time."""
    clock = plan.clock

    def wall_ms(at_ms: int) -> float:
        return clock.began_ms + (at_ms - clock.start_ms) / clock.speed

    following = dict.fromkeys(inputs, 0)
    before_ms = float(plan.began_ms)
    for at_ms, line in zip(written_ms, lines, strict=True):
        waiting = [
            wall_ms(records[following[topic]].timestamp_ms or 0)
            for topic, records in inputs.items()
            if following[topic] < len(records)
        ]
        if waiting:
            from_ms = max(before_ms, min(waiting))
            yield from_ms, max(0.0, at_ms - from_ms)
        for part in line.slices:
            for run in part.taken:
                following[run.topic] = run.first + run.count
        before_ms = at_ms
