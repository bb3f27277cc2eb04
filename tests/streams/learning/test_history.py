import gzip
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest

from schemas.model import documents
from streams.errors import Fatal
from streams.learning.history import Sale, read_online_retail, read_purchases

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
NOON_MS = 1_293_883_200_000  # 2011-01-01 12:00 UTC


def order_log(path: Path, *rows: str) -> Path:
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    return path


def event(event_id: str, kind: str, hours: int, *lines: tuple[str, int], **fields: object) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "customer_id": "c1",
        "occurred_at": NOON_MS + hours * 3_600_000,
        "type": kind,
        "order_id": "o1",
        "lines": [{"line_id": line, "product_id": f"p-{line}", "quantity": n, **fields} for line, n in lines],
    }


def purchases(path: Path, *events: dict[str, Any]) -> list[tuple[str, int]]:
    """Product and pieces of the sales of a file with `events`."""
    path.write_bytes(b"\n".join(msgspec.json.encode(one) for one in events))
    return [(sale.product_id, sale.pieces) for sale in read_purchases(path)]


class TestOrderLog:
    def test_is_read_in_order_of_time_as_csv_and_gzipped(self, tmp_path: Path) -> None:
        rows = (
            "2,22222a,B,4,2011-06-01 12:00:00,1.5,20,France",
            '1,11111,"A, with comma",3,2011-01-01 12:00:00,1.5,10,France',
        )
        plain = order_log(tmp_path / "log.csv", *rows)
        packed = tmp_path / "log.csv.gz"
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        sales = read_online_retail(plain)
        assert sales[0] == Sale(NOON_MS, "10", "11111", 3)
        assert sales[1].product_id == "22222A"
        assert sales[1].at_ms % 86_400_000 == 11 * 3_600_000, "summer time of the shop"
        assert read_online_retail(packed) == sales

    def test_leaves_out_nobody_what_is_no_product_and_wrong_signs(self, tmp_path: Path) -> None:
        log = order_log(
            tmp_path / "log.csv",
            "1,11111,A,3,2011-01-01 12:00:00,1.5,,France",
            "2,POST,postage,1,2011-01-01 12:00:00,1.5,10,France",
            "3,11111,A,-3,2011-01-01 12:00:00,1.5,10,France",
            "C4,11111,A,-2,2011-01-01 12:00:00,1.5,10,France",
        )
        assert [sale.pieces for sale in read_online_retail(log)] == [-2]

    @pytest.mark.parametrize(
        "row", ["1,11111,A,x,2011-01-01 12:00:00,1.5,10,France", "1,11111,A,3,soon,1,10,F", "1,1"]
    )
    def test_that_cannot_be_read_is_said(self, tmp_path: Path, row: str) -> None:
        with pytest.raises(Fatal, match="cannot be read"):
            read_online_retail(order_log(tmp_path / "log.csv", row))

    def test_without_a_sale_or_without_its_columns_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(Fatal, match="no purchase"):
            read_online_retail(order_log(tmp_path / "log.csv"))
        (tmp_path / "log.csv").write_text("a,b\n", encoding="utf-8")
        with pytest.raises(Fatal, match="its first line must be"):
            read_online_retail(tmp_path / "log.csv")
        with pytest.raises(Fatal, match="cannot be read"):
            read_online_retail(tmp_path / "none.csv")


class TestPurchases:
    def test_names_the_line_that_is_bought_and_given_back(self, tmp_path: Path) -> None:
        path = tmp_path / "log.jsonl"
        placed = event("e1", "order_placed", 0, ("a", 3))
        refunded = event("e2", "order_refunded", 1, ("a", 1))
        assert purchases(path, refunded, placed) == [("p-a", 3), ("p-a", -1)]
        assert read_purchases(path)[1] == Sale(NOON_MS + 3_600_000, "c1", "p-a", -1, "o1/a")

    def test_totals_become_changes(self, tmp_path: Path) -> None:
        found = purchases(
            tmp_path / "log.jsonl",
            event("e1", "order_placed", 0, ("a", 5)),
            event("e2", "order_cancelled", 1, ("a", 1)),
            event("e3", "order_refunded", 2, ("a", 2)),
            event("e4", "order_refunded", 3, ("a", 2)),
            event("e5", "order_refunded", 4, ("a", 9)),
        )
        assert found == [("p-a", 5), ("p-a", -1), ("p-a", -2), ("p-a", -2)]

    def test_a_changed_order_changes_by_the_difference(self, tmp_path: Path) -> None:
        placed, updated = event("e1", "order_placed", 0, ("a", 5)), event("e2", "order_updated", 1, ("a", 7))
        assert purchases(tmp_path / "log.jsonl", placed, updated) == [("p-a", 5), ("p-a", 2)]

    def test_a_cancellation_without_lines_cancels_all_and_goodwill_nothing(self, tmp_path: Path) -> None:
        placed = event("e1", "order_placed", 0, ("a", 5), ("b", 1))
        cancelled, goodwill = event("e2", "order_cancelled", 1), event("e2", "order_refunded", 1)
        both = [("p-a", 5), ("p-b", 1)]
        assert purchases(tmp_path / "log.jsonl", placed, cancelled) == [*both, ("p-a", -5), ("p-b", -1)]
        assert purchases(tmp_path / "log.jsonl", placed, goodwill) == both

    @pytest.mark.parametrize("why", ["gift", "replacement"])
    def test_what_the_buyer_does_not_use_up_is_no_purchase(self, tmp_path: Path, why: str) -> None:
        path = tmp_path / "log.jsonl"
        with pytest.raises(Fatal, match="no purchase"):
            purchases(path, event("e1", "order_placed", 0, ("a", 5), **{why: True}))

    def test_repeats_change_nothing(self, tmp_path: Path) -> None:
        placed, refunded = (
            event("e1", "order_placed", 0, ("a", 3)),
            event("e2", "order_refunded", 1, ("a", 1)),
        )
        path = tmp_path / "log.jsonl"
        assert purchases(path, placed, placed, refunded, refunded) == purchases(path, placed, refunded)

    def test_avro_says_the_same(self, tmp_path: Path) -> None:
        events = [event("e1", "order_placed", 0, ("a", 3)), event("e2", "order_refunded", 1, ("a", 1))]
        purchases(tmp_path / "log.jsonl", *events)
        with (tmp_path / "log.avro").open("wb") as file:
            fastavro.writer(file, dict(documents()["Purchase"]), events)
        assert read_purchases(tmp_path / "log.avro") == read_purchases(tmp_path / "log.jsonl")

    def test_a_wrong_line_is_named(self, tmp_path: Path) -> None:
        wrong = {**event("e1", "order_placed", 0, ("a", 3)), "type": "order_lost"}
        with pytest.raises(Fatal, match=r"log.jsonl:1: type"):
            purchases(tmp_path / "log.jsonl", wrong)
