"""The calendar queue hands out in order, day by day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Erasure
from streams.sources.source import Event
from streams.sources.timeline import DAY_MS, Timeline


def event(at_ms: int, name: str) -> Event:
    return Erasure(event_id=name, customer_id="c", occurred_at=at_ms)


def test_only_days_that_are_over_are_handed_out() -> None:
    timeline = Timeline()
    for at_ms in (DAY_MS - 1, DAY_MS, 2 * DAY_MS - 1, 2 * DAY_MS):
        timeline.add(event(at_ms, str(at_ms)))
    assert [e.occurred_at for e in timeline.before(2 * DAY_MS - 1)] == [DAY_MS - 1]
    assert [e.occurred_at for e in timeline.before(2 * DAY_MS)] == [DAY_MS, 2 * DAY_MS - 1]
    assert [e.occurred_at for e in timeline.rest()] == [2 * DAY_MS]


def test_an_event_on_a_day_that_is_over_is_refused() -> None:
    timeline = Timeline()
    timeline.add(event(DAY_MS, "a"))
    assert list(timeline.before(DAY_MS)) == []
    timeline.add(event(DAY_MS + 1, "today"))
    with pytest.raises(ValueError, match="already handed out"):
        timeline.add(event(DAY_MS - 1, "yesterday"))


@given(st.lists(st.tuples(st.integers(0, 5 * DAY_MS), st.integers(0, 3 * DAY_MS))))
def test_what_lies_ahead_of_its_cause_comes_out_in_order(causes: list[tuple[int, int]]) -> None:
    timeline = Timeline()
    out: list[Event] = []
    for ordinal, (at_ms, later_ms) in enumerate(sorted(causes)):
        out += timeline.before(at_ms)
        timeline.add(event(at_ms + later_ms, f"{ordinal:05}"))
    out += timeline.rest()
    assert [(e.occurred_at, e.event_id) for e in out] == sorted((e.occurred_at, e.event_id) for e in out)
    assert len(out) == len(causes)
