from typing import Any

import pytest

from schemas.records import OrderLine
from tests.streams.journey.story import DAY, DAY_0, Story


def line(
    product_id: str = "kettle", unit_id: str | None = None, line_id: str = "1", **more: Any
) -> OrderLine:
    return OrderLine(line_id=line_id, product_id=product_id, unit_id=unit_id, quantity=1, **more)


def stages_of(story: Story, unit_id: str | None = None, product_id: str = "kettle") -> list[str]:
    return [
        r.to_stage for r in story.of("journey.stages") if r.product_id == product_id and r.unit_id == unit_id
    ]


def cycles(story: Story, product_id: str = "kettle") -> list[str]:
    """The cycles of an item in the order in which they began."""
    return list(dict.fromkeys(r.cycle for r in story.of("journey.stages") if r.product_id == product_id))


def owned(*units: str) -> Story:
    """One order and one parcel for each unit, a day apart."""
    story = Story().profile()
    for day, unit in enumerate(units):
        story.at(days=day).order(line(unit_id=unit), order_id=unit).delivered(unit)
    return story


# units


def test_each_unit_of_a_product_is_an_item_of_its_own() -> None:
    story = owned("u1", "u2").at(days=2).use("result", unit_id="u1")
    assert (stages_of(story, "u1")[-1], stages_of(story, "u2")[-1]) == ("usage", "unboxing")


def test_usage_that_names_no_unit_counts_for_the_newest_unit() -> None:
    story = owned("u1", "u2").at(days=2).use("result")
    assert (stages_of(story, "u1")[-1], stages_of(story, "u2")[-1]) == ("unboxing", "usage")


def test_usage_that_names_no_unit_and_comes_before_its_unit_is_known_counts_for_it() -> None:
    story = Story().at(days=2).use("result").order(line(unit_id="u1"), order_id="u1").at(days=3).use("result")
    assert stages_of(story, "u1")[-1] == "usage"


def test_the_newest_unit_is_the_one_that_was_bought_last_and_not_the_one_read_last() -> None:
    told: list[Any] = []
    early = Story()
    early.send = told.append  # type: ignore[method-assign, assignment]
    early.order(line(unit_id="u1"), order_id="u1")
    story = Story().at(days=1).order(line(unit_id="u2"), order_id="u2").delivered("u2")
    story.send(told[0])
    story.at(days=2).delivered("u1").use("result")
    assert (stages_of(story, "u1")[-1], stages_of(story, "u2")[-1]) == ("unboxing", "usage")


def test_usage_with_and_without_a_unit_adds_up() -> None:
    story = owned("u1").at(days=1).use("session", unit_id="u1").use("session").use("session", unit_id="u1")
    assert stages_of(story, "u1")[-1] == "usage"


def test_usage_of_a_product_whose_units_are_named_makes_no_item_without_a_unit() -> None:
    story = owned("u1").at(days=1).use("result")
    assert stages_of(story) == []


def test_a_unit_that_is_named_after_the_order_takes_its_line_along() -> None:
    story = Story().order(line()).at(days=1).order(line(unit_id="u1"), type="order_updated").delivered()
    assert (stages_of(story)[-1], stages_of(story, "u1")) == ("ended", ["checkout", "unboxing"])


def test_what_a_line_moved_from_a_unit_to_none_is_still_owned() -> None:
    story = Story().profile().order(line("bulb", "u1"), order_id="f")
    story.order(line("bulb"), order_id="f", type="order_updated").at(days=1).order("lamp", order_id="k")
    assert (stages_of(story, "u1", "bulb")[-1], stages_of(story, None, "bulb")) == ("ended", ["checkout"])
    assert "bulb" not in [r.candidate for r in story.opened("order_add_on")]


def test_an_older_unit_is_still_owned_when_the_newest_was_given_back() -> None:
    story = Story().profile()
    for unit in ("u1", "u2"):
        story.order(line("bulb", unit), order_id=unit)
    story.at(days=1).purchase("order_refunded", line("bulb", "u2"), order_id="u2")
    assert "bulb" not in [r.candidate for r in story.order("lamp", order_id="k").opened("order_add_on")]


# cycles


def test_a_cycle_is_named_by_the_order_line_that_opened_it() -> None:
    story = Story().order(line(line_id="7"), order_id="o9")
    assert cycles(story) == ["o9/7"]


def again(at_days: float = 100, **more: Any) -> Story:
    """A kettle was in use for long, then another was bought and delivered."""
    story = Story().profile().order("kettle").delivered().at(days=5).use("result").at(days=at_days)
    return story.order(line(**more), order_id="o2").at(days=at_days + 2).delivered("o2", "p2")


