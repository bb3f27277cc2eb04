"""Made-up histories of which everything is known."""

import random
from collections.abc import Iterator, Sequence
from math import exp
from typing import NamedTuple

from streams.journey.replenishment import DAY_MS
from streams.learning.history import Sale
from streams.loading.policy_file import load_policies

RULES = load_policies().base.replenishment
START_MS = 1_600_000_000_000 // DAY_MS * DAY_MS


class Truth(NamedTuple):
    """How the log gaps of a product are spread."""

    product_id: str
    mean: float
    sd_between: float = 0.5
    sd_within: float = 0.5


def at(day: float) -> int:
    """Epoch milliseconds of a time so many days after the start."""
    return START_MS + round(day * DAY_MS)


def sales_of(
    truths: Sequence[Truth], customers: int, gaps: int, seed: int = 1, days: float = 1e9
) -> list[Sale]:
    """Each of so many customers per product buys it so often again, none after `days`; in order of time."""
    return sorted(_sales(truths, customers, gaps, random.Random(seed), days), key=lambda sale: sale.at_ms)


def _sales(
    truths: Sequence[Truth], customers: int, gaps: int, chance: random.Random, days: float
) -> Iterator[Sale]:
    for truth in truths:
        for customer in range(customers):
            own = chance.gauss(truth.mean, truth.sd_between)
            day = chance.uniform(0, min(days, 100))
            for _ in range(gaps + 1):
                if day < days:
                    yield Sale(at(day), f"{truth.product_id}-{customer}", truth.product_id, 1)
                day += max(exp(chance.gauss(own, truth.sd_within)), 1.0)
