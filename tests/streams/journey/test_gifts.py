"""A gift gives its buyer only an add-on to the order and shipping help."""

from __future__ import annotations

from schemas.records import OrderLine
from tests.streams.journey.story import Story


def line(product_id: str, line_id: str = "1", *, gift: bool = True) -> OrderLine:
    return OrderLine(line_id=line_id, product_id=product_id, quantity=1, gift=gift)


def openings(story: Story) -> list[str]:
    return [r.placement for r in story.of("journey.eligibility") if r.status == "opened"]


def test_a_gift_opens_the_add_on_of_its_order() -> None:
    story = Story().profile().order(line("kettle"))
    assert openings(story) == ["order_add_on"]
    assert story.opened("order_add_on")[0].candidate == "plug"


def test_a_gift_opens_nothing_else_in_its_whole_life() -> None:
    story = Story().profile().order(line("kettle"), line("coffee", "2")).at(days=1).parcel("in_transit")
    story.at(days=2).delivered().at(days=400)
    assert openings(story) == ["order_add_on"]


def test_a_gift_is_no_item_of_its_buyer() -> None:
    story = Story().profile().order(line("kettle")).at(days=2).delivered().at(days=30)
    assert story.stages() == []


def test_a_gift_that_is_in_trouble_gets_shipping_help() -> None:
    story = Story().profile().order(line("kettle")).at(days=2).parcel("exception").at(days=3)
    assert story.flags("shipping_problem") == ["open"]
    assert len(story.opened("help")) == 1


def test_a_gift_beside_an_own_item_changes_nothing_for_that() -> None:
    story = (
        Story().profile().order(line("kettle"), line("lamp", "2", gift=False)).at(days=1).parcel("in_transit")
    )
    story.at(days=2).delivered()
    assert story.stages("lamp") == ["checkout", "unboxing"]
    assert [r.product_id for r in story.opened("pre_arrival")] == ["lamp"]
    assert [r.product_id for r in story.opened("setup_guide")] == ["lamp"]


def test_a_second_one_for_oneself_is_owned_although_the_first_was_a_gift() -> None:
    story = (
        Story().profile().order(line("kettle")).at(days=10).order(line("kettle", gift=False), order_id="o2")
    )
    assert story.stages() == ["checkout"]


def test_what_was_given_away_is_not_owned_and_may_be_offered() -> None:
    story = Story().profile().order(line("plug"), order_id="o0").delivered("o0").at(days=30).order("kettle")
    assert story.opened("order_add_on")[-1].candidate == "plug"


def test_an_order_that_turns_out_to_be_a_gift_takes_back_what_it_opened() -> None:
    story = Story().profile().order(line("kettle", gift=False)).at(days=1).parcel("in_transit")
    assert "essential" in openings(story)
    story.order(line("kettle"), type="order_updated")
    assert {r.placement for r in story.of("journey.eligibility") if r.status == "revoked"} == {
        "essential",
        "pre_arrival",
    }
