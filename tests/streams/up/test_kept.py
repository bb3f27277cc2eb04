"""What one run leaves for the next: a clock that never runs backwards, whatever ended it."""

from pathlib import Path

import pytest

from streams.engine.clock import ScaledClock
from streams.errors import Fatal
from streams.up import kept as keeping
from streams.up.kept import AHEAD_S, Kept

START_MS, WALL_MS, SPEED = 1_300_000_000_000, 1_700_000_000_000, 3_600.0
BEGIN = Kept(name="", partitions=4, seed=7, speed=SPEED, reached_ms=START_MS, sent_ms=0)


def clock_after(seconds: float) -> ScaledClock:
    return ScaledClock(START_MS, WALL_MS, SPEED, wall=lambda: WALL_MS + int(seconds * 1000))


def test_a_run_begins_where_the_last_one_ended() -> None:
    ended = keeping.ended(BEGIN, clock_after(60))
    assert ended.reached_ms == START_MS + 60 * 3_600_000
    assert keeping.clock_of(ended, WALL_MS).start_ms == ended.reached_ms


@pytest.mark.parametrize("later_s", [0, AHEAD_S - 1, AHEAD_S])
def test_after_a_kill_a_run_begins_no_earlier_than_the_clock_had_come(later_s: float) -> None:
    written = keeping.running(BEGIN, clock_after(60), 5, {0: 1})
    assert written.reached_ms >= clock_after(60 + later_s).now_ms()
    assert (written.sent_ms, written.heard) == (5, {0: 1})


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / keeping.NAME
    assert keeping.read(path) is None
    written = keeping.running(BEGIN, clock_after(1), 5, {0: 1, 3: 9})
    keeping.write(path, written)
    assert keeping.read(path) == written


@pytest.mark.parametrize("text", ["", "{}", '{"version": 2}', "[]"])
def test_what_cannot_be_read_is_refused_with_the_way_out(tmp_path: Path, text: str) -> None:
    path = tmp_path / keeping.NAME
    path.write_text(text)
    with pytest.raises(Fatal, match="--fresh"):
        keeping.read(path)
