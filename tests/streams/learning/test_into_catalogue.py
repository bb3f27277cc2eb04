import json
from math import log
from pathlib import Path

import msgspec
import pytest

from schemas.records import Product
from streams.errors import Fatal
from streams.learning.history import Sale
from streams.learning.into_catalogue import learn, write_catalogue
from streams.loading.catalogue_file import read_products
from tests.streams.learning.made_up import RULES, Truth, sales_of

FILTER = Product("filter", "1", "water", name="Filter", kind="consumable", supply_days=60.0)
POWDER = Product("powder", "1", "water", kind="consumable", scales_with_quantity=True)
LAMP = Product("lamp", "1", "water", kind="durable")
SALES = sales_of(
    [Truth("filter", log(60)), Truth("lamp", log(10)), Truth("powder", log(40))], customers=60, gaps=3
)


def test_every_consumable_gets_a_prior_and_nothing_else_changes() -> None:
    catalogue = (LAMP, FILTER, POWDER)
    learned = learn(SALES, catalogue, RULES)
    assert [product.product_id for product in learned.products] == ["lamp", "filter", "powder"]
    assert [product.prior is not None for product in learned.products] == [False, True, True]
    assert tuple(msgspec.structs.replace(product, prior=None) for product in learned.products) == catalogue
    assert (learned.gaps, dict(learned.bases)) == (360, {"product": 2})


def test_what_is_no_consumable_teaches_nothing_about_gaps() -> None:
    spare = Product("spare", "1", "water", kind="consumable")
    with_lamp, without = (
        learn([s for s in SALES if s.product_id in kinds], (LAMP, FILTER, spare), RULES)
        for kinds in (("filter", "lamp"), ("filter",))
    )
    assert with_lamp.products == without.products


def test_what_scales_is_learned_per_piece_and_apart_from_what_does_not() -> None:
    twice = [sale._replace(pieces=2) for sale in SALES if sale.product_id == "powder"]
    priors = {p.product_id: p.prior for p in learn([*twice, *SALES], (FILTER, POWDER), RULES).products}
    alone = {p.product_id: p.prior for p in learn(twice, (FILTER, POWDER), RULES).products}
    assert priors["filter"] is not None
    assert alone["powder"] is not None
    once = learn([s for s in SALES if s.product_id == "powder"], (POWDER,), RULES).products[0].prior
    assert once is not None
    halved = once.mean_log_gap_days - alone["powder"].mean_log_gap_days
    assert halved == pytest.approx(log(2), abs=0.02)


def test_a_catalogue_without_consumables_is_refused() -> None:
    with pytest.raises(Fatal, match="no consumable"):
        learn(SALES, (LAMP,), RULES)


def test_the_file_is_one_product_per_line_with_fields_in_the_order_of_the_schema(tmp_path: Path) -> None:
    learned = learn(SALES, (LAMP, FILTER, POWDER), RULES)
    write_catalogue(learned.products, tmp_path / "new" / "catalogue.jsonl")
    lines = (tmp_path / "new" / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()
    assert [list(json.loads(line)) for line in lines] == [list(Product.__struct_fields__)] * 3
    assert read_products(tmp_path / "new" / "catalogue.jsonl") == learned.products


def test_the_same_history_in_any_order_of_equal_times_writes_the_same_file(tmp_path: Path) -> None:
    def written(name: str, sales: list[Sale]) -> bytes:
        write_catalogue(learn(sales, (LAMP, FILTER, POWDER), RULES).products, tmp_path / name)
        return (tmp_path / name).read_bytes()

    days = [sale._replace(at_ms=sale.at_ms // 86_400_000 * 86_400_000) for sale in SALES]
    one = sorted(days, key=lambda sale: (sale.at_ms, sale.customer_id))
    other = sorted(days, key=lambda sale: (-sale.at_ms, sale.customer_id), reverse=True)
    assert one != other
    assert written("one", one) == written("other", other)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="cannot be written"):
        write_catalogue([LAMP], tmp_path)
