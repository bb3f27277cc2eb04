"""The moments of an item in use: `goal_question` and `next_step`."""

from __future__ import annotations

from schemas.records import Answer, Relation
from tests.streams.journey.story import DAY, DAY_0, PRODUCTS, Story, product
from tests.streams.journey.worlds import world_of


def used(*placements: str, value_on: float = 3) -> Story:
    """A kettle delivered on day 0 that gives first value on day 3; with consent for e-mail."""
    story = Story(world_of(*placements)).profile().order("kettle").delivered()
    return story.at(days=value_on).use("result")


def test_a_goal_question_opens_on_day_7_after_delivery_when_first_value_came_before() -> None:
    story = used("goal_question").at(days=7, ms=-1)
    assert story.opened("goal_question") == []
    (opened,) = story.at(days=7).opened("goal_question")
    assert (opened.stage, opened.move, opened.opens_at) == ("usage", "ask", DAY_0 + 7 * DAY)
    assert opened.question == "what are you trying to improve next?"


def test_a_goal_question_opens_at_first_value_when_that_comes_after_day_7() -> None:
    story = used("goal_question", value_on=9)
    assert story.opened("goal_question")[0].opens_at == DAY_0 + 9 * DAY


def test_day_7_counts_from_delivery_and_not_from_the_order() -> None:
    story = Story(world_of("goal_question")).profile().order("kettle").at(days=5).delivered().use("result")
    assert story.at(days=12, ms=-1).opened("goal_question") == []
    assert len(story.at(days=12).opened("goal_question")) == 1


def test_a_goal_question_ends_14_days_later() -> None:
    story = used("goal_question").at(days=21, ms=-1)
    assert story.changes("goal_question", "expired") == []
    assert len(story.at(days=21).changes("goal_question", "expired")) == 1


def test_no_goal_question_without_first_value() -> None:
    story = Story(world_of("goal_question")).profile().order("kettle").delivered().at(days=60)
    assert story.opened("goal_question") == []


def test_no_goal_question_while_an_answer_is_fresh_for_180_days() -> None:
    story = used("goal_question").at(days=5).goal("better tea").at(days=7)
    assert story.withheld("goal_question") == ["fresh_answer"]
    assert story.at(days=60).opened("goal_question") == []


def test_an_answer_is_fresh_until_exactly_180_days_after_it_was_given() -> None:
    def asked_at(days: float, ms: int) -> bool:
        story = Story(world_of("goal_question")).profile().goal("better tea")
        story.at(days=days - 10).order("kettle").delivered().at(days=days, ms=ms).use("result")
        return bool(story.opened("goal_question"))

    assert not asked_at(180, -1)
    assert asked_at(180, 0)
    assert asked_at(180, 1)


def test_a_question_that_waits_for_an_answer_to_age_opens_in_the_very_millisecond() -> None:
    story = Story(world_of("goal_question")).profile().goal("better tea")
    story.at(days=170).order("kettle").delivered().use("result").at(days=177)
    assert story.withheld("goal_question") == ["fresh_answer"]
    (opened,) = story.at(days=200).opened("goal_question")
    assert opened.opens_at == DAY_0 + 180 * DAY


def test_one_goal_question_per_customer_in_30_days() -> None:
    story = used("goal_question").at(days=7)
    story.order("lamp", order_id="o2").delivered("o2").at(days=36, ms=0)
    story.use("result", "lamp").at(days=37, ms=-1)
    assert [opened.product_id for opened in story.opened("goal_question")] == ["kettle"]
    assert "asked_recently" in story.withheld("goal_question")
    assert [opened.product_id for opened in story.at(days=37).opened("goal_question")] == ["kettle", "lamp"]


def test_two_items_in_use_are_one_question() -> None:
    story = Story(world_of("goal_question")).profile().order("kettle", "lamp").delivered()
    story.at(days=1).use("result").use("result", "lamp").at(days=29)
    assert len(story.opened("goal_question")) == 1


def three_items(*, answered: bool = False) -> Story:
    """Questions on days 7, 40 and, if nothing rests, 80."""
    story = used("goal_question").at(days=7)
    story.sent(story.opened("goal_question")[0])
    story.at(days=40).order("lamp", order_id="o2").delivered("o2").use("result", "lamp").at(days=47)
    second = story.opened("goal_question")[1]
    story.sent(second)
    if answered:
        story.reply("yes", second)
    story.at(days=90).order("teapot", order_id="o3").delivered("o3").use("result", "teapot").at(days=97)
    return story


def test_a_question_that_was_not_answered_twice_rests_for_180_days_from_the_second() -> None:
    story = three_items()
    assert len(story.opened("goal_question")) == 2
    assert story.withheld("goal_question")[-1] == "asks_rest"
    story.at(days=220).order("plug", order_id="o4").delivered("o4").use("result", "plug")
    assert len(story.at(days=227, ms=-1).opened("goal_question")) == 2
    assert len(story.at(days=227).opened("goal_question")) == 3


def test_a_question_that_was_answered_the_second_time_does_not_rest() -> None:
    assert len(three_items(answered=True).opened("goal_question")) == 3


