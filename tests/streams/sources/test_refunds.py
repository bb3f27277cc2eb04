"""Which earlier line a credit takes back, and that no piece is lost or invented."""

from collections import Counter, defaultdict

from streams.sources.order_log import OrderLog, read_order_log
from streams.sources.refunds import Refund, match_refunds
from tests.streams.sources.conftest import WriteLog
from tests.streams.sources.rows import row


def found_in(log: OrderLog) -> list[tuple[str, str, list[int]]]:
    """Credit, order, and the totals of the lines touched, in the order of the log."""
    found = [refund for refunds in match_refunds(log).refunds.values() for refund in refunds]
    return [(r.credit_id, r.order_id, [total for _line, total in r.totals]) for r in sorted(found, key=_key)]


def _key(refund: Refund) -> tuple[int, str, str]:
    return refund.at_ms, refund.credit_id, refund.order_id


def test_the_latest_line_with_enough_left_is_taken(write_log: WriteLog) -> None:
    log = read_order_log(
        write_log(
            [
                row("1", "22423", 12, "2011-01-01 10:00:00"),
                row("2", "22423", 12, "2011-01-02 10:00:00"),
                row("3", "22423", 4, "2011-01-03 10:00:00"),
                row("C4", "22423", -5, "2011-01-04 10:00:00"),
            ]
        )
    )
    assert found_in(log) == [("C4", "2", [5])]


def test_totals_grow_with_each_credit_of_a_line(write_log: WriteLog) -> None:
    log = read_order_log(
        write_log(
            [
                row("1", "22423", 12, "2011-01-01 10:00:00"),
                row("C2", "22423", -5, "2011-01-04 10:00:00"),
                row("C3", "22423", -7, "2011-01-05 10:00:00"),
            ]
        )
    )
    assert found_in(log) == [("C2", "1", [5]), ("C3", "1", [12])]


def test_several_lines_are_taken_from_the_latest_back_when_none_has_enough(write_log: WriteLog) -> None:
    log = read_order_log(
        write_log(
            [
                row("1", "22423", 4, "2011-01-01 10:00:00"),
                row("2", "22423", 3, "2011-01-02 10:00:00"),
                row("C3", "22423", -6, "2011-01-04 10:00:00"),
            ]
        )
    )
    assert found_in(log) == [("C3", "1", [3]), ("C3", "2", [3])]


def test_a_credit_of_more_than_was_bought_is_left_out_whole_and_counted(write_log: WriteLog) -> None:
    log = read_order_log(
        write_log(
            [
                row("1", "22423", 4, "2011-01-01 10:00:00"),
                row("C2", "22423", -5, "2011-01-02 10:00:00"),
                row("C3", "22423", -4, "2011-01-03 10:00:00"),
            ]
        )
    )
    assert found_in(log) == [("C3", "1", [4])]
    assert match_refunds(log).left_out == {"refund_lines_unmatched": 1, "refund_pieces_unmatched": 5}


def test_only_the_same_customer_and_product_and_only_earlier_orders_count(write_log: WriteLog) -> None:
    log = read_order_log(
        write_log(
            [
                row("1", "22423", 9, "2011-01-01 10:00:00", customer="1"),
                row("2", "22424", 9, "2011-01-01 10:00:00", customer="2"),
                row("C3", "22423", -1, "2011-01-02 10:00:00", customer="2"),
                row("4", "22423", 9, "2011-01-03 10:00:00", customer="2"),
            ]
        )
    )
    assert found_in(log) == []
    assert match_refunds(log).left_out["refund_lines_unmatched"] == 1


def test_every_piece_of_a_credit_is_refunded_once_or_counted(log: OrderLog) -> None:
    matched = match_refunds(log)
    last: dict[int, int] = defaultdict(int)
    for of_order in matched.refunds.values():
        for refund in of_order:
            for line, total in refund.totals:
                assert last[line] < total <= log.quantity[line]
                last[line] = total
    taken_back = sum(sum(log.quantity[i.first : i.end]) for i in log.invoices if i.is_credit)
    assert sum(last.values()) + matched.left_out["refund_pieces_unmatched"] == taken_back
    assert sum(last.values()) > 0.5 * taken_back


def test_refunds_name_orders_of_the_customer_and_come_after_them(log: OrderLog) -> None:
    invoices = {invoice.invoice_id: invoice for invoice in log.invoices}
    orders: Counter[str] = Counter()
    for order_id, of_order in match_refunds(log).refunds.items():
        assert [refund.at_ms for refund in of_order] == sorted(refund.at_ms for refund in of_order)
        for refund in of_order:
            order, credit = invoices[order_id], invoices[refund.credit_id]
            assert refund.order_id == order_id
            assert order.customer_id == credit.customer_id
            assert order.at_ms <= refund.at_ms == credit.at_ms
            assert all(order.first <= line < order.end for line, _total in refund.totals)
            orders[order_id] += 1
    assert orders
