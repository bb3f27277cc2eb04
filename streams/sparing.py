"""Lines of a log that say the same again and again, a few of them and how many more there were.

A Kafka client whose broker is away says so hundreds of times a second, each time for each of its connections.
The news is in the first line; the rest fills disks, and hides what the worker itself has to say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Final

SAID_MAX: Final = 3
WITHIN_S: Final = 10.0
ALIKE: Final = 40
"""Lines of a logger are alike when so many characters before their arguments are the same."""
KINDS_MAX: Final = 1_000


class Sparing(logging.Filter):
    """Passes the first few of such lines, and the next one after a while with the number of those between."""

    def __init__(self, *loggers: str, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self.left_out = 0
        """How many lines it kept back since the start."""
        self._loggers = tuple(f"{name}." for name in loggers)
        self._clock = clock
        self._said: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is said."""
        if not f"{record.name}.".startswith(self._loggers):
            return True
        now = self._clock()
        kind = (record.name, record.levelno, str(record.msg)[:ALIKE])
        began, count = self._said.get(kind, (now, 0))
        left_out = 0
        if now - began >= WITHIN_S:
            left_out = max(0, count - SAID_MAX)
            began, count = now, 0
        if kind not in self._said and len(self._said) >= KINDS_MAX:
            self._said.clear()
        self._said[kind] = began, count + 1
        if count >= SAID_MAX:
            self.left_out += 1
            return False
        if left_out:
            record.msg, record.args = f"{record.getMessage()} [and {left_out} more like it before]", None
        return True


def left_out() -> int:
    """How many lines the handlers of this process kept back in all."""
    filters = (it for handler in logging.getLogger().handlers for it in handler.filters)
    return sum(it.left_out for it in filters if isinstance(it, Sparing))
