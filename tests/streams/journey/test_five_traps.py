"""Five things that can never happen, judged on the facts known at decision time."""

from __future__ import annotations

import pytest

from tests.streams.journey.story import DAY, DAY_0, HOUR, Story, product
from tests.streams.journey.worlds import world_of

GUARDED = {"order_add_on", "essential"}


def offers(story: Story, status: str = "opened") -> list[str]:
    return [r.placement for r in story.of("journey.eligibility") if r.move == "offer" and r.status == status]


def in_use(*placements: str, more: str = "") -> Story:
    """A kettle with first value, to which its behaviours and limits would bring offers."""
    story = Story(world_of(*placements, more=more)).profile().order("kettle").at(days=2).delivered()
    return story.at(days=3).use("result")


# an offer before first value


@pytest.mark.parametrize(
    "sign", ["limit_reached", "site_visit", "guidance_opened", "setup_completed", "session"]
)
def test_no_offer_before_first_value(sign: str) -> None:
    story = Story().profile().order("kettle").at(days=2).delivered()
    story.at(days=3).use(sign, name="100 cups").at(days=4).goal("better tea").at(days=60)
    assert set(offers(story)) <= GUARDED


def test_no_offer_before_first_value_even_when_the_customer_shows_interest() -> None:
    story = (
        Story()
        .profile()
        .order("kettle")
        .at(days=2)
        .delivered()
        .reply("question", text="is there a bigger one?")
    )
    assert set(offers(story.at(days=30))) <= GUARDED


def test_an_offer_may_follow_first_value_in_the_very_step() -> None:
    story = Story(world_of("upgrade")).profile().order("kettle").at(days=2).delivered()
    assert offers(story.use("milestone", name="100 cups")) == ["upgrade"]


# two offers open at a time


def test_no_two_offers_are_open_at_a_time() -> None:
    story = (
        in_use("upgrade", "next_step")
        .at(days=16)
        .use("limit_reached")
        .at(days=17)
        .use("milestone", name="brewed")
    )
    assert offers(story) == ["upgrade"]
    assert story.withheld("next_step")[-1] == "outranked"


def test_an_offer_that_was_sent_is_open_until_its_last_sending_time() -> None:
    more = '[caps]\noffer_gap = "0 d"\noffers_in_window = 9\n'
    story = in_use("upgrade", "next_step", more=more).at(days=10).use("limit_reached")
    story.sent(story.opened("upgrade")[0])
    story.at(days=20).use("milestone", name="brewed").goal("better tea")
    assert offers(story) == ["upgrade"]
    story.at(days=24, ms=-1)
    assert offers(story) == ["upgrade"]
    assert offers(story.at(days=24)) == ["upgrade", "next_step"]


def test_a_service_offer_is_an_offer_too() -> None:
    story = Story(world_of("refill", "essential")).profile().order("coffee").delivered().at(days=20)
    assert offers(story) == ["refill"]
    story.order("kettle", order_id="o2").at(days=21).parcel("in_transit", "o2")
    assert offers(story) == ["refill"]
    assert story.withheld("essential") == ["already_open"]


# an offer while friction blocks it


FRICTION = {
    "a ticket": lambda story: story.ticket("new"),
    "a failed payment": lambda story: story.purchase("payment_failed", order_id="o9"),
    "a friction question": lambda story: story.reply("question", signals_friction=True),
    "a return ticket": lambda story: story.ticket("new", topic="return"),
    "a frustrated reply": lambda story: story.reply("frustrated"),
    "a bad rating": lambda story: story.reply(rating=1),
    "a parcel in trouble": lambda story: story.order("teapot", order_id="o9").parcel("exception", "o9", "p9"),
}


@pytest.mark.parametrize("trouble", FRICTION)
def test_no_offer_opens_while_friction_blocks_it(trouble: str) -> None:
    story = in_use("upgrade").at(days=5)
    FRICTION[trouble](story)
    story.at(days=6).use("limit_reached")
    assert offers(story) == []
    assert story.withheld("upgrade") == ["friction"]


@pytest.mark.parametrize("trouble", FRICTION)
def test_an_open_offer_is_revoked_in_the_step_in_which_friction_starts(trouble: str) -> None:
    story = in_use("upgrade").at(days=5).use("limit_reached").at(days=6)
    FRICTION[trouble](story)
    (revoked,) = story.changes("upgrade", "revoked")
    assert (revoked.reason, revoked.decided_at) == ("friction_started", DAY_0 + 6 * DAY)


