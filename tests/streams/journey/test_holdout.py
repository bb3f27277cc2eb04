"""The holdout: offers and asks of a share of customers go to a topic of their own, and count as sent."""

from __future__ import annotations

from tests.streams.journey.story import DAY, DAY_0, Story
from tests.streams.journey.worlds import world_of

ALL = '[holdout]\nshare = 1.0\nsalt = "spring"\n'
HALF = '[holdout]\nshare = 0.5\nsalt = "{salt}"\n'


def held_out(*placements: str, more: str = "") -> Story:
    """A kettle with a limit reached on day 5, in the holdout."""
    story = Story(world_of(*placements, more=ALL + more)).profile().order("kettle").delivered().use("result")
    return story.at(days=5).use("limit_reached")


def topics(story: Story, placement: str) -> set[str]:
    both = ("journey.eligibility", "journey.holdout")
    return {topic for topic in both for record in story.of(topic) if record.placement == placement}


def test_offers_and_asks_of_the_holdout_go_to_its_own_topic() -> None:
    story = held_out().at(days=40)
    assert topics(story, "upgrade") == topics(story, "goal_question") == {"journey.holdout"}
    assert {r.move for r in story.of("journey.holdout")} == {"offer", "ask"}


def test_service_offers_are_offers() -> None:
    story = Story(world_of("refill", more=ALL)).profile().order("coffee").delivered().at(days=20)
    assert topics(story, "refill") == {"journey.holdout"}


def test_guides_and_help_go_to_everybody() -> None:
    story = Story(world_of(more=ALL)).profile().order("kettle").delivered().ticket("new").at(days=1)
    assert topics(story, "setup_guide") == topics(story, "help") == {"journey.eligibility"}


def arm(customer: str, salt: str) -> str:
    story = Story(world_of("order_add_on", more=HALF.format(salt=salt)), customer).profile().order("kettle")
    (topic,) = topics(story, "order_add_on")
    return topic


def test_the_share_is_a_hash_of_customer_and_salt() -> None:
    customers = [f"customer-{n}" for n in range(200)]
    spring = [arm(customer, "spring") for customer in customers]
    assert spring == [arm(customer, "spring") for customer in customers]
    assert 70 <= spring.count("journey.holdout") <= 130
    summer = [arm(customer, "summer") for customer in customers]
    assert 60 <= sum(one != other for one, other in zip(spring, summer, strict=True)) <= 140


def test_without_a_share_nobody_is_held_out() -> None:
    story = Story().profile().order("kettle").delivered().use("result").at(days=60)
    assert story.of("journey.holdout") == []


def test_caps_count_as_if_it_was_sent() -> None:
    story = held_out("upgrade", "next_step").use("milestone", name="brewed").at(days=6)
    story.order("kettle-pro", order_id="o2").at(days=8).goal("better tea")
    assert [r.placement for r in story.of("journey.holdout") if r.status == "opened"] == ["upgrade"]
    assert story.withheld("next_step")[-1] == "offer_gap"
    assert story.at(days=12).opened("next_step")[0].opens_at == DAY_0 + 12 * DAY


def test_the_holdout_ends_when_what_was_sent_would_end() -> None:
    story = held_out("upgrade")
    (opened,) = story.opened("upgrade")
    assert story.at(days=33, ms=-1).changes("upgrade", "expired") == []
    (ended,) = story.at(days=33).changes("upgrade", "expired")
    assert ended.decided_at == opened.answer_until


def test_purchases_are_recorded_for_both_arms() -> None:
    for more in (ALL, ""):
        story = Story(world_of("upgrade", more=more)).profile().order("kettle").delivered().use("result")
        story.at(days=5).use("limit_reached").at(days=6).order("kettle-pro", order_id="o2")
        (ended,) = story.changes("upgrade", "accepted")
        assert ended.reason == "purchased"


def test_friction_revokes_in_the_holdout_too() -> None:
    story = held_out("upgrade").at(days=6).ticket("new")
    assert [r.status for r in story.of("journey.holdout")] == ["opened", "revoked"]


def test_one_sequence_counts_over_both_topics() -> None:
    story = held_out().at(days=5, hours=1).ticket("new").at(days=60)
    assert [r.sequence for _, _, r in story.said] == list(range(1, len(story.said) + 1))
