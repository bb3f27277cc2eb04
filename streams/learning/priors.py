"""Priors of the time between purchases: per product, shrunk towards its category, shrunk towards everything.

The model is that of `streams.journey.replenishment`: a log gap is the product's mean, moved by the customer's
rhythm, plus the customer's distance from it (`sd_between`), plus the gap's own distance (`sd_within`). All is
estimated by the method of moments, in closed form, because a history of years is fitted in milliseconds so,
and an evaluation fits it anew for every day.

- Each gap counts once in a mean, so a pair of customer and product with many gaps counts more than one with
  few. That is near the optimum where one customer's gaps differ more than customers do, which is the rule.
- A history shows short gaps more fully than long ones: a gap of g days is seen only from supplies that are g
  days old. So a gap weighs as many times as there are supplies for each that is old enough, with a bound,
  since the longest gaps rest on the fewest supplies.
- Spreads of a product are laid over those of its category, as if these were `learning_gaps` gaps of its own,
  and the category's over the global ones.
- `sd_between` of a prior holds both how far customers lie apart and how unsure the mean itself is, so that
  the estimator trusts a prior of few pairs less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from schemas.records import Prior
from streams.journey.policy import Replenishment
from streams.journey.replenishment import DAY_MS
from streams.learning.gaps import Floats, GapTable, Ints

TINY: Final = 1e-12
"""Keeps a division by nothing a number; whatever it is then has no weight."""
VARIANCE_MIN: Final = 1e-3
"""Moments may turn out negative where there is hardly any spread."""


class Level(NamedTuple):
    """What was learned of each product, of each category, or of everything (one row)."""

    mean: Floats
    between: Floats
    """Variance of customers' means, and of the mean itself."""
    within: Floats
    pairs: Ints
    """Pairs of customer and product."""

    def prior(self, row: int, basis: str) -> Prior:
        """One row as the catalogue has it."""
        return Prior(
            mean_log_gap_days=round(float(self.mean[row]), 4),
            sd_between=round(float(np.sqrt(self.between[row])), 4),
            sd_within=round(float(np.sqrt(self.within[row])), 4),
            pairs=int(self.pairs[row]),
            basis=basis,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Priors:
    """What was learned, for products and categories by their numbers."""

    product: Level
    category: Level
    everything: Level
    category_of: Ints
    """Category number by product number."""
    pairs_min: int

    def of_product(self, product: int) -> Prior:
        """The prior of a product, or of its category when too few customers bought the product again."""
        if self.product.pairs[product] >= self.pairs_min:
            return self.product.prior(product, "product")
        return self.of_category(int(self.category_of[product]))

    def of_category(self, category: int) -> Prior:
        """The prior of a product of a category, or of everything when too few bought from it again."""
        if self.category.pairs[category] >= self.pairs_min:
            return self.category.prior(category, "category")
        return self.everything.prior(0, "global")


def fit_priors(gaps: GapTable, at_ms: int, category_of: Ints, rules: Replenishment) -> Priors:
    """What gaps teach that are all known before `at_ms`; without gaps, priors are the policy's numbers."""
    weights = follow_up_weights(gaps, at_ms, rules.learning_gap_weight_max)
    groups = _Groups(category_of)
    pairs = _Pairs.of(gaps, gaps.log_days - _moves(gaps.rhythm, rules), weights)
    within = _spread_within(pairs, groups, rules)
    between = _spread_between(pairs, groups, within.product, rules)
    means = _means(pairs, groups, within.product, between.product, rules)
    in_product = np.bincount(pairs.product, minlength=groups.products)
    in_category = np.bincount(category_of[pairs.product], minlength=groups.categories)
    return Priors(
        product=Level(means.product, between.product + means.unsure, within.product, in_product),
        category=Level(
            means.category, between.category + means.between_products, within.category, in_category
        ),
        everything=Level(
            np.array([means.everything]),
            np.array([between.everything + means.between_products + means.between_categories]),
            np.array([within.everything]),
            np.array([len(pairs.product)]),
        ),
        category_of=category_of,
        pairs_min=rules.pairs_min,
    )


def follow_up_weights(gaps: GapTable, at_ms: int, weight_max: float) -> Floats:
    """For each gap: supplies until now per supply that is at least as old as the gap is long, bounded."""
    today = at_ms // DAY_MS
    old_enough = np.searchsorted(gaps.supply_ms // DAY_MS, today - gaps.days, side="left")
    return np.minimum(len(gaps.supply_ms) / np.maximum(old_enough, 1), weight_max).astype(np.float64)


def _moves(rhythm: Floats, rules: Replenishment) -> Floats:
    """By how much customers' rhythms move the gaps that are expected of them; unknown ones are average."""
    known = ~np.isnan(rhythm)
    average = rhythm[known].mean() if known.any() else rules.rhythm_mean_log_gap_days
    distance = np.where(known, rhythm, average) - rules.rhythm_mean_log_gap_days
    return np.asarray(rules.rhythm_weight * distance, dtype=np.float64)


def _sums(row: Ints, values: Floats, rows: int) -> Floats:
    """The sum of the `values` that go to each of `rows` rows."""
    return np.bincount(row, values, rows).astype(np.float64, copy=False)


class _Groups:
    """Sums over products and categories."""

    def __init__(self, category_of: Ints) -> None:
        self.category_of = category_of
        self.products = len(category_of)
        self.categories = int(category_of.max(initial=-1)) + 1

    def by_product(self, product: Ints, values: Floats) -> Floats:
        """Sums of `values`, each of which is of a product."""
        return _sums(product, values, self.products)

    def by_category(self, values: Floats) -> Floats:
        """Sums over the products of each category."""
        return _sums(self.category_of, values, self.categories)


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """One row per pair of customer and product that has a gap."""

    product: Ints
    count: Floats
    """Gaps."""
    weight: Floats
    """Sum of their weights."""
    mean: Floats
    squares: Floats
    """Weighted, around the mean."""

    @classmethod
    def of(cls, gaps: GapTable, values: Floats, weights: Floats) -> _Pairs:
        """`values` and `weights` are of the gaps."""
        pair, count = gaps.pair, np.bincount(gaps.pair)
        product = np.zeros(len(count), dtype=np.int64)
        product[pair] = gaps.product
        weight = _sums(pair, weights, len(count))
        mean = _sums(pair, weights * values, len(count)) / np.maximum(weight, TINY)
        squares = _sums(pair, weights * (values - mean[pair]) ** 2, len(count))
        rows = count > 0
        return cls(product[rows], count[rows].astype(np.float64), weight[rows], mean[rows], squares[rows])

    @property
    def gap_weight(self) -> Floats:
        """Mean weight of a pair's gaps."""
        return self.weight / self.count


class _Spread(NamedTuple):
    """Variances: of each product, of each category, and over all."""

    product: Floats
    category: Floats
    everything: float


def _laid_over(sums: Floats, counts: Floats, prior: float, groups: _Groups, rules: Replenishment) -> _Spread:
    """`sums / counts` by product, each level laid over the next wider one as `learning_gaps` of its own."""
    k = rules.learning_gaps
    everything = max(float((sums.sum() + k * prior) / (counts.sum() + k)), VARIANCE_MIN)
    category = (groups.by_category(sums) + k * everything) / (groups.by_category(counts) + k)
    category = np.maximum(category, VARIANCE_MIN)
    product = (sums + k * category[groups.category_of]) / (counts + k)
    return _Spread(np.maximum(product, VARIANCE_MIN), category, everything)


def _spread_within(pairs: _Pairs, groups: _Groups, rules: Replenishment) -> _Spread:
    sums = groups.by_product(pairs.product, pairs.squares)
    counts = groups.by_product(pairs.product, pairs.gap_weight * (pairs.count - 1))
    return _laid_over(sums, counts, rules.sd_within**2, groups, rules)


def _spread_between(pairs: _Pairs, groups: _Groups, within: Floats, rules: Replenishment) -> _Spread:
    """What the pairs' means differ by, less what their few gaps explain."""
    total = np.maximum(groups.by_product(pairs.product, pairs.weight), TINY)
    mean = groups.by_product(pairs.product, pairs.weight * pairs.mean) / total
    free = pairs.gap_weight * (1 - pairs.weight / total[pairs.product])
    squares = pairs.gap_weight * (pairs.mean - mean[pairs.product]) ** 2
    explained = free * within[pairs.product] / pairs.count
    return _laid_over(
        groups.by_product(pairs.product, squares - explained),
        groups.by_product(pairs.product, free),
        rules.sd_between**2,
        groups,
        rules,
    )


class _Means(NamedTuple):
    """Shrunk means, and the variances that shrank them."""

    product: Floats
    unsure: Floats
    """How unsure each product's shrunk mean is."""
    category: Floats
    everything: float
    between_products: float
    between_categories: float


def _means(pairs: _Pairs, groups: _Groups, within: Floats, between: Floats, rules: Replenishment) -> _Means:
    weight = groups.by_product(pairs.product, pairs.weight)
    mean = groups.by_product(pairs.product, pairs.weight * pairs.mean) / np.maximum(weight, TINY)
    noise = pairs.weight**2 * (between[pairs.product] + within[pairs.product] / pairs.count)
    error = groups.by_product(pairs.product, noise) / np.maximum(weight, TINY) ** 2

    wide = np.maximum(groups.by_category(weight), TINY)
    wide_mean = groups.by_category(weight * mean) / wide
    k = rules.pairs_min
    everything = float((wide @ wide_mean + k * rules.mean_log_gap_days) / (wide.sum() + k))

    seen = weight > 0
    products = _spread_of_means(mean[seen], wide_mean[groups.category_of[seen]], error[seen], rules)
    wide_error = groups.by_category(weight**2 * (products + error)) / wide**2
    known = wide > TINY
    categories = _spread_of_means(wide_mean[known], everything, wide_error[known], rules)

    trust = np.where(known, categories / (categories + wide_error), 0.0)
    shrunk_wide = everything + trust * (wide_mean - everything)
    trust = np.where(seen, products / (products + error), 0.0)
    target = shrunk_wide[groups.category_of]
    return _Means(
        product=target + trust * (mean - target),
        unsure=products * (1 - trust),
        category=shrunk_wide,
        everything=everything,
        between_products=products,
        between_categories=categories,
    )


def _spread_of_means(means: Floats, around: Floats | float, errors: Floats, rules: Replenishment) -> float:
    """What means differ by, less what their errors explain; the policy's number counts as one of them."""
    squares = (means - around) ** 2 - errors
    return max(float((squares.sum() + rules.sd_between**2) / (len(means) + 1)), VARIANCE_MIN)


def measured_rhythm(gaps: GapTable) -> tuple[float, float]:
    """How much log gaps move per log rhythm within a product, and the mean rhythm, each gap counting once.

    The policy's `rhythm_weight` and `rhythm_mean_log_gap_days` can be set by it; (0, 0) without any rhythm.
    """
    known = ~np.isnan(gaps.rhythm)
    if not known.any():
        return 0.0, 0.0
    product, rhythm, days = gaps.product[known], gaps.rhythm[known], gaps.log_days[known]
    products = int(product.max()) + 1
    count = np.maximum(np.bincount(product), 1)
    rhythm_off = rhythm - (_sums(product, rhythm, products) / count)[product]
    days_off = days - (_sums(product, days, products) / count)[product]
    slope = float(rhythm_off @ days_off) / max(float(rhythm_off @ rhythm_off), TINY)
    return slope, float(rhythm.mean())