@pytest.mark.parametrize("more", [{}, {"replacement": True}])
def test_a_new_durable_purchase_or_a_replacement_starts_a_new_cycle(more: dict[str, Any]) -> None:
    story = again(**more)
    assert cycles(story) == ["o1/1", "o2/1"]
    assert story.stages() == ["checkout", "unboxing", "usage", "care", "checkout", "unboxing"]


def test_first_value_of_an_earlier_cycle_does_not_count_for_a_new_one() -> None:
    story = again().at(days=150)
    assert story.stages()[-1] == "unboxing"
    story.use("result")
    assert [(r.to_stage, r.since, r.cycle) for r in story.of("journey.stages")][-1] == (
        "usage",
        DAY_0 + 150 * DAY,
        "o2/1",
    )


def test_a_new_cycle_gets_its_own_guide() -> None:
    story = again()
    assert [r.cycle for r in story.opened("setup_guide")] == ["o1/1", "o2/1"]


def test_a_late_older_purchase_does_not_shift_the_cycle() -> None:
    told: list[Any] = []
    early = Story().at(days=3)
    early.send = told.append  # type: ignore[method-assign, assignment]
    early.order("kettle", order_id="o0")
    story = Story().at(days=5).order("kettle", order_id="o5").at(days=6).delivered("o5").at(days=7)
    story.send(told[0])
    assert cycles(story.at(days=8)) == ["o5/1"]
    assert story.stages() == ["checkout", "unboxing"]


def test_a_returned_replacement_gives_way_to_what_is_still_owned() -> None:
    story = again(replacement=True).at(days=110).purchase("order_refunded", line(), order_id="o2")
    assert story.of("journey.stages")[-1].cycle == "o1/1"
    assert story.stages()[-1] == "care"


def test_an_update_of_an_order_starts_no_cycle() -> None:
    story = Story().order("kettle").at(days=1).order("kettle", type="order_updated").at(days=2).delivered()
    assert cycles(story) == ["o1/1"]
    assert story.stages() == ["checkout", "unboxing"]


# supply


def test_a_consumable_purchase_adds_supply_to_the_same_cycle() -> None:
    story = Story().profile().order("coffee").delivered().at(days=15).order("coffee", order_id="o2")
    story.at(days=17).delivered("o2", "p2").at(days=40)
    assert cycles(story, "coffee") == ["o1/1"]


def test_the_refill_window_follows_the_newest_supply() -> None:
    once = Story().profile().order("coffee").delivered().at(days=90)
    twice = (
        Story()
        .profile()
        .order("coffee")
        .delivered()
        .at(days=8)
        .order("coffee", order_id="o2")
        .delivered("o2", "p2")
    )
    first, second = once.opened("refill")[0], twice.at(days=90).opened("refill")[0]
    assert second.opens_at > first.opens_at


def test_a_supply_that_is_under_way_runs_out_after_its_delivery() -> None:
    story = (
        Story().profile().order("coffee").delivered().at(days=8).order("coffee", order_id="o2").at(days=60)
    )
    assert not story.opened("refill")
    assert story.delivered("o2", "p2").at(days=100).opened("refill")


def test_two_lines_of_one_consumable_in_one_order_are_no_sign_of_use() -> None:
    story = Story().profile().order("coffee", line("coffee", line_id="2")).at(days=1)
    assert story.stages("coffee") == ["checkout"]


def test_a_second_supply_that_was_ordered_before_the_first_came_is_no_sign_of_use() -> None:
    story = Story().profile().order("coffee").at(days=1).order("coffee", order_id="o2").at(days=2)
    assert story.stages("coffee") == ["checkout"]
    story.delivered().delivered("o2", "p2").at(days=40)
    assert "usage" not in story.stages("coffee")


def test_who_buys_again_what_has_arrived_has_used_it() -> None:
    story = Story().profile().order("coffee").delivered().at(days=8).order("coffee", order_id="o2")
    assert story.stages("coffee") == ["checkout", "unboxing", "usage"]


def test_a_supply_that_was_delivered_before_its_own_order_is_no_second_one() -> None:
    story = Story().profile().delivered().at(days=1).order("coffee", line("coffee", line_id="2"))
    assert story.stages("coffee") == ["unboxing"]


def test_a_consumable_that_was_returned_in_part_is_still_owned() -> None:
    story = (
        Story().order("coffee").delivered().at(days=5).order("coffee", order_id="o2").delivered("o2", "p2")
    )
    assert story.purchase("order_refunded", line("coffee")).stages("coffee")[-1] != "ended"
    assert story.purchase("order_refunded", line("coffee"), order_id="o2").stages("coffee")[-1] == "ended"
