from typing import Any

import pytest

from schemas.records import Consent
from tests.streams.journey.story import DAY, DAY_0, HOUR, PRODUCTS, Story, product, world

# A base of one kind has an add-on of a family of its own, so that one rest can be told from another.
BASES = ("tent", "bike", "desk", "oven")
WORLD = world(
    products=(
        *PRODUCTS,
        *(product(base, relations=(("add_on", f"{base}-extra"),)) for base in BASES),
        *(product(f"{base}-extra", price_minor=500) for base in BASES),
    )
)
EDGES = [(-1, False), (0, True), (1, True)]


def offered(base: str = "tent", **profile: Any) -> Story:
    """An add-on was offered at day 0; the clock stands an hour later."""
    story = Story(WORLD).profile(**profile).order(base, order_id=base).at(hours=1)
    assert last_offer(story).status == "opened"
    return story


def last_offer(story: Story) -> Any:
    return story.changes("order_add_on")[-1]


def offer_at(story: Story, base: str, *, days: float, hours: float = 0, ms: int = 0) -> str:
    """What an order at that time brings: "opened", or the reason why not."""
    said = len(story.said)
    story.at(days=days, hours=hours, ms=ms).order(base, order_id=f"{base} at {days}")
    told = [r for _, _, r in story.said[said:] if getattr(r, "placement", "") == "order_add_on"]
    last = told[-1]
    return str(getattr(last, "status", last.reason))


# a no


def test_a_decline_closes_the_eligibility() -> None:
    story = offered()
    story.reply("no", last_offer(story))
    assert (last_offer(story).status, last_offer(story).reason) == ("declined", "said_no")


def test_a_no_to_nothing_in_particular_means_the_one_thing_that_was_sent() -> None:
    story = offered()
    story.sent(last_offer(story)).reply("no")
    assert last_offer(story).status == "declined"


@pytest.mark.parametrize(("ms", "awake"), EDGES)
def test_a_decline_rests_its_offer_family_for_90_days(ms: int, awake: bool) -> None:
    story = offered()
    story.reply("no", last_offer(story))
    found = offer_at(story, "tent", days=90, hours=1, ms=ms)
    assert found == ("opened" if awake else "family_rests")


@pytest.mark.parametrize(("ms", "awake"), EDGES)
def test_a_decline_rests_all_offers_for_14_days(ms: int, awake: bool) -> None:
    story = offered()
    story.reply("no", last_offer(story))
    found = offer_at(story, "bike", days=14, hours=1, ms=ms)
    assert found == ("opened" if awake else "offers_rest")


@pytest.mark.parametrize(("base", "rests"), [("tent", "offers_rest"), ("bike", "offers_rest")])
@pytest.mark.parametrize(("ms", "awake"), EDGES)
def test_not_now_rests_family_and_offers_for_7_days(base: str, rests: str, ms: int, awake: bool) -> None:
    story = offered()
    story.reply("not_now", last_offer(story))
    assert (last_offer(story).status, last_offer(story).reason) == ("declined", "said_not_now")
    assert offer_at(story, base, days=7, hours=1, ms=ms) == ("opened" if awake else rests)


def declined_twice(first: str = "no", second: str = "no") -> Story:
    """Two offers were answered, at day 0 and at day 15, an hour after each."""
    story = offered()
    story.reply(first, last_offer(story))
    assert offer_at(story, "bike", days=15) == "opened"
    return story.at(days=15, hours=1).reply(second, last_offer(story))


@pytest.mark.parametrize(("ms", "awake"), EDGES)
def test_two_declines_in_a_row_rest_all_offers_for_30_days(ms: int, awake: bool) -> None:
    found = offer_at(declined_twice(), "desk", days=45, hours=1, ms=ms)
    assert found == ("opened" if awake else "offers_rest")


def test_a_yes_between_two_declines_is_no_row() -> None:
    story = declined_twice("yes", "no")
    assert offer_at(story, "desk", days=31) == "opened"


