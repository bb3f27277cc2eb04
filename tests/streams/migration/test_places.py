import pytest
from hypothesis import given
from hypothesis import strategies as st

from state import keys
from state.records.parts import Target
from streams.engine.position import Position
from streams.inputs.partition import PARTITIONERS
from streams.migration.places import Growth, begun, is_customer

PARTITIONER = PARTITIONERS["murmur2"]
IDS = st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable())


@given(IDS, IDS)
def test_every_record_and_wake_up_of_a_customer_lies_where_their_events_do(customer: str, name: str) -> None:
    growth = Growth(4, 12, PARTITIONER)
    there = PARTITIONER(customer.encode(), 12)
    for target in (Target(), Target(name, "", ""), Target(name, "unit", ""), Target("", "", name)):
        key = keys.record(customer, target)
        assert growth.of_record(key) == there
        assert growth.of_wakeup(keys.wakeup(1, key)) == there


@given(IDS, st.integers(1, 16), st.integers(1, 64), st.sampled_from(sorted(PARTITIONERS)))
def test_who_was_forgotten_is_known_wherever_they_may_come_back(
    customer: str, before: int, more: int, partitioner: str
) -> None:
    growth = Growth(before, before + more, PARTITIONERS[partitioner])
    old = growth.partitioner(customer.encode(), before)
    assert growth.of_customer(customer.encode()) in growth.of_forgotten(old)


def test_of_a_multiple_only_some_partitions_may_hold_who_was_forgotten() -> None:
    assert Growth(4, 12, PARTITIONER).of_forgotten(1) == [1, 5, 9]
    assert Growth(4, 6, PARTITIONER).of_forgotten(1) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("target", "is_one"), [(Target(), True), (Target("p", "", ""), False), (Target("", "", "o"), False)]
)
def test_customers_are_counted_and_what_they_own_is_not(target: Target, is_one: bool) -> None:
    assert is_customer(keys.record("somebody", target)) is is_one


def test_time_falls_behind_no_partition_that_ended_and_no_source_is_forgotten() -> None:
    ended = [
        Position(inputs={"old.usage": 7}, now_ms=5, customers=3, heard={"usage": 4, "tickets": 9}, world=3),
        Position(now_ms=8, customers=2, heard={"usage": 6}),
    ]
    assert begun(ended, 4, 11, {"new.usage": 0}) == Position(
        inputs={"new.usage": 0}, now_ms=8, customers=4, heard={"usage": 6, "tickets": 9}, wakeups=11
    )
