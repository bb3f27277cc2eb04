"""The moments of care: `refill`, `subscribe`, `maintain`."""

from __future__ import annotations

import pytest

from schemas.records import OrderLine, Prior, Product
from state.records.parts import Target
from streams.journey.replenishment import estimate_run_out
from tests.streams.journey.story import DAY, DAY_0, PRODUCTS, Story, product
from tests.streams.journey.worlds import policy, world_of

LEAD = 5 * DAY


def coffee(*placements: str, products: tuple[Product, ...] = PRODUCTS) -> Story:
    """One pack that lasts 30 days, ordered and delivered on day 0."""
    return Story(world_of(*placements, products=products)).profile().order("coffee").delivered()


def window() -> tuple[int, int]:
    """The early and the late edge of the estimate for the first pack, from its delivery on."""
    rules = policy().base.replenishment
    found = estimate_run_out([(DAY_0, 1)], prior=None, supply_days=30.0, scales=False, rules=rules)
    return found.early_ms, found.late_ms


def test_a_refill_opens_lead_time_before_the_early_edge_of_the_estimate() -> None:
    early, _ = window()
    story = coffee("refill").at(ms=early - LEAD - 1)
    assert story.opened("refill") == []
    (opened,) = story.at(ms=early - LEAD).opened("refill")
    assert (opened.stage, opened.move, opened.candidate) == ("care", "offer", "coffee")
    assert opened.opens_at == DAY_0 + early - LEAD


def test_a_refill_ends_at_the_late_edge_of_the_estimate() -> None:
    _, late = window()
    story = coffee("refill").at(ms=late - 1)
    assert story.opened("refill")[0].send_by == DAY_0 + late
    assert story.changes("refill", "expired") == []
    assert len(story.at(ms=late).changes("refill", "expired")) == 1


def test_a_refill_counts_from_delivery() -> None:
    early, _ = window()
    story = Story(world_of("refill")).profile().order("coffee").at(days=4).delivered().at(days=40)
    assert story.opened("refill")[0].opens_at == DAY_0 + 4 * DAY + early - LEAD


TEA = product("tea", "consumable", prior=Prior(3.0, 0.5, 0.3, 40, "product"))


def tea(*, other_orders: int) -> Story:
    """Tea that is bought twice, and orders of other things after it."""
    story = Story(world_of("refill", products=(*PRODUCTS, TEA))).profile().order("tea").delivered()
    story.at(days=9).order("tea", order_id="o2").delivered("o2", "p2")
    for n in range(other_orders):
        story.at(days=10 + n).order("lamp", order_id=f"l{n}")
    return story


def test_what_else_is_ordered_later_moves_no_refill() -> None:
    alone, among = (tea(other_orders=n).at(days=60).opened("refill")[-1] for n in (0, 9))
    assert (alone.opens_at, alone.send_by) == (among.opens_at, among.send_by)


def test_a_look_after_another_order_changes_no_refill() -> None:
    story = tea(other_orders=3)
    due = story.store.next_due()
    assert story.look(Target("tea")) == []
    assert story.store.next_due() == due


def test_a_refill_is_a_service_offer() -> None:
    (opened,) = coffee("refill").at(days=25).opened("refill")
    assert opened.message_class == "service"


def test_what_is_under_way_already_is_not_offered_as_a_refill() -> None:
    early, _ = window()
    story = coffee("refill").at(ms=early - LEAD - 1).order("coffee", order_id="o2")
    assert story.at(days=100).opened("refill") == []


def test_a_refill_that_was_reordered_is_accepted() -> None:
    story = coffee("refill").at(days=25).order("coffee", order_id="o2")
    (ended,) = story.changes("refill", "accepted")
    assert ended.reason == "purchased"


def test_every_supply_has_its_own_refill() -> None:
    story = (
        coffee("refill")
        .at(days=25)
        .order("coffee", order_id="o2")
        .at(days=26)
        .delivered("o2", "p2")
        .at(days=90)
    )
    assert len(story.opened("refill")) == 2
    assert len({opened.eligibility_id for opened in story.opened("refill")}) == 2


@pytest.mark.parametrize("kind", ["subscription_started", "subscription_renewed", "subscription_resumed"])
def test_an_active_subscription_covers_the_refill(kind: str) -> None:
    story = coffee("refill").at(days=1).subscription(kind, "coffee").at(days=60)
    assert story.opened("refill") == []
    assert story.withheld("refill") == ["covered"]


def test_a_cancelled_subscription_covers_nothing() -> None:
    story = coffee("refill").at(days=1).subscription("subscription_started", "coffee")
    story.at(days=2).subscription("subscription_cancelled", "coffee").at(days=30)
    assert len(story.opened("refill")) == 1


def test_a_subscription_of_the_item_itself_covers_a_refill_by_another_product() -> None:
    products = (
        product("tank", "consumable", supply_days=30.0, relations=(("refill", "pack"),)),
        product("pack"),
    )
    story = Story(world_of("refill", products=products)).profile().order("tank").delivered()
    story.at(days=1).subscription("subscription_started", "tank").at(days=60)
    assert story.opened("refill") == []


def pods(products: tuple[Product, ...] = ()) -> Story:
    """A tank whose refill is another product."""
    tank = product("tank", "consumable", supply_days=30.0, relations=(("refill", "pack"),))
    return (
        Story(world_of("refill", products=(tank, product("pack"), *products)))
        .profile()
        .order("tank")
        .delivered()
    )


def test_a_refill_that_was_bought_under_another_name_is_not_offered_again() -> None:
    story = pods().at(days=5).order("pack", order_id="o2").at(days=60)
    assert story.opened("refill") == []
    assert story.withheld("refill") == ["covered"]


