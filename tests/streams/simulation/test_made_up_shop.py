from typing import get_args

import msgspec
import pytest

from schemas.records import Product, RelationKind
from streams.simulation.made_up_shop import SHOPS, Shop

SHOP_SEEDS = range(SHOPS)


@pytest.mark.parametrize("seed", SHOP_SEEDS)
def test_a_shop_has_every_relation_and_all_kinds_of_products(seed: int) -> None:
    shop = Shop(seed)
    assert {relation.kind for product in shop.products for relation in product.relations} >= {
        kind for kind in get_args(RelationKind) if kind != "required_to_start"
    }
    assert {product.kind for product in shop.products} == {"durable", "consumable", "plan"}
    assert 20 <= len(shop.products) <= 60


def test_products_keep_the_contract_and_ids_are_their_own() -> None:
    for seed in SHOP_SEEDS:
        products = Shop(seed).products
        assert msgspec.convert(msgspec.to_builtins(products), tuple[Product, ...]) == products
        assert len({product.product_id for product in products}) == len(products)


def test_some_shops_sell_things_that_need_something_to_start() -> None:
    kinds = {r.kind for seed in SHOP_SEEDS for product in Shop(seed).products for r in product.relations}
    assert "required_to_start" in kinds


def test_the_same_seed_makes_the_same_shop() -> None:
    assert Shop(3).products == Shop(3).products
    assert Shop(3).products != Shop(4).products
