"""The only place of the engine where a clock is read.

live      now is the wall clock
scaled    now is a start in history plus wall time times a speed-up: weeks of journey pass in minutes
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from streams.errors import Fatal
from streams.settings import Settings


class Clock(Protocol):
    """What time it is for the journey. `speed` is how many of its milliseconds pass in one of the wall's."""

    @property
    def speed(self) -> float: ...
    def now_ms(self) -> int: ...
    def seconds_until(self, at_ms: int) -> float: ...


def wall_ms() -> int:
    """Epoch milliseconds of the wall clock."""
    return time.time_ns() // 1_000_000


class LiveClock:
    """The wall clock."""

    speed = 1.0

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return wall_ms()

    def seconds_until(self, at_ms: int) -> float:
        """How long to wait for a time; 0 when it has passed."""
        return max(0.0, (at_ms - wall_ms()) / 1000)


class ScaledClock:
    """Journey time that was `start_ms` when the wall clock was `began_ms`, and runs `speed` times faster.

    All workers, and whoever writes the records, must be given the same three numbers.
    """

    def __init__(self, start_ms: int, began_ms: int, speed: float, wall: Callable[[], int] = wall_ms) -> None:
        if speed <= 0:
            raise ValueError("the speed of a clock is above 0")
        self.start_ms = start_ms
        self.began_ms = began_ms
        self.speed = speed
        self._wall = wall

    def now_ms(self) -> int:
        """Epoch milliseconds of the journey."""
        return self.start_ms + int((self._wall() - self.began_ms) * self.speed)

    def seconds_until(self, at_ms: int) -> float:
        """How long to wait, in wall time, for a time of the journey; 0 when it has passed."""
        return max(0.0, (at_ms - self.now_ms()) / self.speed / 1000)


def clock_of(settings: Settings) -> Clock:
    """The clock that the settings ask for. Fatal: replay, which has a command of its own."""
    engine = settings.engine
    if engine.clock == "live":
        return LiveClock()
    if engine.clock == "scaled":
        start, began = engine.clock_start, engine.clock_began
        start_ms = wall_ms() if start is None else int(start.timestamp() * 1000)
        began_ms = wall_ms() if began is None else int(began.timestamp() * 1000)
        return ScaledClock(start_ms, began_ms, engine.clock_speed)
    raise Fatal("the clock of a replay is that of `kairos replay --kafka` alone")
