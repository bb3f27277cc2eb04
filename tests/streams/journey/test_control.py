import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Control, ControlType
from streams.journey.control import ControlState, Place
from streams.loading.policy_file import load_policies

AT = 1_760_000_000_000


def word(
    control_id: str,
    kind: ControlType,
    at: int | None = AT,
    brand: str | None = None,
    placement: str | None = None,
    product_id: str | None = None,
) -> Control:
    return Control(control_id, kind, brand, placement, product_id, at)


def test_nothing_is_paused_before_the_operator_says_so() -> None:
    assert not ControlState().paused("acme", "refill", "p1")


@pytest.mark.parametrize(
    ("place", "paused"),
    [
        ((None, None, None), True),
        (("acme", None, None), True),
        (("other", None, None), False),
        ((None, "refill", None), True),
        ((None, "upgrade", None), False),
        ((None, None, "p1"), True),
        ((None, None, "p2"), False),
        (("acme", "refill", "p1"), True),
        (("acme", "upgrade", None), False),
        (("acme", None, "p1"), True),
        ((None, "refill", "p2"), False),
    ],
)
def test_a_pause_covers_what_it_names_and_nothing_else(place: Place, *, paused: bool) -> None:
    assert ControlState([Control("a", "pause", *place, at=AT)]).paused("acme", "refill", "p1") is paused


def test_a_later_resume_lifts_the_pause_of_the_same_place() -> None:
    state = ControlState([word("a", "pause", brand="acme"), word("b", "resume", AT + 1, brand="acme")])
    assert not state.paused("acme", "refill", "p1")


def test_an_earlier_resume_does_not_lift_a_pause() -> None:
    state = ControlState([word("a", "pause", brand="acme"), word("b", "resume", AT - 1, brand="acme")])
    assert state.paused("acme", "refill", "p1")


def test_at_the_same_time_the_greater_id_holds() -> None:
    assert ControlState([word("b", "pause"), word("a", "resume")]).paused("", "refill", "p1")
    assert not ControlState([word("a", "pause"), word("b", "resume")]).paused("", "refill", "p1")


def test_a_word_without_a_time_is_older_than_any_with_one() -> None:
    assert not ControlState([word("b", "pause", None), word("a", "resume", AT)]).paused("", "refill", "p1")


def test_resuming_everything_does_not_lift_the_pause_of_one_brand() -> None:
    state = ControlState([word("a", "pause", brand="acme"), word("b", "resume", AT + 1)])
    assert state.paused("acme", "refill", "p1")


def test_a_record_replaces_the_one_of_the_same_id_and_a_tombstone_takes_it_back() -> None:
    state = ControlState([word("a", "pause", brand="acme")]).with_record(word("a", "pause", brand="other"))
    assert not state.paused("acme", "refill", "p1")
    assert state.paused("other", "refill", "p1")
    assert not state.without("a").paused("other", "refill", "p1")


def test_taking_back_what_was_never_said_changes_nothing() -> None:
    assert ControlState([word("a", "pause")]).without("b").paused("", "help", "p1")


def test_the_nearest_live_from_record_wins_over_the_policy() -> None:
    policy = load_policies().base
    assert ControlState().live_from_ms(policy) == policy.live.from_ms
    state = ControlState([word("a", "live_from", AT), word("b", "live_from", AT + 5, brand="acme")])
    assert state.live_from_ms(policy) == AT
    assert state.live_from_ms(policy, "acme") == AT + 5
    assert state.live_from_ms(policy, "other") == AT


def test_a_live_from_of_one_brand_leaves_the_others_to_the_policy() -> None:
    policy = load_policies().base
    state = ControlState([word("b", "live_from", AT + 5, brand="acme")])
    assert state.live_from_ms(policy, "other") == policy.live.from_ms


def test_the_newest_policy_record_is_the_policy() -> None:
    newer = Control("a", "policy", at=AT + 1, policy="newer")
    state = ControlState([newer, Control("b", "policy", at=AT, policy="older")])
    assert state.policy == newer
    assert ControlState().policy is None


records = st.lists(
    st.builds(
        Control,
        st.sampled_from("abcdef"),
        st.sampled_from(["pause", "resume"]),
        brand=st.sampled_from([None, "acme", "other"]),
        placement=st.sampled_from([None, "refill"]),
        at=st.sampled_from([None, AT, AT + 1]),
    ),
    max_size=6,
    unique_by=lambda record: record.control_id,
)


@given(records, st.data())
def test_order_and_repetition_do_not_matter(said: list[Control], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(said)) + said[:2]
    expected, state = ControlState(said), ControlState()
    for record in shuffled:
        state = state.with_record(record)
    for brand, placement in itertools.product(("", "acme", "other"), ("refill", "upgrade")):
        assert state.paused(brand, placement, "p1") is expected.paused(brand, placement, "p1")
