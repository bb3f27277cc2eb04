"""When a consumable runs out: own history against what is expected, the window, and what never matters."""

import random
from collections.abc import Sequence
from math import exp, log
from statistics import NormalDist

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Prior
from streams.journey.replenishment import (
    DAY_MS,
    QUARTILE,
    RunOut,
    estimate_run_out,
    log_gaps,
    rhythm_of,
    supplies_of,
)
from streams.loading.policy_file import load_policies

RULES = load_policies().base.replenishment
START_MS = 1_600_000_000_000
MONTHLY = Prior(mean_log_gap_days=log(30), sd_between=0.5, sd_within=0.7, pairs=100, basis="product")

Purchases = list[tuple[int, int]]


def bought(gaps_days: Sequence[int], pieces: int = 1) -> Purchases:
    """A purchase at the start, and one after each of the gaps."""
    days = [sum(gaps_days[:count]) for count in range(len(gaps_days) + 1)]
    return [(START_MS + day * DAY_MS, pieces) for day in days]


def estimate(
    purchases: Purchases,
    prior: Prior | None = MONTHLY,
    supply_days: float | None = None,
    rhythm: float | None = None,
    *,
    scales: bool = False,
) -> RunOut:
    return estimate_run_out(
        purchases, prior=prior, supply_days=supply_days, scales=scales, rules=RULES, rhythm=rhythm
    )


def days(run_out: RunOut) -> float:
    return run_out.expected_ms / DAY_MS


def test_own_history_wins_as_gaps_accumulate() -> None:
    expected = [days(estimate(bought([90] * gaps))) for gaps in range(8)]
    assert expected == sorted(expected)
    assert expected[0] == pytest.approx(30)
    assert 75 < expected[-1] < 90
    assert [estimate(bought([90] * gaps)).basis for gaps in (0, 1, 7)] == [
        "product",
        "product",
        "own_history",
    ]


