import io
from typing import Any

import fastavro
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codecs import ENCODERS, FINGERPRINTS
from schemas.errors import Reason, SchemaUnavailable, Undecodable
from schemas.fingerprint import fingerprint
from schemas.framing import (
    WRITERS_MAX,
    KnownSchemas,
    RecordDecoder,
    encode,
    encode_confluent,
    encode_json,
)
from schemas.model import RECORD_BYTES_MAX, documents
from schemas.records import Purchase, Usage
from tests.schemas.changes import adding, changed, renamed, setting, symbols, without
from tests.schemas.references import plain, without_logical_types
from tests.schemas.strategies import any_record, records

USAGE = Usage("e", "c", 1_700_000_000_000, None, "session", "p")
OURS = 7


def decoder(*older: dict[str, Any], source: KnownSchemas | None = None) -> RecordDecoder[Usage]:
    return RecordDecoder(Usage, older, source)


def refusal(reader: RecordDecoder[Any], data: bytes) -> tuple[Reason, str]:
    with pytest.raises(Undecodable) as error:
        reader.decode(data)
    return error.value.reason, error.value.field


def written(schema: dict[str, Any], value: dict[str, Any]) -> bytes:
    """`value` in single-object encoding, written by fastavro with another schema."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, without_logical_types(schema), value)
    return b"\xc3\x01" + fingerprint(schema) + out.getvalue()


@settings(max_examples=40)
@given(record=any_record())
def test_every_record_survives_every_framing(record: msgspec.Struct) -> None:
    name = type(record).__name__
    reader = RecordDecoder(type(record), source=KnownSchemas({OURS: documents()[name]}))
    assert reader.decode(encode(record)) == record
    assert reader.decode(encode_confluent(record, OURS)) == record
    assert reader.decode(encode_json(record)) == record


def test_single_object_encoding_is_a_marker_a_fingerprint_and_the_record() -> None:
    assert encode(USAGE) == b"\xc3\x01" + FINGERPRINTS["Usage"] + ENCODERS["Usage"](USAGE)


def test_the_confluent_wire_format_is_a_zero_an_id_and_the_record() -> None:
    assert encode_confluent(USAGE, 258) == b"\x00\x00\x00\x01\x02" + ENCODERS["Usage"](USAGE)


@pytest.mark.parametrize("space", [b"", b" ", b"\n\t\r "])
def test_json_may_begin_with_white_space(space: bytes) -> None:
    assert decoder().decode(space + encode_json(USAGE)) == USAGE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"\x01", Reason.UNKNOWN_FRAMING),
        (b"\xc3", Reason.UNKNOWN_FRAMING),
        (b"\xc3\x02" + bytes(9), Reason.UNKNOWN_FRAMING),
        (b"\xef\xbb\xbf{}", Reason.UNKNOWN_FRAMING),
        (b"[]", Reason.UNKNOWN_FRAMING),
        (b"\xc3\x01" + bytes(7), Reason.TRUNCATED),
        (b"\xc3\x01" + bytes(8), Reason.UNKNOWN_SCHEMA),
        (b"\x00\x00\x00\x01", Reason.TRUNCATED),
        (b"\x00\x00\x00\x00\x01", Reason.UNKNOWN_SCHEMA),
    ],
)
def test_a_beginning_that_says_nothing_is_refused(data: bytes, reason: Reason) -> None:
    assert refusal(decoder(), data) == (reason, "")


@pytest.mark.parametrize("begin", [b"{", b"\x00", b"\xc3\x01", b"x"])
def test_a_record_of_more_than_1_mib_is_refused_whatever_it_is(begin: bytes) -> None:
    assert refusal(decoder(), begin.ljust(RECORD_BYTES_MAX + 1))[0] is Reason.TOO_LARGE
    assert refusal(decoder(), begin.ljust(RECORD_BYTES_MAX))[0] is not Reason.TOO_LARGE


class TestConfluent:
    def test_an_id_that_is_not_known_yet_may_be_tried_again(self) -> None:
        source = KnownSchemas()
        reader = decoder(source=source)
        with pytest.raises(SchemaUnavailable):
            reader.decode(encode_confluent(USAGE, OURS))
        source.register(OURS, documents()["Usage"])
        assert reader.decode(encode_confluent(USAGE, OURS)) == USAGE

    def test_an_id_is_asked_for_once(self) -> None:
        class Counting(KnownSchemas):
            asked = 0

            def schema(self, schema_id: int) -> Any:
                self.asked += 1
                return super().schema(schema_id)

        source = Counting({OURS: documents()["Usage"]})
        reader = decoder(source=source)
        for _ in range(3):
            reader.decode(encode_confluent(USAGE, OURS))
        assert source.asked == 1

    def test_more_ids_than_are_kept_are_read_all_the_same(self) -> None:
        source = KnownSchemas({number: documents()["Usage"] for number in range(WRITERS_MAX + 1)})
        reader = decoder(source=source)
        assert {reader.decode(encode_confluent(USAGE, number)) for number in range(WRITERS_MAX + 1)} == {
            USAGE
        }

    @pytest.mark.parametrize(
        "schema", [documents()["Ticket"], {"type": "string"}, {"type": "record", "name": "Usage"}, {}]
    )
    def test_a_schema_of_something_else_is_wrong(self, schema: dict[str, Any]) -> None:
        reader = decoder(source=KnownSchemas({OURS: schema}))
        assert refusal(reader, encode_confluent(USAGE, OURS))[0] is Reason.WRONG_SCHEMA


class TestOtherWriters:
    VALUE = plain(USAGE)

    def test_a_field_that_the_writer_lacks_gets_its_default(self) -> None:
        writer = changed("Usage", without("amount"), without("source"))
        assert decoder(writer).decode(written(writer, self.VALUE)) == USAGE

    def test_a_field_that_only_the_writer_has_is_dropped(self) -> None:
        writer = changed("Usage", adding(name="more", type={"type": "map", "values": "bytes"}))
        value = {**self.VALUE, "more": {"a": b"\xff"}}
        assert decoder(writer).decode(written(writer, value)) == USAGE

    def test_fields_may_stand_in_another_order(self) -> None:
        writer = changed("Usage", lambda schema: schema["fields"].reverse())
        assert decoder(writer).decode(written(writer, self.VALUE)) == USAGE

    def test_a_number_may_be_of_a_narrower_type(self) -> None:
        writer = changed("Usage", setting("amount", type=["null", "int"]))
        value = {**self.VALUE, "amount": 3}
        assert decoder(writer).decode(written(writer, value)).amount == 3.0

    def test_a_symbol_that_only_the_writer_has_is_refused_where_it_is_used(self) -> None:
        writer = changed("Usage", symbols("type", lambda words: words.insert(0, "nap")))
        reader = decoder(writer)
        assert reader.decode(written(writer, self.VALUE)) == USAGE
        assert refusal(reader, written(writer, {**self.VALUE, "type": "nap"})) == (
            Reason.UNKNOWN_SYMBOL,
            "type",
        )

    def test_null_is_refused_where_we_know_none(self) -> None:
        writer = changed("Usage", setting("product_id", type=["null", "string"]))
        value = {**self.VALUE, "product_id": None}
        assert refusal(decoder(writer), written(writer, value)) == (Reason.WRONG_TYPE, "product_id")

    def test_our_limits_hold_whatever_the_writer_says(self) -> None:
        writer = changed("Usage", without("amount"), setting("product_id", form="", max_chars=9_999))
        value = {**self.VALUE, "product_id": "x" * 129}
        assert refusal(decoder(writer), written(writer, value)) == (Reason.TEXT_TOO_LONG, "product_id")

    def test_a_huge_count_in_a_field_that_is_dropped_is_refused_too(self) -> None:
        nulls = {"type": "array", "items": "null"}
        writer = changed("Usage", without("unit"), adding(name="more", type=nulls))
        data = written(writer, {**self.VALUE, "more": []})[:-1] + b"\xfe\xff\xff\xff\x0f" + b"\x00"
        assert refusal(decoder(writer), data) == (Reason.TOO_MANY_ITEMS, "more")

    def test_a_writer_that_lacks_what_we_need_is_wrong(self) -> None:
        writer = changed("Usage", without("product_id"))
        assert refusal(decoder(writer), written(writer, self.VALUE)) == (Reason.WRONG_SCHEMA, "product_id")

    def test_times_in_another_unit_are_wrong(self) -> None:
        writer = changed(
            "Usage", setting("occurred_at", type={"type": "long", "logicalType": "timestamp-micros"})
        )
        source = KnownSchemas({OURS: {**writer, "fields": [*writer["fields"], {"name": "x", "type": "int"}]}})
        data = encode_confluent(USAGE, OURS) + b"\x00"
        assert refusal(decoder(source=source), data) == (Reason.WRONG_SCHEMA, "occurred_at")

    def test_another_record_is_wrong(self) -> None:
        writer = changed("Usage", renamed("Use"))
        assert refusal(decoder(writer), written(writer, self.VALUE)) == (Reason.WRONG_SCHEMA, "")

    @settings(max_examples=40)
    @given(data=st.data())
    def test_fastavro_resolves_an_older_writer_as_we_do(self, data: st.DataObject) -> None:
        record = data.draw(records("Purchase"))
        writer = changed(
            "Purchase", without("eligibility_id"), without("lines.gift"), without("subscription.renews_at")
        )
        framed = written(writer, plain(record))
        resolved = fastavro.schemaless_reader(
            io.BytesIO(framed[10:]),
            without_logical_types(writer),
            without_logical_types(documents()["Purchase"]),
        )
        assert plain(RecordDecoder(Purchase, [writer]).decode(framed)) == resolved
