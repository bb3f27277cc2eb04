"""The source as a replay sees it: real orders kept, made-up events marked, a filter without effect."""

from collections import Counter, defaultdict
from pathlib import Path

import msgspec
import pytest

from schemas.records import Profile, Purchase
from streams.errors import Fatal
from streams.sources.online_retail import OnlineRetail, online_retail
from streams.sources.order_log import OrderLog
from streams.sources.parcels import DAY_MS
from streams.sources.refunds import match_refunds
from streams.sources.slice import SLICE
from streams.sources.source import MADE_UP, TOPIC_RANKS, Event
from tests.streams.sources.conftest import SEED, WriteLog
from tests.streams.sources.rows import row


def real(events: tuple[Event, ...], kind: str) -> list[Purchase]:
    return [
        event
        for event in events
        if isinstance(event, Purchase) and event.source == "online-retail" and event.type == kind
    ]


def test_every_order_of_the_log_is_one_purchase_with_all_its_pieces(
    log: OrderLog, events: tuple[Event, ...]
) -> None:
    orders = [invoice for invoice in log.invoices if not invoice.is_credit]
    placed = real(events, "order_placed")
    assert [purchase.order_id for purchase in placed] == [invoice.invoice_id for invoice in orders]
    for purchase, invoice in zip(placed, orders, strict=True):
        assert purchase.occurred_at == invoice.at_ms
        assert purchase.customer_id == invoice.customer_id
        lines = range(invoice.first, invoice.end)
        assert [line.quantity for line in purchase.lines] == [log.quantity[line] for line in lines]
        assert [line.price_minor for line in purchase.lines] == [log.price_minor[line] for line in lines]


def test_what_stays_sold_is_what_the_file_sold_less_what_it_took_back(
    source: OnlineRetail, events: tuple[Event, ...], log: OrderLog
) -> None:
    ordered = sum(line.quantity for order in real(events, "order_placed") for line in order.lines)
    refunded: dict[str, int] = {}
    for refund in real(events, "order_refunded"):
        refunded.update({line.line_id: line.quantity for line in refund.lines})
    taken_back = sum(sum(log.quantity[i.first : i.end]) for i in log.invoices if i.is_credit)
    assert sum(refunded.values()) == taken_back - source.counts.left_out["refund_pieces_unmatched"]
    assert ordered == sum(sum(log.quantity[i.first : i.end]) for i in log.invoices if not i.is_credit)


def test_events_are_in_the_total_order_of_a_replay(source: OnlineRetail, events: tuple[Event, ...]) -> None:
    keys = [(event.occurred_at, TOPIC_RANKS[type(event)], event.event_id) for event in events]
    assert keys == sorted(keys)
    assert keys[-1][0] < source.ends_at_ms


def test_event_ids_are_unique(events: tuple[Event, ...]) -> None:
    assert len({event.event_id for event in events}) == len(events)


def test_only_purchases_come_from_the_log_and_all_else_says_that_it_is_made_up(
    events: tuple[Event, ...],
) -> None:
    sources = Counter((type(event).__name__, event.source) for event in events)
    made_up = f"{MADE_UP}surroundings:{SEED}"
    assert {source for _name, source in sources} == {"online-retail", made_up}
    assert [name for name, source in sources if source == "online-retail"] == ["Purchase"]


def test_the_counts_are_those_of_what_was_handed_out(source: OnlineRetail) -> None:
    counted = Counter(
        (type(event).__name__.lower(), event.source == "online-retail") for event in source.events()
    )
    assert source.counts.real == {name: n for (name, is_real), n in counted.items() if is_real}
    assert source.counts.made_up == {name: n for (name, is_real), n in counted.items() if not is_real}


@pytest.mark.slow
def test_a_second_reading_gives_the_same_bytes(events: tuple[Event, ...]) -> None:
    again = online_retail(SLICE, SEED)
    assert encoded(tuple(again.events())) == encoded(events)