def test_a_refill_whose_reorder_was_cancelled_is_offered_again() -> None:
    story = pods().at(days=5).order("pack", order_id="o2").at(days=6)
    story.purchase("order_cancelled", OrderLine(line_id="1", product_id="pack", quantity=1), order_id="o2")
    assert len(story.at(days=30).opened("refill")) == 1


def test_an_open_refill_ends_when_the_item_itself_is_bought_anew() -> None:
    story = pods().at(days=20)
    assert len(story.opened("refill")) == 1
    (ended,) = story.order("tank", order_id="o2").changes("refill", "expired")
    assert ended.reason == "moment_passed"


def test_consumption_counts_as_first_value() -> None:
    story = coffee("refill").at(days=1).use("consumed", "coffee")
    assert story.stages("coffee") == ["checkout", "unboxing", "usage"]


def reorders(*days: float, placements: tuple[str, ...] = ("subscribe",)) -> Story:
    """Packs of coffee bought and delivered on these days."""
    story = Story(world_of(*placements)).profile()
    for n, day in enumerate(days):
        story.at(days=day).order("coffee", order_id=f"o{n}").delivered(f"o{n}", f"p{n}")
    return story


def test_subscribe_opens_at_the_third_reorder_on_time() -> None:
    assert reorders(0, 30, 60).at(days=89).opened("subscribe") == []
    (opened,) = reorders(0, 30, 60, 90).opened("subscribe")
    assert (opened.stage, opened.move, opened.opens_at) == ("care", "offer", DAY_0 + 90 * DAY)
    assert opened.send_by == DAY_0 + 104 * DAY


@pytest.mark.parametrize("last", [60 + 22, 60 + 38])
def test_a_reorder_out_of_rhythm_is_not_on_time(last: int) -> None:
    assert reorders(0, 30, 60, last).at(days=104).opened("subscribe") == []


def test_subscribe_needs_no_subscription() -> None:
    story = reorders(0, 30, 60).subscription("subscription_started", "coffee")
    story.at(days=90).order("coffee", order_id="o9").delivered("o9", "p9").at(days=100)
    assert story.opened("subscribe") == []


def test_a_subscription_that_begins_is_what_subscribe_offered() -> None:
    story = reorders(0, 30, 60, 90)
    story.at(days=91).subscription("subscription_started", "coffee")
    (ended,) = [change for change in story.changes("subscribe") if change.status != "opened"]
    assert (ended.status, ended.reason) == ("accepted", "purchased")


def test_a_subscription_that_was_there_already_and_goes_on_ends_an_open_subscribe() -> None:
    story = reorders(0, 30, 60, 90).subscription("subscription_renewed", "coffee")
    (ended,) = story.changes("subscribe", "expired")
    assert ended.reason == "moment_passed"


def kettle(*placements: str, products: tuple[Product, ...] = PRODUCTS) -> Story:
    """A kettle, delivered on day 0 and used since day 1; to be maintained every 90 days."""
    return (
        Story(world_of(*placements, products=products))
        .profile()
        .order("kettle")
        .delivered()
        .at(days=1)
        .use("result")
    )


def test_maintain_opens_at_the_maintenance_interval_and_for_14_days() -> None:
    story = kettle("maintain").at(days=90, ms=-1)
    assert story.opened("maintain") == []
    (opened,) = story.at(days=90).opened("maintain")
    assert (opened.stage, opened.move, opened.candidate) == ("care", "offer", "descaler")
    assert opened.send_by - opened.opens_at == 14 * DAY


def test_maintain_comes_back_at_every_interval() -> None:
    story = kettle("maintain").at(days=380)
    assert [opened.opens_at for opened in story.opened("maintain")] == [
        DAY_0 + days * DAY for days in (90, 180, 270, 360)
    ]


def test_maintain_comes_back_however_the_one_before_ended() -> None:
    story = kettle("maintain").at(days=92)
    story.reply("yes", story.opened("maintain")[0])
    assert len(story.at(days=180).opened("maintain")) == 2


def test_maintain_is_no_offer_when_the_part_was_bought_since_the_last_interval() -> None:
    story = kettle("maintain").at(days=50).order("descaler", order_id="o2").at(days=100)
    assert story.opened("maintain") == []
    assert story.withheld("maintain") == ["covered"]


def test_a_part_that_was_bought_before_the_last_interval_is_due_again() -> None:
    story = kettle("maintain").at(days=50).order("descaler", order_id="o2").at(days=180)
    assert [opened.opens_at for opened in story.opened("maintain")] == [DAY_0 + 180 * DAY]


def test_a_part_that_was_ordered_and_cancelled_was_not_bought() -> None:
    story = kettle("maintain").at(days=50).order("descaler", order_id="o2")
    story.purchase(
        "order_cancelled", OrderLine(line_id="1", product_id="descaler", quantity=1), order_id="o2"
    )
    assert len(story.at(days=90).opened("maintain")) == 1


def test_maintain_without_a_part_is_a_guide() -> None:
    products = (product("kettle", maintenance_interval_days=90),)
    (opened,) = kettle("maintain", products=products).at(days=90).opened("maintain")
    assert (opened.move, opened.candidate) == ("guide", None)


def test_maintain_needs_an_interval() -> None:
    products = (product("kettle", relations=(("maintains", "descaler"),)), product("descaler"))
    assert kettle("maintain", products=products).at(days=400).opened("maintain") == []


def test_what_was_never_used_is_not_maintained() -> None:
    story = Story(world_of("maintain")).profile().order("kettle").delivered().at(days=200)
    assert story.opened("maintain") == []
