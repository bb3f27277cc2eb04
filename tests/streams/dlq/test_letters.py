"""What dead letters are meant, and what would become of them now."""

import pytest

from schemas.errors import Reason
from schemas.topics import inputs
from streams.dlq.letters import NO_LETTER, Judge, Letter, Wanted, counted
from streams.inputs.deadletters import account, dead_letter
from streams.inputs.decode import InputDecoder
from streams.inputs.partition import murmur2_partition
from streams.inputs.records import InputRecord, Rejection

NOW = 1_772_366_400_000
PARTITIONS = 4
GOOD = b'{"event_id":"e","occurred_at":1772366400000,"customer_id":"anna","market":"de"}'
RIGHT = murmur2_partition(b"anna", PARTITIONS)


def letter(
    value: bytes | None = GOOD,
    reason: Reason = Reason.MALFORMED,
    partition: int = RIGHT,
    at_ms: int = NOW,
    topic: str = "journey.profiles",
) -> Letter:
    record = InputRecord(topic, partition, 7, NOW, b"anna", value)
    made = dead_letter(record, Rejection(reason, "", "Profile"), at_ms)
    return Letter(0, 3, at_ms, made.key, made.value, made.headers, account(made.headers))


def judge() -> Judge:
    names = frozenset(it.full_name() for it in inputs().values())
    together = frozenset(it.full_name() for it in inputs().values() if it.co_partitioned)
    return Judge(InputDecoder(partitions=PARTITIONS), names, together, murmur2_partition, PARTITIONS)


def test_what_was_mended_would_be_accepted_with_its_bytes_as_they_were() -> None:
    again = judge().again(letter(), NOW)
    assert again is not None
    assert (again.topic, again.key, again.value) == ("journey.profiles", b"anna", GOOD)
    assert judge().refused(again) is None


def test_what_lay_in_a_wrong_partition_goes_to_the_right_one() -> None:
    again = judge().again(letter(reason=Reason.WRONG_PARTITION, partition=(RIGHT + 1) % PARTITIONS), NOW)
    assert again is not None
    assert again.partition == RIGHT
    assert judge().refused(again) is None


def test_what_would_be_refused_again_says_why_and_where() -> None:
    again = judge().again(letter(GOOD.replace(b'"de"', b"7")), NOW)
    assert again is not None
    assert judge().refused(again) == Rejection(Reason.WRONG_TYPE, "market", "Profile")


@pytest.mark.parametrize(("later_ms", "refused"), [(-300_001, True), (-300_000, False)])
def test_the_future_is_judged_by_when_it_is_sent(later_ms: int, refused: bool) -> None:
    again = judge().again(letter(reason=Reason.FROM_THE_FUTURE), NOW + later_ms)
    assert again is not None
    assert (judge().refused(again) is not None) is refused


def test_what_is_of_no_input_has_no_way_back() -> None:
    assert judge().again(letter(topic="journey.eligibility"), NOW) is None
    assert judge().again(Letter(0, 1, NOW, None, b"?", (), None), NOW) is None


def test_letters_are_counted_by_topic_and_reason_with_first_and_last() -> None:
    found = counted([letter(at_ms=NOW + 5), letter(), Letter(0, 1, NOW, None, b"?", (), None)])
    assert [(it.topic, it.reason, it.letters, it.first_at, it.last_at) for it in found] == [
        ("", NO_LETTER, 1, NOW, NOW),
        ("journey.profiles", "malformed", 2, NOW, NOW + 5),
    ]


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (Wanted(), True),
        (Wanted(topic="journey.profiles", reason="malformed", since_ms=NOW), True),
        (Wanted(since_ms=NOW + 1), False),
        (Wanted(topic="journey.usage"), False),
        (Wanted(reason="empty"), False),
    ],
)
def test_a_letter_is_meant_by_its_topic_reason_and_time(wanted: Wanted, holds: bool) -> None:
    assert wanted.holds(letter()) is holds


def test_two_letters_at_the_same_place_of_topics_made_anew_have_different_markers() -> None:
    assert letter().marker != letter(at_ms=NOW + 1).marker
