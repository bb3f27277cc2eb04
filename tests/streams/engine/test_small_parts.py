"""Positions, pace, clocks, failpoints, and when a local state is no cache of its changelog."""

import pytest

from state.errors import Damaged, UnknownVersion
from state.memory import MemoryStore
from state.store import Batch
from streams.engine import position as positions
from streams.engine.clock import LiveClock, ScaledClock, wall_ms
from streams.engine.failpoints import PLACES, Failpoints
from streams.engine.pace import JITTER, Pace
from streams.engine.position import Mark, Position
from streams.engine.restore import STATE_AGE_MAX_MS, why_useless
from streams.errors import Fatal, Retryable

POSITION = Position({"journey.usage": 7}, 1_700_000_000_000, 12, {"deliveries": 5}, 99)


def test_a_position_comes_back_from_its_bytes() -> None:
    assert positions.decode(positions.encode(POSITION)) == POSITION


def test_a_position_of_another_version_is_refused_by_name() -> None:
    with pytest.raises(UnknownVersion, match="position has version 2"):
        positions.decode(b"\x02" + positions.encode(POSITION)[1:])


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\xff", positions.encode(POSITION)[:-1]])
def test_a_damaged_position_is_refused(data: bytes) -> None:
    with pytest.raises(Damaged):
        positions.decode(data)


def test_the_mark_of_the_changelog_is_kept_beside_the_state() -> None:
    store, batch = MemoryStore(), Batch()
    assert positions.changelog_mark(store) is None
    positions.put_changelog_mark(batch, Mark(2**40, 1_700_000_000_000))
    store.write(batch)
    assert positions.changelog_mark(store) == Mark(2**40, 1_700_000_000_000)


@pytest.mark.parametrize(
    ("mark", "useless"),
    [
        (None, False),
        (Mark(10, 0), False),
        (Mark(20, 0), False),
        (Mark(21, 0), True),
        (Mark(9, 0), True),
    ],
)
def test_a_state_ahead_of_its_changelog_or_behind_its_start_is_useless(
    mark: Mark | None, useless: bool
) -> None:
    assert (why_useless(mark, 10, 20, STATE_AGE_MAX_MS) is not None) == useless


def test_a_state_older_than_tombstones_live_is_useless() -> None:
    assert why_useless(Mark(10, 0), 0, 20, STATE_AGE_MAX_MS) is None
    assert "tombstones" in (why_useless(Mark(10, 0), 0, 20, STATE_AGE_MAX_MS + 1) or "")


def test_the_interval_follows_what_a_transaction_takes_within_its_bounds() -> None:
    pace = Pace(0.05, 0.5, 1)
    assert 0.05 * (1 - JITTER) <= pace.interval_s() <= 0.05 * (1 + JITTER)
    for _ in range(100):
        pace.took(0.1)
    assert 0.3 * (1 - JITTER) - 0.01 <= pace.interval_s() <= 0.3 * (1 + JITTER) + 0.01
    for _ in range(100):
        pace.took(9.0)
    assert pace.interval_s() <= 0.5 * (1 + JITTER)


def test_partitions_do_not_commit_in_lockstep() -> None:
    assert len({Pace(0.05, 0.5, number).interval_s() for number in range(12)}) == 12


def test_a_scaled_clock_runs_so_many_times_faster() -> None:
    now = [5_000]
    clock = ScaledClock(1_000_000, 5_000, 3_600.0, lambda: now[0])
    assert clock.now_ms() == 1_000_000
    now[0] += 1_000
    assert clock.now_ms() == 1_000_000 + 3_600_000
    assert clock.seconds_until(clock.now_ms() + 7_200_000) == 2.0
    assert clock.seconds_until(0) == 0.0


def test_the_live_clock_is_the_wall_clock() -> None:
    assert abs(LiveClock().now_ms() - wall_ms()) < 1_000
    assert LiveClock().seconds_until(0) == 0.0


def test_a_failpoint_fails_the_time_it_was_told_and_never_again() -> None:
    points = Failpoints.of("before_commit=fail@2")
    points.reach("before_commit")
    points.reach("after_commit")
    with pytest.raises(Retryable, match="before_commit"):
        points.reach("before_commit")
    points.reach("before_commit")


def test_no_failpoint_is_armed_without_being_told() -> None:
    for place in PLACES:
        Failpoints.of("").reach(place)


@pytest.mark.parametrize("text", ["nowhere=crash@1", "before_commit=explode", "before_commit=fail@x"])
def test_an_unknown_failpoint_is_refused(text: str) -> None:
    with pytest.raises(Fatal, match="KAIROS_FAILPOINTS"):
        Failpoints.of(text)
