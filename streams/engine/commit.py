"""What one transaction says, and how a record becomes a part of it."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from schemas.records import CustomerSnapshot
from schemas.topics import CUSTOMERS, DEAD_LETTERS, DEFAULT_PREFIX
from state.store import Batch
from streams.engine.position import Position
from streams.engine.totals import Done
from streams.inputs.deadletters import DeadLetter
from streams.outputs.wire import Encode

Headers = tuple[tuple[str, bytes], ...]
NOTHING_DONE: Final = Done()


class Output(Struct, frozen=True, gc=False):
    """A record to be said. `topic` is the full name; a value of None is a tombstone."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Commit(Struct, frozen=True):
    """Everything that one transaction says, and what the store takes over when it is committed."""

    outputs: list[Output]
    letters: list[Output]
    changes: Batch
    position: Position
    steps: int
    done: Done = NOTHING_DONE


class Voice:
    """Makes outputs, all under one prefix, in one format and with the same headers."""

    __slots__ = ("_encode", "_headers", "_prefix")

    def __init__(self, prefix: str, encode: Encode, headers: Headers = ()) -> None:
        self._prefix = prefix
        self._encode = encode
        self._headers = headers

    def of(self, topic: str, record: Any) -> Output:
        """A record of a customer. `topic` is as the core names it."""
        name = topic.removeprefix(DEFAULT_PREFIX)
        key, value = record.customer_id.encode(), self._encode(name, record)
        return Output(self._prefix + name, key, value, self._headers)

    def customer(self, customer_id: str, now: CustomerSnapshot | None) -> Output:
        """How a customer stands; a tombstone for one who is gone."""
        value = None if now is None else self._encode(CUSTOMERS, now)
        return Output(self._prefix + CUSTOMERS, customer_id.encode(), value, self._headers)

    def letter(self, letter: DeadLetter) -> Output:
        """A dead letter, which has headers of its own."""
        return Output(self._prefix + DEAD_LETTERS, letter.key, letter.value, letter.headers)
