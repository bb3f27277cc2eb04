"""Stored bytes stay readable from release to release."""

from typing import Any

import pytest

from state.codec import Codec, due_bytes
from state.records.customer import CustomerRecord
from tests.state import golden

CODECS = {golden.name_of(codec): codec for codec in golden.codecs()}
BY_KIND = {codec.layout.kind: codec for codec in CODECS.values()}
ENTRIES = golden.load()


def test_every_kind_has_a_number_of_its_own() -> None:
    assert len({codec.layout.number for codec in CODECS.values()}) == len(CODECS)


@pytest.mark.parametrize("name", CODECS)
def test_the_bytes_of_a_version_never_change(name: str) -> None:
    now, known = golden.entry_of(CODECS[name]), ENTRIES[name]
    assert (now["shape"], now["data"][-1]) == (known["shape"], known["data"][-1]), (
        "A stored layout has changed. Fields appended with a default: run `python -m tests.state.golden`. "
        "Anything else: give the kind its next version and a migration in state/layouts.py first."
    )


@pytest.mark.parametrize(
    ("name", "data"), [(name, bytes.fromhex(data)) for name in ENTRIES for data in ENTRIES[name]["data"]]
)
def test_the_bytes_of_every_release_are_read(name: str, data: bytes) -> None:
    codec = BY_KIND[name.partition(" ")[0]]
    record = codec.decode(data)
    assert due_bytes(data) == getattr(record, "due_ms", 0).to_bytes(8, "big")
    assert codec.decode(codec.encode(record)) == record


@pytest.mark.parametrize(
    ("old", "readable"),
    [
        (["record", ["a", "int", False]], True),
        (["record", ["a", "int", False], ["b", "str", True]], True),
        (["record", ["a", "int", False], ["b", "str", True], ["c", "int", True]], False),
        (["record", ["b", "str", True], ["a", "int", False]], False),
        (["record", ["a", "str", False]], False),
        (["record"], False),
    ],
    ids=["appended", "same", "taken away", "reordered", "another type", "appended without a default"],
)
def test_only_an_appended_field_with_a_default_needs_no_version(old: list[Any], readable: bool) -> None:
    new = ["record", ["a", "int", False], ["b", "str", True]]
    assert golden.reads(new, old) == readable
    assert golden.reads(["list", new], ["list", old]) == readable


def test_a_sample_has_something_in_every_field() -> None:
    def filled(value: Any) -> bool:
        return value is not None and value not in ((), [], "")

    for codec in CODECS.values():
        record = codec.decode(bytes.fromhex(golden.entry_of(codec)["data"][0]))
        parts = [record.facts, record.past] if isinstance(record, CustomerRecord) else []
        for it in (record, *parts):
            assert all(filled(getattr(it, field)) for field in it.__struct_fields__)


def test_the_codec_of_a_kind_that_is_due_is_not_the_one_that_is_never() -> None:
    for codec in CODECS.values():
        due = "due_ms" in codec.layout.type.__struct_fields__
        assert due == (type(codec) is not Codec)


def test_an_appended_field_keeps_the_bytes_from_before() -> None:
    codec = CODECS["forgotten 1"]
    entry = golden.entry_of(codec)
    before: golden.Entry = {"shape": entry["shape"][:-1], "data": ["84"]}
    entries = {"forgotten 1": before}
    assert golden.update(entries, codec)
    assert entries["forgotten 1"] == {"shape": entry["shape"], "data": ["84", *entry["data"]]}


def test_another_change_of_a_version_is_not_recorded() -> None:
    entries: dict[str, golden.Entry] = {"forgotten 1": {"shape": ["record", ["x", "int", False]], "data": []}}
    assert not golden.update(entries, CODECS["forgotten 1"])
