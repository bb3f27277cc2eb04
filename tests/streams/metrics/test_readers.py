"""What each series says of a worker that is in a certain state."""

from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client.parser import text_string_to_metric_families

from state.records.parts import Target
from state.rocks import RocksStore
from state.rocks_options import RocksResources
from state.store import Batch
from streams.engine import position as positions
from streams.engine.kit import Stats
from streams.engine.partitions import Partitions
from streams.engine.position import Position
from streams.engine.task import PartitionTask, Phase, Role
from streams.engine.totals import Totals
from streams.engine.worlds import Worlds
from streams.journey.words import Flag
from streams.metrics.collector import page
from streams.metrics.now import OVERDUE_MAX, Watched
from tests.streams.engine.test_deciding import NOW, world

SPEED = 10.0
SILENT_AFTER_MS = world().policies.base.sources.silent_after_ms["deliveries"]


class Clock:
    speed = SPEED

    def now_ms(self) -> int:
        return NOW

    def seconds_until(self, at_ms: int) -> float:
        return max(0.0, (at_ms - NOW) / SPEED / 1000)


class Seen:
    """A worker of partitions that are made here, and its page."""

    def __init__(self, folder: Path) -> None:
        self.tasks: dict[int, PartitionTask] = {}
        self.totals = Totals()
        self._folder = folder
        self._resources = RocksResources()

    def partition(
        self,
        number: int,
        position: Position | None = None,
        due_ms: list[int] | None = None,
        role: Role = Role.ACTIVE,
        phase: Phase = Phase.WORKING,
        **stats: Any,
    ) -> None:
        store = RocksStore(self._folder / str(number), self._resources)
        batch = Batch()
        if position is not None:
            batch.put(positions.KEY, positions.encode(position))
        for customer, due in enumerate(due_ms or ()):
            batch.schedule(f"c{customer}", Target(), 0, due)
        store.write(batch)
        task = SimpleNamespace(number=number, role=role, phase=phase, store=store, stats=Stats(**stats))
        self.tasks[number] = cast(PartitionTask, task)

    def series(self) -> dict[str, float]:
        """Every series as Prometheus names it, labels in order."""
        watched = Watched(
            partitions=cast(Partitions, SimpleNamespace(tasks=self.tasks, rebalances=3)),
            worlds=cast(Worlds, SimpleNamespace(world=world(), problems=2)),
            totals=self.totals,
            clock=Clock(),
            version="1.2.3",
            input_prefix="shop.",
            output_prefix="out.",
            member=lambda: True,
            ready=lambda: False,
            state_memory=self._resources.used_bytes,
            suppressed=lambda: 7,
        )
        text = page(watched).decode()
        return {
            it.name + "".join(f",{label}={it.labels[label]}" for label in sorted(it.labels)): it.value
            for family in text_string_to_metric_families(text)
            for it in family.samples
        }


@pytest.fixture
def seen(tmp_path: Path) -> Seen:
    return Seen(tmp_path)


def test_lag_is_told_by_topic_and_partition_in_records_and_in_wall_time(seen: Seen) -> None:
    since = {"shop.usage": monotonic() - 60}
    seen.partition(3, lag={"shop.usage": 5, "shop.replies": 0}, waiting_since_s=since)
    seen.partition(4, role=Role.STANDBY, lag={"shop.usage": 9})
    found = seen.series()
    assert found["kairos_input_lag_records,partition=3,topic=usage"] == 5
    assert found["kairos_input_lag_seconds,partition=3,topic=usage"] == pytest.approx(60, abs=5)
    assert found["kairos_input_lag_seconds,partition=3,topic=replies"] == 0
    assert "kairos_input_lag_records,partition=4,topic=usage" not in found


def test_overdue_wakeups_are_counted_up_to_a_bound(seen: Seen) -> None:
    seen.partition(0, Position(wakeups=3), due_ms=[NOW - 20_000, NOW, NOW + 1])
    seen.partition(1, Position(wakeups=OVERDUE_MAX + 5), due_ms=[NOW] * (OVERDUE_MAX + 5))
    seen.partition(2, Position(), due_ms=[NOW + 1])
    found = seen.series()
    assert [found[f"kairos_wakeups_pending,partition={n}"] for n in range(3)] == [3, OVERDUE_MAX + 5, 0]
    assert [found[f"kairos_wakeups_overdue,partition={n}"] for n in range(3)] == [2, OVERDUE_MAX, 0]
    assert [found[f"kairos_wakeup_overdue_seconds,partition={n}"] for n in range(3)] == [20 / SPEED, 0, 0]


