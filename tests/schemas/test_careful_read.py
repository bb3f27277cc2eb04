import struct
from typing import Any

import pytest

from schemas.careful_read import DEPTH_MAX, FOREIGN, read
from schemas.errors import Reason, Undecodable
from schemas.model import DAY_MS, EARLIEST_MS, LATEST_MS
from schemas.wire import text, whole


def field(kind: Any, **limits: Any) -> dict[str, Any]:
    """A record with one field `x`."""
    return {"type": "record", "name": "R", "fields": [{"name": "x", "type": kind, **limits}]}


def refusal(schema: dict[str, Any], data: bytes) -> tuple[Reason, str]:
    with pytest.raises(Undecodable) as error:
        read(schema, data)
    return error.value.reason, error.value.field


TIME = {"type": "long", "logicalType": "timestamp-millis"}
DATE = {"type": "int", "logicalType": "date"}
IDS = field({"type": "array", "items": "string"}, form="id", max_items=3)
COLOUR = field({"type": "enum", "name": "E", "symbols": ["red", "blue"]})


class TestStrings:
    @pytest.mark.parametrize("length", [1, 127, 128])
    def test_an_id_has_1_to_128_characters_of_any_size(self, length: int) -> None:
        assert read(field("string", form="id"), text("€" * length)) == {"x": "€" * length}

    def test_an_id_is_not_empty(self) -> None:
        assert refusal(field("string", form="id"), text("")) == (Reason.BAD_ID, "x")

    def test_an_id_of_129_characters_is_too_long(self) -> None:
        assert refusal(field("string", form="id"), text("x" * 129)) == (Reason.TEXT_TOO_LONG, "x")

    @pytest.mark.parametrize("char", ["\x00", "\x1f", "\x7f", "\x80", "\x9f"])
    def test_an_id_has_no_control_characters(self, char: str) -> None:
        assert refusal(field("string", form="id"), text(f"a{char}")) == (Reason.BAD_ID, "x")

    @pytest.mark.parametrize("char", [" ", "~", "\xa0", "\u200d", "\U0001f600"])
    def test_an_id_may_have_any_other_character(self, char: str) -> None:
        assert read(field("string", form="id"), text(f"a{char}")) == {"x": f"a{char}"}

    @pytest.mark.parametrize(("length", "fits"), [(4_095, True), (4_096, True), (4_097, False)])
    def test_a_string_has_4096_characters_at_most(self, length: int, fits: bool) -> None:
        data = text("é" * length)
        if fits:
            assert read(field("string"), data) == {"x": "é" * length}
        else:
            assert refusal(field("string"), data) == (Reason.TEXT_TOO_LONG, "x")

    def test_a_huge_size_is_refused_before_it_is_looked_for(self) -> None:
        assert refusal(field("string"), whole(1 << 62)) == (Reason.TEXT_TOO_LONG, "x")

    def test_a_size_below_zero_is_malformed(self) -> None:
        assert refusal(field("string"), whole(-1) + b"abc") == (Reason.MALFORMED, "x")

    def test_bytes_that_are_not_utf8_are_named(self) -> None:
        assert refusal(field("string"), whole(2) + b"\xc3\x28") == (Reason.NOT_UTF8, "x")

    def test_a_string_that_ends_early_is_truncated(self) -> None:
        assert refusal(field("string"), whole(3) + b"ab") == (Reason.TRUNCATED, "x")


