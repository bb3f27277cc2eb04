"""Bytes of stored records, with a sample record through three versions."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.codec import NO_DUE, Codec, DueCodec, Layout, due_bytes
from state.errors import Damaged, StateError, UnknownVersion


class First(msgspec.Struct, omit_defaults=True):
    """Version 1: a name in one word."""

    name: str
    due_ms: int = 0


class Second(msgspec.Struct, omit_defaults=True):
    """Version 2: the name apart, the due time in front."""

    due_ms: int
    first_name: str
    last_name: str


class Third(msgspec.Struct, omit_defaults=True):
    """Version 3: how often the person was seen, and another field since, appended with a default."""

    due_ms: int
    names: list[str]
    seen: int
    tags: list[str] = []


class Note(msgspec.Struct, omit_defaults=True):
    """A kind that is never due."""

    text: str


def split_name(fields: dict[str, Any]) -> dict[str, Any]:
    first, last = fields["name"].split(" ")
    return {"due_ms": fields.get("due_ms", 0), "first_name": first, "last_name": last}


def count_from_one(fields: dict[str, Any]) -> dict[str, Any]:
    return {"due_ms": fields["due_ms"], "names": [fields["first_name"], fields["last_name"]], "seen": 1}


FIRST = DueCodec(Layout("person", 5, First, 1, {}))
SECOND = DueCodec(Layout("person", 5, Second, 2, {1: split_name}))
THIRD = DueCodec(Layout("person", 5, Third, 3, {1: split_name, 2: count_from_one}))
NOTE = Codec(Layout("note", 6, Note, 1, {}))
RECORD = Third(1_700_000_000_000, ["Ada", "Lovelace"], 3, ["x"])
DATA = THIRD.encode(RECORD)


def test_the_layout_is_the_documented_one() -> None:
    assert DATA[0] == 5 << 5 | 3
    assert DATA[1:9] == (1_700_000_000_000).to_bytes(8, "big")
    fields = {"due_ms": 1_700_000_000_000, "names": ["Ada", "Lovelace"], "seen": 3, "tags": ["x"]}
    assert msgspec.msgpack.decode(DATA[9:]) == fields


def test_a_field_that_holds_its_default_takes_no_bytes() -> None:
    plain = msgspec.structs.replace(RECORD, tags=[])
    assert msgspec.msgpack.decode(THIRD.encode(plain)[9:]).keys() == {"due_ms", "names", "seen"}


@given(st.builds(Third, due_ms=st.integers(0, 2**63 - 1), names=st.lists(st.text()), seen=st.integers(0, 9)))
def test_a_record_comes_back_as_it_was(record: Third) -> None:
    assert THIRD.decode(THIRD.encode(record)) == record


def test_a_field_appended_with_a_default_reads_bytes_from_before() -> None:
    short = DATA[:9] + msgspec.msgpack.encode({"due_ms": 7, "names": ["Ada"], "seen": 2})
    assert THIRD.decode(short) == Third(7, ["Ada"], 2, [])


def test_a_field_appended_by_a_later_release_is_passed_over() -> None:
    fields = {"due_ms": 7, "names": ["Ada"], "seen": 2, "mood": "new"}
    later = DATA[:9] + msgspec.msgpack.encode(fields)
    assert THIRD.decode(later) == Third(7, ["Ada"], 2, [])


@pytest.mark.parametrize(
    "old", [FIRST.encode(First("Ada Lovelace", 9)), SECOND.encode(Second(9, "Ada", "Lovelace"))]
)
def test_an_old_version_is_brought_up_step_by_step(old: bytes) -> None:
    assert THIRD.decode(old) == Third(9, ["Ada", "Lovelace"], 1)


def test_a_later_version_is_refused_by_name_and_says_what_to_do() -> None:
    with pytest.raises(UnknownVersion, match="start the release that wrote it or a later one") as refused:
        SECOND.decode(DATA)
    assert (refused.value.kind, refused.value.version) == ("person", 3)


def test_a_version_older_than_the_oldest_migration_is_refused_by_name() -> None:
    recent = DueCodec(Layout("person", 5, Third, 3, {2: count_from_one}))
    with pytest.raises(UnknownVersion, match="this program reads 2 to 3"):
        recent.decode(FIRST.encode(First("Ada Lovelace")))


@pytest.mark.parametrize("size", range(len(DATA)))
def test_a_record_cut_short_is_damaged(size: int) -> None:
    with pytest.raises(Damaged, match=f"person of {size} bytes cannot be read"):
        THIRD.decode(DATA[:size])


@pytest.mark.parametrize(
    "data",
    [
        NOTE.encode(Note("a note")),
        bytes((6 << 5 | 3,)) + DATA[1:],
        bytes((5 << 5,)) + DATA[1:],
        DATA + b"\x00",
        DATA[:9] + msgspec.msgpack.encode({"due_ms": 7, "names": ["Ada"], "seen": "two"}),
        DATA[:9] + msgspec.msgpack.encode([7, ["Ada"], 2]),
        DATA[:9] + b"\x81\xa4seen\xa1\xff",
        FIRST.encode(First("NoSpace"))[:9] + b"\x81\xa4seen\x00",
    ],
    ids=[
        "another kind",
        "the fields of another kind",
        "version 0",
        "bytes behind",
        "a wrong type",
        "no map",
        "no UTF-8",
        "no such fields",
    ],
)
def test_bytes_that_nobody_wrote_are_damaged(data: bytes) -> None:
    with pytest.raises(Damaged, match="a stored person"):
        THIRD.decode(data)


@given(st.binary(max_size=40), st.sampled_from([b"", DATA[:1], DATA[:9], FIRST.encode(First("A B"))[:9]]))
def test_any_bytes_are_a_record_or_refused_by_name(tail: bytes, head: bytes) -> None:
    try:
        record = THIRD.decode(head + tail)
    except StateError:
        return
    assert isinstance(record, Third)


def test_a_kind_that_is_never_due_says_so_in_its_bytes() -> None:
    data = NOTE.encode(Note("a note"))
    assert due_bytes(data) == NO_DUE
    assert NOTE.decode(data) == Note("a note")


def test_the_due_time_is_read_from_bytes_alone() -> None:
    assert due_bytes(DATA) == (1_700_000_000_000).to_bytes(8, "big")
    assert due_bytes(None) == NO_DUE
    with pytest.raises(Damaged, match="8 bytes"):
        due_bytes(DATA[:8])


@pytest.mark.parametrize("due_ms", [-1, 2**64])
def test_a_due_time_that_has_no_place_in_the_index_is_not_encoded(due_ms: int) -> None:
    with pytest.raises(OverflowError):
        THIRD.encode(Third(due_ms, [], 0))


@pytest.mark.parametrize(
    ("number", "version", "migrations"),
    [(0, 1, {}), (8, 1, {}), (1, 0, {}), (1, 32, {}), (1, 3, {1: split_name}), (1, 2, {2: split_name})],
)
def test_a_layout_that_cannot_be_is_refused(number: int, version: int, migrations: dict[int, Any]) -> None:
    with pytest.raises(ValueError, match=r"has no place in one byte|do not lead to version"):
        Layout("person", number, Third, version, migrations)
