"""How each metric is read: one row per name of `declared`, from a worker as it is now.

A reader yields label values and a number. What has no partition is summed up where it is counted, so it
never falls when a partition goes.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final, TypeAlias

from schemas.errors import Reason
from schemas.topics import HOLDOUT, journey_inputs, outputs
from streams.engine.task import PartitionTask, Phase, Role
from streams.engine.totals import TREATMENT, Distribution
from streams.journey.words import Flag, FlagState, Placement, Stage, Status, Word
from streams.metrics.now import Kept, Now

Sample: TypeAlias = tuple[tuple[str, ...], float | Distribution]
Read: TypeAlias = Callable[[Now], Iterable[Sample]]

INPUTS: Final = tuple(topic.name for topic in journey_inputs())
OUTPUTS: Final = tuple(outputs())
ARMS: Final = (TREATMENT, HOLDOUT)


def _words(kind: type[Word]) -> tuple[str, ...]:
    return tuple(member.word for member in kind)


def _one(read: Callable[[Now], float | Distribution]) -> Read:
    """A metric without labels."""
    return lambda now: (((), read(now)),)


def _each(read: Callable[[PartitionTask, Now], float | Distribution]) -> Read:
    """One value for each partition."""
    return lambda now: (((str(number),), read(task, now)) for number, task in now.tasks.items())


def _kept(read: Callable[[Kept, Now], float]) -> Read:
    """One value for each partition whose state is open."""
    return lambda now: (((str(number),), read(kept, now)) for number, kept in now.kept.items())


def _decided(read: Callable[[Kept, Now], float]) -> Read:
    """The same for those that are decided for here: a standby would tell it twice, a little late."""
    return lambda now: (
        ((str(number),), read(now.kept[number], now)) for number in now.active if number in now.kept
    )


def _counted(read: Callable[[Now], Mapping[Any, int]], *labels: Iterable[str]) -> Read:
    """Counts by words: all that are known from the start, at 0, and whatever else was counted."""
    known = {(words[0] if len(words) == 1 else words): 0 for words in product(*labels)} if labels else {}

    def counts(now: Now) -> Iterator[Sample]:
        for words, count in {**known, **read(now)}.items():
            yield ((words,) if isinstance(words, str) else words), count

    return counts


def _inputs(now: Now, counts: Mapping[str, int]) -> dict[str, int]:
    """By the names of the contract."""
    prefix = now.watched.input_prefix
    return {topic.removeprefix(prefix): count for topic, count in counts.items()}


def _outputs(now: Now) -> dict[str, int]:
    """Likewise, and nothing that is no output of the contract."""
    prefix = now.watched.output_prefix
    counts = {topic.removeprefix(prefix): count for topic, count in now.totals.outputs.items()}
    return {topic: counts[topic] for topic in OUTPUTS if topic in counts}


def _letters(now: Now) -> dict[tuple[str, str], int]:
    prefix = now.watched.input_prefix
    return {(topic.removeprefix(prefix), why): count for (topic, why), count in now.totals.letters.items()}


def _lag_records(now: Now) -> Iterator[Sample]:
    for number, task in now.active.items():
        for topic, lag in _inputs(now, task.stats.lag).items():
            yield (topic, str(number)), lag


def _lag_seconds(now: Now) -> Iterator[Sample]:
    for number, task in now.active.items():
        for topic in task.stats.lag:
            since_s = task.stats.waiting_since_s.get(topic, now.at_s)
            yield (topic.removeprefix(now.watched.input_prefix), str(number)), max(0.0, now.at_s - since_s)


def _silence(now: Now) -> Iterator[Sample]:
    for topic, at_ms in now.heard_ms.items():
        yield (topic,), now.wall_s(at_ms)


def _silent(now: Now) -> Iterator[Sample]:
    world = now.watched.worlds.world
    expected = {} if world is None else world.policies.base.sources.silent_after_ms
    for topic in INPUTS:
        after_ms = expected.get(topic)
        silent = 0
        for number in now.active if after_ms is not None else ():
            kept = now.kept.get(number)
            heard_ms = None if kept is None else kept.position.heard.get(topic)
            silent += heard_ms is not None and heard_ms + (after_ms or 0) <= now.now_ms
        yield (topic,), silent


def _overdue_seconds(kept: Kept, now: Now) -> float:
    return 0.0 if kept.next_due_ms is None else now.wall_s(kept.next_due_ms)


def _behind(now: Now) -> float:
    """Of other machines' clocks this worker sees the decisions that it took over, and its inputs."""
    newest = [kept.position.now_ms for kept in now.kept.values()]
    newest += [task.stats.newest_ms for task in now.tasks.values()]
    return max(0, max(newest, default=0) - now.now_ms) / now.watched.clock.speed / 1000


def _partitions(now: Now) -> Iterator[Sample]:
    at = [(task.role, task.phase) for task in now.tasks.values()]
    for pair in product(Role, Phase):
        yield (pair[0].value, pair[1].value), at.count(pair)


def _infos(now: Now) -> Iterator[Sample]:
    for number, task in now.tasks.items():
        yield (str(number), task.role.value, task.phase.value), 1


def _elapsed(task: PartitionTask, now: Now) -> float:
    since_s = task.stats.restoring_since_s
    return now.at_s - since_s if since_s else 0.0