def test_a_purchase_between_two_declines_is_no_row() -> None:
    story = offered()
    story.reply("no", last_offer(story))
    assert offer_at(story, "bike", days=15) == "opened"
    story.order("bike-extra", order_id="bought")
    assert offer_at(story, "desk", days=30) == "opened"
    story.reply("no", last_offer(story))
    assert offer_at(story, "oven", days=46) == "opened"


def test_one_decline_that_is_told_twice_is_one_decline() -> None:
    story = offered()
    told: list[Any] = []
    send, story.send = story.send, told.append  # type: ignore[method-assign, assignment]
    story.reply("no", last_offer(story))
    story.send = send  # type: ignore[method-assign]
    for _ in range(2):
        story.send(told[0])
    assert len(story.changes("order_add_on", "declined")) == 1
    assert offer_at(story, "bike", days=14, hours=1) == "opened"


def test_a_rest_counts_from_when_the_no_was_said() -> None:
    story = offered()
    offer = last_offer(story)
    told: list[Any] = []
    send, story.send = story.send, told.append  # type: ignore[method-assign, assignment]
    story.reply("no", offer)
    story.send = send  # type: ignore[method-assign]
    story.at(hours=20).send(told[0])
    assert offer_at(story, "bike", days=14, hours=1) == "opened"


def coffee() -> Story:
    """Coffee that runs low at day 8 to 11, depending on how long it lasts; an add-on was declined before."""
    story = Story(WORLD).profile().order("coffee", order_id="c").delivered("c").at(days=8)
    assert not story.opened("refill")
    assert offer_at(story, "tent", days=8) == "opened"
    return story.at(days=8, hours=1).reply("no", last_offer(story))


def test_service_offers_are_exempt_from_general_rests() -> None:
    story = coffee().at(days=14)
    assert story.opened("refill")
    assert offer_at(story, "bike", days=14) == "offers_rest"


def test_service_offers_are_not_exempt_from_the_rest_of_their_own_family() -> None:
    story = Story(WORLD).profile().order("coffee", order_id="c").delivered("c").at(days=20)
    story.reply("no", story.opened("refill")[0])
    story.order("coffee", order_id="d").at(days=21).delivered("d").at(days=60)
    assert len(story.opened("refill")) == 1
    assert story.withheld("refill") == ["family_rests"]


def test_a_decline_of_a_guide_rests_no_offer() -> None:
    story = Story(WORLD).profile().order("tent", order_id="t").at(days=2).delivered("t")
    story.reply("no", story.opened("setup_guide")[0])
    assert story.changes("setup_guide")[-1].status == "declined"
    assert offer_at(story, "bike", days=8) == "opened"


def test_a_decline_of_a_question_rests_no_offer() -> None:
    story = (
        Story(WORLD)
        .profile()
        .order("kettle", order_id="k")
        .delivered("k")
        .at(days=1)
        .use("result")
        .at(days=8)
    )
    story.reply("no", story.opened("goal_question")[0])
    assert story.changes("goal_question")[-1].status == "declined"
    assert offer_at(story, "bike", days=9) == "opened"


# after the end


def test_a_reply_after_the_end_makes_no_second_end_and_is_still_a_fact() -> None:
    story = offered().at(days=2)
    assert last_offer(story).status == "expired"
    story.reply("no", story.opened("order_add_on")[0])
    assert [r.status for r in story.changes("order_add_on")] == ["opened", "expired"]
    assert offer_at(story, "bike", days=15) == "offers_rest"


def test_a_no_that_comes_months_after_the_end_rests_the_family_too() -> None:
    story = Story(WORLD).profile().order("coffee", order_id="c").delivered("c").at(days=100)
    (offer,) = story.opened("refill")
    story.order("tent", order_id="t").reply("no", offer)  # what is no more counted by caps is known still
    story.order("coffee", order_id="d").delivered("d").at(days=150)
    assert story.opened("refill") == [offer]
    assert story.withheld("refill") == ["family_rests"]


@pytest.mark.parametrize(("ms", "over"), EDGES)
def test_a_permission_that_was_never_reported_sent_ends_at_send_by(ms: int, over: bool) -> None:
    story = offered().at(days=1, ms=ms)
    assert last_offer(story).status == ("expired" if over else "opened")


