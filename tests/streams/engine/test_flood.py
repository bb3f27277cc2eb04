"""A bad deploy is not bad data: where most of what comes lately is refused, a partition stops."""

import pytest

from streams.engine.saying import LATELY, REJECTED_OF_MIN, Flood, TooManyRejected


def flood() -> Flood:
    return Flood(0.5, "mend it")


def test_more_than_the_share_is_a_flood() -> None:
    flood().refuse(50, 100)
    with pytest.raises(TooManyRejected, match="51 of 100"):
        flood().refuse(51, 100)


def test_a_few_bad_records_are_none() -> None:
    flood().refuse(REJECTED_OF_MIN - 1, REJECTED_OF_MIN - 1)
    with pytest.raises(TooManyRejected):
        flood().refuse(REJECTED_OF_MIN, REJECTED_OF_MIN)


def test_what_came_well_long_ago_does_not_excuse_a_flood_of_today() -> None:
    watched = flood()
    watched.refuse(0, 1_000_000)
    watched.refuse(50, 1_000_100)
    with pytest.raises(TooManyRejected, match="101 of 200"):
        watched.refuse(101, 1_000_200)


def test_nor_does_what_came_badly_long_ago_make_one() -> None:
    watched = flood()
    watched.refuse(LATELY // 2, LATELY)
    watched.refuse(LATELY // 2, LATELY + REJECTED_OF_MIN)
    watched.refuse(LATELY // 2 + REJECTED_OF_MIN // 2, LATELY + REJECTED_OF_MIN)
