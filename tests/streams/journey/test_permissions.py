"""The life of an eligibility: opened, then exactly one end, under an id that names what it is about."""

from __future__ import annotations

from collections import Counter

import pytest

from schemas.records import Consent, OrderLine
from state.records.customer import OPEN_MAX
from streams.journey.identity import Identity
from tests.streams.journey.story import DAY, DAY_0, HOUR, Story
from tests.streams.journey.worlds import world_of

ANSWER = 14 * DAY


def guide(sent_after: int | None = None) -> Story:
    """A setup guide that opens on day 0 for 7 days, sent so many milliseconds later, if at all."""
    story = Story(world_of("setup_guide")).profile().order("kettle").delivered()
    if sent_after is not None:
        story.at(ms=sent_after).sent(story.opened("setup_guide")[0])
    return story


def ends(story: Story, placement: str = "setup_guide") -> list[str]:
    return [r.status for r in story.changes(placement) if r.status not in ("opened", "rescheduled")]


def offer(placement: str = "upgrade", more: str = "") -> Story:
    """An upgrade of the kettle that opens on day 5 for 14 days."""
    story = Story(world_of(placement, more=more)).profile().order("kettle").delivered().use("result")
    return story.at(days=5).use("limit_reached")


def test_the_permission_to_send_ends_at_send_by_and_attribution_14_days_later() -> None:
    (opened,) = guide().opened("setup_guide")
    assert opened.send_by == DAY_0 + 7 * DAY
    assert opened.answer_until == opened.send_by + ANSWER


@pytest.mark.parametrize(("ms", "ended"), [(-1, []), (0, ["expired"]), (1, ["expired"])])
def test_a_permission_that_was_never_reported_sent_ends_at_send_by(ms: int, ended: list[str]) -> None:
    assert ends(guide().at(days=7, ms=ms)) == ended


@pytest.mark.parametrize(("ms", "ended"), [(-1, []), (0, ["expired"]), (1, ["expired"])])
def test_a_permission_that_was_sent_ends_at_answer_until(ms: int, ended: list[str]) -> None:
    story = guide(sent_after=HOUR).at(days=21, ms=ms)
    assert ends(story) == ended
    assert [r.reason for r in story.changes("setup_guide", "expired")] == ["answer_window_over"] * len(ended)


def test_a_permission_reported_sent_in_its_last_millisecond_was_sent() -> None:
    assert ends(guide(sent_after=7 * DAY - 1).at(days=8)) == []


def test_a_permission_reported_sent_when_it_is_over_is_over() -> None:
    story = guide().at(days=7)
    story.sent(story.opened("setup_guide")[0])
    assert ends(story.at(days=40)) == ["expired"]


def test_a_permission_that_was_sent_ends_with_its_answer() -> None:
    story = offer()
    (opened,) = story.opened("upgrade")
    story.at(days=6).sent(opened).at(days=25).reply("yes", opened)
    assert ends(story, "upgrade") == ["accepted"]


def test_a_reply_after_the_end_is_still_a_fact_but_makes_no_second_end() -> None:
    story = offer()
    (opened,) = story.opened("upgrade")
    story.at(days=6).reply("no", opened).at(days=7).reply("yes", opened).reply("no", opened)
    assert ends(story.at(days=60), "upgrade") == ["declined"]


def test_a_no_after_the_end_still_rests_offers() -> None:
    story = Story(world_of("upgrade", "order_add_on")).profile().order("kettle").delivered().use("result")
    (opened,) = story.at(days=15).use("limit_reached").opened("upgrade")
    story.at(days=29)
    assert ends(story, "upgrade") == ["expired"]
    story.at(days=30).reply("no", opened).at(days=31).order("lamp", order_id="o2")
    assert story.withheld("order_add_on") == ["offers_rest"]


def test_buying_the_candidate_accepts_the_offer_without_a_click() -> None:
    story = offer().at(days=6).order("kettle-pro", order_id="o2")
    (ended,) = story.changes("upgrade", "accepted")
    assert (ended.reason, ended.decided_at) == ("purchased", DAY_0 + 6 * DAY)


def test_buying_something_else_accepts_nothing() -> None:
    assert ends(offer().at(days=6).order("teapot", order_id="o2"), "upgrade") == []


def test_what_was_bought_before_the_offer_opened_does_not_accept_it() -> None:
    story = Story(world_of("refill")).profile().order("coffee").delivered().at(days=11)
    story.order("coffee", order_id="o1", type="order_updated")
    assert ends(story, "refill") == []


def test_a_purchase_within_attribution_accepts_an_offer_that_was_sent() -> None:
    story = offer()
    story.at(days=6).sent(story.opened("upgrade")[0]).at(days=33, ms=-1).order("kettle-pro", order_id="o2")
    assert ends(story, "upgrade") == ["accepted"]


def test_a_purchase_after_attribution_accepts_nothing() -> None:
    story = offer()
    story.at(days=6).sent(story.opened("upgrade")[0]).at(days=33).order("kettle-pro", order_id="o2")
    assert ends(story, "upgrade") == ["expired"]


def test_a_return_of_the_item_revokes_what_is_open_about_it() -> None:
    story = offer().at(days=6)
    story.purchase("order_refunded", OrderLine(line_id="1", product_id="kettle", quantity=1))
    (ended,) = story.changes("upgrade", "revoked")
    assert ended.reason == "item_ended"


