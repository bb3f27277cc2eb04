"""What is read from the log, what is left out, and that nothing falls between."""

import csv
import gzip
from collections import Counter
from pathlib import Path

import pytest

from streams.errors import Fatal
from streams.sources.order_log import OrderLog, is_product, read_order_log, shop_time_ms
from streams.sources.slice import SLICE
from tests.streams.sources.conftest import WriteLog
from tests.streams.sources.rows import row


def raw() -> list[dict[str, str]]:
    with gzip.open(SLICE, "rt", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_every_line_is_kept_or_counted_as_left_out(log: OrderLog) -> None:
    assert log.read["lines"] == 48_671
    assert len(log.product) + sum(log.left_out.values()) == log.read["lines"]


def test_sums_of_quantities_are_those_of_the_file(log: OrderLog) -> None:
    expected: Counter[str] = Counter()
    for line in raw():
        if line["StockCode"][:5].isdigit():
            expected["credits" if line["InvoiceNo"][0] == "C" else "orders"] += abs(int(line["Quantity"]))
    found: Counter[str] = Counter()
    for invoice in log.invoices:
        pieces = sum(log.quantity[invoice.first : invoice.end])
        found["credits" if invoice.is_credit else "orders"] += pieces
    assert found == expected


def test_invoices_and_customers_are_those_of_the_file(log: OrderLog) -> None:
    lines = raw()
    assert log.read["customers"] == len({line["CustomerID"] for line in lines}) == 504
    assert log.read["invoices"] == len({line["InvoiceNo"] for line in lines})
    assert log.read["stock_codes"] == len({line["StockCode"] for line in lines})
    kept = {line["InvoiceNo"] for line in lines if line["StockCode"][:5].isdigit()}
    assert {invoice.invoice_id for invoice in log.invoices} == kept


def test_invoices_are_in_order_of_time_and_share_no_line(log: OrderLog) -> None:
    assert [(i.at_ms, i.invoice_id) for i in log.invoices] == sorted(
        (i.at_ms, i.invoice_id) for i in log.invoices
    )
    assert [i.first for i in log.invoices] == [0, *(i.end for i in log.invoices[:-1])]
    assert log.invoices[-1].end == len(log.product)


def test_line_ids_are_unique_over_all_orders(log: OrderLog) -> None:
    ids = [log.line_id(i, line) for i in log.invoices for line in range(i.first, i.end)]
    assert len(set(ids)) == len(ids)


def test_the_same_product_twice_in_an_invoice_keeps_both_lines_apart(write_log: WriteLog) -> None:
    log = read_order_log(write_log([row("536365", "85123a", 6), row("536365", "85123A", 2, price=1.95)]))
    (invoice,) = log.invoices
    assert [log.line_id(invoice, line) for line in (0, 1)] == ["536365:85123A", "536365:85123A:2"]
    assert (list(log.quantity), list(log.price_minor)) == ([6, 2], [255, 195])


def test_lines_of_an_invoice_that_do_not_stand_together_are_one_order(write_log: WriteLog) -> None:
    log = read_order_log(
        write_log(
            [
                row("542807", "22692", 9, "2011-02-01 11:21:00"),
                row("542806", "48194", 1, "2011-02-01 11:20:00"),
                row("542807", "21524", 8, "2011-02-01 11:21:00"),
                row("542806", "22365", 2, "2011-02-01 11:19:00"),
            ]
        )
    )
    assert [(i.invoice_id, i.first, i.end) for i in log.invoices] == [("542806", 0, 2), ("542807", 2, 4)]
    assert list(log.quantity) == [1, 2, 9, 8]
    assert log.invoices[0].at_ms == shop_time_ms("2011-02-01 11:19:00")


def test_what_is_left_out_is_counted_by_its_reason(write_log: WriteLog) -> None:
    log = read_order_log(
        write_log(
            [
                row("1", "85123A", 6),
                row("2", "85123A", 6, customer=""),
                row("3", "POST", 1),
                row("3", "gift_0001_20", 1),
                row("4", "85123A", -6),
                row("C5", "85123A", 6),
                row("6", "85123A", 0),
                row("7", "85123A", 6, price=-1.0),
            ]
        )
    )
    assert [i.invoice_id for i in log.invoices] == ["1"]
    assert log.left_out == {
        "lines_without_customer": 1,
        "lines_not_products": 2,
        "lines_with_wrong_sign": 4,
    }


@pytest.mark.parametrize(
    ("code", "product"),
    [
        ("85123A", True),
        ("22423", True),
        ("2242", False),
        ("C2", False),
        ("BANK CHARGES", False),
        ("M", False),
    ],
)
def test_a_product_code_begins_with_five_digits(code: str, *, product: bool) -> None:
    assert is_product(code) is product


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("1970-01-01 01:00:00", 0),  # the United Kingdom kept summer time all that year
        ("2010-12-01 08:26:00", 1_291_191_960_000),
        ("2011-03-27 00:59:00", 1_301_187_540_000),
        ("2011-03-27 02:00:00", 1_301_187_600_000),  # a minute later: the hour between does not exist
        ("2011-07-01 12:00:00", 1_309_518_000_000),
    ],
)
def test_times_are_the_shops_and_become_utc(local: str, utc: int) -> None:
    assert shop_time_ms(local) == utc


@pytest.mark.parametrize(
    "rows",
    [
        [row("1", "85123A", 6, date="yesterday")],
        [("1", "85123A", "RED MUG", "six", "2011-01-10 10:00:00", "2.55", "17850", "United Kingdom")],
        [("1", "85123A", "RED MUG", 6)],
        [row("1", "85123A", 6), row("1", "22423", 6, customer="17851")],
        [row("1", "85123A", 6, price=float("inf"))],
    ],
)
def test_a_line_that_is_no_line_of_the_log_is_named(
    write_log: WriteLog, rows: list[tuple[object, ...]]
) -> None:
    with pytest.raises(Fatal, match=f"line {len(rows) + 1}: "):
        read_order_log(write_log(rows))


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("order,customer\n1,2\n", encoding="utf-8")
    with pytest.raises(Fatal, match="its first line must be InvoiceNo"):
        read_order_log(other)
    with pytest.raises(Fatal, match="cannot be read"):
        read_order_log(tmp_path / "missing.csv.gz")
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(SLICE.read_bytes()[:1000])
    with pytest.raises(Fatal, match="cannot be read"):
        read_order_log(broken)