@pytest.mark.slow
def test_another_seed_changes_what_is_made_up_and_nothing_real(
    events: tuple[Event, ...], log: OrderLog
) -> None:
    other = tuple(OnlineRetail(log, match_refunds(log), SEED + 1).events())
    assert encoded(other) != encoded(events)
    for kind in ("order_placed", "order_refunded"):
        assert encoded(tuple(real(other, kind))) == encoded(tuple(real(events, kind)))


@pytest.mark.parametrize("part", range(3))
def test_a_filter_of_customers_changes_no_event_of_those_that_are_left(
    source: OnlineRetail, events: tuple[Event, ...], log: OrderLog, part: int
) -> None:
    of_part = OnlineRetail(log, match_refunds(log), SEED, lambda customer: int(customer) % 3 == part)
    assert of_part.catalogue == source.catalogue
    assert of_part.ends_at_ms == source.ends_at_ms
    expected = tuple(event for event in events if int(event.customer_id) % 3 == part)
    assert expected
    assert encoded(tuple(of_part.events())) == encoded(expected)


def test_a_profile_comes_before_everything_else_of_its_customer(events: tuple[Event, ...]) -> None:
    first: dict[str, Event] = {}
    for event in events:
        first.setdefault(event.customer_id, event)
    assert {type(event) for event in first.values()} == {Profile}


def test_the_volume_around_an_order_stays_sensible(source: OnlineRetail, events: tuple[Event, ...]) -> None:
    """Deliveries grow with parcels, not with lines, and only some lines are used."""
    kinds = Counter(type(event).__name__ for event in events)
    orders = len(real(events, "order_placed"))
    lines = sum(len(order.lines) for order in real(events, "order_placed"))
    assert 3 * orders < kinds["Delivery"] < 7 * orders
    used = {event.event_id.rsplit(":", 1)[0] for event in events if event.event_id.startswith("use:")}
    assert 0.1 * lines < len(used) < 0.2 * lines


def test_a_day_is_handed_out_before_later_orders_are_looked_at(source: OnlineRetail) -> None:
    first = next(source.events())
    assert first.occurred_at < source.ends_at_ms - 300 * DAY_MS
    assert source.counts.real.total() + source.counts.made_up.total() == 1
    assert source.counts.after_the_end == 0


def test_nothing_happens_after_the_day_of_the_last_invoice(write_log: WriteLog) -> None:
    path = write_log(
        [row("1", "22423", 1, "2011-01-10 10:00:00"), row("2", "22423", 1, "2011-01-11 23:30:00")]
    )
    source = online_retail(path, SEED)
    assert source.ends_at_ms == 1_294_790_400_000  # 2011-01-12 00:00 UTC
    found = list(source.events())
    assert max(event.occurred_at for event in found) < source.ends_at_ms
    assert source.counts.after_the_end > 0


def test_a_log_without_an_order_is_refused(write_log: WriteLog) -> None:
    with pytest.raises(Fatal, match="no order of a known customer"):
        online_retail(write_log([row("C1", "22423", -1)]), SEED)


def encoded(events: tuple[Event, ...] | tuple[Purchase, ...]) -> bytes:
    return msgspec.json.encode(events)


def test_orders_are_read_from_plain_files_too(write_log: WriteLog) -> None:
    path: Path = write_log([row("1", "22423", 1)])
    (order,) = real(tuple(online_retail(str(path), SEED).events()), "order_placed")
    assert order.lines[0].line_id == "1:22423"


def test_customers_with_credits_alone_have_no_events(log: OrderLog, events: tuple[Event, ...]) -> None:
    kinds: dict[str, set[bool]] = defaultdict(set)
    for invoice in log.invoices:
        kinds[invoice.customer_id].add(invoice.is_credit)
    buyers = {customer for customer, credits_too in kinds.items() if False in credits_too}
    assert buyers < set(kinds)
    assert {event.customer_id for event in events} == buyers
