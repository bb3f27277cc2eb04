from collections.abc import Sequence
from math import exp, log

import msgspec
import numpy as np
import pytest

from streams.learning.gaps import GapLog
from streams.learning.history import Sale
from streams.learning.priors import Priors, fit_priors, follow_up_weights, measured_rhythm
from tests.streams.learning.made_up import RULES, Truth, at, sales_of

STILL = msgspec.structs.replace(RULES, rhythm_weight=0.0, learning_gap_weight_max=1.0)
"""Without what depends on the calendar: the made-up customers have all the time that they need."""
LATER_MS = at(1e6)


def fitted(sales: Sequence[Sale], categories: Sequence[int], rules: object = STILL) -> Priors:
    assert isinstance(rules, type(STILL))
    products = [f"p{number}" for number in range(len(categories))]
    table = GapLog(rules, products).add_all(sales).table()
    return fit_priors(table, LATER_MS, np.array(categories, dtype=np.int64), rules)


def test_the_parameters_of_made_up_customers_are_found_again() -> None:
    truths = [Truth("p0", log(20), 0.3, 0.6), Truth("p1", log(60), 0.6, 0.3), Truth("p2", log(120), 0.5, 0.5)]
    priors = fitted(sales_of(truths, customers=600, gaps=6), [0, 1, 2])
    for number, truth in enumerate(truths):
        prior = priors.of_product(number)
        assert prior.mean_log_gap_days == pytest.approx(truth.mean, abs=0.06)
        assert prior.sd_between == pytest.approx(truth.sd_between, abs=0.06)
        assert prior.sd_within == pytest.approx(truth.sd_within, abs=0.04)
        assert (prior.pairs, prior.basis) == (600, "product")


def test_few_pairs_are_drawn_towards_the_category() -> None:
    usual = [Truth(f"p{number}", log(60) + 0.02 * number) for number in range(10)]
    sales = sales_of([*usual, Truth("p10", log(10), 0.1, 0.1)], customers=40, gaps=3)

    def of_odd_one(customers: int) -> float:
        fewer = [s for s in sales if s.product_id != "p10" or int(s.customer_id.split("-")[1]) < customers]
        return fitted(fewer, [0] * 11).of_product(10).mean_log_gap_days

    few, many = of_odd_one(5), of_odd_one(40)
    assert log(10) < many < few < log(60)
    assert few - log(10) > 2 * (many - log(10))


def test_a_product_is_named_after_what_it_was_learned_on() -> None:
    sales = [
        *sales_of([Truth("p0", log(30))], customers=50, gaps=2),
        *sales_of([Truth("p1", log(30))], customers=RULES.pairs_min, gaps=2),
        *sales_of([Truth("p2", log(30))], customers=RULES.pairs_min - 1, gaps=2),
        *sales_of([Truth("p4", log(30))], customers=RULES.pairs_min - 1, gaps=2),
    ]
    priors = fitted(sorted(sales, key=lambda sale: sale.at_ms), [0, 0, 0, 0, 1, 1])
    assert [priors.of_product(number).basis for number in range(6)] == [
        *("product", "product", "category", "category"),
        *("global", "global"),
    ]
    assert priors.of_product(2) == priors.of_product(3)


def test_a_wider_prior_is_less_sure_of_the_product() -> None:
    truths = [Truth(f"p{number}", log(10 * (number + 1)), 0.3, 0.3) for number in range(8)]
    priors = fitted(sales_of(truths, customers=100, gaps=4), [0, 0, 0, 0, 1, 1, 1, 1])
    product, category, everything = (
        priors.product.prior(0, "product"),
        priors.category.prior(0, "category"),
        priors.everything.prior(0, "global"),
    )
    assert product.sd_between < category.sd_between < everything.sd_between


def test_without_gaps_the_policy_speaks() -> None:
    prior = fitted([], [0]).of_product(0)
    assert prior.mean_log_gap_days == RULES.mean_log_gap_days
    assert prior.sd_within == RULES.sd_within
    assert (prior.pairs, prior.basis) == (0, "global")


def test_one_gap_is_no_certainty() -> None:
    prior = fitted(sales_of([Truth("p0", log(30))], customers=1, gaps=1), [0]).everything.prior(0, "global")
    assert prior.sd_within == pytest.approx(RULES.sd_within, abs=0.01)
    assert prior.sd_between > RULES.sd_between / 2


class TestFollowUp:
    def test_a_gap_weighs_as_the_supplies_that_are_too_young_to_show_it(self) -> None:
        sales = [Sale(at(day), f"c{day}", "p0", 1) for day in range(8)]
        sales += [Sale(at(day + 4), f"c{day}", "p0", 1) for day in range(4)]
        table = GapLog(STILL, ["p0"]).add_all(sorted(sales, key=lambda sale: sale.at_ms)).table()
        assert table.days.tolist() == [4, 4, 4, 4]
        # Of the 12 supplies before day 8, the 4 on days 0 to 3 had 4 days to be followed.
        assert follow_up_weights(table, at(8), 100).tolist() == [12 / 4] * 4
        assert follow_up_weights(table, at(8), 2).tolist() == [2.0] * 4

    def test_draws_what_a_short_history_teaches_towards_the_truth(self) -> None:
        truth = Truth("p0", log(60), 0.1, 0.6)
        sales = sales_of([truth], customers=800, gaps=20, days=180)

        def learned(weight_max: float) -> float:
            rules = msgspec.structs.replace(STILL, learning_gap_weight_max=weight_max)
            table = GapLog(rules, ["p0"]).add_all(sales).table()
            return (
                fit_priors(table, at(180), np.zeros(1, dtype=np.int64), rules).of_product(0).mean_log_gap_days
            )

        assert learned(1.0) < learned(1.25) < learned(2.0) < truth.mean + 0.1


class TestRhythm:
    def test_a_prior_stands_for_the_reference_rhythm(self) -> None:
        """Customers who order weekly buy this product every 20 days; the reference customer buys it later."""
        sales = [
            Sale(at(7 * week), f"c{customer}", "visit", 1) for customer in range(50) for week in range(40)
        ] + [
            Sale(at(70 + 21 * count), f"c{customer}", "p0", 1) for customer in range(50) for count in range(6)
        ]
        sales.sort(key=lambda sale: sale.at_ms)
        rules = msgspec.structs.replace(STILL, rhythm_weight=0.4)
        moved = 0.4 * (rules.rhythm_mean_log_gap_days - log(7))
        assert exp(fitted(sales, [0], rules).of_product(0).mean_log_gap_days - moved) == pytest.approx(
            21, rel=0.02
        )

    def test_its_weight_is_measured(self) -> None:
        sales = []
        for customer in range(60):
            rhythm = 2 + customer % 9
            sales += [Sale(at(rhythm * count), f"c{customer}", "visit", 1) for count in range(200)]
            gap = rhythm * round(10 / rhythm**0.5)
            days = [rhythm * 20 + gap * count for count in range(4)]
            sales += [Sale(at(day) + 1, f"c{customer}", "p0", 1) for day in days]
        table = GapLog(STILL, ["p0"]).add_all(sorted(sales, key=lambda sale: sale.at_ms)).table()
        weight, mean = measured_rhythm(table)
        assert weight == pytest.approx(0.5, abs=0.1)
        assert log(2) < mean < log(11)
        assert measured_rhythm(table.known_at(0)) == (0.0, 0.0)
