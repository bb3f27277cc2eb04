"""Several moments at once: who goes first, who waits and comes back, who gives way."""

from __future__ import annotations

from schemas.records import Decision
from state.layouts import Codecs
from state.overlay import Overlay
from state.records.customer import CustomerRecord
from streams.journey.words import Move
from tests.streams.journey.story import DAY, DAY_0, HOUR, Story, product
from tests.streams.journey.worlds import world_of

NO_CAPS = '[caps]\noffer_gap = "0 d"\noffers_in_window = 99\ndaily_moves = 99\n'


def record(story: Story) -> CustomerRecord:
    return Overlay(story.store, Codecs()).customer(story.customer)


def decisions(story: Story, placement: str) -> list[Decision]:
    return [r for r in story.of("journey.decisions") if r.placement == placement]


def opened(story: Story) -> list[str]:
    return [r.placement for r in story.of("journey.eligibility") if r.status == "opened"]


# the policy's priority decides


def at_once(upgrade: int, next_step: int) -> Story:
    """Both moments wait for consent, which comes on day 15."""
    more = NO_CAPS + '[moments.next_step]\nwindow = "20 d"\n'
    more += f"[moments.upgrade]\npriority = {upgrade}\n" if upgrade else ""
    more = more.replace('window = "20 d"\n', f'window = "20 d"\npriority = {next_step}\n')
    story = Story(world_of("upgrade", "next_step", more=more)).order("kettle").delivered()
    story.at(days=1).use("milestone", name="brewed").at(days=14).use("limit_reached")
    return story.at(days=15).profile()


def test_the_greater_priority_goes_first() -> None:
    assert opened(at_once(59, 51)) == ["upgrade"]
    assert opened(at_once(51, 59)) == ["next_step"]


def test_the_loser_is_withheld_as_outranked() -> None:
    assert at_once(59, 51).withheld("next_step") == ["no_consent", "outranked"]


def test_the_loser_is_looked_at_again_when_the_winner_may_be_sent_no_more() -> None:
    story = at_once(59, 51)
    (winner,) = story.opened("upgrade")
    assert decisions(story, "next_step")[-1].look_again_at == winner.send_by == DAY_0 + 28 * DAY


def test_the_loser_comes_back_in_the_millisecond_in_which_the_winner_ends() -> None:
    story = at_once(59, 51).at(days=28, ms=-1)
    assert opened(story) == ["upgrade"]
    assert opened(story.at(days=28)) == ["upgrade", "next_step"]
    assert story.opened("next_step")[0].opens_at == DAY_0 + 28 * DAY


def test_the_loser_comes_back_at_once_when_the_winner_is_bought() -> None:
    story = at_once(59, 51).at(days=16).order("kettle-pro", order_id="o2")
    assert opened(story) == ["upgrade", "next_step"]


def test_of_one_kind_the_moment_that_ends_sooner_goes_first() -> None:
    story = Story(world_of("upgrade", products=ITEMS)).order("item00", "item01").delivered()
    story.use("result", "item00").use("result", "item01").at(days=2).use("limit_reached", "item01")
    story.at(days=3).use("limit_reached", "item00").at(days=4).profile()
    assert [r.product_id for r in story.opened("upgrade")] == ["item01"]


def test_moves_do_not_compete_with_each_other() -> None:
    story = Story().profile().order("kettle").at(days=1).parcel("in_transit").at(days=2).delivered()
    assert {"setup_guide", "essential"} <= set(opened(story))
    assert story.withheld("essential") == []


# at most one permission of each move, none evicted


def test_at_most_one_permission_of_each_move_is_open() -> None:
    story = Story(world_of(more=NO_CAPS)).profile()
    seen: set[int] = set()
    for n in range(12):
        story.at(days=10 * n).order("kettle", "lamp", "coffee", order_id=f"o{n}")
        story.at(days=10 * n + 1).delivered(f"o{n}", f"p{n}")
        for hours in range(0, 200, 20):
            story.at(days=10 * n + 1, hours=hours + 1)
            if hours == 20:
                story.use("result").use("limit_reached")
            if hours == 100:
                story.ticket("new", ticket_id=f"t{n}")
            now = [held.move for held in record(story).open if held.send_by > story.now]
            assert len(now) == len(set(now))
            seen.update(now)
        story.ticket("solved", ticket_id=f"t{n}")
    assert seen == set(Move)


