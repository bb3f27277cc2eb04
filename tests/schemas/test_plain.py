from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Reason, Undecodable
from schemas.framing import RecordDecoder, encode_json
from schemas.model import DAY_MS, EARLIEST_MS, LATEST_MS
from schemas.plain import from_plain
from schemas.records import Delivery, Product, Purchase, Reply, Usage
from tests.schemas.strategies import any_record

AT = 1_700_000_000_000
USAGE = {"event_id": "e", "customer_id": "c", "occurred_at": AT, "type": "session", "product_id": "p"}
DELIVERY = {**USAGE, "order_id": "o", "parcel_id": "p", "status": "lost"}
LINE = {"line_id": "1", "product_id": "p", "quantity": 1}
PURCHASE = {**USAGE, "type": "order_placed", "order_id": "o", "lines": [LINE]}
PRODUCT = {"product_id": "p", "version": "1", "category": "c", "kind": "plan"}


def refusal(kind: type[msgspec.Struct], data: bytes) -> tuple[Reason, str]:
    with pytest.raises(Undecodable) as error:
        RecordDecoder(kind).decode(data)
    return error.value.reason, error.value.field


def changed(value: dict[str, Any], **fields: Any) -> bytes:
    """`value` as JSON with other fields; those that are `...` are left out."""
    return msgspec.json.encode({name: it for name, it in {**value, **fields}.items() if it is not ...})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", Reason.TRUNCATED),
        (b'{"event_id": "e"', Reason.TRUNCATED),
        (b"{]", Reason.MALFORMED),
        (b'{"event_id": nul}', Reason.MALFORMED),
        (changed(USAGE) + b"x", Reason.MALFORMED),
        (b'{"event_id": "\\ud800 and more text"}', Reason.MALFORMED),
        (b'{"event_id": "\xff"}', Reason.NOT_UTF8),
        (b'{"event_id": ' * 50_000, Reason.WRONG_TYPE),
        (b'{"more": ' * 100_000, Reason.NESTED_TOO_DEEP),
        (b'{"more": ' + b"[" * 100_000, Reason.NESTED_TOO_DEEP),
        (b" 5", Reason.WRONG_TYPE),
    ],
)
def test_json_that_cannot_be_parsed_is_named(data: bytes, reason: Reason) -> None:
    assert refusal(Usage, data)[0] is reason


@pytest.mark.parametrize(
    ("data", "reason", "field"),
    [
        (changed(USAGE, customer_id=...), Reason.MISSING_FIELD, "customer_id"),
        (changed(USAGE, product_id=...), Reason.MISSING_FIELD, "product_id"),
        (changed(USAGE, customer_id=None), Reason.WRONG_TYPE, "customer_id"),
        (changed(USAGE, customer_id=7), Reason.WRONG_TYPE, "customer_id"),
        (changed(USAGE, occurred_at="2023-11-14"), Reason.WRONG_TYPE, "occurred_at"),
        (changed(USAGE, occurred_at=AT + 0.5), Reason.WRONG_TYPE, "occurred_at"),
        (changed(USAGE, occurred_at=True), Reason.WRONG_TYPE, "occurred_at"),
        (changed(USAGE, occurred_at=EARLIEST_MS - 1), Reason.TIME_OUT_OF_RANGE, "occurred_at"),
        (changed(USAGE, occurred_at=LATEST_MS), Reason.TIME_OUT_OF_RANGE, "occurred_at"),
        (changed(USAGE, type="nap"), Reason.UNKNOWN_SYMBOL, "type"),
        (changed(USAGE, type="x - at `$.evil`"), Reason.UNKNOWN_SYMBOL, "type"),
        (changed(USAGE, event_id=""), Reason.BAD_ID, "event_id"),
        (changed(USAGE, event_id="a\nb"), Reason.BAD_ID, "event_id"),
        (changed(USAGE, event_id="a\n"), Reason.BAD_ID, "event_id"),
        (changed(USAGE, event_id="\x9f"), Reason.BAD_ID, "event_id"),
        (changed(USAGE, event_id="é" * 129), Reason.TEXT_TOO_LONG, "event_id"),
        (changed(USAGE, source="é" * 129), Reason.TEXT_TOO_LONG, "source"),
        (changed(USAGE, amount="1"), Reason.WRONG_TYPE, "amount"),
        (changed(USAGE)[:-1] + b', "amount": 1e999}', Reason.NUMBER_OUT_OF_RANGE, "amount"),
    ],
)
def test_json_that_breaks_the_schema_says_where(data: bytes, reason: Reason, field: str) -> None:
    assert refusal(Usage, data) == (reason, field)