@pytest.mark.parametrize(("ms", "over"), EDGES)
def test_one_that_was_sent_ends_14_days_after_it_could_last_be_sent(ms: int, over: bool) -> None:
    story = offered()
    story.sent(last_offer(story)).at(days=15, ms=ms)
    assert last_offer(story).status == ("expired" if over else "opened")
    assert last_offer(story).answer_until == DAY_0 + 15 * DAY


def test_one_that_was_sent_can_be_answered_after_send_by() -> None:
    story = offered()
    story.sent(last_offer(story)).at(days=10).reply("yes", last_offer(story))
    assert (last_offer(story).status, last_offer(story).reason) == ("accepted", "said_yes")


@pytest.mark.parametrize("feedback", ["failed", "suppressed", "seen"])
def test_other_feedback_does_not_make_it_sent(feedback: str) -> None:
    story = offered()
    story.reply(None, last_offer(story), feedback=feedback).at(days=1)
    assert last_offer(story).status == "expired"


# buying


def test_buying_the_candidate_accepts_the_offer_without_a_click() -> None:
    story = offered().order("tent-extra", order_id="bought")
    ends = [r for r in story.changes("order_add_on") if r.order_id == "tent"]
    assert (ends[-1].status, ends[-1].reason) == ("accepted", "purchased")


def test_buying_something_else_accepts_nothing() -> None:
    story = offered().order("bike-extra", order_id="bought")
    assert [r.status for r in story.changes("order_add_on") if r.order_id == "tent"] == ["opened"]


def test_buying_the_candidate_in_the_time_of_attribution_accepts_a_sent_offer() -> None:
    story = offered()
    story.sent(last_offer(story)).at(days=12).order("tent-extra", order_id="bought")
    assert "accepted" in [r.status for r in story.changes("order_add_on")]


def test_a_permission_ends_once_whatever_is_said_after_it() -> None:
    story = offered()
    offer = last_offer(story)
    story.reply("yes", offer).reply("no", offer).order("tent-extra", order_id="bought").sent(offer).at(
        days=40
    )
    assert [r.status for r in story.changes("order_add_on") if r.eligibility_id == offer.eligibility_id] == [
        "opened",
        "accepted",
    ]


# STOP

SYNONYMS = ["STOP", "stop", "Unsubscribe", "CANCEL", "END", "QUIT", "STOPALL"]


@pytest.mark.parametrize("word", SYNONYMS)
def test_stop_and_its_carrier_synonyms_opt_the_channel_out_at_once(word: str) -> None:
    story = offered().reply(None, text=word, channel="email")
    assert (last_offer(story).status, last_offer(story).reason) == ("revoked", "opted_out")
    assert offer_at(story, "bike", days=20) == "no_consent"


def test_stop_opts_out_of_its_channel_and_no_other() -> None:
    both = tuple(Consent(channel=channel, state="granted", at=DAY_0 - DAY) for channel in ("email", "in_app"))
    story = Story(WORLD).profile(consents=both).reply("stop", channel="email")
    story.order("kettle", order_id="k").delivered("k")
    guide = story.opened("setup_guide")[0]
    assert (guide.channels, guide.avoid_channels) == (("in_app", "push"), ("email",))


def test_stop_without_a_channel_opts_out_of_all() -> None:
    story = Story(WORLD).profile().reply("stop").order("kettle", order_id="k").delivered("k")
    assert not story.opened("setup_guide")
    assert story.withheld("setup_guide") == ["no_channel"]


def test_what_is_open_and_names_the_stopped_channel_is_said_anew_without_it() -> None:
    story = Story(WORLD).profile().order("filter", order_id="k").delivered("k").at(hours=1)
    assert "email" in story.opened("setup_guide")[0].channels
    story.reply("stop", channel="email")
    first, anew = story.changes("setup_guide")
    assert (anew.status, anew.reason) == ("rescheduled", "opted_out")
    assert anew.eligibility_id == first.eligibility_id
    assert anew.channels == tuple(channel for channel in first.channels if channel != "email")
    assert "email" in anew.avoid_channels