def test_one_gap_is_shrunk_most() -> None:
    def shrunk(gaps: int) -> float:
        """The share of the way from the own mean to the prior."""
        return log(90 / days(estimate(bought([90] * gaps)))) / log(90 / 30)

    shares = [shrunk(gaps) for gaps in range(1, 8)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.5


def test_a_prior_never_outweighs_more_gaps_than_the_policy_says() -> None:
    certain = msgspec.structs.replace(MONTHLY, sd_between=1e-9)
    gaps = int(RULES.prior_gaps_max)
    assert estimate(bought([90] * (gaps - 1)), certain).basis == "product"
    halfway = estimate(bought([90] * gaps), certain)
    assert halfway.basis == "own_history"
    assert days(halfway) == pytest.approx((30 * 90) ** 0.5)


def test_only_the_newest_purchases_count() -> None:
    newest = bought([20] * (RULES.purchases_max - 1))
    older = [(newest[0][0] - 200 * DAY_MS, 1)]
    assert estimate(older + newest) == estimate(newest)


@pytest.mark.parametrize(
    ("prior", "supply_days", "expected", "basis"),
    [
        (MONTHLY, 60.0, 30, "product"),
        (msgspec.structs.replace(MONTHLY, basis="category"), 60.0, 60, "catalogue"),
        (msgspec.structs.replace(MONTHLY, basis="category"), None, 30, "category"),
        (msgspec.structs.replace(MONTHLY, basis="global"), None, 30, "global"),
        (msgspec.structs.replace(MONTHLY, pairs=RULES.pairs_min), 60.0, 30, "product"),
        (msgspec.structs.replace(MONTHLY, pairs=RULES.pairs_min - 1), 60.0, 60, "catalogue"),
        (msgspec.structs.replace(MONTHLY, pairs=0), None, exp(RULES.mean_log_gap_days), "global"),
        (None, 60.0, 60, "catalogue"),
        (None, 0.0, exp(RULES.mean_log_gap_days), "global"),
        (None, None, exp(RULES.mean_log_gap_days), "global"),
    ],
)
def test_what_is_expected_is_the_nearest_thing_that_is_known(
    prior: Prior | None, supply_days: float | None, expected: float, basis: str
) -> None:
    run_out = estimate(bought([]), prior, supply_days)
    assert days(run_out) == pytest.approx(expected)
    assert run_out.basis == basis


class TestQuantity:
    def test_scales_only_when_told(self) -> None:
        one, three = bought([], pieces=1), bought([], pieces=3)
        assert estimate(three) == estimate(one)
        assert days(estimate(three, scales=True)) == pytest.approx(3 * days(estimate(one, scales=True)))

    def test_gaps_are_per_piece_then(self) -> None:
        purchases = [(START_MS, 2), (START_MS + 40 * DAY_MS, 1), (START_MS + 60 * DAY_MS, 4)]
        assert log_gaps(supplies_of(purchases), scales=True) == pytest.approx([log(20), log(20)])
        steady = msgspec.structs.replace(MONTHLY, mean_log_gap_days=log(20))
        assert days(estimate(purchases, steady, scales=True)) == pytest.approx(80)

    def test_a_purchase_that_was_returned_is_none(self) -> None:
        kept = bought([30, 30])
        returned = (START_MS + 10 * DAY_MS, 0)
        assert estimate([*kept, returned]) == estimate(kept)

    def test_what_is_left_of_the_newest_supply_counts(self) -> None:
        whole, part = [(START_MS, 3)], [(START_MS, 2)]
        ratio = days(estimate(part, scales=True)) / days(estimate(whole, scales=True))
        assert ratio == pytest.approx(2 / 3)


class TestRepetition:
    def test_purchases_of_one_day_are_one(self) -> None:
        purchases = bought([30, 40])
        again = [(at_ms + 60_000, pieces) for at_ms, pieces in purchases]
        assert estimate(purchases + again) == estimate(purchases)

    def test_one_day_later_is_another_purchase(self) -> None:
        midnight = START_MS // DAY_MS * DAY_MS + DAY_MS
        assert len(supplies_of([(midnight - 1, 1), (midnight, 1)])) == 2
        assert len(supplies_of([(midnight, 1), (midnight + DAY_MS - 1, 1)])) == 1

    @given(st.permutations(bought([30, 7, 90, 14])))
    def test_order_does_not_matter(self, purchases: Purchases) -> None:
        assert estimate(purchases) == estimate(bought([30, 7, 90, 14]))

    @given(st.integers(-10_000, 10_000))
    def test_only_the_days_between_matter(self, moved_days: int) -> None:
        moved = [(at_ms + moved_days * DAY_MS, pieces) for at_ms, pieces in bought([30, 7, 90])]
        assert estimate(moved) == estimate(bought([30, 7, 90]))


class TestRhythm:
    def test_whoever_orders_more_often_runs_out_earlier(self) -> None:
        weekly, quarterly = (days(estimate(bought([]), rhythm=log(gap))) for gap in (7, 90))
        assert weekly < days(estimate(bought([]))) < quarterly
        assert quarterly / weekly == pytest.approx((90 / 7) ** RULES.rhythm_weight)

    def test_the_reference_rhythm_changes_nothing(self) -> None:
        assert estimate(bought([]), rhythm=RULES.rhythm_mean_log_gap_days) == estimate(bought([]))

    def test_what_the_catalogue_states_does_not_move(self) -> None:
        assert estimate(bought([]), None, 60.0, rhythm=0.0) == estimate(bought([]), None, 60.0)

    def test_it_is_the_mean_log_gap_of_the_newest_orders(self) -> None:
        assert rhythm_of([], RULES) is None
        assert rhythm_of([100], RULES) is None
        assert rhythm_of([100, 107, 135], RULES) == pytest.approx((log(7) + log(28)) / 2)
        newest = list(range(1000, 1000 + 10 * RULES.purchases_max, 10))
        assert rhythm_of([1, *newest], RULES) == rhythm_of(newest, RULES)


class TestWindow:
    def test_the_quartile_is_that_of_the_normal_distribution(self) -> None:
        assert pytest.approx(NormalDist().inv_cdf(0.75)) == QUARTILE

    def test_half_of_the_gaps_end_in_it_and_confidence_is_the_share_near_the_estimate(self) -> None:
        chance, inside, near, said, customers = random.Random(1), 0, 0, 0.0, 4000
        for customer in range(customers):
            own = chance.gauss(MONTHLY.mean_log_gap_days + 1, MONTHLY.sd_between)
            gaps = [exp(chance.gauss(own, MONTHLY.sd_within)) for _ in range(customer % 5 + 1)]
            later = msgspec.structs.replace(MONTHLY, mean_log_gap_days=MONTHLY.mean_log_gap_days + 1)
            run_out = estimate(bought([max(round(gap), 1) for gap in gaps[:-1]]), later)
            inside += run_out.early_ms <= gaps[-1] * DAY_MS <= run_out.late_ms
            off = abs(log(gaps[-1] * DAY_MS / run_out.expected_ms))
            near += off <= log(RULES.confidence_factor)
            said += run_out.confidence
        assert inside / customers == pytest.approx(0.5, abs=0.03)
        assert near / customers == pytest.approx(said / customers, abs=0.03)

    def test_is_narrower_for_a_regular_customer(self) -> None:
        def width(gaps: Sequence[int]) -> float:
            run_out = estimate(bought(gaps))
            return run_out.late_ms / run_out.early_ms

        assert width([30] * 7) < width([10, 90, 10, 90, 10, 90, 30])
        assert (
            estimate(bought([30] * 7)).confidence > estimate(bought([10, 90, 10, 90, 10, 90, 30])).confidence
        )

    def test_is_narrower_the_more_is_known(self) -> None:
        confidence = [estimate(bought([30] * gaps)).confidence for gaps in range(8)]
        assert confidence == sorted(confidence)

    @given(st.integers(2, 20), st.lists(st.integers(1, 30), max_size=7))
    def test_follows_the_unit_of_time(self, factor: int, gaps: list[int]) -> None:
        """Days that are `factor` times as long give the same instants."""
        longer = msgspec.structs.replace(MONTHLY, mean_log_gap_days=log(10 * factor))
        prior = msgspec.structs.replace(MONTHLY, mean_log_gap_days=log(10))
        one, other = estimate(bought(gaps), prior), estimate(bought([gap * factor for gap in gaps]), longer)
        assert other.early_ms == pytest.approx(one.early_ms * factor, abs=factor + 1)
        assert other.expected_ms == pytest.approx(one.expected_ms * factor, abs=factor + 1)
        assert other.confidence == pytest.approx(one.confidence)

    @given(
        st.lists(st.tuples(st.integers(-(1 << 62), 1 << 62), st.integers(-5, 1 << 62)), max_size=12),
        st.none()
        | st.builds(Prior, *[st.floats(allow_nan=False, allow_infinity=False)] * 3, st.integers(), st.text()),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
    )
    def test_is_in_order_and_bounded_for_any_input(
        self,
        purchases: Purchases,
        prior: Prior | None,
        supply: float | None,
        scales: bool,
        rhythm: float | None,
    ) -> None:
        run_out = estimate(purchases, prior, supply, rhythm, scales=scales)
        longest_ms = RULES.gap_days_max * DAY_MS
        assert 0 <= run_out.early_ms <= run_out.expected_ms <= run_out.late_ms <= longest_ms * 1.001
        assert 0 <= run_out.confidence <= 1
