from dataclasses import replace

import pytest

from schemas.records import CustomerSnapshot, Eligibility
from streams.checkers.history import ELIGIBILITY
from streams.checkers.sequence import Sequence
from tests.streams.checkers.cases import ANNA, DAY, Story, T, ended, guide, opened, wrongs

CUSTOMERS = "journey.customers"


def numbered(number: int, **fields: object) -> tuple[str, Eligibility]:
    return opened(T, f"e-{number}", sequence=number, **fields)


def snapshot(sequence: int) -> tuple[str, CustomerSnapshot]:
    parts = {"as_of": T, "stages": (), "items": (), "flags": (), "open": ()}
    return CUSTOMERS, CustomerSnapshot(customer_id=ANNA, sequence=sequence, **parts)  # type: ignore[arg-type]


def test_counting_from_one_is_right_and_a_snapshot_repeats_the_last_number() -> None:
    story = Story()
    story.look(T, numbered(1), numbered(2), snapshot(2))
    story.look(T, numbered(3))
    assert wrongs(Sequence, story) == []


def test_an_erasure_does_not_begin_the_count_anew() -> None:
    story = Story()
    story.look(T, opened(T))
    story.erases(T + DAY, ended(opened(T), "revoked", "erased"), (CUSTOMERS, None))
    story.look(T + DAY, guide(T))
    assert [step.said[0][1].sequence for step in story.steps] == [1, 2, 3]  # type: ignore[union-attr]
    assert wrongs(Sequence, story) == []


@pytest.mark.parametrize("numbers", [(2,), (1, 3), (1, 1), (1, 2, 1)])
def test_gaps_and_repeats_are_wrong(numbers: tuple[int, ...]) -> None:
    story = Story()
    story.look(T, *(numbered(number) for number in numbers))
    assert len(wrongs(Sequence, story)) == 1


def test_a_snapshot_with_a_number_of_its_own_is_wrong() -> None:
    story = Story()
    story.look(T, numbered(1), snapshot(2))
    assert wrongs(Sequence, story) == ["snapshot with sequence 2 after 1"]


def test_an_id_that_tells_whose_it_is_is_wrong() -> None:
    story = Story()
    story.look(T, opened(T, f"e-{ANNA}"))
    assert wrongs(Sequence, story) == [f"e-{ANNA} contains the customer's id"]


def test_a_record_of_another_customer_is_wrong() -> None:
    story = Story()
    story.look(T, opened(T))
    story.steps = [replace(story.steps[0], customer_id="customer-otto")]
    assert wrongs(Sequence, story) == [f"{ELIGIBILITY} speaks of another customer, {ANNA}"]


def test_a_record_of_another_time_or_cause_is_wrong() -> None:
    story = Story()
    story.look(T, numbered(1, decided_at=T - 1, cause_event_id="event-9"))
    assert wrongs(Sequence, story) == [
        f"{ELIGIBILITY} decided at {T - 1} in a step at {T}",
        f"{ELIGIBILITY} was caused by event-9, which is not what happened",
    ]
