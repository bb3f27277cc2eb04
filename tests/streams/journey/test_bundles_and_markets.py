"""What bundles contain counts as owned; what is not sold in a market, or not any more, is not offered."""

from __future__ import annotations

import pytest

from schemas.records import OrderLine, Product
from tests.streams.journey.story import Story, product
from tests.streams.journey.worlds import world_of

KETTLE = product("kettle", relations=(("add_on", "mug"), ("add_on", "tray"), ("upgrade", "pro")))
MUG, TRAY = product("mug", price_minor=500), product("tray", price_minor=600)
SET = product("set", relations=(("add_on", "mug"), ("add_on", "tray")), contains=("kettle", "mug"))


def candidates(*products: Product, lines: tuple[str, ...] = ("kettle",), **profile: str) -> list[str | None]:
    story = Story(world_of("order_add_on", products=products)).profile(**profile).order(*lines)
    return [r.candidate for r in story.opened("order_add_on")]


# bundles


def test_what_the_bundle_contains_is_not_offered_with_it() -> None:
    assert candidates(SET, KETTLE, MUG, TRAY, lines=("set",)) == ["tray"]


def test_what_a_bundle_of_the_same_order_contains_is_not_offered() -> None:
    big = product("big", contains=("mug",))
    assert candidates(KETTLE, MUG, TRAY, big, lines=("kettle", "big")) == ["tray"]


def test_what_a_bundle_that_is_owned_contains_is_owned() -> None:
    story = Story(world_of("order_add_on", products=(SET, KETTLE, MUG, TRAY))).profile()
    story.order("set", order_id="o0").delivered("o0").at(days=30).order("kettle")
    assert story.opened("order_add_on")[-1].candidate == "tray"


def test_what_a_bundle_that_was_returned_contains_is_not_owned() -> None:
    story = Story(world_of("order_add_on", products=(SET, KETTLE, MUG, TRAY))).profile()
    story.order("set", order_id="o0").delivered("o0").at(days=10)
    story.purchase("order_refunded", OrderLine(line_id="1", product_id="set", quantity=1), order_id="o0")
    assert story.at(days=30).order("kettle").opened("order_add_on")[-1].candidate == "mug"


def test_what_is_owned_as_a_unit_is_owned() -> None:
    story = Story(world_of("order_add_on", products=(KETTLE, MUG, TRAY))).profile()
    story.order(OrderLine(line_id="1", product_id="mug", unit_id="m-1", quantity=1), order_id="o0")
    assert story.at(days=30).order("kettle").opened("order_add_on")[-1].candidate == "tray"


# markets


def sold_in(*markets: str) -> Product:
    return product("mug", price_minor=500, markets=markets)


@pytest.mark.parametrize(
    ("markets", "market", "offered"),
    [
        ((), "de", "mug"),
        ((), "", "mug"),
        (("de",), "de", "mug"),
        (("de", "at"), "at", "mug"),
        (("de",), "us", "tray"),
    ],
)
def test_an_offer_is_sold_in_the_market_of_the_customer(
    markets: tuple[str, ...], market: str, offered: str
) -> None:
    assert candidates(KETTLE, sold_in(*markets), TRAY, market=market) == [offered]


def test_what_is_sold_in_some_markets_is_not_offered_where_the_market_is_unknown() -> None:
    assert candidates(KETTLE, sold_in("de"), TRAY) == ["tray"]


def test_what_is_not_sold_any_more_is_not_offered() -> None:
    assert candidates(KETTLE, product("mug", price_minor=500, sellable=False), TRAY) == ["tray"]


def test_what_the_catalogue_does_not_know_is_not_offered() -> None:
    assert candidates(KETTLE, TRAY) == ["tray"]


def test_where_nothing_is_sold_the_moment_is_withheld_for_lack_of_a_candidate() -> None:
    story = Story(world_of("order_add_on", products=(KETTLE,))).profile().order("kettle")
    assert story.withheld("order_add_on") == ["no_candidate"]


@pytest.mark.parametrize("placement", ["upgrade", "essential", "refill", "maintain", "next_step"])
def test_every_kind_of_offer_keeps_to_the_market(placement: str) -> None:
    relations = tuple((kind, "extra") for kind in ("upgrade", "required_to_start", "refill", "maintains"))
    relations += (("next_step", "extra"),)
    extra = product("extra", price_minor=100, markets=("us",))
    durable = product("kettle", relations=relations, maintenance_interval_days=60)
    supply = product("coffee", "consumable", supply_days=30.0, relations=relations)
    story = Story(world_of(placement, products=(durable, supply, extra))).profile(market="de")
    story.order("kettle", "coffee").delivered().at(days=1).use("result").use("limit_reached").at(days=100)
    assert story.opened(placement) == []
    assert "no_candidate" in story.withheld(placement)
