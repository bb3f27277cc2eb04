"""An explanation says what the records hold and what the rules make of it."""

import pytest
from rich.console import Console

from streams.journey.words import Reason
from streams.replay import explained
from streams.replay.explanation import Explanation, Gone
from streams.replay.state_reader import explain_stored
from tests.streams.journey.story import DAY, DAY_0, HOUR, Story


def explain(story: Story, most: int | None = 10) -> Explanation:
    found = explain_stored(story.store, story.world, story.customer, story.now, most)
    assert isinstance(found, Explanation)
    return found


def started() -> Story:
    """A kettle, delivered on day 2, with a first result on day 3."""
    return Story().profile().order("kettle").at(days=2).delivered().at(days=3).use("result")


def test_an_item_has_its_stage_since_when_and_what_comes_next() -> None:
    (item,) = explain(started()).items
    assert (item.product_id, item.stage, item.since) == ("kettle", "usage", DAY_0 + 3 * DAY)
    assert (item.changes_to, item.changes_at) == ("care", DAY_0 + 33 * DAY)
    assert not item.inferred


def test_facts_stand_in_order_of_time() -> None:
    (item,) = explain(started()).items
    assert [(fact.at - DAY_0) // DAY for fact in item.facts] == [0, 2, 3, 3]
    assert [fact.what.partition(" (")[0] for fact in item.facts] == [
        "ordered 1", "delivered", "first value", "result",
    ]  # fmt: skip


def test_an_inferred_stage_says_so() -> None:
    story = Story().profile().order("lamp").at(days=1).delivered().at(days=20)
    (item,) = explain(story).items
    assert (item.stage, item.inferred) == ("usage", True)


def test_friction_names_its_ticket_and_what_it_blocks() -> None:
    story = started().at(days=4).ticket("open")
    (flag,) = explain(story).friction
    assert (flag.flag, flag.state, flag.since) == ("troubleshooting", "open", DAY_0 + 4 * DAY)
    assert flag.cause.startswith("ticket t1, event ")
    assert flag.blocks == ("offer: everything of the customer", "ask: everything of the customer")


def test_friction_that_cools_off_blocks_less() -> None:
    story = (
        started()
        .at(days=4)
        .ticket("open", product_id="kettle")
        .at(days=5)
        .ticket("solved", product_id="kettle")
    )
    (flag,) = explain(story).friction
    assert (flag.state, flag.until) == ("cooling_off", DAY_0 + 8 * DAY)
    assert all(block.endswith(": what it is about") for block in flag.blocks)


def test_what_is_open_may_be_sent_until_it_was() -> None:
    story = Story().profile().order("kettle").at(days=2).delivered()
    (guide,) = [held for held in explain(story).open if held.placement == "setup_guide"]
    assert (guide.move, guide.about, guide.may_be_sent) == ("guide", "order o1, parcel p1", True)
    assert guide.send_by == DAY_0 + 9 * DAY
    story.sent(story.opened("setup_guide")[0])
    (guide,) = [held for held in explain(story).open if held.placement == "setup_guide"]
    assert (guide.sent_at, guide.may_be_sent) == (story.now, False)


def test_what_waits_says_why_and_when_it_is_looked_at_again() -> None:
    story = started().at(days=4).ticket("open").at(days=10)
    waiting = {one.placement: one for one in explain(story).waiting}
    assert waiting["goal_question"].reason == "friction"
    assert waiting["goal_question"].about == "the customer"
    assert waiting["goal_question"].ends_at > story.now


def test_a_reason_without_a_place_in_the_list_stands_with_its_item() -> None:
    story = Story().profile(consents=()).order("kettle").at(days=2).delivered().at(days=3).use("result")
    found = explain(story.at(days=20))
    reasons = {seen.placement: seen.reason for item in found.items for seen in item.withheld}
    assert reasons["next_step"] in {"no_consent", "generic"}


def test_a_no_rests_offers_and_their_family_until_a_day() -> None:
    story = Story().profile().order("kettle")
    story.reply("no", story.opened("order_add_on")[0])
    rests = {rest.what: (rest.until - story.now) // DAY for rest in explain(story).rests}
    assert rests == {"all offers": 14, "offers of plug": 90}


def test_a_cap_that_is_full_says_when_one_more_is_possible() -> None:
    story = Story().profile().order("kettle").at(hours=1)
    caps = {cap.name: cap for cap in explain(story).caps}
    assert (caps["offer_gap"].used, caps["offer_gap"].most) == (1, 1)
    assert caps["offer_gap"].next_at == DAY_0 + 7 * DAY
    assert (caps["offer_cap"].used, caps["offer_cap"].next_at) == (1, story.now)


def test_a_stop_counts_more_than_what_the_profile_says() -> None:
    story = Story().profile().at(hours=1).reply("stop", channel="email")
    (channel,) = explain(story).known.channels
    assert (channel.channel, channel.holds, channel.why) == ("email", "denied", "the customer said STOP")


def test_what_is_ahead_is_in_order_and_not_over() -> None:
    story = started().at(days=4).ticket("open").at(days=10)
    ahead = [fact.at for fact in explain(story).ahead]
    assert ahead == sorted(ahead)
    assert min(ahead) > story.now


def test_what_is_ahead_counts_items_that_are_not_shown() -> None:
    story = started()
    for number in range(5):
        story.at(days=3, hours=number).order(f"p{number}", order_id=f"p{number}")
    found = explain(story, 2)
    assert "kettle" not in [item.product_id for item in found.items]
    assert "kettle is in care" in [fact.what for fact in found.ahead]


def test_of_one_moment_the_last_reason_is_said() -> None:
    """Maintenance comes back every 90 days, each time for another anchor."""
    story = Story().profile(consents=()).order("kettle").at(days=2).delivered().at(days=3).use("result")
    (item,) = explain(story.at(days=300)).items
    assert len(story.withheld("maintain")) > 1
    assert [seen.placement for seen in item.withheld].count("maintain") == 1


def test_the_next_look_is_the_stores_own() -> None:
    story = started()
    assert explain(story).next_look_at == story.store.next_due()


def test_many_items_are_cut_to_the_newest_unless_all_are_wanted() -> None:
    story = Story().profile()
    for number in range(30):
        story.at(hours=number).order("kettle" if number == 29 else f"p{number}", order_id=f"o{number}")
    found = explain(story, 3)
    assert (found.items_total, len(found.items), found.items[0].product_id) == (30, 3, "kettle")
    assert (found.orders_total, found.orders[0].order_id) == (30, "o29")
    assert len(explain(story, None).items) == 30


def test_looking_changes_nothing_and_says_the_same_again() -> None:
    story = started().at(days=4).ticket("open").at(days=10)
    before = story.store.scan(b"\x10")
    assert explain(story) == explain(story)
    assert story.store.scan(b"\x10") == before


def test_a_forgotten_customer_is_said_to_be_forgotten() -> None:
    story = Story().profile().at(hours=1).reply("stop", channel="email").at(hours=2).erase()
    found = explain_stored(story.store, story.world, story.customer, story.now, 10)
    assert found == Gone("anna", DAY_0 + 2 * HOUR, ("email",))
    assert "was forgotten" in explained.gone(found)


def test_who_was_never_heard_of_is_nobody() -> None:
    story = started()
    assert explain_stored(story.store, story.world, "berta", story.now, 10) is None


def test_the_page_says_it_all_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    story = started().at(days=4).ticket("open").at(days=10)
    Console(width=200).print(explained.page(explain(story)))
    printed = capsys.readouterr().out
    for words in (
        "1 in usage",
        "troubleshooting",
        "something is wrong",
        "1 of 2 in 30 d",
        "care at 2026-02-03",
    ):
        assert words in printed


def test_every_reason_for_withholding_has_its_words() -> None:
    withheld = {reason.word for reason in Reason if reason < Reason.MOMENT_CAME}
    assert withheld - set(explained.WHY) == set()
