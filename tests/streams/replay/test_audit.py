"""Each trap at its boundary, judged by the state as of the send."""

from typing import Any

import pytest

from state.layouts import Codecs
from state.overlay import Overlay
from streams.replay.audit import Auditor, Offer, Trap
from streams.replay.goes_with import Related
from streams.replay.looking import Look
from tests.streams.journey.story import PRODUCTS, Story, product, world

EARLY, STACKED, FRICTION = Trap.BEFORE_FIRST_VALUE, Trap.STACKED, Trap.DURING_FRICTION
CONTEXT, GENERIC = Trap.WRONG_CONTEXT, Trap.GENERIC


class Sender:
    """Sends offers along a story, and has each audited at once."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.auditor = Auditor(Related(PRODUCTS))

    def offers(self, product_id: str, context: str = "") -> dict[Trap, str]:
        story = self.story
        look = Look(story.world, Overlay(story.store, Codecs()), story.customer, story.now)
        findings = self.auditor.judge(look, Offer(story.customer, story.now, product_id, context))
        return {finding.trap: finding.why for finding in findings}


def audited(story: Story, product_id: str, context: str = "") -> set[Trap]:
    """The traps of one offer, now."""
    return set(Sender(story).offers(product_id, context))


def delivered() -> Story:
    return Story().profile().order("kettle").at(days=2).delivered()


def in_use() -> Story:
    return delivered().at(days=3).use("result")


class TestBeforeFirstValue:
    def test_a_next_step_needs_first_value_first(self) -> None:
        assert audited(delivered(), "teapot") == {EARLY}
        assert audited(in_use(), "teapot") == set()

    def test_the_value_must_be_there_at_the_time_of_the_send_and_not_later(self) -> None:
        story = delivered().at(days=3, ms=-1)
        before = audited(story, "teapot")
        story.at(days=3).use("result")
        assert (before, audited(story, "teapot")) == ({EARLY}, set())

    def test_it_says_which_item_had_none(self) -> None:
        why = Sender(delivered()).offers("teapot")[EARLY]
        assert why == "no first value yet of kettle, delivered 2026-01-03"
        why = Sender(Story().profile().order("kettle").at(days=2)).offers("teapot")[EARLY]
        assert why == "no first value yet of kettle, not delivered yet"

    @pytest.mark.parametrize(("hours", "traps"), [(0.0, set()), (23.9, set()), (24.0, {EARLY})])
    def test_a_small_add_on_may_come_within_a_day_of_its_order(self, hours: float, traps: set[Trap]) -> None:
        assert audited(Story().profile().order("kettle").at(hours=hours), "filter") == traps

    def test_an_add_on_is_over_once_its_order_is_shipped(self) -> None:
        story = Story().profile().order("kettle").at(hours=1).parcel("in_transit").at(hours=2)
        assert audited(story, "filter") == {EARLY}

    def test_an_add_on_that_is_in_the_order_is_none(self) -> None:
        assert audited(Story().profile().order("kettle", "filter").at(hours=1), "filter") == {EARLY}

    def test_a_dear_add_on_is_no_exception(self) -> None:
        products = (*PRODUCTS, product("urn", price_minor=10_000, relations=(("add_on", "teapot"),)))
        story = Story(world(products=products)).profile().order("urn").at(hours=1)
        sender = Sender(story)
        sender.auditor = Auditor(Related(products))
        assert set(sender.offers("teapot")) == {EARLY}

    def test_what_is_required_to_start_may_come_before(self) -> None:
        assert audited(delivered().at(days=5), "plug") == set()

    def test_a_refill_comes_when_it_is_due_and_not_at_delivery(self) -> None:
        story = Story().profile().order("coffee").at(days=2).delivered().at(days=3)
        assert audited(story, "coffee") == {EARLY}
        assert audited(story.at(days=29), "coffee") == set()


class TestGeneric:
    def test_a_product_that_goes_with_nothing_owned_is_generic(self) -> None:
        assert audited(in_use(), "bulb") == {GENERIC}

    def test_no_product_is_generic(self) -> None:
        assert audited(in_use(), "") == {GENERIC}

    def test_to_somebody_who_owns_nothing_everything_is_generic_and_early(self) -> None:
        assert audited(Story().profile(), "teapot") == {GENERIC, EARLY}

    def test_what_was_given_back_is_not_owned(self) -> None:
        story = in_use().at(days=5).purchase("order_cancelled").at(days=40)
        assert GENERIC in audited(story, "teapot")


class TestDuringFriction:
    def test_an_open_ticket_blocks_offers(self) -> None:
        sender = Sender(in_use().at(days=4).ticket("open"))
        assert sender.offers("teapot") == {FRICTION: "troubleshooting was open since 2026-01-05, by e5"}

    def test_what_was_known_later_does_not_count(self) -> None:
        story = in_use().at(days=4)
        before = audited(story, "teapot")
        story.ticket("open")
        assert (before, audited(story, "teapot")) == (set(), {FRICTION})

    def test_after_the_solution_its_order_cools_off_and_then_is_free(self) -> None:
        story = in_use().at(days=4).ticket("open", order_id="o1").at(days=5).ticket("solved", order_id="o1")
        assert "cooled off until 2026-01-09" in Sender(story).offers("teapot")[FRICTION]
        assert audited(story.at(days=8), "teapot") == set()

    def test_a_routine_return_blocks_its_own_order_only(self) -> None:
        story = in_use().order("lamp", order_id="o2").purchase("return_registered", order_id="o2")
        assert FRICTION in audited(story, "bulb")
        assert audited(story, "filter") == set()


class TestStacked:
    @pytest.mark.parametrize(("later", "stacked"), [(-1, True), (0, False), (1, False)])
    def test_two_offers_keep_the_gap(self, later: int, stacked: bool) -> None:
        sender = Sender(in_use())
        assert sender.offers("teapot") == {}
        sender.story.at(days=10, ms=later)
        assert (STACKED in sender.offers("filter")) is stacked

    def test_a_service_offer_neither_stacks_nor_is_stacked_upon(self) -> None:
        sender = Sender(delivered().at(days=3))
        assert [sender.offers("plug"), sender.offers("plug")] == [{}, {}]
        sender.story.use("result")
        assert sender.offers("teapot") == {}

    def test_it_says_how_long_ago_the_other_was(self) -> None:
        sender = Sender(in_use())
        sender.offers("teapot")
        sender.story.at(days=5)
        assert sender.offers("filter")[STACKED] == "another offer came 2.0 d earlier, the gap is 7 d"


class TestWrongContext:
    @pytest.mark.parametrize(
        "context", ["ticket", "refund", "payment_failed", "shipping_update", "order_page"]
    )
    def test_what_was_opened_for_something_else_carries_no_next_step(self, context: str) -> None:
        assert audited(in_use(), "teapot", context) == {CONTEXT}

    @pytest.mark.parametrize("context", ["", "newsletter", "in_app"])
    def test_other_places_are_open_to_offers(self, context: str) -> None:
        assert audited(in_use(), "teapot", context) == set()

    def test_a_shipping_update_carries_an_essential_at_most(self) -> None:
        story = Story().profile().order("kettle").at(days=1).parcel("in_transit").at(days=1, hours=1)
        assert audited(story, "plug", "shipping_update") == set()
        assert audited(story, "filter", "shipping_update") == {CONTEXT, EARLY}

    def test_an_order_page_carries_its_add_on(self) -> None:
        assert audited(Story().profile().order("kettle"), "filter", "order_page") == set()


def test_every_offer_that_kairos_opens_is_clean() -> None:
    """A life with offers of several kinds, and trouble between them."""
    story = Story()
    sender = Sender(story)
    send, placements = story.send, set[str]()

    def sending(event: Any) -> Any:
        return judged(send(event))

    def judged(outputs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        for topic, record in outputs:
            if topic == "journey.eligibility" and (record.status, record.move) == ("opened", "offer"):
                placements.add(record.placement)
                assert sender.offers(record.candidate) == {}, record.placement
        return outputs

    look = story.look
    story.send = sending  # type: ignore[method-assign]
    story.look = lambda target: judged(look(target))  # type: ignore[method-assign]
    story.profile().order("kettle", "coffee").at(days=1).parcel("in_transit").at(days=2).delivered()
    story.at(days=3).use("result").at(days=20).ticket("open").at(days=22).ticket("solved")
    story.at(days=30).use("milestone", name="100 cups").at(days=200)
    assert placements >= {"order_add_on", "essential", "refill", "maintain"}
