"""Makes a failing script shorter: actions are left out, many and then few, while the violation remains.

Bounded by a number of runs rather than by time, so that the result is the same on every machine.
"""

from collections.abc import Callable
from typing import Final, TypeVar

RUNS_MAX: Final = 600

A = TypeVar("A")


def shrink(script: list[A], fails: Callable[[list[A]], bool]) -> list[A]:
    """A part of the script, in order, that still fails; the whole script when no part does."""
    runs = 0
    size = max(1, len(script) // 2)
    while size and runs < RUNS_MAX:
        start, shorter = 0, False
        while start < len(script) and runs < RUNS_MAX:
            candidate = script[:start] + script[start + size :]
            runs += 1
            if candidate and fails(candidate):
                script, shorter = candidate, True
            else:
                start += size
        if size == 1 and not shorter:
            break
        size = size if size == 1 else size // 2
    return script