def test_friction_and_the_event_that_would_open_an_offer_at_the_same_millisecond_open_nothing() -> None:
    story = in_use("upgrade").at(days=5).ticket("new").use("limit_reached")
    assert offers(story) == []
    story = in_use("upgrade").at(days=5).use("limit_reached").ticket("new")
    assert offers(story) == ["upgrade"]
    assert offers(story, "revoked") == ["upgrade"]


def test_an_offer_comes_back_exactly_when_friction_has_cooled_off() -> None:
    story = (
        in_use("upgrade")
        .at(days=5)
        .ticket("new", order_id="o1")
        .at(days=6)
        .use("limit_reached")
        .ticket("solved", order_id="o1")
    )
    assert story.withheld("upgrade") == ["friction", "cooling_off"]
    assert offers(story.at(days=9, ms=-1)) == []
    assert story.at(days=9).opened("upgrade")[0].opens_at == DAY_0 + 9 * DAY


def test_an_order_add_on_that_friction_took_back_comes_back_within_its_24_hours() -> None:
    more = '[caps]\noffer_gap = "0 d"\n'
    story = Story(world_of("order_add_on", more=more)).profile().order("kettle").at(hours=1)
    story.reply("question", signals_friction=True)
    assert offers(story, "revoked") == ["order_add_on"]
    story.at(hours=3).reply("answered")
    first, second = story.opened("order_add_on")
    assert second.opens_at == DAY_0 + 3 * HOUR
    assert second.send_by == first.send_by
    assert second.eligibility_id != first.eligibility_id


# an offer in a context opened for something else


def test_a_shipping_update_read_for_its_status_opens_no_offer() -> None:
    story = in_use("upgrade", more='[caps]\noffer_gap = "0 d"\n').at(days=5).ticket("new", order_id="o1")
    story.use("limit_reached").at(days=6).ticket("solved", order_id="o1").order("lamp", order_id="o2")
    story.at(days=9, ms=-1)
    assert offers(story) == []
    story.now += 1
    story.parcel("update_opened", "o2", "p2")
    assert offers(story) == []
    assert story.withheld("upgrade")[-1] == "wrong_context"


def test_an_offer_that_met_a_shipping_update_is_looked_at_again_half_an_hour_later() -> None:
    story = in_use("upgrade").at(days=5).ticket("new", order_id="o1")
    story.use("limit_reached").at(days=6).ticket("solved", order_id="o1").order("lamp", order_id="o2").at(
        days=9, ms=-1
    )
    story.now += 1
    story.parcel("update_opened", "o2", "p2")
    assert offers(story.at(days=9, minutes=30, ms=-1)) == []
    assert offers(story.at(days=9, minutes=30)) == ["upgrade"]


def test_a_shipping_update_may_carry_the_essential_below_the_tracking() -> None:
    story = Story(world_of("essential")).order("kettle").at(days=1).parcel("in_transit")
    assert story.withheld("essential") == ["no_consent"]
    story.profile().at(days=2)
    assert offers(story) == ["essential"]


def test_opening_a_shipping_update_takes_no_essential_away() -> None:
    story = (
        Story(world_of("essential"))
        .profile()
        .order("kettle")
        .at(days=1)
        .parcel("in_transit")
        .parcel("update_opened")
    )
    assert offers(story) == ["essential"]
    assert offers(story, "revoked") == []


# a generic offer


@pytest.mark.parametrize(
    "placement", ["next_step", "refill", "subscribe", "maintain", "upgrade", "order_add_on", "essential"]
)
def test_every_offer_says_what_makes_it_personal(placement: str) -> None:
    story = Story(world_of(placement)).profile()
    for n in range(4):
        story.at(days=30 * n).order("kettle", "coffee", order_id=f"o{n}").at(days=30 * n + 1).delivered(
            f"o{n}", f"p{n}"
        )
        story.use("result").use("milestone", name="brewed")
    story.at(days=100).use("limit_reached").order("kettle", order_id="o8").parcel("in_transit", "o8")
    story.at(days=101).delivered("o8").use("result").at(days=240)
    assert story.opened(placement)
    for opened in story.opened(placement):
        (check,) = [check for check in opened.checks if check.name == "personalised"]
        assert check.verdict == "pass"
        assert check.evidence


def test_a_refill_about_which_nothing_is_known_is_generic() -> None:
    products = (product("soap", "consumable"),)
    story = Story(world_of("refill", products=products)).profile().order("soap").delivered().at(days=60)
    assert offers(story) == []
    assert story.withheld("refill") == ["generic"]
