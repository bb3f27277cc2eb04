from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.errors import Rejected
from streams.inputs.deadletters import account
from streams.inputs.decode import InputDecoder
from streams.inputs.records import Input, InputRecord, Rejection, Removal
from tests.schemas.examples import EXAMPLES, label, load, paths, topic_of

DECODER = InputDecoder()


def decoded(path: Path, record: Any, timestamp_ms: int | None = None) -> Input | Rejection | Removal:
    topic = topic_of(path)
    key = str(record.get(topic.key, "")).encode()
    value = msgspec.json.encode(record)
    return DECODER.decode(InputRecord(topic.full_name(), 0, 0, timestamp_ms, key, value))


@pytest.mark.parametrize("path", paths("valid", "in"), ids=label)
def test_a_valid_example_becomes_an_event(path: Path) -> None:
    record = load(path)
    found = decoded(path, record, record.get("occurred_at"))
    assert type(found).__name__ == topic_of(path).schema


@pytest.mark.parametrize("path", paths("rejected", "in"), ids=label)
def test_a_rejected_example_gives_exactly_its_reason(path: Path) -> None:
    example = load(path)
    found = decoded(path, example["record"], example.get("timestamp_ms"))
    assert found == Rejection(example["reason"], example["field"], topic_of(path).schema or "")


def headers(name: str) -> list[tuple[str, bytes]]:
    example = load(EXAMPLES / "dead-letters" / f"{name}.json")
    return [(word, value.encode()) for word, value in example["headers"].items()]


def test_the_example_of_a_dead_letter_is_read() -> None:
    found = account(headers("valid-refused-purchase"))
    assert found.rejection == Rejection(found.rejection.reason, "order_id", "Purchase")
    assert (found.topic, found.partition, found.offset) == ("journey.purchases", 3, 812)


def test_the_example_without_a_reason_is_no_dead_letter() -> None:
    with pytest.raises(Rejected, match="reason"):
        account(headers("rejected-reason-missing"))