class TestNumbers:
    @pytest.mark.parametrize("value", [-(1 << 63), -1, 0, 1, (1 << 63) - 1])
    def test_a_long_has_64_bits(self, value: int) -> None:
        assert read(field("long"), whole(value)) == {"x": value}

    def test_a_varint_of_more_than_64_bits_is_malformed(self) -> None:
        assert refusal(field("long"), b"\xff" * 9 + b"\x03") == (Reason.MALFORMED, "x")

    def test_a_varint_of_11_bytes_is_malformed(self) -> None:
        assert refusal(field("long"), b"\x80" * 10 + b"\x00") == (Reason.MALFORMED, "x")

    def test_a_varint_may_be_longer_than_it_need_be(self) -> None:
        assert read(field("long"), b"\x82\x80\x00") == {"x": 1}

    @pytest.mark.parametrize("value", [-(1 << 31) - 1, 1 << 31])
    def test_an_int_has_32_bits(self, value: int) -> None:
        assert refusal(field("int"), whole(value)) == (Reason.NUMBER_OUT_OF_RANGE, "x")

    @pytest.mark.parametrize("value", [EARLIEST_MS, LATEST_MS - 1])
    def test_a_time_lies_in_the_years_2000_to_2199(self, value: int) -> None:
        assert read(field(TIME), whole(value)) == {"x": value}

    @pytest.mark.parametrize("value", [-1, EARLIEST_MS - 1, LATEST_MS, 1 << 62])
    def test_a_time_in_other_years_is_refused(self, value: int) -> None:
        assert refusal(field(TIME), whole(value)) == (Reason.TIME_OUT_OF_RANGE, "x")

    @pytest.mark.parametrize("value", [EARLIEST_MS // DAY_MS - 1, LATEST_MS // DAY_MS])
    def test_a_date_in_other_years_is_refused(self, value: int) -> None:
        assert refusal(field(DATE), whole(value)) == (Reason.TIME_OUT_OF_RANGE, "x")

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
    def test_a_double_is_finite(self, value: float) -> None:
        assert refusal(field("double"), struct.pack("<d", value)) == (Reason.NOT_FINITE, "x")

    def test_a_boolean_is_0_or_1(self) -> None:
        assert read(field("boolean"), b"\x01") == {"x": True}
        assert refusal(field("boolean"), b"\x02") == (Reason.MALFORMED, "x")


class TestArrays:
    def test_blocks_may_state_their_size_in_bytes(self) -> None:
        data = whole(-2) + whole(4) + text("a") + text("b") + whole(1) + text("c") + whole(0)
        assert read(IDS, data) == {"x": ["a", "b", "c"]}

    def test_a_block_of_another_size_than_stated_is_malformed(self) -> None:
        data = whole(-2) + whole(5) + text("a") + text("b") + whole(0)
        assert refusal(IDS, data) == (Reason.MALFORMED, "x")

    @pytest.mark.parametrize("count", [4, -4, 1 << 62, -(1 << 63)])
    def test_more_items_than_allowed_are_refused_at_their_count(self, count: int) -> None:
        assert refusal(IDS, whole(count)) == (Reason.TOO_MANY_ITEMS, "x")

    def test_the_items_of_all_blocks_count_together(self) -> None:
        data = (whole(2) + text("a") + text("b")) * 2 + whole(0)
        assert refusal(IDS, data) == (Reason.TOO_MANY_ITEMS, "x")

    def test_an_array_without_its_end_is_truncated(self) -> None:
        assert refusal(IDS, whole(1) + text("a")) == (Reason.TRUNCATED, "x")

    def test_the_path_names_the_item(self) -> None:
        assert refusal(IDS, whole(2) + text("a") + text("")) == (Reason.BAD_ID, "x[1]")


class TestShapes:
    def test_a_symbol_that_is_not_there_is_unknown(self) -> None:
        assert read(COLOUR, whole(1)) == {"x": "blue"}
        assert refusal(COLOUR, whole(2)) == (Reason.UNKNOWN_SYMBOL, "x")
        assert refusal(COLOUR, whole(-1)) == (Reason.UNKNOWN_SYMBOL, "x")

    def test_a_branch_that_is_not_there_is_malformed(self) -> None:
        assert read(field(["null", "string"]), whole(0)) == {"x": None}
        assert refusal(field(["null", "string"]), whole(2)) == (Reason.MALFORMED, "x")

    def test_bytes_after_the_record_are_refused(self) -> None:
        assert refusal(field("boolean"), b"\x01\x00") == (Reason.TRAILING_BYTES, "")

    def test_every_shape_of_avro_is_read(self) -> None:
        fields = [
            {"name": "n", "type": "null"},
            {"name": "f", "type": "float"},
            {"name": "b", "type": "bytes"},
            {"name": "raw", "type": "bytes"},
            {"name": "four", "type": {"type": "fixed", "name": "F", "size": 4}},
            {"name": "again", "type": "F"},
            {"name": "m", "type": {"type": "map", "values": {"type": "int"}}},
        ]
        data = struct.pack("<f", 0.5) + text("é") + whole(1) + b"\xff" + b"abcdefgh"
        data += whole(1) + text("k") + whole(7) + whole(0)
        assert read({"type": "record", "name": "R", "fields": fields}, data, 0, FOREIGN) == {
            "n": None,
            "f": 0.5,
            "b": "é",
            "raw": b"\xff",
            "four": b"abcd",
            "again": b"efgh",
            "m": {"k": 7},
        }

    def test_a_record_within_itself_may_not_be_nested_without_end(self) -> None:
        chain = {"type": "record", "name": "R", "fields": [{"name": "x", "type": ["null", "R"]}]}
        assert read(chain, b"\x02\x02\x00") == {"x": {"x": {"x": None}}}
        assert refusal(chain, b"\x02" * (DEPTH_MAX + 1))[0] is Reason.NESTED_TOO_DEEP
