"""Pure: the standard library and msgspec only. When a consumable will run out, as an estimate with a window.

Gaps between purchases are log-normal: what matters is by which factor they differ. A customer has a mean log
gap of their own, spread around that of the product by `sd_between`, and each gap lies around it by
`sd_within`. Two or three gaps say little about the customer (their plain average is the worst of all usual
estimates), so the mean of the n own log gaps is shrunk towards what is expected of the product:

    (n * own mean + k * expected) / (n + k),    k = sd_within^2 / sd_between^2, at most `prior_gaps_max`

The bound keeps a prior that is wrong about somebody from being right for ever. The window is the 25th, 50th
and 75th percentile of the next gap, not of the mean: it holds one gap in two.

What is expected of the product is, the first that is there: the product's learned prior, the supply that the
catalogue states, the category's or the global learned prior, the policy's own numbers. Learned and policy
numbers stand for a customer with the reference rhythm; whoever orders (anything) more often than that buys
this product more often too, so they move with the customer's rhythm where it is known.

Where the catalogue says that supply scales with quantity, gaps, prior and supply are per piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import erf, exp, log, sqrt
from typing import Final, Literal, Protocol

from msgspec import Struct

from streams.journey.policy import Replenishment

Basis = Literal["own_history", "product", "category", "catalogue", "global"]
"""What weighs most in an estimate."""
LEARNED_ON: Final[dict[str, Basis]] = {"product": "product", "category": "category"}

DAY_MS: Final = 86_400_000
ROOT_OF_TWO: Final = sqrt(2)
QUARTILE: Final = 0.6744897501960817
"""Of the standard normal distribution: half of it lies within this distance of its mean."""
LOG_MAX: Final = 50.0
"""No log and no spread is greater; beyond e^50 days there is nothing but overflow."""


class Prior(Protocol):
    """What was learned of the gaps of a product; `schemas.records.Prior` is one."""

    @property
    def mean_log_gap_days(self) -> float: ...
    @property
    def sd_between(self) -> float: ...
    @property
    def sd_within(self) -> float: ...
    @property
    def pairs(self) -> int: ...
    @property
    def basis(self) -> str: ...


class RunOut(Struct, frozen=True, gc=False):
    """Milliseconds after the newest supply arrived: `early_ms` <= `expected_ms` <= `late_ms`.

    They are the 25th, 50th and 75th percentile. `confidence` is the probability that the actual time is
    within the policy's factor of the expected one, either way.
    """

    early_ms: int
    expected_ms: int
    late_ms: int
    basis: Basis
    confidence: float


def estimate_run_out(
    purchases: Iterable[tuple[int, int]],
    *,
    prior: Prior | None,
    supply_days: float | None,
    scales: bool,
    rules: Replenishment,
    rhythm: float | None = None,
) -> RunOut:
    """How long the newest supply of a product lasts with one customer. Never raises for finite numbers.

    `purchases` are (epoch ms, pieces that are left after returns) in any order; those without a piece are
    none, those of one day (UTC) are one, the newest `purchases_max` count. `rhythm` is `rhythm_of` the
    customer's orders, None where it is not kept. Add the result to the time of delivery: the gap between two
    purchases is also that between their deliveries.
    """
    supplies = supplies_of(purchases)[-rules.purchases_max :]
    gaps = log_gaps(supplies, scales=scales) if len(supplies) > 1 else []
    mean, between, within, basis = _expected(prior, supply_days, rules, rhythm)
    count = len(gaps)
    variance = within * within
    if count:
        own = sum(gaps) / count
        squares = sum([(gap - own) ** 2 for gap in gaps])
        variance = (rules.within_gaps * variance + squares) / (rules.within_gaps + count - 1)
    else:
        own = mean
    weight = min(variance / (between * between), rules.prior_gaps_max)  # of the prior, in gaps
    centre = (count * own + weight * mean) / (count + weight)
    spread = sqrt(variance + variance / (count + weight))
    if scales and supplies:
        centre += log(supplies[-1][1])
    return _run_out(centre, spread, "own_history" if count >= weight else basis, rules)


def supplies_of(purchases: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """(Day since 1970-01-01, pieces) of each day with a purchase, in order of time."""
    supplies: list[tuple[int, int]] = []
    newest = None
    for at_ms, pieces in sorted(purchases):
        if pieces <= 0:
            continue
        day = at_ms // DAY_MS
        if day == newest:
            supplies[-1] = (day, supplies[-1][1] + pieces)
        else:
            supplies.append((day, pieces))
            newest = day
    return supplies


def log_gaps(supplies: Sequence[tuple[int, int]], *, scales: bool) -> list[float]:
    """The log of the days between each supply and the next; per piece of the earlier one if it `scales`."""
    gaps = [log(later[0] - earlier[0]) for earlier, later in pairwise(supplies)]
    if scales:
        return [gap - log(supply[1]) for gap, supply in zip(gaps, supplies, strict=False)]
    return gaps


def rhythm_of(order_days: Sequence[int], rules: Replenishment) -> float | None:
    """The mean log gap between the newest order days of a customer; None before the second.

    `order_days` are days since 1970-01-01, different, in order of time.
    """
    newest = order_days[-rules.purchases_max :]
    if len(newest) < 2:
        return None
    gaps = [log(later - earlier) for earlier, later in pairwise(newest)]
    return sum(gaps) / len(gaps)


def _expected(
    prior: Prior | None, supply_days: float | None, rules: Replenishment, rhythm: float | None
) -> tuple[float, float, float, Basis]:
    """Mean log gap, the spread between customers and within one, and what they rest on."""
    move = 0.0 if rhythm is None else rules.rhythm_weight * (rhythm - rules.rhythm_mean_log_gap_days)
    learned = prior if prior is not None and prior.pairs >= rules.pairs_min else None
    if supply_days is not None and supply_days > 0 and (learned is None or learned.basis != "product"):
        return log(supply_days), rules.sd_between, rules.sd_within, "catalogue"
    if learned is None:
        return rules.mean_log_gap_days + move, rules.sd_between, rules.sd_within, "global"
    return (
        max(min(learned.mean_log_gap_days, LOG_MAX), -LOG_MAX) + move,
        max(min(learned.sd_between, LOG_MAX), 1 / LOG_MAX),
        max(min(learned.sd_within, LOG_MAX), 1 / LOG_MAX),
        LEARNED_ON.get(learned.basis, "global"),
    )


def _run_out(centre: float, spread: float, basis: Basis, rules: Replenishment) -> RunOut:
    """The quartiles of a log-normal number of days."""
    longest = log(rules.gap_days_max)
    quarter = QUARTILE * spread
    early, late = centre - quarter, centre + quarter
    return RunOut(
        int(exp(early if early < longest else longest) * DAY_MS),
        int(exp(centre if centre < longest else longest) * DAY_MS),
        int(exp(late if late < longest else longest) * DAY_MS),
        basis,
        erf(log(rules.confidence_factor) / (spread * ROOT_OF_TWO)),
    )