def test_a_greater_priority_evicts_nothing() -> None:
    more = NO_CAPS + "[moments.upgrade]\npriority = 99\n"
    story = Story(world_of("order_add_on", "upgrade", more=more)).order("kettle").delivered().use("result")
    story.at(days=5).profile().order("lamp", order_id="o2").at(days=5, hours=1).use("limit_reached")
    assert opened(story) == ["order_add_on"]
    assert story.withheld("upgrade") == ["already_open"]
    assert opened(story.at(days=6)) == ["order_add_on", "upgrade"]


def upgrade_then_refill(*, sent: bool = False, more: str = NO_CAPS) -> Story:
    """An upgrade that opens on day 9 for 14 days, and a refill whose moment comes on day 10."""
    story = Story(world_of("upgrade", "refill", more=more)).profile().order("kettle", "coffee").delivered()
    story.at(days=1).use("result").at(days=9).use("limit_reached")
    if sent:
        story.sent(story.opened("upgrade")[0])
    return story.at(days=11)


def test_a_service_offer_supersedes_an_offer_not_yet_sent() -> None:
    story = upgrade_then_refill()
    (ended,) = story.changes("upgrade", "superseded")
    assert ended.reason == "service_first"
    assert opened(story) == ["upgrade", "refill"]
    assert ended.sequence < story.opened("refill")[0].sequence


def test_a_service_offer_supersedes_no_offer_that_was_sent() -> None:
    story = upgrade_then_refill(sent=True)
    assert opened(story) == ["upgrade"]
    assert story.withheld("refill") == ["already_open"]


def test_a_service_offer_supersedes_only_a_lower_offer() -> None:
    story = upgrade_then_refill(more=NO_CAPS + "[moments.upgrade]\npriority = 99\n")
    assert story.changes("upgrade", "superseded") == []
    assert story.withheld("refill") == ["already_open"]


def test_a_service_offer_supersedes_no_service_offer() -> None:
    story = (
        Story(world_of("refill", "essential", more=NO_CAPS)).profile().order("coffee").delivered().at(days=11)
    )
    story.order("kettle", order_id="o2").parcel("in_transit", "o2", "p2")
    assert opened(story) == ["refill"]
    assert story.withheld("essential") == ["already_open"]


def test_an_offer_that_gave_way_is_withheld_and_comes_back() -> None:
    story = upgrade_then_refill()
    assert story.withheld("upgrade") == ["outranked"]
    story.at(days=12).order("coffee", order_id="o2")
    first, second = story.opened("upgrade")
    assert second.opens_at == DAY_0 + 12 * DAY
    assert second.send_by == first.send_by
    assert second.eligibility_id != first.eligibility_id


def test_an_order_add_on_that_gave_way_comes_back_too() -> None:
    story = Story(world_of("order_add_on", "refill", more=NO_CAPS)).profile().order("coffee").delivered()
    story.at(days=10).order("kettle", order_id="o2").at(days=10, hours=12)
    assert opened(story) == ["order_add_on", "refill"]
    story.order("coffee", order_id="o3", type="order_placed")
    assert [r.order_id for r in story.opened("order_add_on")][:2] == ["o2", "o2"]


# the waiting list


ITEMS = tuple(
    product(f"item{n:02}", relations=(("upgrade", f"item{n:02}-pro"),)) for n in range(12)
) + tuple(product(f"item{n:02}-pro") for n in range(12))  # fmt: skip


def crowd(count: int, *, hours: int = 1) -> Story:
    """Upgrades at intervals of hours from day 2 on, 14 days each; the first opens, the others wait."""
    story = Story(world_of("upgrade", products=ITEMS, more=NO_CAPS + "waiting_max = 4\n")).profile()
    names = [f"item{n:02}" for n in range(count)]
    story.order(*names).delivered().at(days=1)
    for name in names:
        story.use("result", name)
    for n, name in enumerate(names):
        story.at(days=2, hours=hours * n).use("limit_reached", name)
    return story


