import random
from collections.abc import Sequence
from math import log

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.journey.replenishment import supplies_of
from streams.learning.evaluation import METHODS, Prediction, evaluate, predict
from streams.learning.gaps import GapLog
from streams.learning.history import Sale
from tests.streams.learning.made_up import RULES, Truth, at, sales_of

TRUSTING = msgspec.structs.replace(RULES, pairs_min=1)
"""A single pair makes a prior, so that a few sales suffice to move predictions."""
TRUTHS = [Truth(f"p{number}", log(6 + 2 * number), 0.3, 0.6) for number in range(3)]


def predictions(sales: Sequence[Sale], newest: int = 0, until_ms: int = 1 << 62) -> list[Prediction]:
    """What is predicted at the newest supplies, until a time, of somebody who bought the product before."""
    log_ = GapLog(TRUSTING).add_all(sales)
    moments = [m for m in log_.moments if m.at_ms <= until_ms and len(supplies_of(m.purchases)) > 1]
    return list(predict(log_.table(), log_.products, moments[-newest:], TRUSTING))


def scattered(chance: random.Random, sales: int, from_day: float, to_day: float) -> list[Sale]:
    """Purchases and returns of the customers of `TRUTHS`, in order of time."""
    drawn = [
        Sale(
            at(chance.uniform(from_day, to_day)),
            f"p{chance.randrange(3)}-{chance.randrange(8)}",
            f"p{chance.randrange(3)}",
            chance.choice([1, 1, 2, -1, -2]),
        )
        for _ in range(sales)
    ]
    return sorted(drawn, key=lambda sale: sale.at_ms)


@settings(max_examples=60)
@given(st.integers(0, 1 << 32), st.floats(60, 90))
def test_nothing_after_the_moment_changes_a_prediction(seed: int, until_day: float) -> None:
    """Whatever comes later, on the same day too, be it purchases of others or returns of what was bought."""
    chance, until_ms = random.Random(seed), at(until_day)
    sales = sorted(sales_of(TRUTHS, 8, 6, seed) + scattered(chance, 60, 0, 100), key=lambda sale: sale.at_ms)
    past = [sale for sale in sales if sale.at_ms <= until_ms]
    same_day = scattered(chance, 60, until_day, int(until_day) + 1.0)
    other = past + [sale for sale in same_day if sale.at_ms > until_ms]
    told = predictions(past, 10, until_ms)
    assert len(told) == 10
    assert predictions(sales, 10, until_ms) == told
    assert predictions(other, 10, until_ms) == told


def test_what_others_do_before_the_day_changes_a_prediction() -> None:
    """So that the test above can fail: priors and medians do look at the past."""
    mine = [Sale(at(day), "me", "p1", 1) for day in (0, 30, 60)]
    others = [Sale(at(7 * week), f"c{c}", "p1", 1) for c in range(9) for week in range(8)]
    (_, with_others), (_, alone) = (
        [p for p in predictions(sorted(history, key=lambda sale: sale.at_ms)) if p.moment.pair[0] == "me"]
        for history in (mine + others, mine)
    )
    assert with_others.points[METHODS.index("product median")] == 7
    assert with_others.points[-1] < alone.points[-1]


def test_the_simple_methods_are_what_they_are_called() -> None:
    own = [Sale(at(day), "me", "p1", 1) for day in (0, 10, 30, 70)]
    points = dict(zip(METHODS, predictions(own)[-1].points, strict=True))
    assert points["own mean"] == pytest.approx((10 + 20 + 40) / 3)
    assert points["own EWMA"] == pytest.approx(((10 * 0.7 + 20 * 0.3) * 0.7) + 40 * 0.3)
    assert points["global median"] == points["product median"] == 15, (
        "the newest gap was not yet known at midnight"
    )


def test_only_the_last_gap_of_three_purchases_or_more_is_scored() -> None:
    two = [Sale(at(day), "c2", "p1", 1) for day in (0, 10)]
    four = [Sale(at(day), "c4", "p1", 1) for day in (1, 11, 31, 61)]
    returned = [Sale(at(day), "c5", "p1", pieces) for day, pieces in ((2, 1), (12, 1), (32, 1), (62, -1))]
    scores = evaluate(sorted(two + four + returned, key=lambda sale: sale.at_ms), RULES)
    assert scores["last"].gaps == 1
    assert scores["last"].methods["own mean"].mean_absolute_error == 15


@pytest.fixture(scope="module")
def sales() -> list[Sale]:
    truths = [Truth(f"p{number}", log(15 + 3 * number), 0.3, 0.6) for number in range(8)]
    return sales_of(truths, customers=60, gaps=4, days=500)


def test_ours_beats_own_history_and_the_product_where_both_say_something(sales: list[Sale]) -> None:
    scores = evaluate(sales, RULES)["followed"]
    error = {name: score.mean_absolute_error for name, score in scores.methods.items()}
    assert scores.gaps > 500
    assert error["ours"] < 0.9 * error["own mean"]
    assert error["ours"] < 0.9 * error["own EWMA"]
    assert error["ours"] < 0.98 * error["product median"] < 0.98 * error["global median"] * 1.05


def test_half_of_the_followed_gaps_end_in_the_window(sales: list[Sale]) -> None:
    scores = evaluate(sales, RULES)["followed"]
    assert scores.in_window == pytest.approx(0.5, abs=0.06)
    assert scores.within_factor == pytest.approx(scores.confidence, abs=0.06)
