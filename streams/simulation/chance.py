"""All chance of a simulation: one generator for each purpose, made from the seed and its names."""

from math import exp, log
from random import Random
from typing import Final

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

BOUNDARIES: Final = (
    5 * MINUTE,
    30 * MINUTE,
    HOUR,
    DAY,
    2 * DAY,
    3 * DAY,
    5 * DAY,
    7 * DAY,
    10 * DAY,
    14 * DAY,
    21 * DAY,
    30 * DAY,
    90 * DAY,
    180 * DAY,
)
"""Durations at which a rule of the default policy begins or ends."""


def chance(seed: int, *names: object) -> Random:
    """A generator for what `names` name; the same seed and names draw the same numbers."""
    text = "/".join(map(str, (seed, *names)))
    return Random(text)  # noqa: S311 - made-up customers keep no secret


def pause(rng: Random, most_ms: int = 40 * DAY) -> int:
    """Some time: as long as people take, or exactly a boundary of the policy, or 1 ms beside it."""
    if rng.random() < 0.35:
        near = [boundary for boundary in BOUNDARIES if boundary <= most_ms]
        if near:
            return rng.choice(near) + rng.choice((-1, 0, 1))
    return int(exp(rng.uniform(log(SECOND), log(max(most_ms, 2 * SECOND)))))