def test_a_stop_that_is_told_twice_changes_nothing_more() -> None:
    story = Story(WORLD).profile().order("filter", order_id="k").delivered("k")
    story.reply("stop", channel="email").reply("stop", channel="email")
    assert [r.status for r in story.changes("setup_guide")] == ["opened", "rescheduled"]


def stopped() -> Story:
    """E-mail was stopped at day 1."""
    return Story(WORLD).profile().at(days=1).reply("stop", channel="email").at(days=3)


@pytest.mark.parametrize(("ms", "lifted"), [(-1, False), (0, False), (1, True)])
def test_an_explicit_opt_in_dated_later_lifts_a_stop(ms: int, lifted: bool) -> None:
    story = stopped()
    story.profile(consents=(Consent(channel="email", state="granted", at=DAY_0 + DAY + ms, explicit=True),))
    assert offer_at(story, "tent", days=3) == ("opened" if lifted else "no_consent")


def test_start_is_an_explicit_opt_in() -> None:
    assert offer_at(stopped().reply("start", channel="email"), "tent", days=3) == "opened"


def test_a_profile_export_never_lifts_a_stop() -> None:
    story = stopped().profile(consents=(Consent(channel="email", state="granted", at=DAY_0 + 2 * DAY),))
    assert offer_at(story, "tent", days=3) == "no_consent"


def test_an_opt_in_that_arrives_before_an_older_stop_still_holds() -> None:
    story = Story(WORLD).profile()
    story.profile(consents=(Consent(channel="email", state="granted", at=DAY_0 + 2 * HOUR, explicit=True),))
    story.at(hours=1).reply("stop", channel="email")
    assert offer_at(story, "tent", days=3) == "opened"


def test_a_stop_after_an_opt_in_holds_again() -> None:
    story = stopped().reply("start", channel="email").at(days=4).reply("stop", channel="email")
    assert offer_at(story, "tent", days=5) == "no_consent"


# consent


@pytest.mark.parametrize("consents", [(), (Consent(channel="email", state="unknown", at=DAY_0 - DAY),)])
def test_unknown_consent_denies_offers_and_asks(consents: tuple[Consent, ...]) -> None:
    story = Story(WORLD).profile(consents=consents).order("kettle", order_id="k").at(days=2).delivered("k")
    story.at(days=3).use("result").at(days=12)
    assert story.withheld("order_add_on") == ["no_consent"]
    assert story.withheld("goal_question") == ["no_consent"]
    assert {r.move for r in story.of("journey.eligibility")} == {"guide"}


def test_unknown_consent_denies_service_offers_too() -> None:
    story = Story(WORLD).order("coffee", order_id="c").delivered("c").at(days=20)
    assert (story.opened("refill"), story.withheld("refill")) == ([], ["no_consent"])


def test_a_consent_that_is_withdrawn_takes_back_what_is_open() -> None:
    story = offered().profile(consents=(Consent(channel="email", state="denied", at=DAY_0 + HOUR),))
    assert (last_offer(story).status, last_offer(story).reason) == ("revoked", "consent_lost")


def test_the_consent_dated_last_holds_whichever_profile_came_last() -> None:
    story = Story(WORLD).profile(consents=(Consent(channel="email", state="denied", at=DAY_0),))
    story.profile(consents=(Consent(channel="email", state="granted", at=DAY_0 - DAY),))
    assert offer_at(story, "tent", days=1) == "no_consent"


def test_every_eligibility_says_its_message_class() -> None:
    story = Story(WORLD).profile().order("kettle", "coffee", order_id="k").at(days=2).delivered("k")
    story.at(days=3).use("result").at(days=25).ticket("open").at(days=26)
    told = {r.placement: r.message_class for r in story.of("journey.eligibility")}
    assert (
        told.items()
        >= {
            "order_add_on": "marketing",
            "goal_question": "marketing",
            "setup_guide": "service",
            "refill": "service",
            "help": "service",
        }.items()
    )
    assert {r.message_class for r in story.of("journey.eligibility")} == {"marketing", "service"}