@pytest.mark.parametrize(("silent_ms", "silent"), [(SILENT_AFTER_MS - 1, 0), (SILENT_AFTER_MS, 1)])
def test_a_source_is_silent_where_the_policy_expects_to_have_heard_it(
    seen: Seen, silent_ms: int, silent: int
) -> None:
    seen.partition(0, Position(heard={"deliveries": NOW - silent_ms}))
    seen.partition(1, Position(heard={"deliveries": NOW - 5_000}))
    seen.partition(2, Position())
    found = seen.series()
    assert found["kairos_silent_source_partitions,topic=deliveries"] == silent
    assert found["kairos_source_silence_seconds,topic=deliveries"] == 5 / SPEED
    assert "kairos_source_silence_seconds,topic=usage" not in found


def test_a_clock_that_is_behind_is_seen_by_inputs_and_by_what_was_taken_over(seen: Seen) -> None:
    seen.partition(0, Position(now_ms=NOW - 1), newest_ms=NOW - 1)
    assert seen.series()["kairos_clock_behind_seconds"] == 0
    seen.partition(1, Position(now_ms=NOW + 30_000))
    assert seen.series()["kairos_clock_behind_seconds"] == 30 / SPEED
    seen.partition(2, newest_ms=NOW + 60_000)
    assert seen.series()["kairos_clock_behind_seconds"] == 60 / SPEED


def test_partitions_are_counted_by_role_and_phase_and_a_mass_incident_by_flag(seen: Seen) -> None:
    flag = Flag.SHIPPING_PROBLEM
    seen.partition(0, Position(held=(int(flag),)))
    seen.partition(1, Position(held=(int(flag),)), role=Role.STANDBY, phase=Phase.STANDING_BY)
    seen.partition(2, phase=Phase.RESTORING, restoring_since_s=monotonic() - 90, unrestored=12)
    found = seen.series()
    assert found["kairos_partitions,phase=working,role=active"] == 1
    assert found["kairos_partitions,phase=paused,role=active"] == 0
    assert found["kairos_partition_info,partition=1,phase=standing_by,role=standby"] == 1
    assert found[f"kairos_mass_incident_partitions,flag={flag.word}"] == 1
    assert found["kairos_restore_remaining_records,partition=2"] == 12
    assert found["kairos_restore_elapsed_seconds,partition=2"] == pytest.approx(90, abs=5)


def test_known_words_are_there_from_the_start_and_others_when_they_are_seen(seen: Seen) -> None:
    found = seen.series()
    assert found["kairos_dead_letters_total,reason=wrong_partition,topic=usage"] == 0
    assert found["kairos_eligibilities_total,arm=holdout,placement=help,status=opened"] == 0
    assert not [name for name in found if name.startswith("kairos_withheld_total")]
    seen.totals.letters["shop.usage", "wrong_partition"] += 2
    seen.totals.withheld["refill", "friction"] += 1
    seen.totals.outputs["out.eligibility"] += 4
    seen.totals.outputs["a-journal"] += 1
    found = seen.series()
    assert found["kairos_dead_letters_total,reason=wrong_partition,topic=usage"] == 2
    assert found["kairos_withheld_total,placement=refill,reason=friction"] == 1
    assert found["kairos_output_records_total,topic=eligibility"] == 4
    assert not [name for name in found if "journal" in name]


def test_a_state_that_closes_meanwhile_takes_its_own_series_alone(seen: Seen) -> None:
    seen.partition(0, Position(customers=4))
    assert seen.series()["kairos_customers,partition=0"] == 4
    store = seen.tasks[0].store
    assert store is not None
    store.close()
    found = seen.series()
    assert "kairos_customers,partition=0" not in found
    assert found["kairos_partition_current,partition=0"] == 0


def test_what_the_worker_says_of_itself(seen: Seen) -> None:
    found = seen.series()
    assert (found["kairos_ready"], found["kairos_group_member"], found["kairos_rebalances_total"]) == (
        0,
        1,
        3,
    )
    assert (found["kairos_policy_problems"], found["kairos_log_suppressed_lines_total"]) == (2, 7)
    assert [name for name in found if name.startswith("kairos_build_info") and "version=1.2.3" in name]
    assert found["kairos_process_resident_memory_bytes"] > 1_000_000
