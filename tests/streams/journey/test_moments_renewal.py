"""The moments of renewal, and of value that earns more: `upgrade`, `early_education`."""

from __future__ import annotations

import pytest

from schemas.records import Milestone, OrderLine, Product
from tests.streams.journey.story import DAY, DAY_0, PRODUCTS, Story, product
from tests.streams.journey.worlds import world_of


def plan(*placements: str, days: int = 360) -> Story:
    """A plan of so many days that began on day 0."""
    story = Story(world_of(*(placements or ("upgrade", "early_education")))).profile()
    return story.subscription(
        "subscription_started", "plan", term_starts_at=DAY_0, renews_at=DAY_0 + days * DAY,
        paid_through_at=DAY_0 + days * DAY,
    )  # fmt: skip


def kettle(*placements: str, products: tuple[Product, ...] = PRODUCTS) -> Story:
    """A kettle that was delivered on day 0 and gave first value on day 1."""
    story = Story(world_of(*(placements or ("upgrade", "early_education")), products=products)).profile()
    return story.order("kettle").delivered().at(days=1).use("result")


def test_an_upgrade_opens_with_the_renewal_stage_when_real_behaviour_shows_value() -> None:
    story = plan().at(days=10).use("result", "plan").at(days=330, ms=-1)
    assert story.opened("upgrade") == []
    (opened,) = story.at(days=330).opened("upgrade")
    assert (opened.stage, opened.move, opened.candidate) == ("renewal", "offer", "kettle-pro")
    assert story.opened("early_education") == []


def test_without_value_renewal_brings_early_education_and_no_upgrade() -> None:
    story = plan().at(days=330)
    (opened,) = story.opened("early_education")
    assert (opened.stage, opened.move, opened.candidate) == ("renewal", "guide", None)
    assert story.opened("upgrade") == []


def test_value_that_is_only_inferred_is_not_shown_by_real_behaviour() -> None:
    lamp = product(
        "lamp", relations=(("upgrade", "kettle-pro"),), usage_reported=False, replace_after_days=300
    )
    story = Story(world_of("upgrade", "early_education", products=(lamp, product("kettle-pro")))).profile()
    story.order("lamp").delivered().at(days=280)
    assert story.opened("upgrade") == []
    assert len(story.opened("early_education")) == 1


def test_value_shown_in_the_renewal_stage_still_brings_the_upgrade() -> None:
    story = plan().at(days=335).use("result", "plan")
    assert len(story.opened("upgrade")) == 1


def test_an_upgrade_at_renewal_ends_14_days_later() -> None:
    story = plan().at(days=10).use("result", "plan").at(days=344, ms=-1)
    assert story.opened("upgrade")[0].send_by == DAY_0 + 344 * DAY
    assert story.changes("upgrade", "expired") == []
    assert len(story.at(days=344).changes("upgrade", "expired")) == 1


@pytest.mark.parametrize(("used", "placement"), [(True, "upgrade"), (False, "early_education")])
def test_what_is_said_at_renewal_ends_with_the_renewal_when_that_is_sooner(
    placement: str, *, used: bool
) -> None:
    story = plan(days=30)
    if used:
        story.at(days=1).use("result", "plan")
    (opened,) = story.at(days=30, ms=-1).opened(placement)
    assert opened.send_by == DAY_0 + 30 * DAY
    assert story.changes(placement, "expired") == []
    assert len(story.at(days=30).changes(placement, "expired")) == 1


def test_a_plan_that_is_renewed_early_needs_no_upgrade_any_more() -> None:
    story = plan().at(days=10).use("result", "plan").at(days=335)
    story.subscription(
        "subscription_renewed", "plan", term_starts_at=DAY_0 + 335 * DAY, renews_at=DAY_0 + 700 * DAY
    )
    (ended,) = story.changes("upgrade", "expired")
    assert (ended.reason, ended.decided_at) == ("moment_passed", DAY_0 + 335 * DAY)


