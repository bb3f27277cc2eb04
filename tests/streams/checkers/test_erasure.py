from schemas.records import Check, CustomerSnapshot, FrictionChange
from streams.checkers.erasure import Erasures
from tests.streams.checkers.cases import (
    ANNA,
    CHECKS,
    DAY,
    T,
    ended,
    guide,
    opened,
    owner_of_a_drill,
    wrongs,
)

TOMBSTONE = ("journey.customers", None)


def test_taking_back_and_falling_silent_is_right() -> None:
    story = owner_of_a_drill()
    story.look(T, opened(T))
    story.erases(T + DAY, ended(opened(T), "revoked", "erased"), TOMBSTONE)
    assert wrongs(Erasures, story) == []


def test_what_stays_open_is_wrong() -> None:
    story = owner_of_a_drill()
    story.look(T, opened(T))
    story.erases(T + DAY, TOMBSTONE)
    assert wrongs(Erasures, story) == ["e-1 outlives the erasure"]


def test_any_other_end_or_record_upon_it_is_wrong() -> None:
    story = owner_of_a_drill()
    story.look(T, opened(T))
    snapshot = CustomerSnapshot(customer_id=ANNA, sequence=9, as_of=T, stages=(), items=(), flags=(), open=())
    friction = FrictionChange(
        customer_id="", sequence=0, flag="open_question", scope="customer", from_state="open",
        to_state="none", since=T, severity="normal", stale=False, inferred=False,
        decided_at=T, policy_version="p1",
        catalogue_version="c1",
    )  # fmt: skip
    story.erases(
        T + DAY,
        ended(opened(T), "expired"),
        ("journey.friction", friction),
        ("journey.customers", snapshot),
    )
    assert wrongs(Erasures, story) == [
        "e-1 expired for moment_passed upon an erasure",
        "journey.friction upon an erasure",
        "a snapshot upon an erasure, where a tombstone belongs",
    ]


def test_what_was_told_before_is_not_spoken_of_later() -> None:
    story = owner_of_a_drill()
    story.erases(T)
    story.look(T + DAY, guide(T, order_id="order-1"))
    assert wrongs(Erasures, story) == [
        "journey.eligibility names drill from before the erasure",
        "journey.eligibility names order-1 from before the erasure",
    ]


def test_what_is_told_again_may_be_spoken_of_again() -> None:
    story = owner_of_a_drill()
    story.erases(T)
    story.orders(T + 1, "drill", order_id="order-2")
    story.look(T + DAY, guide(T, order_id="order-2"))
    assert wrongs(Erasures, story) == []


def test_a_late_event_from_before_tells_nothing() -> None:
    story = owner_of_a_drill()
    story.erases(T)
    story.tell(T + DAY, story.order(T - DAY, "drill"))
    story.look(T + DAY, guide(T))
    assert len(wrongs(Erasures, story)) == 1


def test_evidence_from_before_is_wrong() -> None:
    story = owner_of_a_drill()
    story.erases(T)
    story.orders(T + 1, "drill")
    proof = Check(name="right_stage", verdict="pass", evidence=("event-1",))
    story.look(T + DAY, guide(T, checks=(proof, *CHECKS[1:])))
    assert wrongs(Erasures, story) == ["journey.eligibility names event-1 from before the erasure"]
