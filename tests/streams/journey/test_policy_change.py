"""Another policy, catalogue or control: what no longer holds is taken back, the rest is decided anew."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.records import Product
from state.records.parts import Target
from streams.journey.step import World
from tests.streams.journey.story import DAY, DAY_0, PRODUCTS, Story, product
from tests.streams.journey.worlds import change_world, world_of

NO_GAP = '[caps]\noffer_gap = "0 d"\n'


def change(story: Story, given: World) -> Story:
    """From now on this is the world, and the customer is looked at."""
    change_world(story, given)
    story.look(Target())
    return story


def upgrade(**more: Any) -> Story:
    """An upgrade of the kettle that opened on day 5."""
    story = Story(world_of("upgrade", "next_step", more=NO_GAP, **more)).profile(market="de").order("kettle")
    return story.delivered().use("result").at(days=5).use("limit_reached").at(days=6)


def revoked(story: Story, placement: str = "upgrade") -> list[str]:
    return [r.reason for r in story.changes(placement, "revoked")]


def test_a_moment_that_is_switched_off_is_taken_back() -> None:
    assert revoked(change(upgrade(), world_of("next_step"))) == ["policy_changed"]


def test_a_change_that_touches_nothing_of_it_takes_nothing_back() -> None:
    story = change(upgrade(), world_of("upgrade", more="[caps]\ndaily_moves = 1\n"))
    assert revoked(story) == []
    assert len(story.opened("upgrade")) == 1


OTHER: dict[str, Product | None] = {
    "gone": None,
    "not sold any more": product("kettle-pro", sellable=False),
    "not sold here": product("kettle-pro", markets=("us",)),
    "not the next step any more": product("kettle"),
}


@pytest.mark.parametrize("name", OTHER)
def test_a_candidate_that_the_catalogue_does_not_offer_any_more_is_taken_back(name: str) -> None:
    other = OTHER[name]
    changed = "kettle-pro" if other is None else other.product_id
    products = tuple(p for p in PRODUCTS if p.product_id != changed) + ((other,) if other is not None else ())
    assert revoked(change(upgrade(), world_of("upgrade", products=products))) == ["policy_changed"]


def test_an_offer_about_what_the_catalogue_forgot_is_taken_back() -> None:
    products = tuple(p for p in PRODUCTS if p.product_id != "kettle")
    assert revoked(change(upgrade(), world_of("upgrade", products=products))) == ["policy_changed"]


def test_an_add_on_above_a_lower_price_limit_is_taken_back() -> None:
    story = Story(world_of("order_add_on")).profile().order("lamp").at(hours=1)
    story = change(story, world_of("order_add_on", more="[offers]\nadd_on_price_share_max = 0.04\n"))
    assert revoked(story, "order_add_on") == ["policy_changed"]


def test_what_a_change_took_back_comes_again_when_it_is_undone() -> None:
    story = change(upgrade(), world_of("next_step"))
    story.at(days=8)
    story = change(story, world_of("upgrade", more=NO_GAP))
    story.look(Target(product_id="kettle"))
    first, second = story.opened("upgrade")
    assert first.eligibility_id != second.eligibility_id
    assert second.opens_at == DAY_0 + 8 * DAY


def test_what_may_be_sent_no_more_is_left_to_its_answer() -> None:
    story = upgrade()
    story.sent(story.opened("upgrade")[0]).at(days=20)
    assert revoked(change(story, world_of("next_step"))) == []
    assert [r.status for r in story.at(days=60).changes("upgrade")] == ["opened", "expired"]


def test_an_item_is_decided_anew_under_the_new_policy() -> None:
    story = Story(world_of("setup_guide")).order("kettle").delivered().use("result").at(days=20)
    assert story.stages()[-1] == "usage"
    story = change(story, world_of("setup_guide", more='[stages]\ncare_after = "10 d"\n'))
    assert story.stages()[-1] == "usage"
    story.look(Target(product_id="kettle"))
    assert story.stages()[-1] == "care"


def test_a_moment_that_a_policy_switches_on_comes_at_its_time() -> None:
    story = change(Story(world_of("setup_guide")).order("kettle").delivered(), world_of("stalled_start"))
    story.look(Target(product_id="kettle"))
    assert story.at(days=7, ms=-1).opened("stalled_start") == []
    assert len(story.at(days=7).opened("stalled_start")) == 1


def test_what_had_no_candidate_is_tried_again_when_the_catalogue_has_one() -> None:
    fewer = tuple(p for p in PRODUCTS if p.product_id != "kettle-pro")
    story = upgrade(products=fewer)
    assert story.withheld("upgrade") == ["no_candidate"]
    story = change(story, world_of("upgrade"))
    story.look(Target(product_id="kettle"))
    assert len(story.opened("upgrade")) == 1


def test_records_carry_the_policy_and_the_catalogue_that_they_were_decided_under() -> None:
    story = upgrade()
    before = story.world.policies.version
    story = change(story, world_of("next_step"))
    opened, ended = story.changes("upgrade")
    assert (opened.policy_version, ended.policy_version) == (before, story.world.policies.version)
    assert ended.catalogue_version == story.world.catalogue.version


def test_an_override_changes_the_product_that_it_names_and_no_other() -> None:
    more = '[product."kettle".moments.upgrade]\nenabled = false\n'
    assert revoked(change(upgrade(), world_of("upgrade", more=NO_GAP + more))) == ["policy_changed"]
    more = '[product."lamp".moments.upgrade]\nenabled = false\n'
    assert revoked(change(upgrade(), world_of("upgrade", more=NO_GAP + more))) == []