def test_an_upgrade_opens_on_a_milestone_that_the_catalogue_marks() -> None:
    (opened,) = kettle().at(days=5).use("milestone", name="100 cups").opened("upgrade")
    assert (opened.stage, opened.opens_at) == ("usage", DAY_0 + 5 * DAY)
    assert opened.send_by == DAY_0 + 19 * DAY


def test_a_milestone_that_the_catalogue_does_not_mark_earns_nothing() -> None:
    assert kettle().at(days=5).use("milestone", name="brewed").at(days=20).opened("upgrade") == []


def test_an_upgrade_opens_when_a_limit_is_reached() -> None:
    assert len(kettle().at(days=5).use("limit_reached", name="1.5 l").opened("upgrade")) == 1


def test_an_upgrade_opens_in_care_too() -> None:
    (opened,) = kettle().at(days=60).use("limit_reached").opened("upgrade")
    assert opened.stage == "care"


def test_a_limit_that_is_reached_before_first_value_is_a_problem_and_no_reason_to_buy() -> None:
    story = Story(world_of("upgrade")).profile().order("kettle").delivered().at(days=1).use("limit_reached")
    assert story.at(days=20).opened("upgrade") == []


@pytest.mark.parametrize(("ms", "again"), [(-1, 1), (0, 2), (1, 2)])
def test_an_upgrade_is_said_once_in_90_days(ms: int, again: int) -> None:
    story = kettle().at(days=5).use("limit_reached").at(days=95, ms=ms).use("limit_reached")
    assert len(story.opened("upgrade")) == again


def test_an_earned_upgrade_that_rests_opens_when_90_days_are_over() -> None:
    story = kettle().at(days=5).use("limit_reached").at(days=90).use("limit_reached").at(days=95)
    assert [opened.opens_at for opened in story.opened("upgrade")] == [DAY_0 + 5 * DAY, DAY_0 + 95 * DAY]


def test_an_earned_upgrade_does_not_wait_longer_than_14_days() -> None:
    story = kettle().at(days=5).use("limit_reached").at(days=80).use("limit_reached").at(days=120)
    assert len(story.opened("upgrade")) == 1


def test_an_upgrade_names_a_product_that_is_not_owned() -> None:
    story = kettle().at(days=2).order("kettle-pro", order_id="o2").at(days=5).use("limit_reached")
    assert story.opened("upgrade") == []
    assert story.withheld("upgrade") == ["no_candidate"]


def test_a_contract_that_ends_is_a_renewal() -> None:
    line = OrderLine(line_id="1", product_id="kettle", quantity=1, contract_ends_at=DAY_0 + 360 * DAY)
    story = Story(world_of("upgrade")).profile().order(line).delivered().at(days=1).use("result").at(days=330)
    assert story.opened("upgrade")[0].stage == "renewal"


def test_a_product_that_is_to_be_replaced_is_a_renewal() -> None:
    kettle_ = product("kettle", relations=(("upgrade", "kettle-pro"),), replace_after_days=300)
    story = kettle("upgrade", products=(kettle_, product("kettle-pro"))).at(days=270)
    assert story.opened("upgrade")[0].stage == "renewal"


def test_early_education_is_said_once_in_a_renewal() -> None:
    assert len(plan().at(days=359).opened("early_education")) == 1


def test_every_term_has_its_own_renewal() -> None:
    story = plan().at(days=10).use("result", "plan").at(days=360)
    story.subscription(
        "subscription_renewed", "plan", term_starts_at=DAY_0 + 360 * DAY, renews_at=DAY_0 + 720 * DAY
    )
    story.at(days=700)
    assert [opened.opens_at for opened in story.opened("upgrade")] == [DAY_0 + 330 * DAY, DAY_0 + 690 * DAY]


def test_a_milestone_of_the_catalogue_counts_whatever_else_was_reached_since() -> None:
    earning = (Milestone(name="100 cups", earns_upgrade=True),)
    kettle_ = product("kettle", relations=(("upgrade", "kettle-pro"),), milestones=earning)
    story = kettle("upgrade", products=(kettle_, product("kettle-pro"))).at(days=2)
    for name in ("a", "b", "100 cups", "c", "d"):
        story.use("milestone", name=name)
    assert len(story.opened("upgrade")) == 1
