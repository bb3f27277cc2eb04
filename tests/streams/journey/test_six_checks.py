"""The six checks that stand in every eligibility, and how a customer's own words choose the candidate."""

from __future__ import annotations

import pytest

from schemas.records import Answer, Consent, Eligibility, OrderLine, Product, Relation
from tests.streams.journey.story import DAY_0, GRANTED, Story, product
from tests.streams.journey.worlds import world_of

NAMES = ["right_stage", "next_logical_step", "easy_no", "personalised", "channel_fits", "trust_protected"]


def full_life() -> Story:
    """A year in which every kind of moment opens."""
    story = Story().profile().order("kettle", "lamp", "coffee").at(hours=30).parcel("in_transit")
    story.at(days=2).delivered().at(days=12).use("result").at(days=13).goal("better tea")
    story.subscription(
        "subscription_started", "plan", term_starts_at=DAY_0, renews_at=story.now + 90 * 86_400_000
    )
    story.at(days=60).use("limit_reached").at(days=100).ticket("new").at(days=101).ticket("solved")
    for n in range(4):
        story.at(days=120 + 30 * n).order("coffee", order_id=f"c{n}").delivered(f"c{n}", f"p{n}")
    return story.at(days=365)


def openings(story: Story) -> list[Eligibility]:
    return [r for r in story.of("journey.eligibility") if r.status == "opened"]


def check(opened: Eligibility, name: str) -> tuple[str, tuple[str, ...]]:
    (found,) = [made for made in opened.checks if made.name == name]
    return found.verdict, found.evidence


def test_six_checks_stand_in_every_eligibility_in_their_order() -> None:
    opened = openings(full_life())
    assert len({r.placement for r in opened}) >= 9
    assert all([made.name for made in r.checks] == NAMES for r in opened)


def test_every_check_passes_with_evidence_or_does_not_apply() -> None:
    for opened in openings(full_life()):
        for made in opened.checks:
            assert (made.verdict, bool(made.evidence)) in (("pass", True), ("not_applicable", False))


def test_the_right_stage_is_shown_by_the_events_that_led_there() -> None:
    story = Story(world_of("setup_guide")).profile().order("kettle").at(days=2).delivered()
    _, evidence = check(story.opened("setup_guide")[0], "right_stage")
    assert evidence == ("stage=unboxing", f"delivered_at={story.now} event=e3")


def test_first_value_is_shown_with_its_event() -> None:
    story = Story(world_of("upgrade")).profile().order("kettle").delivered().at(days=2).use("result")
    value = story.now
    _, evidence = check(story.at(days=3).use("limit_reached").opened("upgrade")[0], "right_stage")
    assert evidence[-1] == f"first_value_at={value} event=e4"


def test_help_fits_every_stage() -> None:
    (opened,) = Story().profile().ticket("new").at(hours=1).opened("help")
    assert check(opened, "right_stage")[0] == "not_applicable"


def test_the_next_logical_step_is_the_relation_of_the_catalogue() -> None:
    (opened,) = Story(world_of("order_add_on")).profile().order("kettle").opened("order_add_on")
    assert check(opened, "next_logical_step") == ("pass", ("required_to_start: kettle -> plug",))


def test_only_an_offer_claims_to_be_the_next_step() -> None:
    for opened in openings(full_life()):
        assert (check(opened, "next_logical_step")[0] == "pass") is (opened.candidate is not None)


def test_offers_and_asks_can_be_refused_with_one_word() -> None:
    for opened in openings(full_life()):
        expected = {"no", "not_now", "stop"} if opened.move in ("offer", "ask") else {"stop"}
        assert set(opened.decline_options) == expected


def test_channels_stand_in_the_order_of_what_opened_the_moment() -> None:
    consents = tuple(Consent(channel=c, state="granted", at=DAY_0) for c in ("sms", "push", "email"))
    story = Story(world_of("refill")).profile(consents=consents).order("coffee").delivered().at(days=20)
    (opened,) = story.opened("refill")
    assert opened.channels == ("email", "sms", "push", "in_app")
    assert check(opened, "channel_fits")[1] == tuple(f"channel={c}" for c in opened.channels)


def test_channels_to_avoid_are_those_that_were_refused() -> None:
    consents = (*GRANTED, Consent(channel="sms", state="denied", at=DAY_0))
    (opened,) = (
        Story(world_of("order_add_on")).profile(consents=consents).order("kettle").opened("order_add_on")
    )
    assert opened.avoid_channels == ("sms",)


def test_no_offer_and_no_ask_opens_without_consent() -> None:
    story = Story().order("kettle").delivered().at(days=1).use("result").at(days=60).use("limit_reached")
    assert {r.move for r in openings(story)} == {"guide"}
    assert "no_consent" in story.withheld("upgrade")


def test_a_withheld_offer_opens_in_the_step_in_which_consent_comes() -> None:
    story = Story(world_of("order_add_on")).order("kettle").at(hours=5)
    assert story.withheld("order_add_on") == ["no_consent"]
    assert story.profile().opened("order_add_on")[0].opens_at == story.now


def test_trust_is_protected_where_no_friction_blocks() -> None:
    story = Story(world_of("setup_guide")).profile().ticket("new").order("kettle").delivered()
    assert check(story.opened("setup_guide")[0], "trust_protected") == (
        "pass",
        ("does_not_block=troubleshooting",),
    )


# constraints exclude, preferences rank