def test_losing_the_last_consent_revokes_what_is_open() -> None:
    story = offer().at(days=6)
    story.profile(consents=(Consent(channel="email", state="denied", at=story.now),))
    (ended,) = story.changes("upgrade", "revoked")
    assert ended.reason == "consent_lost"


def test_stop_revokes_what_is_open() -> None:
    story = offer().at(days=6).reply("stop")
    (ended,) = story.changes("upgrade", "revoked")
    assert ended.reason == "opted_out"


# rules about what is open look at permissions only


def test_a_permission_whose_time_to_send_is_over_is_open_no_more() -> None:
    story = (
        guide(sent_after=HOUR)
        .at(days=6, ms=0)
        .order("lamp", order_id="o2")
        .at(days=6, hours=1)
        .delivered("o2", "p2")
    )
    assert story.withheld("setup_guide") == ["already_open"]
    assert len(story.at(days=7, ms=-1).opened("setup_guide")) == 1
    assert len(story.at(days=7).opened("setup_guide")) == 2


def test_attribution_is_bounded_and_the_oldest_ends_first() -> None:
    more = '[caps]\noffer_gap = "0 d"\noffers_in_window = 99\ndaily_moves = 99\nanswer_window = "300 d"\n'
    story = Story(world_of("order_add_on", more=more)).profile()
    for n in range(OPEN_MAX + 2):
        story.at(days=2 * n).order("lamp", order_id=f"o{n}")
        story.sent(story.opened("order_add_on")[-1])
    ended = [r.order_id for r in story.changes("order_add_on", "expired")]
    assert len(story.opened("order_add_on")) == OPEN_MAX + 2
    assert ended == ["o0", "o1"]
    assert {r.reason for r in story.changes("order_add_on", "expired")} == {"attribution_full"}


# ids


def busy(customer: str = "anna", key: bytes = b"test") -> Story:
    """A year with friction, reorders and returns."""
    given = world_of()
    story = Story(type(given)(given.policies, given.catalogue, Identity(key), given.control, 1), customer)
    story.profile().order("kettle", "coffee").at(hours=30).parcel("in_transit").at(days=2).delivered()
    for n in range(8):
        story.at(days=10 + 40 * n).use("result").ticket("open").at(days=11 + 40 * n).ticket("solved")
        story.at(days=20 + 40 * n).use("limit_reached").reply("question", signals_friction=True).reply(
            "answered"
        )
        story.at(days=21 + 40 * n).order("coffee", "lamp", order_id=f"c{n}").delivered(f"c{n}", f"p{n}")
    return story.at(days=400)


def test_every_eligibility_opens_once_and_ends_exactly_once() -> None:
    records = [r for r in busy().of("journey.eligibility") if r.status != "rescheduled"]
    opened = Counter(r.eligibility_id for r in records if r.status == "opened")
    ended = Counter(r.eligibility_id for r in records if r.status != "opened")
    assert len(opened) > 20
    assert set(opened.values()) == {1}
    assert ended == opened


def test_every_eligibility_ends_within_its_window_or_by_a_named_reason() -> None:
    story = busy()
    opened = {r.eligibility_id: r for r in story.of("journey.eligibility") if r.status == "opened"}
    for r in story.of("journey.eligibility"):
        if r.status != "opened":
            assert opened[r.eligibility_id].opens_at <= r.decided_at <= r.answer_until
            assert r.reason


def test_ids_are_a_pure_function_of_what_they_are_about() -> None:
    def ids(story: Story) -> list[str]:
        return [r.eligibility_id for r in story.of("journey.eligibility")]

    assert ids(busy()) == ids(busy())
    assert not set(ids(busy())) & set(ids(busy(customer="ben")))
    assert not set(ids(busy())) & set(ids(busy(key=b"another")))


def test_no_id_carries_the_customer() -> None:
    assert not [r for r in busy().of("journey.eligibility") if "anna" in r.eligibility_id]


def test_after_a_revocation_the_next_attempt_has_another_id() -> None:
    more = '[caps]\noffer_gap = "0 d"\noffers_in_window = 9\n'
    story = offer(more=more).at(days=6).reply("question", signals_friction=True)
    story.at(days=7).reply("answered").at(days=8).reply("question", signals_friction=True)
    story.at(days=9).reply("answered")
    assert len({r.eligibility_id for r in story.opened("upgrade")}) == len(story.opened("upgrade")) == 3


def test_what_was_sent_and_then_revoked_does_not_come_again() -> None:
    story = offer(more='[caps]\noffer_gap = "0 d"\n').at(days=6)
    story.sent(story.opened("upgrade")[0]).at(days=7).reply("question", signals_friction=True)
    assert ends(story, "upgrade") == ["revoked"]
    assert len(story.at(days=8).reply("answered").at(days=40).opened("upgrade")) == 1


def test_a_new_cycle_of_the_same_product_has_its_own_ids() -> None:
    story = guide().at(days=10).order("kettle", order_id="o2").delivered("o2", "p1")
    assert len({r.eligibility_id for r in story.opened("setup_guide")}) == 2


def test_an_order_that_is_sent_again_after_its_record_was_closed_has_another_id() -> None:
    story = Story(world_of("order_add_on")).profile().order("kettle").at(hours=1).delivered()
    story.at(days=95).order("kettle")
    assert len({r.eligibility_id for r in story.opened("order_add_on")}) == 2


def test_the_sequence_of_a_customer_counts_over_all_topics_without_a_gap() -> None:
    story = busy()
    assert [record.sequence for _, _, record in story.said] == list(range(1, len(story.said) + 1))
