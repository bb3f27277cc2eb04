from math import log

import numpy as np
import pytest

from streams.learning.gaps import GapLog
from streams.learning.history import Sale
from tests.streams.learning.made_up import RULES, at

PAIR = ("c1", "p1")


def sale(day: float, pieces: int = 1, line: str = "", customer: str = "c1", product: str = "p1") -> Sale:
    return Sale(at(day), customer, product, pieces, line)


def gap_log(*sales: Sale) -> GapLog:
    return GapLog(RULES).add_all(sales)


def known_days(log_: GapLog, day: float) -> list[int]:
    """The gaps that are known just before a time."""
    return sorted(log_.table().known_at(at(day)).days.tolist())


def test_a_gap_is_known_from_the_purchase_that_ends_it() -> None:
    table = gap_log(sale(0), sale(10), sale(40)).table()
    assert table.days.tolist() == [10, 30]
    assert table.known_at(at(10)).days.tolist() == []
    assert table.known_at(at(10) + 1).days.tolist() == [10]
    assert table.known_at(at(40) + 1).days.tolist() == [10, 30]


def test_a_return_takes_gaps_away_from_then_on_only() -> None:
    log_ = gap_log(sale(0), sale(10), sale(40), sale(50, -1))
    assert known_days(log_, 50) == [10, 30]
    assert known_days(log_, 51) == [10]


def test_a_return_between_two_purchases_leaves_the_longer_gap() -> None:
    log_ = gap_log(sale(0, line="a"), sale(10, line="b"), sale(40, line="c"), sale(50, -1, line="b"))
    assert known_days(log_, 51) == [40]


def test_part_of_a_purchase_is_a_purchase() -> None:
    assert known_days(gap_log(sale(0, 3), sale(10, 3), sale(20, -2)), 21) == [10]
    assert known_days(gap_log(sale(0, 3), sale(10, 3), sale(20, -3)), 21) == []


def test_a_return_is_of_the_newest_purchase_that_has_enough_left() -> None:
    assert known_days(gap_log(sale(0, 5), sale(10, 2), sale(20, 1), sale(30, -2)), 31) == [20]


def test_a_return_that_no_purchase_has_enough_for_takes_from_the_newest_back() -> None:
    assert known_days(gap_log(sale(0, 2), sale(10, 2), sale(20, 2), sale(30, -3)), 31) == [10]


@pytest.mark.parametrize("pieces", [-1, -9])
def test_more_than_was_bought_is_dropped(pieces: int) -> None:
    log_ = gap_log(sale(0, pieces), sale(10), sale(20, pieces), sale(20.5, pieces), sale(30), sale(40))
    assert known_days(log_, 41) == [10]


def test_gaps_are_per_piece_of_products_that_scale() -> None:
    log_ = GapLog(RULES, scaling={"p1"}).add_all([sale(0, 2), sale(0.1, 3), sale(10, 7)])
    assert log_.table().log_days.tolist() == pytest.approx([log(10 / 5)])
    partly = GapLog(RULES, scaling={"p1"}).add_all([sale(0, 5), sale(10, 1), sale(11, -3, line="")])
    assert partly.table().known_at(at(11)).log_days.tolist() == pytest.approx([log(10 / 5)])
    assert partly.table().known_at(at(12)).log_days.tolist() == pytest.approx([log(10 / 2)])


def test_a_moment_is_the_first_purchase_of_a_day_and_knows_what_was_before() -> None:
    log_ = gap_log(sale(0), sale(0.1), sale(10), sale(10.1), sale(11, -9), sale(12))
    assert [(moment.at_ms, len(moment.purchases)) for moment in log_.moments] == [
        (at(0), 1),
        (at(10), 3),
        (at(12), 1),
    ]


def test_actual_gaps_are_what_is_left_at_the_end() -> None:
    log_ = gap_log(sale(0), sale(10), sale(40), sale(50), sale(51, -1))
    days = {day - at(0) // 86_400_000: found for (_, day), found in log_.actual_gaps().items()}
    assert days == {0: (10, False), 10: (30, True)}


def test_the_rhythm_is_of_all_orders_of_the_customer_when_the_gap_began() -> None:
    log_ = gap_log(sale(0), sale(7, product="p2"), sale(14), sale(20, customer="c2"), sale(42))
    first, second = log_.table().rhythm
    assert np.isnan(first), "nothing was known of the rhythm at the first order"
    assert second == pytest.approx(log(7))


def test_other_products_teach_only_the_rhythm() -> None:
    log_ = GapLog(RULES, products=["p1"]).add_all(
        [sale(0), sale(7, product="p2"), sale(14), sale(21, product="p2"), sale(28)]
    )
    table = log_.table()
    assert table.product.tolist() == [0, 0]
    assert table.rhythm[1] == pytest.approx(log(7))
    assert {moment.pair for moment in log_.moments} == {PAIR}