ADD_ONS = (
    product("kettle", relations=(("add_on", "a"), ("add_on", "b"))),
    product("a", price_minor=2_000, brand="plain", category="cups"),
    product("b", price_minor=1_000, brand="fine", category="filters"),
)


def chosen(*answers: tuple[str, str, str], products: tuple[Product, ...] = ADD_ONS) -> list[str | None]:
    story = Story(world_of("order_add_on", products=products)).profile()
    for kind, key, value in answers:
        story.reply("answer", answers=(Answer(kind=kind, key=key, value=value),))  # type: ignore[arg-type]
    return [r.candidate for r in story.order("kettle").opened("order_add_on")]


def test_without_a_word_of_the_customer_the_order_of_the_catalogue_holds() -> None:
    assert chosen() == ["a"]


@pytest.mark.parametrize(("key", "value"), [("brand", "plain"), ("category", "cups"), ("product_id", "a")])
def test_a_constraint_excludes_a_candidate(key: str, value: str) -> None:
    assert chosen(("constraint", key, value)) == ["b"]


@pytest.mark.parametrize(("price_max", "candidate"), [("2000", "a"), ("1999", "b"), ("1000", "b")])
def test_a_price_that_is_too_high_excludes_a_candidate(price_max: str, candidate: str) -> None:
    assert chosen(("constraint", "price_max", price_max)) == [candidate]


def test_when_constraints_exclude_every_candidate_nothing_is_offered() -> None:
    assert chosen(("constraint", "price_max", "999")) == []


@pytest.mark.parametrize(("key", "value"), [("brand", "fine"), ("category", "filters"), ("product_id", "b")])
def test_a_preference_ranks_a_candidate_first(key: str, value: str) -> None:
    assert chosen(("preference", key, value)) == ["b"]


def test_a_preference_excludes_nothing() -> None:
    assert chosen(("preference", "brand", "nobody")) == ["a"]


def test_a_constraint_beats_a_preference_for_the_same_candidate() -> None:
    assert chosen(("preference", "brand", "plain"), ("constraint", "brand", "plain")) == ["b"]


def test_the_last_word_about_a_constraint_holds() -> None:
    story = Story(world_of("order_add_on", products=ADD_ONS)).profile()
    story.reply("answer", answers=(Answer(kind="constraint", key="brand", value="plain"),))
    story.at(hours=1).reply("answer", answers=(Answer(kind="constraint", key="brand", value="fine"),))
    assert [r.candidate for r in story.order("kettle").opened("order_add_on")] == ["a"]


def test_a_preference_does_not_rank_above_what_is_required_to_start() -> None:
    kettle = product("kettle", relations=(("add_on", "a"), ("add_on", "b"), ("required_to_start", "plug")))
    products = (kettle, *ADD_ONS[1:], product("plug"))
    assert chosen(("preference", "brand", "fine"), products=products) == ["plug"]


def variants(variant: str | None) -> list[str | None]:
    lids = (
        Relation(kind="add_on", product_id="lid-red", variants=("red",)),
        Relation(kind="add_on", product_id="lid-blue", variants=("blue",)),
    )
    products = (
        product("kettle", relations=lids),
        product("lid-red", price_minor=500),
        product("lid-blue", price_minor=500),
    )
    line = OrderLine(line_id="1", product_id="kettle", quantity=1, variant=variant)
    story = Story(world_of("order_add_on", products=products)).profile().order(line)
    return [r.candidate for r in story.opened("order_add_on")]


def test_the_variant_that_was_bought_ranks_candidates() -> None:
    assert variants(None) == ["lid-red"]
    assert variants("blue") == ["lid-blue"]


def test_a_refill_of_a_family_that_rests_waits_until_it_has_rested() -> None:
    products = tuple(
        product(name, "consumable", supply_days=30.0, relations=(("refill", name),), category="drinks")
        for name in ("coffee", "beans")
    )
    story = Story(world_of("refill", products=products)).profile().order("coffee").delivered()
    story.at(hours=18).order("beans", order_id="o2").delivered("o2", "p2").at(days=10, hours=12)
    story.reply("not_now", story.opened("refill")[0]).at(days=17, hours=12, ms=-1)
    assert story.withheld("refill") == ["family_rests"]
    assert [r.candidate for r in story.opened("refill")] == ["coffee"]
    assert [r.candidate for r in story.at(days=17, hours=12).opened("refill")] == ["coffee", "beans"]


def test_a_candidate_that_only_rests_is_waited_for_although_another_is_generic() -> None:
    personal = Relation(kind="next_step", product_id="teapot", behaviours=("brewed",))
    products = (
        product("kettle", relations=(personal, ("next_step", "tray"))),
        product("lamp", relations=(("upgrade", "tea-lamp"),)),
        product("tea-lamp", category="tea"),
        product("teapot", category="tea"),
        product("tray"),
    )
    more = '[declines]\nfamily_rest = "15 d"\n[caps]\noffer_gap = "0 d"\n'
    story = Story(world_of("next_step", "upgrade", products=products, more=more)).profile()
    story.order("kettle", "lamp").delivered().use("result").use("result", "lamp")
    story.use("milestone", name="brewed").at(days=5).use("limit_reached", "lamp")
    story.reply("no", story.opened("upgrade")[0]).at(days=20, ms=-1)
    reasons = [r.reason for r in story.of("journey.decisions") if r.product_id == "kettle"]
    assert reasons == ["offers_rest", "family_rests"]
    assert [r.candidate for r in story.at(days=20).opened("next_step")] == ["teapot"]
