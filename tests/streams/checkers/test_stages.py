import pytest

from schemas.records import StageChange
from streams.checkers.stages import Stages
from tests.streams.checkers.cases import DAY, Story, T, opened, owner_of_a_drill, wrongs


def moves(
    before: str | None, after: str, product_id: str = "drill", since: int = T
) -> tuple[str, StageChange]:
    return "journey.stages", StageChange(
        customer_id="", sequence=0, product_id=product_id, from_stage=before, to_stage=after, since=since,
        inferred=False, corrected=False, decided_at=T, policy_version="p1", catalogue_version="c1",
    )  # fmt: skip


def test_a_chain_with_facts_under_it_is_right() -> None:
    story = owner_of_a_drill()
    for before, after in (
        (None, "checkout"),
        ("checkout", "unboxing"),
        ("unboxing", "usage"),
        ("usage", "care"),
    ):
        story.look(T, moves(before, after))
    story.purchase(T, "order_refunded")
    story.look(T, moves("care", "ended"))
    assert wrongs(Stages, story) == []


def test_a_broken_chain_is_wrong() -> None:
    story = owner_of_a_drill()
    story.look(T, moves(None, "checkout"))
    story.look(T, moves("unboxing", "usage"))
    assert wrongs(Stages, story) == ["drill  unboxing to usage, but it stood in checkout"]


@pytest.mark.parametrize(("stage", "problem"), [
    ("unboxing", "although it was never delivered"),
    ("usage", "although it was never delivered"),
    ("ended", "although nothing was undone"),
    ("forgotten", "no such stage"),
])  # fmt: skip
def test_a_stage_without_a_fact_is_wrong(stage: str, problem: str) -> None:
    story = Story()
    story.orders(T, "drill")
    story.look(T, moves(None, stage))
    assert [what.endswith(problem) for what in wrongs(Stages, story)] == [True]


@pytest.mark.parametrize(("stage", "wrong"), [("unboxing", 0), ("usage", 1), ("care", 1)])
def test_delivery_is_not_first_value(stage: str, wrong: int) -> None:
    story = Story()
    story.orders(T, "drill", fulfilment="digital")
    story.look(T, moves(None, stage))
    assert len(wrongs(Stages, story)) == wrong


def test_a_consumable_comes_to_care_without_usage() -> None:
    story = Story()
    story.orders(T, "beans", fulfilment="in_store")
    story.look(T, moves(None, "care", "beans"))
    assert wrongs(Stages, story) == []


def test_what_was_never_bought_has_no_stage() -> None:
    story = Story()
    story.uses(T, "result")
    story.look(T, moves(None, "usage"))
    assert wrongs(Stages, story) == ["drill  None to usage although it was never bought"]


def test_an_offer_about_what_has_ended_is_wrong() -> None:
    story = owner_of_a_drill()
    story.purchase(T, "order_refunded")
    story.look(T, moves(None, "ended"))
    story.look(T, opened(T))
    assert wrongs(Stages, story) == ["next_step e-1 is about drill, which has ended"]


@pytest.mark.parametrize(("gift", "wrong"), [(True, 0), (False, 1)])
def test_what_was_given_back_and_then_bought_as_a_gift_may_have_an_add_on(gift: bool, wrong: int) -> None:
    story = owner_of_a_drill()
    story.purchase(T, "order_refunded")
    story.look(T, moves(None, "ended"))
    story.orders(T, "drill", order_id="o2", gift=gift)
    story.look(T, opened(T, placement="order_add_on", order_id="o2"))
    assert len(wrongs(Stages, story)) == wrong


def test_an_erasure_forgets_where_things_stood() -> None:
    story = owner_of_a_drill()
    story.look(T, moves(None, "usage"))
    story.erases(T)
    story.orders(T + DAY, "drill")
    story.look(T + DAY, moves(None, "checkout"))
    assert wrongs(Stages, story) == []


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 0), (0, 0), (1, 1)])
def test_a_stage_does_not_begin_later_than_clocks_may_differ(late_by_ms: int, wrong: int) -> None:
    story = owner_of_a_drill()
    story.look(T, moves(None, "usage", since=T + 300_000 + late_by_ms))
    assert len(wrongs(Stages, story)) == wrong