def test_an_answer_ends_the_pending_ask() -> None:
    story = used("goal_question").at(days=8)
    (ended,) = story.goal("better tea").changes("goal_question", "answered")
    assert ended.reason == "gave_answer"


def test_a_goal_question_without_answer_is_no_friction() -> None:
    story = used("goal_question").at(days=60)
    assert story.of("journey.friction") == []


def test_the_next_step_opens_after_an_answered_goal() -> None:
    story = used("goal_question", "next_step").at(days=8).goal("better tea")
    (opened,) = story.opened("next_step")
    assert (opened.stage, opened.move, opened.candidate) == ("usage", "offer", "teapot")
    assert opened.opens_at == DAY_0 + 8 * DAY


def test_the_next_step_names_the_goal_that_makes_it_personal() -> None:
    (opened,) = used("goal_question", "next_step").at(days=8).goal("better tea").opened("next_step")
    (personalised,) = [check for check in opened.checks if check.name == "personalised"]
    assert personalised.evidence == ("goal=better tea",)


def test_without_an_answer_the_next_step_opens_on_day_14_for_a_behaviour() -> None:
    story = used("next_step").at(days=4).use("milestone", name="brewed").at(days=14, ms=-1)
    assert story.opened("next_step") == []
    (opened,) = story.at(days=14).opened("next_step")
    assert opened.checks[3].evidence == ("behaviour=brewed",)


def test_without_an_answer_the_next_step_is_not_before_first_value() -> None:
    story = Story(world_of("next_step")).profile().order("kettle").delivered().use("guidance_opened")
    assert story.at(days=16).opened("next_step") == []
    assert len(story.use("milestone", name="brewed").opened("next_step")) == 1


def test_the_next_step_waits_5_days_for_a_pending_ask() -> None:
    story = used("goal_question", "next_step", value_on=12).use("milestone", name="brewed").at(days=14)
    assert story.withheld("next_step") == ["waiting_for_answer"]
    assert story.at(days=17, ms=-1).opened("next_step") == []
    (opened,) = story.at(days=17).opened("next_step")
    assert opened.opens_at == DAY_0 + 17 * DAY


def test_the_next_step_does_not_wait_for_an_ask_that_was_refused() -> None:
    story = used("goal_question", "next_step", value_on=12).use("milestone", name="brewed").at(days=15)
    story.reply("no", story.opened("goal_question")[0])
    assert story.opened("next_step")[0].opens_at == DAY_0 + 15 * DAY


def test_the_next_step_ends_7_days_after_it_was_due() -> None:
    story = used("next_step").use("milestone", name="brewed").at(days=21, ms=-1)
    assert story.opened("next_step")[0].send_by == DAY_0 + 21 * DAY
    assert story.changes("next_step", "expired") == []
    assert len(story.at(days=21).changes("next_step", "expired")) == 1


def test_a_next_step_that_no_goal_and_no_behaviour_asks_for_is_withheld_as_generic() -> None:
    story = used("next_step").at(days=14)
    assert story.opened("next_step") == []
    assert story.withheld("next_step") == ["generic"]


def test_a_behaviour_that_comes_within_the_window_makes_the_next_step_personal() -> None:
    story = used("next_step").at(days=18).use("milestone", name="brewed")
    assert len(story.opened("next_step")) == 1


def test_a_goal_that_names_another_step_is_no_reason_for_this_one() -> None:
    story = used("goal_question", "next_step").at(days=8).goal("stronger coffee").at(days=14)
    assert story.opened("next_step") == []
    assert story.withheld("next_step") == ["generic"]


def test_a_preference_is_no_goal() -> None:
    story = used("next_step").at(days=8)
    story.reply("answer", answers=(Answer(kind="preference", key="brand", value="better tea"),))
    assert story.at(days=13).opened("next_step") == []


def test_the_next_step_is_not_owned() -> None:
    story = Story(world_of("next_step")).profile().order("teapot", order_id="o0").delivered("o0")
    story.order("kettle").delivered().at(days=1).use("milestone", name="brewed").at(days=20)
    assert story.opened("next_step") == []
    assert story.withheld("next_step") == ["no_candidate"]


def test_the_goal_of_one_item_brings_the_next_step_of_another_that_serves_it() -> None:
    grinder = product(
        "grinder", relations=(Relation(kind="next_step", product_id="scale", goals=("stronger coffee",)),)
    )
    given = world_of("goal_question", "next_step", products=(*PRODUCTS, grinder, product("scale")))
    story = Story(given).profile().order("kettle", "grinder").delivered()
    story.at(days=2).use("result", "grinder").at(days=3).use("result").at(days=8).goal("stronger coffee")
    assert [opened.candidate for opened in story.opened("next_step")] == ["scale"]


def test_an_old_goal_is_not_what_the_customer_wants_now() -> None:
    story = Story(world_of("next_step")).profile().goal("better tea")
    story.at(days=170).order("kettle").delivered().use("result").at(days=190)
    assert story.opened("next_step") == []
    assert story.withheld("next_step") == ["generic"]
