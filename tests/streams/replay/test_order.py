"""The disorder buffer: what is put right, what is refused, what collapses."""

import random

from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Erasure, Profile, Purchase, Reply, Ticket, Usage
from streams.replay.order import Reorder, merged, place
from streams.sources.source import Event

W = 1_000


def usage(at: int, event_id: str = "u", product_id: str = "p") -> Usage:
    return Usage(event_id, "c", at, type="session", product_id=product_id)


def ordered(events: list[Event], disorder_ms: int = W) -> tuple[list[Event], list[Event], int]:
    refused: list[Event] = []
    reorder = Reorder(disorder_ms, refused.append)
    return list(reorder.sorted(events)), refused, reorder.repeats


def test_an_event_as_late_as_allowed_is_put_right() -> None:
    early, late = usage(10_000, "a"), usage(9_000, "b")
    assert ordered([early, late]) == ([late, early], [], 0)


def test_an_event_one_millisecond_later_than_allowed_is_refused() -> None:
    early, late = usage(10_000, "a"), usage(8_999, "b")
    assert ordered([early, late]) == ([early], [late], 0)


def test_exact_repeats_collapse_and_are_counted() -> None:
    assert ordered([usage(1), usage(500, "b"), usage(1), usage(1)]) == ([usage(1), usage(500, "b")], [], 2)


def test_the_same_id_with_another_payload_is_no_repeat() -> None:
    one, other = usage(1, product_id="p"), usage(1, product_id="q")
    assert ordered([other, one]) == ordered([one, other]) == ([one, other], [], 0)


def test_topics_at_the_same_time_are_taken_by_rank() -> None:
    events: list[Event] = [
        Reply("a", "c", 5, intent="yes"),
        Ticket("a", "c", 5, ticket_id="t", status="new"),
        usage(5, "a"),
        Purchase("a", "c", 5, type="order_cancelled", order_id="o"),
        Profile("a", "c", 5),
        Erasure("a", "c", 5),
    ]
    assert ordered(events)[0] == list(reversed(events))


@given(
    st.lists(st.tuples(st.integers(0, 20_000), st.text("ab", min_size=1, max_size=2)), max_size=60),
    st.integers(0, 2**32),
)
def test_any_disorder_within_the_bound_ends_in_the_total_order(
    given_events: list[tuple[int, str]], seed: int
) -> None:
    rng = random.Random(seed)
    clean = sorted({place(usage(at, name))[:3]: usage(at, name) for at, name in given_events}.items())
    events: list[Event] = [event for _, event in clean]
    disturbed = sorted([*events, *events[::3]], key=lambda event: event.occurred_at + rng.random() * W)
    assert ordered(disturbed)[:2] == (events, [])


def test_sorted_streams_are_merged_in_the_total_order() -> None:
    one, other = [usage(1, "a"), usage(5, "a")], [usage(1, "b"), usage(2, "b"), usage(9, "b")]
    assert list(merged([other, one])) == sorted([*one, *other], key=place)
