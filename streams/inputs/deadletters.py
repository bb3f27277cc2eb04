"""Dead letters: what was refused, byte for byte, and why.

The value and the key are those of the record, so it can be sent again, as it was, after the mistake is
mended. What is known about it stands in headers, as UTF-8 text, and none holds what stands in the record:

    topic, partition, offset    where the record lies
    reason                      a word of `schemas.errors.Reason`
    field                       a path such as `lines[3].quantity`, empty for the whole record; where deciding
                                failed, the kind and place of that
    schema                      the name of the record that the topic carries
    time                        when it was refused, epoch milliseconds
"""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from schemas.errors import Reason
from streams.errors import Rejected
from streams.inputs.records import InputRecord, Rejection
from streams.inputs.tracing import HEADER

Headers: TypeAlias = tuple[tuple[str, bytes], ...]


class DeadLetter(Struct, frozen=True, gc=False):
    """A record for the dead-letter topic."""

    key: bytes | None
    value: bytes | None
    headers: Headers


class Account(Struct, frozen=True, gc=False):
    """What the headers of a dead letter say."""

    topic: str
    partition: int
    offset: int
    rejection: Rejection
    refused_at_ms: int


def dead_letter(record: InputRecord, rejection: Rejection, now_ms: int) -> DeadLetter:
    """The dead letter of `record`, refused at `now_ms`."""
    words = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "reason": rejection.reason.value,
        "field": rejection.field,
        "schema": rejection.schema,
        "time": str(now_ms),
    }
    if record.trace:
        words[HEADER] = record.trace
    headers = tuple((name, word.encode()) for name, word in words.items())
    return DeadLetter(record.key, record.value, headers)


def account(headers: Iterable[tuple[str, bytes]]) -> Account:
    """What `headers` of a dead letter say. Raises `Rejected` when they are not those of a dead letter."""
    try:
        words = {name: value.decode() for name, value in headers}
        rejection = Rejection(Reason(words["reason"]), words["field"], words["schema"])
        return Account(
            words["topic"], int(words["partition"]), int(words["offset"]), rejection, int(words["time"])
        )
    except (KeyError, ValueError) as error:
        raise Rejected(f"these are not the headers of a dead letter: {error}") from error
