import contextlib
import gzip
import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.model import documents
from streams.loading.catalogue_file import load_catalogue, read_products
from streams.loading.catalogue_rules import RELATIONS_MAX
from streams.loading.problems import LoadError

MACHINE: dict[str, Any] = {
    "product_id": "machine",
    "version": "7",
    "category": "coffee",
    "kind": "durable",
    "price_minor": 19900,
    "currency": "EUR",
    "relations": [{"kind": "refill", "product_id": "beans"}],
    "milestones": [{"name": "100 cups", "earns_upgrade": True}],
}
BEANS: dict[str, Any] = {
    "product_id": "beans",
    "version": "7",
    "category": "coffee",
    "kind": "consumable",
    "supply_days": 21.5,
    "relations": [{"kind": "refill", "product_id": "beans"}],
    "prior": {"mean_log_gap_days": 3.1, "sd_between": 0.5, "sd_within": 0.4, "pairs": 12, "basis": "product"},
}


def lines(*products: object) -> bytes:
    return b"".join(json.dumps(product).encode() + b"\n" for product in products)


def avro(*products: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    fastavro.writer(file, dict(documents()["Product"]), products)
    return file.getvalue()


def written(folder: Path, content: bytes) -> Path:
    path = folder / "catalogue.jsonl"
    path.write_bytes(content)
    return path


def problems(path: Path) -> list[tuple[int, str, str]]:
    with pytest.raises(LoadError) as caught:
        load_catalogue(path)
    assert {Path(problem.file).name for problem in caught.value.errors} == {path.name}
    return [(problem.line, problem.field, problem.reason) for problem in caught.value.errors]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_json_lines_become_one_snapshot(pack: Any, tmp_path: Path) -> None:
    catalogue = load_catalogue(written(tmp_path, pack(lines(MACHINE, BEANS))))
    assert (catalogue.version, len(catalogue)) == ("7", 2)
    machine = catalogue.get("machine")
    assert machine is not None
    assert [relation.product_id for relation in machine.related("refill")] == ["beans"]
    assert machine.earning_milestones == {"100 cups"}


def test_an_avro_container_holds_the_same_products(tmp_path: Path) -> None:
    whole = [
        {"markets": [], "contains": [], "relations": [], "milestones": [], **p} for p in (MACHINE, BEANS)
    ]
    relations = [{**r, "goals": [], "behaviours": []} for r in MACHINE["relations"]]
    packed = avro(*({**product, "relations": relations} for product in whole))
    assert read_products(written(tmp_path, packed)) == read_products(written(tmp_path, lines(MACHINE, BEANS)))


def test_blank_lines_count_and_are_no_products(tmp_path: Path) -> None:
    content = lines(MACHINE) + b"\n\r\n" + lines({**BEANS, "price_minor": -1, "currency": "EUR"})
    assert [line for line, _, _ in problems(written(tmp_path, content))] == [4]


WRONG = [
    ({"price_minor": -1}, "price_minor", "0 or more"),
    ({"currency": None}, "currency", "a price needs one"),
    ({"currency": "eur"}, "currency", "three capital letters"),
    ({"currency": "EURO"}, "currency", "length"),
    ({"supply_days": 3}, "supply_days", "not used up"),
    ({"kind": "consumable", "supply_days": 0}, "supply_days", "more than 0"),
    ({"kind": "gadget"}, "kind", "Invalid enum value"),
    ({"kind": ...}, "kind", "missing"),
    ({"version": ...}, "version", "missing"),
    ({"category": " "}, "category", "empty"),
    ({"category": 3}, "category", "Expected `str`"),
    ({"product_id": "machine\n"}, "product_id", "regex"),
    ({"maintenance_interval_days": 0}, "maintenance_interval_days", "from 1"),
    ({"replace_after_days": -1}, "replace_after_days", "from 1"),
    ({"relations": [{"kind": "add_on", "product_id": "cup"}]}, "relations[0].product_id", "no product"),
    ({"relations": [{"kind": "add_on", "product_id": "machine"}]}, "relations[0].product_id", "its own"),
    ({"relations": [{"kind": "sells_with", "product_id": "beans"}]}, "relations[0].kind", "Invalid enum"),
    ({"relations": [{"product_id": "beans"}]}, "relations[0]", "missing required field `kind`"),
    ({"relations": [{"kind": "refill", "product_id": "beans"}] * 2}, "relations", "twice"),
    (
        {"relations": [{"kind": "refill", "product_id": "beans"}] * 17},
        "relations",
        f"more than {RELATIONS_MAX}",
    ),
    ({"contains": ["cup"]}, "contains[0]", "no product"),
    ({"contains": ["machine"]}, "contains", "itself"),
    ({"contains": ["beans", "beans"]}, "contains", "twice"),
    ({"milestones": [{"name": "a", "earns_upgrade": True}] * 2}, "milestones", "twice"),
    ({"prior": {**BEANS["prior"], "sd_within": -1}}, "prior", "0 or more"),
    ({"prior": {**BEANS["prior"], "pairs": -1}}, "prior", "pairs"),
    ({"prior": {**BEANS["prior"], "basis": "guess"}}, "prior", "basis"),
    ({"suply_days": 3}, "suply_days", 'did you mean "supply_days"'),
]


@pytest.mark.parametrize(("change", "field", "why"), WRONG)
def test_a_product_that_may_not_be_is_named_by_line_and_field(
    change: dict[str, Any], field: str, why: str, tmp_path: Path
) -> None:
    product = {key: value for key, value in {**MACHINE, **change}.items() if value is not ...}
    found = problems(written(tmp_path, lines(BEANS, product)))
    assert any(line == 2 and at == field and why in reason for line, at, reason in found), found


@pytest.mark.parametrize(("number", "text"), [(float("nan"), b"NaN"), (float("inf"), b"1e999")])
def test_numbers_that_are_not_finite_are_refused(number: float, text: bytes, tmp_path: Path) -> None:
    empty: dict[str, Any] = {"markets": [], "contains": [], "relations": [], "milestones": []}
    prior = {**BEANS["prior"], "mean_log_gap_days": number, "sd_between": number}
    container = avro({**BEANS, **empty, "supply_days": number, "prior": prior})
    assert {at for _, at, _ in problems(written(tmp_path, container))} == {"supply_days", "prior"}
    assert problems(written(tmp_path, lines(BEANS).replace(b"21.5", text)))


def test_a_field_that_the_contract_does_not_know_is_passed_over(tmp_path: Path) -> None:
    assert read_products(written(tmp_path, lines({**BEANS, "warehouse_shelf": 3})))


def test_all_problems_of_all_lines_are_reported_at_once(tmp_path: Path) -> None:
    broken = {**MACHINE, "kind": "gadget", "price_minor": "much", "relations": 3}
    found = problems(written(tmp_path, lines(broken) + b"{\n" + lines({**BEANS, "supply_days": -1}, [])))
    assert [(line, field) for line, field, _ in found] == [
        (1, "kind"),
        (1, "price_minor"),
        (1, "relations"),
        (2, ""),
        (3, "supply_days"),
        (4, ""),
    ]


def test_a_product_is_listed_once(tmp_path: Path) -> None:
    found = problems(written(tmp_path, lines(MACHINE, BEANS, MACHINE)))
    assert found == [(3, "product_id", '"machine" stands on line 1 already')]


def test_a_batch_has_one_version(tmp_path: Path) -> None:
    found = problems(written(tmp_path, lines(MACHINE, {**BEANS, "version": "8"})))
    assert [(line, field) for line, field, _ in found] == [(2, "version")]


@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"", mtime=0)])
def test_an_empty_catalogue_is_a_mistake(content: bytes, tmp_path: Path) -> None:
    assert problems(written(tmp_path, content)) == [(0, "", "holds no product")]


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="cannot be read"):
        load_catalogue(tmp_path / "catalogue.jsonl")


def test_a_line_of_more_than_a_record_is_refused(tmp_path: Path) -> None:
    assert "longer" in problems(written(tmp_path, b" " * 2_000_000))[0][2]


def test_a_container_of_other_records_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    other = {"type": "record", "name": "Other", "fields": [{"name": "a", "type": "int"}]}
    fastavro.writer(file, other, [{"a": 1}])
    assert "no Avro container of Product" in problems(written(tmp_path, file.getvalue()))[0][2]


@given(st.integers(0, 2_000), st.binary(max_size=3), st.sampled_from([bytes, gzip.compress]))
def test_a_damaged_file_is_refused_or_read_but_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes, pack: Any
) -> None:
    empty: dict[str, Any] = {"markets": [], "contains": [], "relations": [], "milestones": []}
    for whole in (pack(lines(MACHINE, BEANS)), avro({**BEANS, **empty})):
        path = tmp_path_factory.getbasetemp() / "damaged"
        path.write_bytes(whole[: at % len(whole)] + noise + whole[at % len(whole) + len(noise) :])
        with contextlib.suppress(LoadError):
            assert read_products(path)
