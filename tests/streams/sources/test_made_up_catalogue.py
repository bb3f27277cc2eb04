"""The made-up catalogue: names and prices are the log's, relations lead to products that exist."""

from collections import Counter, defaultdict
from statistics import median_low

import pytest

from streams.sources.made_up_catalogue import RELATIONS_MAX, made_up_catalogue
from streams.sources.made_up_categories import CATEGORIES, SERVES, category_of
from streams.sources.online_retail import OnlineRetail
from streams.sources.order_log import OrderLog
from tests.streams.sources.conftest import SEED


def test_there_is_one_product_for_each_stock_code(source: OnlineRetail, log: OrderLog) -> None:
    ids = [product.product_id for product in source.catalogue]
    assert ids == sorted(log.codes)
    assert {product.version for product in source.catalogue} == {f"made-up-{SEED}"}


def test_prices_are_medians_of_the_log_in_pence(source: OnlineRetail, log: OrderLog) -> None:
    prices: dict[str, list[int]] = defaultdict(list)
    for index, price_minor in zip(log.product, log.price_minor, strict=True):
        prices[log.codes[index]].append(price_minor)
    for product in source.catalogue:
        assert (product.price_minor, product.currency) == (median_low(prices[product.product_id]), "GBP")


def test_relations_lead_to_products_and_are_few_and_distinct(source: OnlineRetail) -> None:
    ids = {product.product_id for product in source.catalogue}
    for product in source.catalogue:
        related = [(relation.kind, relation.product_id) for relation in product.relations]
        assert len(related) <= RELATIONS_MAX
        assert len(set(related)) == len(related)
        assert {other for _kind, other in related} <= ids
        for kind, other in related:
            assert (other == product.product_id) is (kind == "refill")


def test_every_kind_of_relation_is_there(source: OnlineRetail) -> None:
    kinds = Counter(relation.kind for product in source.catalogue for relation in product.relations)
    assert set(kinds) == {
        "add_on",
        "protects",
        "required_to_start",
        "refill",
        "next_step",
        "maintains",
        "upgrade",
    }


def test_a_next_step_says_for_which_goals_and_behaviours(source: OnlineRetail) -> None:
    for product in source.catalogue:
        milestones = {milestone.name for milestone in product.milestones}
        for relation in product.relations:
            if relation.kind == "next_step":
                assert set(relation.goals) <= set(SERVES)
                assert relation.goals
                assert not milestones or set(relation.behaviours) & milestones
            else:
                assert relation.goals == relation.behaviours == ()


def test_a_refill_is_the_consumable_itself_and_a_consumable_lasts(source: OnlineRetail) -> None:
    for product in source.catalogue:
        refills = [relation for relation in product.relations if relation.kind == "refill"]
        consumable = product.kind == "consumable"
        assert len(refills) == consumable
        assert (product.supply_days is not None) is consumable
        assert bool(product.milestones) is not consumable


def test_an_upgrade_costs_more(source: OnlineRetail) -> None:
    prices = {product.product_id: product.price_minor or 0 for product in source.catalogue}
    for product in source.catalogue:
        for relation in product.relations:
            if relation.kind == "upgrade":
                assert prices[relation.product_id] > prices[product.product_id]


def test_many_add_ons_are_cheap_enough_to_be_simple(source: OnlineRetail) -> None:
    prices = {product.product_id: product.price_minor or 0 for product in source.catalogue}
    add_ons = [
        prices[relation.product_id] <= 0.3 * prices[product.product_id]
        for product in source.catalogue
        for relation in product.relations
        if relation.kind == "add_on"
    ]
    assert sum(add_ons) > 0.3 * len(add_ons)


def test_usage_is_reported_by_some_durables_and_few_consumables(source: OnlineRetail) -> None:
    shares = {}
    for kind in ("durable", "consumable"):
        reported = [product.usage_reported for product in source.catalogue if product.kind == kind]
        shares[kind] = sum(reported) / len(reported)
    assert 0.1 < shares["durable"] < 0.35
    assert 0 < shares["consumable"] < 0.15


@pytest.mark.slow
def test_the_catalogue_is_a_function_of_log_and_seed(source: OnlineRetail, log: OrderLog) -> None:
    assert made_up_catalogue(log, SEED) == source.catalogue
    assert made_up_catalogue(log, SEED + 1) != source.catalogue


@pytest.mark.parametrize(
    ("description", "category"),
    [
        ("CREAM HANGING HEART T-LIGHT HOLDER", "candle_holders"),
        ("SET OF 6 T-LIGHTS SANTA", "candles"),
        ("SET/20 RED RETROSPOT PAPER NAPKINS ", "party_paper"),
        ("ALARM CLOCK BAKELIKE RED", "clocks_and_devices"),
        ("POLYESTER FILLER PAD 45x45cm", "cushion_fillings"),
        ("VINTAGE UNION JACK CUSHION COVER", "cushion_covers"),
        ("JUMBO BAG PINK POLKADOT", "bags"),
        ("Regency cakestand 3 tier", "baking"),
        ("SOMBRERO", "gifts"),
    ],
)
def test_words_name_the_category(description: str, category: str) -> None:
    assert category_of(description).name == category


def test_every_category_but_the_smallest_is_found_in_the_shop(source: OnlineRetail) -> None:
    found = Counter(product.category for product in source.catalogue)
    assert {category.name for category in CATEGORIES} <= set(found)
    assert found["gifts"] < 0.2 * found.total()


def test_goals_of_all_categories_have_a_next_step() -> None:
    assert {goal for category in CATEGORIES for goal in category.goals} <= set(SERVES)
