from collections import Counter

import msgspec

from schemas.records import Delivery, Erasure, Profile, Purchase, Reply, Ticket, Usage
from streams.inputs.rules import QUANTITY_MAX, broken_rule
from streams.simulation.adversaries import SKEW_MAX_MS
from streams.simulation.life import Arrival
from streams.simulation.population import population
from streams.simulation.settings import shop_of

SEEDS = range(60)
ARRIVALS: dict[int, list[Arrival]] = {seed: population(seed, shop_of(seed)) for seed in SEEDS}
ALL = [arrival for arrivals in ARRIVALS.values() for arrival in arrivals]


def test_the_same_seed_makes_the_same_customers() -> None:
    assert population(7, shop_of(7)) == ARRIVALS[7]
    assert ARRIVALS[7] != ARRIVALS[8]


def test_every_event_keeps_the_contract() -> None:
    for arrival in ALL:
        plain = msgspec.to_builtins(arrival.event)
        assert msgspec.convert(plain, type(arrival.event)) == arrival.event


def test_no_event_would_be_refused_at_the_input_edge() -> None:
    assert [arrival for arrival in ALL if broken_rule(arrival.event)] == []


def test_every_event_says_that_it_is_made_up() -> None:
    assert {arrival.event.source for arrival in ALL} == {"made-up:simulation"}


def test_events_come_in_order_of_processing_and_none_is_dated_too_far_ahead() -> None:
    for arrivals in ARRIVALS.values():
        assert [a.at_ms for a in arrivals] == sorted(a.at_ms for a in arrivals)
    assert max(arrival.event.occurred_at - arrival.at_ms for arrival in ALL) == SKEW_MAX_MS


def test_customers_do_everything_that_there_is_to_do() -> None:
    kinds = {type(arrival.event) for arrival in ALL}
    assert kinds == {Purchase, Delivery, Usage, Ticket, Reply, Profile, Erasure}
    purchases = {a.event.type for a in ALL if isinstance(a.event, Purchase)}
    assert purchases >= {
        "order_placed",
        "order_cancelled",
        "order_refunded",
        "return_registered",
        "payment_failed",
    }
    deliveries = {a.event.status for a in ALL if isinstance(a.event, Delivery)}
    assert deliveries >= {"in_transit", "delivered", "lost", "update_opened", "exception"}
    lines = [line for a in ALL if isinstance(a.event, Purchase) for line in a.event.lines]
    assert {line.fulfilment for line in lines} == {"ship", "digital", "in_store", "pickup"}
    assert any(line.gift for line in lines)
    assert any(line.replacement for line in lines)
    assert max(line.quantity for line in lines) == QUANTITY_MAX


def test_some_events_are_repeated_late_or_forged() -> None:
    assert any(arrival.at_ms - arrival.event.occurred_at > 86_400_000 for arrival in ALL)
    times = Counter((arrival.event.event_id, arrival.event.customer_id) for arrival in ALL)
    assert max(times.values()) > 1
    assert len({arrival.event for arrival in ALL}) > len(times)
