"""Judges the estimator on a history: each pair's gaps predicted from what was known when they began.

Every prediction is made at the moment of a supply, by the estimator that runs in the stream, from the
purchases that are known right then and from priors that were learned from what was known at the midnight
(UTC) before, as a nightly `kairos learn` would. The simpler estimates that it is compared with know the same.

Two sets of gaps are scored:
- the *last* gap of each pair with at least three purchases on different days;
- *followed* gaps: all that began at least `WARM_DAYS` after the history begins and `FOLLOWED_DAYS` before it
  ends. Of gaps that begin late, only short ones are seen to end, so the first set favours whoever predicts
  short gaps towards the end. This set is nearly free of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final, NamedTuple

import numpy as np

from streams.journey.policy import Replenishment
from streams.journey.replenishment import DAY_MS, estimate_run_out, supplies_of
from streams.learning.gaps import Floats, GapLog, GapTable, Ints, Moment
from streams.learning.history import Sale
from streams.learning.priors import Priors, fit_priors

METHODS: Final = ("global median", "product median", "own mean", "own EWMA", "ours")
OURS_NAME: Final = METHODS[-1]
EWMA_WEIGHT: Final = 0.3
"""Of the newest gap."""
CLOSE_SHARE: Final = 0.25
WARM_DAYS: Final = 60
FOLLOWED_DAYS: Final = 150


class Prediction(NamedTuple):
    """What was predicted, in days, when the supply of `moment` came."""

    moment: Moment
    points: tuple[float, ...]
    """By `METHODS`."""
    early: float
    late: float
    confidence: float
    basis: str


class Score(NamedTuple):
    """How one method did over a set of gaps; days, and shares of 1."""

    mean_absolute_error: float
    median_absolute_error: float
    within_25_percent: float
    early: float
    """Predicted before the actual."""


class Scores(NamedTuple):
    """How all methods did over one set of gaps, and whether our windows hold what they promise."""

    gaps: int
    methods: dict[str, Score]
    in_window: float
    """Actuals from the 25th to the 75th percentile; half of them should be."""
    within_factor: float
    """Actuals within the policy's factor of what was expected."""
    confidence: float
    """What the estimates said that this share would be."""


def evaluate(sales: Sequence[Sale], rules: Replenishment) -> dict[str, Scores]:
    """The scores of the last gaps and of the followed gaps of a history in order of time."""
    log = GapLog(rules).add_all(sales)
    actual = log.actual_gaps()
    wanted = [m for m in log.moments if (m.pair, m.day) in actual and len(supplies_of(m.purchases)) > 1]
    predictions = list(predict(log.table(), log.products, wanted, rules))
    days = np.array([actual[p.moment.pair, p.moment.day][0] for p in predictions], dtype=np.float64)
    last = np.array([actual[p.moment.pair, p.moment.day][1] for p in predictions], dtype=np.bool_)
    first, end = sales[0].at_ms // DAY_MS + WARM_DAYS, sales[-1].at_ms // DAY_MS - FOLLOWED_DAYS
    followed = np.array([first <= p.moment.day <= end for p in predictions], dtype=np.bool_)
    return {
        name: _scores([p for p, is_in in zip(predictions, rows, strict=True) if is_in], days[rows], rules)
        for name, rows in (("last", last), ("followed", followed))
        if rows.any()
    }


def predict(
    table: GapTable, products: dict[str, int], moments: Sequence[Moment], rules: Replenishment
) -> Iterator[Prediction]:
    """Predict the gap that begins at each of `moments`, which are in order of time."""
    category = np.zeros(len(products), dtype=np.int64)
    medians = _Medians(table, len(products))
    for day, of_day in groupby(moments, key=lambda moment: moment.day):
        midnight_ms = day * DAY_MS
        known = table.known_at(midnight_ms)
        priors = fit_priors(known, midnight_ms, category, rules)
        medians.learn(midnight_ms, rules)
        for moment in of_day:
            yield _prediction(moment, products[moment.pair[1]], priors, medians, rules)


def _prediction(
    moment: Moment, product: int, priors: Priors, medians: _Medians, rules: Replenishment
) -> Prediction:
    run_out = estimate_run_out(
        moment.purchases,
        prior=priors.of_product(product),
        supply_days=None,
        scales=False,
        rules=rules,
        rhythm=moment.rhythm,
    )
    days = [day for day, _ in supplies_of(moment.purchases)]
    gaps = [later - earlier for earlier, later in pairwise(days)]
    return Prediction(
        moment,
        (
            medians.everything,
            float(medians.product[product]),
            sum(gaps) / len(gaps),
            _ewma(gaps),
            run_out.expected_ms / DAY_MS,
        ),
        run_out.early_ms / DAY_MS,
        run_out.late_ms / DAY_MS,
        run_out.confidence,
        run_out.basis,
    )


def _ewma(gaps: Sequence[int]) -> float:
    average = float(gaps[0])
    for gap in gaps[1:]:
        average += EWMA_WEIGHT * (gap - average)
    return average


class _Medians:
    """Medians of the gaps that were known at a time. The rows are sorted once, by product and length."""

    def __init__(self, table: GapTable, products: int) -> None:
        order = np.lexsort((table.days, table.product))
        self._days, self._product = table.days[order], table.product[order]
        self._known_ms, self._gone_ms = table.known_ms[order], table.gone_ms[order]
        self._products = products
        self.everything = 0.0
        self.product: Floats = np.zeros(products)

    def learn(self, at_ms: int, rules: Replenishment) -> None:
        """Take the medians as of `at_ms`: a product without gaps has that of all, no gaps the policy's."""
        rows = (self._known_ms < at_ms) & (self._gone_ms >= at_ms)
        days = self._days[rows]
        self.everything = float(np.median(days)) if len(days) else float(np.exp(rules.mean_log_gap_days))
        count: Ints = np.bincount(self._product[rows], minlength=self._products)
        first = np.cumsum(count) - count
        self.product = np.full(self._products, self.everything)
        some = count > 0
        low, high = first[some] + (count[some] - 1) // 2, first[some] + count[some] // 2
        self.product[some] = (days[low] + days[high]) / 2


def _scores(predictions: Sequence[Prediction], actual: Floats, rules: Replenishment) -> Scores:
    points = np.array([p.points for p in predictions])
    early, late = np.array([p.early for p in predictions]), np.array([p.late for p in predictions])
    factor = np.maximum(actual / points[:, -1], points[:, -1] / actual)
    return Scores(
        gaps=len(predictions),
        methods={name: _score(points[:, i], actual) for i, name in enumerate(METHODS)},
        in_window=float(np.mean((early <= actual) & (actual <= late))),
        within_factor=float(np.mean(factor <= rules.confidence_factor)),
        confidence=float(np.mean([p.confidence for p in predictions])),
    )


def _score(predicted: Floats, actual: Floats) -> Score:
    error = np.abs(predicted - actual)
    return Score(
        mean_absolute_error=float(error.mean()),
        median_absolute_error=float(np.median(error)),
        within_25_percent=float(np.mean(error <= CLOSE_SHARE * actual)),
        early=float(np.mean(predicted < actual)),
    )