def test_the_waiting_list_holds_the_best_few() -> None:
    story = crowd(10)
    waiting = record(story).waiting
    assert len(waiting) == 4
    assert [claim.product_id for claim in waiting] == ["item01", "item02", "item03", "item04"]


def test_beyond_the_waiting_list_an_item_is_crowded_out() -> None:
    story = crowd(10)
    crowded = [r.product_id for r in story.of("journey.decisions") if r.reason == "crowded_out"]
    assert crowded == ["item05", "item06", "item07", "item08", "item09"]


def test_each_that_waits_has_the_time_at_which_it_ends() -> None:
    assert [claim.ends_at for claim in record(crowd(5)).waiting] == [
        DAY_0 + 16 * DAY + n * HOUR for n in range(1, 5)
    ]


def test_who_is_crowded_out_has_a_wake_up_of_its_own() -> None:
    story = crowd(6)
    (decision,) = [r for r in story.of("journey.decisions") if r.reason == "crowded_out"]
    overlay = Overlay(story.store, Codecs())
    item = overlay.item(story.customer, "item05")
    assert item is not None
    assert decision.look_again_at == item.due_ms > story.now


def test_other_events_do_not_take_the_wake_up_of_who_was_crowded_out() -> None:
    story = crowd(6)
    (decision,) = [r for r in story.of("journey.decisions") if r.reason == "crowded_out"]
    story.at(days=3).use("session", "item05").at(days=4).use("result", "item05")
    item = Overlay(story.store, Codecs()).item(story.customer, "item05")
    assert item is not None
    assert item.due_ms == decision.look_again_at


def test_who_is_crowded_out_is_not_lost() -> None:
    story = crowd(10, hours=24)
    for n in range(10):
        held = [h for h in record(story).open if h.send_by > story.now]
        if held:
            story.order(held[0].candidate, order_id=f"b{n}")
        story.at(days=11, hours=n + 1)
    story.at(days=40)
    said = {r.product_id for r in story.opened("upgrade")}
    assert {"item05", "item06", "item07", "item08", "item09"} & said


def test_an_order_add_on_that_is_crowded_out_is_not_lost() -> None:
    given = world_of("order_add_on", more=NO_CAPS + "waiting_max = 2\n")
    story = Story(given).profile()
    for n in range(5):
        story.at(hours=n).order("lamp", order_id=f"o{n}")
    crowded = [r for r in decisions(story, "order_add_on") if r.reason == "crowded_out"]
    assert [r.order_id for r in crowded] == ["o3", "o4"]
    overlay = Overlay(story.store, Codecs())
    for decision in crowded:
        order = overlay.order(story.customer, decision.order_id or "")
        assert order is not None
        assert decision.look_again_at == order.due_ms > story.now


def test_the_guide_of_a_parcel_that_was_crowded_out_is_looked_at_again_for_whoever_needs_it_then() -> None:
    more = NO_CAPS + "waiting_max = 1\n"
    story = Story(world_of("setup_guide", more=more)).profile()
    story.order("lamp", order_id="o0").delivered("o0").at(hours=1).order("bulb", order_id="o1").delivered()
    story.at(hours=2).order("kettle", "filter", order_id="o2").delivered("o2", "p2")
    (crowded,) = [r for r in decisions(story, "setup_guide") if r.reason == "crowded_out"]
    assert crowded.product_id == "kettle"
    assert crowded.look_again_at == DAY_0 + 7 * DAY + HOUR
    story.at(hours=3).use("setup_completed", "kettle")
    (guide,) = [r for r in story.at(days=7, hours=1).opened("setup_guide") if r.order_id == "o2"]
    assert (guide.product_id, guide.opens_at) == ("filter", crowded.look_again_at)


def test_withheld_is_reported_once_for_each_reason() -> None:
    story = at_once(59, 51)
    for hour in range(10):
        story.at(days=16, hours=hour).use("session").profile()
    assert (
        story.withheld("next_step")
        == ["no_consent", "outranked", "already_open"][: len(story.withheld("next_step"))]
    )
    assert len(story.withheld("next_step")) == len(set(story.withheld("next_step")))