@pytest.mark.parametrize(
    ("kind", "data", "reason", "field"),
    [
        (
            Purchase,
            changed(PURCHASE, lines=[LINE, {"line_id": "2"}]),
            Reason.MISSING_FIELD,
            "lines[1].product_id",
        ),
        (
            Purchase,
            changed(PURCHASE, lines=[LINE, {"line_id": "2", "product_id": "p"}]),
            Reason.MISSING_FIELD,
            "lines[1].quantity",
        ),
        (Purchase, changed(PURCHASE, lines=[LINE] * 2_001), Reason.TOO_MANY_ITEMS, "lines"),
        (Purchase, changed(PURCHASE, lines=5), Reason.WRONG_TYPE, "lines"),
        (Purchase, changed(PURCHASE, lines=["x"]), Reason.WRONG_TYPE, "lines[0]"),
        (
            Purchase,
            changed(PURCHASE, lines=[{**LINE, "quantity": 1 << 63}]),
            Reason.NUMBER_OUT_OF_RANGE,
            "lines[0].quantity",
        ),
        (
            Purchase,
            changed(PURCHASE, lines=[{**LINE, "contract_ends_at": 5}]),
            Reason.TIME_OUT_OF_RANGE,
            "lines[0].contract_ends_at",
        ),
        (Purchase, changed(PURCHASE, subscription={}), Reason.MISSING_FIELD, "subscription.subscription_id"),
        (Delivery, changed(DELIVERY, line_ids=["1", ""]), Reason.BAD_ID, "line_ids[1]"),
        (
            Delivery,
            changed(DELIVERY, estimate_on=LATEST_MS // DAY_MS),
            Reason.TIME_OUT_OF_RANGE,
            "estimate_on",
        ),
        (Delivery, changed(DELIVERY, parcels_total=1 << 31), Reason.NUMBER_OUT_OF_RANGE, "parcels_total"),
        (Reply, changed(USAGE, text="x" * 4_097), Reason.TEXT_TOO_LONG, "text"),
        (Product, changed(PRODUCT, contains=["p"] * 257), Reason.TOO_MANY_ITEMS, "contains"),
        (
            Product,
            changed(PRODUCT, milestones=[{"name": "m"}]),
            Reason.MISSING_FIELD,
            "milestones[0].earns_upgrade",
        ),
    ],
)
def test_the_path_leads_into_arrays_and_nested_records(
    kind: type[msgspec.Struct], data: bytes, reason: Reason, field: str
) -> None:
    assert refusal(kind, data) == (reason, field)


@pytest.mark.parametrize(
    "field",
    [
        {"event_id": "€" * 128},
        {"event_id": "a\u200db"},
        {"occurred_at": EARLIEST_MS},
        {"occurred_at": LATEST_MS - 1},
        {"amount": 1},
        {"more": {"we": ["do", "not", "know"]}},
    ],
)
def test_what_lies_within_the_limits_is_read(field: dict[str, Any]) -> None:
    assert RecordDecoder(Usage).decode(changed(USAGE, **field)).customer_id == "c"


def test_a_missing_field_in_json_that_breaks_off_later_is_still_named() -> None:
    data = b'{"event_id": "e", "customer_id": "c", "occurred_at": 1700000000000, "type": "session"} x'
    assert refusal(Usage, data) == (Reason.MISSING_FIELD, "product_id")


@settings(max_examples=40)
@given(record=any_record())
def test_plain_values_become_the_record_that_they_came_from(record: msgspec.Struct) -> None:
    plain = msgspec.json.decode(encode_json(record))
    assert from_plain(plain, type(record)) == record


@given(data=st.binary(max_size=60))
def test_any_bytes_after_a_brace_decode_or_are_undecodable(data: bytes) -> None:
    with pytest.raises(Undecodable):
        RecordDecoder(Usage).decode(b"{" + data)
