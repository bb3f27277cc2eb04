"""How often a partition commits: seldom enough to be cheap, often enough to be early.

The time between two commits is a multiple of what a transaction takes, so a slow broker gets larger batches
and a fast one is not waited for. Some jitter keeps partitions from committing in lockstep.
"""

from __future__ import annotations

from random import Random
from typing import Final

TIMES_A_TRANSACTION: Final = 3.0
JITTER: Final = 0.15
_WEIGHT: Final = 0.2


class Pace:
    """The pace of one partition. `least_s` and `most_s` bound the interval."""

    __slots__ = ("_least_s", "_mean_s", "_most_s", "_random")

    def __init__(self, least_s: float, most_s: float, seed: int) -> None:
        if not 0 < least_s <= most_s:
            raise ValueError("an interval of commits is above 0, and its least not above its most")
        self._least_s = least_s
        self._most_s = most_s
        self._mean_s = 0.0
        self._random = Random(seed)  # noqa: S311 - it spreads load and guards nothing

    def took(self, transaction_s: float) -> None:
        """A transaction took so long."""
        self._mean_s += _WEIGHT * (transaction_s - self._mean_s)

    def interval_s(self) -> float:
        """How long to gather before the next commit."""
        wanted = min(max(TIMES_A_TRANSACTION * self._mean_s, self._least_s), self._most_s)
        return wanted * (1 + JITTER * (2 * self._random.random() - 1))
