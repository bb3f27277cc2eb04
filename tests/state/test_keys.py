"""Keys of the store."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state import keys
from state.errors import MalformedKey
from state.keys import Wakeup
from state.records.parts import Target

IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
TARGETS = st.one_of(
    st.just(Target()),
    st.builds(Target, IDS, IDS | st.just(""), st.just("")),
    st.builds(Target, st.just(""), st.just(""), IDS),
)
THE_CUSTOMER = b"\x10\x00\x02c1\x01"


@pytest.mark.parametrize(
    ("key", "layout"),
    [
        (keys.meta("log"), b"\x00log"),
        (keys.customer("c1"), b"\x10\x00\x02c1\x01"),
        (keys.item("c1", "pump"), b"\x10\x00\x02c1\x02\x00\x04pump"),
        (keys.item("c1", "pump", "u9"), b"\x10\x00\x02c1\x02\x00\x04pumpu9"),
        (keys.order("c1", "o7"), b"\x10\x00\x02c1\x03o7"),
        (keys.forgotten(b"\xab\xcd"), b"\x20\xab\xcd"),
        (keys.wakeup(258, keys.order("c1", "o7")), b"\x30\0\0\0\0\0\0\x01\x02\x00\x02c1\x03o7"),
    ],
)
def test_the_layout_is_the_documented_one(key: bytes, layout: bytes) -> None:
    assert key == layout


@given(IDS, TARGETS)
def test_a_record_key_says_whose_it_is_and_which(customer_id: str, target: Target) -> None:
    assert keys.decode_record(keys.record(customer_id, target)) == (customer_id, target)


@given(st.integers(1, keys.DUE_MS_MAX), IDS, TARGETS)
def test_a_wakeup_key_says_when_and_for_what(due_ms: int, customer_id: str, target: Target) -> None:
    key = keys.wakeup(due_ms, keys.record(customer_id, target))
    assert keys.decode_wakeup(key) == Wakeup(due_ms, customer_id, target)
    assert keys.due_of(key) == due_ms


@given(st.integers(1, keys.DUE_MS_MAX), st.integers(1, keys.DUE_MS_MAX), IDS, IDS)
def test_wakeups_sort_by_time_before_anything_else(one: int, two: int, customer: str, other: str) -> None:
    first = keys.wakeup(one, keys.customer(customer))
    second = keys.wakeup(two, keys.customer(other))
    assert one == two or (first < second) == (one < two)


@given(IDS, IDS, TARGETS)
def test_the_range_of_a_customer_holds_their_keys_and_no_others(
    owner: str, other: str, target: Target
) -> None:
    assert keys.record(other, target).startswith(keys.customer_prefix(owner)) == (owner == other)


def test_the_range_of_a_product_holds_its_units_and_not_those_of_a_longer_name() -> None:
    prefix = keys.product_prefix("c1", "pump")
    assert keys.item("c1", "pump", "u9").startswith(prefix)
    assert not keys.item("c1", "pumps").startswith(prefix)


@pytest.mark.parametrize(
    "make", [keys.customer, lambda text: keys.item("c1", text), lambda text: keys.order("c1", text)]
)
def test_an_id_has_1_to_512_bytes(make: Callable[[str], bytes]) -> None:
    keys.decode_record(make("x"))
    keys.decode_record(make("x" * 512))
    for text in ("", "x" * 513):
        with pytest.raises(MalformedKey, match=f"has 1 to 512 bytes, not {len(text)}"):
            make(text)


def test_a_unit_id_has_up_to_512_bytes() -> None:
    assert keys.decode_record(keys.item("c1", "p", "")) == ("c1", Target("p"))
    assert keys.decode_record(keys.item("c1", "p", "u" * 512)) == ("c1", Target("p", "u" * 512))
    with pytest.raises(MalformedKey, match="unit_id has 1 to 512 bytes, not 513"):
        keys.item("c1", "p", "u" * 513)


def test_an_id_of_128_characters_fits_whatever_they_are() -> None:
    assert keys.decode_record(keys.customer("\U0001f4a1" * 128))[0] == "\U0001f4a1" * 128


def test_an_id_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(MalformedKey, match="product_id is not valid Unicode"):
        keys.item("c1", "\ud800")


@pytest.mark.parametrize("due_ms", [-1, 0, keys.DUE_MS_MAX + 1])
def test_a_wakeup_at_no_time_is_refused(due_ms: int) -> None:
    with pytest.raises(MalformedKey, match=f"due_ms of a wake-up is {due_ms}"):
        keys.wakeup(due_ms, THE_CUSTOMER)


@pytest.mark.parametrize("target", [Target("p", "", "o"), Target("", "u", "o"), Target("", "u", "")])
def test_a_target_that_means_two_things_or_none_is_refused(target: Target) -> None:
    with pytest.raises(MalformedKey, match=r"not both|product_id has 1"):
        keys.record("c1", target)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (b"", "begins with 10, not with nothing"),
        (b"\x11\x00\x01c\x01", "begins with 10, not with 11"),
        (b"\x10", "ends too early, after 1 bytes"),
        (b"\x10\x00\x05c\x01", "ends too early"),
        (b"\x10\x00\x01c", "ends too early"),
        (b"\x10\x00\x00\x01", "customer_id has 1 to 512 bytes, not 0"),
        (b"\x10\x02\x01" + b"c" * 513 + b"\x01", "customer_id has 1 to 512 bytes, not 513"),
        (b"\x10\x00\x01\xff\x01", "not UTF-8"),
        (b"\x10\x00\x01c\x00", "the kind of record is 0"),
        (b"\x10\x00\x01c\x04", "the kind of record is 4"),
        (b"\x10\x00\x01c\x01x", "1 bytes follow the key of a customer"),
        (b"\x10\x00\x01c\x02", "ends too early"),
        (b"\x10\x00\x01c\x02\x00\x00", "product_id has 1 to 512 bytes, not 0"),
        (b"\x10\x00\x01c\x02\x00\x02p", "ends inside product_id"),
        (b"\x10\x00\x01c\x02\x00\x01p" + b"u" * 513, "unit_id has 1 to 512 bytes, not 513"),
        (b"\x10\x00\x01c\x03", "order_id has 1 to 512 bytes, not 0"),
    ],
)
def test_a_malformed_record_key_is_refused_with_its_reason(key: bytes, reason: str) -> None:
    with pytest.raises(MalformedKey, match=reason):
        keys.decode_record(key)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (THE_CUSTOMER, "begins with 30, not with 10"),
        (b"\x30" + bytes(8) + THE_CUSTOMER[1:], "due_ms of a wake-up is 0"),
        (b"\x30\xff" + bytes(7) + THE_CUSTOMER[1:], "due_ms of a wake-up is"),
        (b"\x30" + bytes(7) + b"\x01", "ends too early"),
    ],
)
def test_a_malformed_wakeup_key_is_refused_with_its_reason(key: bytes, reason: str) -> None:
    with pytest.raises(MalformedKey, match=reason):
        keys.decode_wakeup(key)


@given(st.binary(max_size=24))
def test_any_bytes_are_the_one_key_of_something_or_refused(tail: bytes) -> None:
    try:
        customer_id, target = keys.decode_record(keys.RECORDS + tail)
    except MalformedKey:
        return
    assert keys.record(customer_id, target) == keys.RECORDS + tail


@pytest.mark.parametrize(
    ("prefix", "end"), [(b"\x10", b"\x11"), (b"a\xff", b"b"), (b"\xff\xff", None), (b"ab", b"ac")]
)
def test_the_end_of_a_prefix_is_the_first_key_behind_it(prefix: bytes, end: bytes | None) -> None:
    assert keys.end_of(prefix) == end
