"""What the operator says at run time: pauses, the date of going live, and openings that ramp up."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.records import Control
from state.records.parts import Target
from streams.journey.step import World
from tests.streams.journey.story import DAY, DAY_0, Story, world
from tests.streams.journey.worlds import change_world, world_of

NOW = "2026-01-01T00:00:00Z"  # DAY_0


def say(story: Story, **words: Any) -> Story:
    """From now on this control record holds."""
    old = story.world
    words.setdefault("control_id", "c1")
    control = old.control.with_record(Control(**words))
    change_world(story, World(old.policies, old.catalogue, old.identity, control, 0))
    return story


def in_use() -> Story:
    """A kettle of a customer of acme, with an upgrade that opened on day 5."""
    story = Story(world_of("upgrade", "setup_guide")).profile(brand="acme").order("kettle").delivered()
    return story.use("result").at(days=5).use("limit_reached")


COVERING = [
    {},
    {"brand": "acme"},
    {"placement": "upgrade"},
    {"product_id": "kettle"},
    {"brand": "acme", "placement": "upgrade"},
]
BESIDE = [
    {"brand": "other"},
    {"placement": "refill"},
    {"product_id": "lamp"},
    {"brand": "other", "placement": "upgrade"},
]


@pytest.mark.parametrize("place", COVERING)
def test_a_pause_opens_nothing_of_what_it_covers(place: dict[str, Any]) -> None:
    story = (
        Story(world_of("upgrade", type="pause", **place)).profile(brand="acme").order("kettle").delivered()
    )
    story.use("result").at(days=5).use("limit_reached").at(days=10)
    assert story.opened("upgrade") == []
    assert story.withheld("upgrade") == ["paused"]


@pytest.mark.parametrize("place", BESIDE)
def test_a_pause_of_something_else_holds_nothing_back(place: dict[str, Any]) -> None:
    story = (
        Story(world_of("upgrade", type="pause", **place)).profile(brand="acme").order("kettle").delivered()
    )
    assert len(story.use("result").at(days=5).use("limit_reached").opened("upgrade")) == 1


@pytest.mark.parametrize("place", COVERING)
def test_what_is_open_is_revoked_when_the_customer_is_looked_at(place: dict[str, Any]) -> None:
    story = say(in_use(), type="pause", **place)
    story.look(Target())
    (revoked,) = story.changes("upgrade", "revoked")
    assert revoked.reason == "paused"


@pytest.mark.parametrize("place", BESIDE)
def test_a_pause_of_something_else_revokes_nothing(place: dict[str, Any]) -> None:
    assert say(in_use(), type="pause", **place).use("session").changes("upgrade", "revoked") == []


def test_what_a_pause_took_back_comes_again_after_it() -> None:
    story = say(in_use(), type="pause").use("session").at(days=7)
    story = say(story, type="resume", control_id="c2", at=story.now).use("session").at(days=13)
    first, second = story.opened("upgrade")
    assert first.eligibility_id != second.eligibility_id
    assert second.send_by == first.send_by


def test_help_can_be_paused_too() -> None:
    story = Story(world_of(type="pause", placement="help")).profile().ticket("new").at(days=1)
    assert story.opened("help") == []


def test_stages_and_friction_go_on_during_a_pause() -> None:
    story = Story(world_of(type="pause")).profile().order("kettle").delivered().use("result").ticket("new")
    assert story.stages() == ["checkout", "unboxing", "usage"]
    assert story.flags("troubleshooting") == ["open"]


# live_from


def live_from(day: float, *placements: str, by: str = "policy", **place: Any) -> World:
    if by == "policy":
        hours = round(day * 24)
        return world_of(
            *placements, more=f"[live]\nfrom = 2026-01-{1 + hours // 24:02}T{hours % 24:02}:00:00Z\n"
        )
    return world_of(*placements, type="live_from", at=DAY_0 + round(day * DAY), **place)


@pytest.mark.parametrize("by", ["policy", "control"])
@pytest.mark.parametrize(("ms", "opens"), [(-1, False), (0, True), (1, True)])
def test_facts_before_going_live_open_nothing(by: str, ms: int, *, opens: bool) -> None:
    story = Story(live_from(5, "order_add_on", by=by)).profile().at(days=5, ms=ms).order("kettle")
    assert bool(story.at(days=5, hours=2).opened("order_add_on")) is opens


def test_earlier_facts_open_nothing_retroactively_however_long_the_moment_lasts() -> None:
    story = Story(live_from(5, by="control")).profile().order("kettle").delivered()
    story.at(days=4).ticket("new").at(days=6)
    assert [r.placement for r in story.of("journey.eligibility")] == []
    assert story.withheld("setup_guide") == ["before_live"]
    assert story.withheld("help") == ["before_live"]


def test_what_comes_after_going_live_opens_although_its_item_is_older() -> None:
    story = Story(live_from(5, "upgrade", "setup_guide", by="control")).profile().order("kettle").delivered()
    story.use("result").at(days=6).use("limit_reached")
    assert [r.placement for r in story.of("journey.eligibility")] == ["upgrade"]


def test_live_from_of_a_brand_holds_for_that_brand_alone() -> None:
    given = live_from(5, "order_add_on", by="control", brand="acme")
    assert Story(given).profile(brand="acme").order("kettle").opened("order_add_on") == []
    assert len(Story(given).profile(brand="other").order("kettle").opened("order_add_on")) == 1


@pytest.mark.parametrize("place", [{"placement": "order_add_on"}, {"product_id": "kettle"}])
def test_live_from_of_a_placement_or_product_holds_for_that_alone(place: dict[str, Any]) -> None:
    given = live_from(5, "order_add_on", "setup_guide", by="control", **place)
    story = Story(given).profile().order("kettle")
    assert story.opened("order_add_on") == []
    other = Story(given).profile().order("lamp").delivered()
    assert len(other.opened("setup_guide")) == 1


# ramping up


def ramp(customer: str) -> Story:
    more = f'[live]\nfrom = {NOW}\nramp = "10 d"\n'
    return Story(world_of("setup_guide", more=more), customer).profile()


def test_openings_ramp_up_evenly() -> None:
    opened = []
    for n in range(60):
        story = ramp(f"customer-{n}").at(days=5).order("kettle").delivered()
        opened.append(bool(story.opened("setup_guide")))
    assert 18 <= opened.count(True) <= 42


def test_a_customer_whose_turn_has_not_come_opens_in_the_very_millisecond_in_which_it_comes() -> None:
    customer = next(name for name in map(str, range(99)) if 0.3 < _share(name) < 0.5)
    story = ramp(customer).order("kettle").at(days=1).delivered()
    assert story.withheld("setup_guide") == ["ramping_up"]
    (decision,) = story.of("journey.decisions")
    assert decision.look_again_at == DAY_0 + int(_share(customer) * 10 * DAY)
    (opened,) = story.at(days=7).opened("setup_guide")
    assert opened.opens_at == decision.look_again_at


def test_after_the_ramp_everybody_is_spoken_to() -> None:
    for n in range(20):
        story = ramp(f"customer-{n}").at(days=10).order("kettle").delivered()
        assert len(story.opened("setup_guide")) == 1


def _share(customer: str) -> float:
    return world().identity.share(customer, "ramp")