def _age(now: Now) -> Iterator[Sample]:
    for number, task in now.active.items():
        if task.stats.at_s:
            yield (str(number),), now.at_s - task.stats.at_s


def _looks(now: Now) -> dict[str, int]:
    return {"looked": now.totals.looked, "stale": now.totals.stale}


def _lookups(now: Now) -> dict[str, int]:
    return {"hit": now.totals.asked - now.totals.read, "miss": now.totals.read}


def _held(now: Now) -> Iterator[Sample]:
    held = [flag for number in now.active if number in now.kept for flag in now.kept[number].position.held]
    for flag in Flag:
        yield (flag.word,), held.count(flag)


def _policy(now: Now) -> Iterator[Sample]:
    world = now.watched.worlds.world
    if world is not None:
        yield (world.policies.version, world.catalogue.version, f"{world.version:x}"), 1


def _holdout(now: Now) -> float:
    world = now.watched.worlds.world
    return 0.0 if world is None else world.policies.base.holdout.share


READERS: Final[Mapping[str, Read]] = {
    # inputs and outputs
    "kairos_input_records_total": _counted(lambda now: _inputs(now, now.totals.inputs), INPUTS),
    "kairos_output_records_total": _counted(_outputs, OUTPUTS),
    "kairos_input_lag_records": _lag_records,
    "kairos_input_lag_seconds": _lag_seconds,
    "kairos_dead_letters_total": _counted(_letters, INPUTS, [reason.value for reason in Reason]),
    "kairos_late_events_total": _counted(lambda now: _inputs(now, now.totals.late), INPUTS),
    "kairos_repeated_events_total": _counted(lambda now: _inputs(now, now.totals.repeated), INPUTS),
    "kairos_source_silence_seconds": _silence,
    "kairos_silent_source_partitions": _silent,
    # time
    "kairos_event_to_output_seconds": _one(lambda now: now.totals.event_to_output),
    "kairos_wakeup_lateness_seconds": _one(lambda now: now.totals.lateness),
    "kairos_wakeups_pending": _decided(lambda kept, _: kept.position.wakeups),
    "kairos_wakeups_overdue": _decided(lambda kept, _: kept.overdue),
    "kairos_wakeup_overdue_seconds": _decided(_overdue_seconds),
    "kairos_wakeups_taken_total": _counted(_looks),
    "kairos_clock_timestamp_seconds": _one(lambda _: time.time()),
    "kairos_clock_behind_seconds": _one(_behind),
    # transactions
    "kairos_transaction_seconds": _each(lambda task, _: task.stats.took),
    "kairos_last_commit_age_seconds": _age,
    "kairos_transaction_steps": _one(lambda now: now.totals.steps),
    "kairos_decision_seconds": _one(lambda now: now.totals.decision),
    "kairos_slice_seconds": _one(lambda now: now.totals.slice),
    "kairos_decision_faults_total": _one(lambda now: now.totals.faults),
    # partitions
    "kairos_partitions": _partitions,
    "kairos_partition_info": _infos,
    "kairos_partition_current": _each(lambda task, _: task.stats.current),
    "kairos_partition_reopened_total": _each(lambda task, _: task.stats.reopened),
    "kairos_rebalances_total": _one(lambda now: now.watched.partitions.rebalances),
    "kairos_fenced_total": _one(lambda now: now.totals.fenced),
    "kairos_group_member": _one(lambda now: now.watched.member()),
    "kairos_ready": _one(lambda now: now.watched.ready()),
    # state
    "kairos_restored_records_total": _each(lambda task, _: task.stats.restored),
    "kairos_restore_remaining_records": _each(lambda task, _: task.stats.unrestored),
    "kairos_restore_elapsed_seconds": _each(_elapsed),
    "kairos_state_bytes": _kept(lambda kept, _: kept.bytes),
    "kairos_state_memory_bytes": _one(lambda now: now.watched.state_memory()),
    "kairos_customers": _decided(lambda kept, _: kept.position.customers),
    "kairos_cache_lookups_total": _counted(_lookups),
    # journey
    "kairos_eligibilities_total": _counted(
        lambda now: now.totals.eligibilities, _words(Placement), _words(Status), ARMS
    ),
    "kairos_eligibility_ends_total": _counted(lambda now: now.totals.ends),
    "kairos_withheld_total": _counted(lambda now: now.totals.withheld),
    "kairos_friction_changes_total": _counted(
        lambda now: now.totals.friction, _words(Flag), _words(FlagState)
    ),
    "kairos_stage_changes_total": _counted(lambda now: now.totals.stages, _words(Stage)),
    "kairos_mass_incident_partitions": _held,
    "kairos_holdout_ratio": _one(_holdout),
    "kairos_policy_info": _policy,
    "kairos_policy_problems": _one(lambda now: now.watched.worlds.problems),
    "kairos_redeciding_partitions": _one(
        lambda now: sum(task.stats.redeciding for task in now.active.values())
    ),
    # process
    "kairos_build_info": lambda now: (((now.watched.version, platform.python_version()), 1),),
    "kairos_loop_stall_seconds": _one(lambda now: now.totals.loop_stall),
    "kairos_log_suppressed_lines_total": _one(lambda now: now.watched.suppressed()),
}
"""By name; what the process is, `kairos_process_...`, the client library of Prometheus reads itself."""
