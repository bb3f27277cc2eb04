"""A send log is read line by line; what is wrong is named and skipped."""

import gzip
import json
from pathlib import Path

import pytest

from streams.errors import Fatal
from streams.replay.send_log import BadLine, Send, read_sends

FEB_3 = 1_296_723_600_000  # 2011-02-03T09:00:00Z


def read(tmp_path: Path, text: str | bytes, name: str = "sends.csv") -> list[Send | BadLine]:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read_sends(path))


def bad(tmp_path: Path, value: str, column: str) -> tuple[str, str]:
    """Field and reason of the one line, with one value exchanged."""
    row = {"customer": "17850", "time": "2011-02-03", "product": "85123A", "move": "offer"} | {column: value}
    (line,) = read(tmp_path, json.dumps(row) + "\n", "sends.jsonl")
    assert isinstance(line, BadLine), line
    return line.field, line.reason


@pytest.mark.parametrize(
    "time",
    [
        "2011-02-03T09:00:00Z", "2011-02-03T09:00", "2011-02-03 09:00:00", "2011-02-03T10:00:00+01:00",
        str(FEB_3),
    ],
)  # fmt: skip
def test_times_are_iso_8601_or_epoch_milliseconds(tmp_path: Path, time: str) -> None:
    (send,) = read(tmp_path, f"customer,time,product\n17850,{time},85123A\n")
    assert send == Send(2, "17850", FEB_3, "85123A")


def test_csv_and_json_lines_read_the_same(tmp_path: Path) -> None:
    head = "customer_id,sent_at,campaign,channel,context,move,other"
    csv = read(tmp_path, f"{head}\n17850,{FEB_3},spring,Email,Shipping Update,offer,x\n")
    row = dict(
        zip(
            head.split(","), ["17850", FEB_3, "spring", "Email", "Shipping Update", "offer", "x"], strict=True
        )
    )
    lines = read(tmp_path, json.dumps(row) + "\n", "sends.jsonl")
    assert csv == [Send(2, "17850", FEB_3, "", "spring", "email", "shipping_update")]
    assert lines == [Send(1, "17850", FEB_3, "", "spring", "email", "shipping_update")]


def test_gzip_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = "\ufeffcustomer,time,product\nc,2011-02-03T09:00Z,p\n"
    assert read(tmp_path, gzip.compress(text.encode()), "sends.csv.gz") == [Send(2, "c", FEB_3, "p")]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("customer", " ", "is empty"),
        ("customer", "c" * 129, "at most 128"),
        ("customer", "a\x00b", "control characters"),
        ("time", "", "is empty"),
        ("time", "yesterday", "neither ISO 8601 nor epoch milliseconds"),
        ("time", "1296723600", "epoch milliseconds are needed"),
        ("time", "9" * 30, "too far in the future"),
        ("product", "", "and so is campaign"),
        ("move", "shout", "is none of"),
    ],
)
def test_what_is_wrong_is_named_by_field_and_reason(
    tmp_path: Path, column: str, value: str, reason: str
) -> None:
    field, why = bad(tmp_path, value, column)
    assert field == column
    assert reason in why


def test_a_bad_line_does_not_stop_the_rest(tmp_path: Path) -> None:
    text = b"customer,time,product\n\xff\xfe,2011-02-03,p\nc,2011-02-03,p,more\n\nc,2011-02-03,p\n"
    first, second, third = read(tmp_path, text)
    assert isinstance(first, BadLine)
    assert (first.line, first.field) == (2, "customer")
    assert isinstance(second, BadLine)
    assert (second.line, second.reason) == (3, "has 4 values for 3 columns")
    assert isinstance(third, Send)
    assert third.line == 5


def test_json_that_is_none_is_a_bad_line(tmp_path: Path) -> None:
    text = '{"customer":"c","time":"2011-02-03","product":"p"}\n\n[1]\n{"customer":\n'
    first, *others = read(tmp_path, text, "sends.jsonl")
    assert isinstance(first, Send)
    assert [(line.line, type(line)) for line in others] == [(3, BadLine), (4, BadLine)]


@pytest.mark.parametrize("text", ["", "a,b,c\n1,2,3\n", "customer,product\nc,p\n"])
def test_a_file_that_is_no_send_log_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Fatal, match="names no column"):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="cannot be read"):
        list(read_sends(tmp_path / "none.csv"))
