import os
from collections import Counter
from collections.abc import Iterator

import pytest

from schemas.errors import Reason
from schemas.framing import encode
from schemas.topics import inputs
from streams.inputs.deadletters import account, dead_letter
from streams.inputs.records import Input, InputRecord, Rejection, Removal
from tests.streams.inputs.bad_records import AT, Good, bad_records, decoder, good_records

SEED = 20_250_115
RECORDS = int(os.environ.get("KAIROS_BAD_RECORDS", "100000"))

DECODER = decoder()
NEVER_FROM_BYTES = {Reason.DECISION_FAILED, Reason.TOO_LATE_FOR_REPLAY}
"""Reasons of other parts, which no record alone can bring about."""


def outcomes() -> Iterator[tuple[InputRecord, Input | Rejection | Removal]]:
    for record in bad_records(SEED, RECORDS):
        yield record, DECODER.decode(record)


@pytest.mark.slow
def test_no_bad_record_does_more_than_become_a_valid_event_or_a_dead_letter_of_its_bytes() -> None:
    reasons: Counter[Reason] = Counter()
    valid = 0
    for record, found in outcomes():
        if isinstance(found, Rejection):
            letter = dead_letter(record, found, AT)
            assert (letter.key, letter.value) == (record.key, record.value)
            assert account(letter.headers).rejection == found
            reasons[found.reason] += 1
        elif not isinstance(found, Removal):
            again = InputRecord(
                record.topic, record.partition, 0, record.timestamp_ms, record.key, encode(found)
            )
            assert DECODER.decode(again) == found
            valid += 1
    assert set(reasons) == set(Reason) - NEVER_FROM_BYTES
    assert valid < RECORDS / 5


def test_the_same_seed_gives_the_same_records() -> None:
    assert list(bad_records(1, 200)) == list(bad_records(1, 200))
    assert list(bad_records(1, 200)) != list(bad_records(2, 200))


def test_every_input_topic_has_bad_records() -> None:
    assert {record.topic for record in bad_records(SEED, 2_000)} == {
        it.full_name() for it in inputs().values()
    }


@pytest.mark.parametrize("good", good_records(), ids=lambda good: f"{good.topic}")
def test_a_record_is_good_before_it_is_damaged(good: Good) -> None:
    assert DECODER.decode(good.record(encode(good.event))) == good.event
