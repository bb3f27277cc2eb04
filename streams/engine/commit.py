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
from streams.outputs.wire import Headers, Wire

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
    """Makes outputs, all under one prefix and in one format; `headers` are added to those of each."""

    __slots__ = ("_headers", "_prefix", "_wire")

    def __init__(self, prefix: str, wire: Wire, headers: Headers = ()) -> None:
        self._prefix = prefix
        self._wire = wire
        self._headers = headers

    def of(self, topic: str, record: Any) -> Output:
        """A record of a customer. `topic` is as the core names it."""
        topic = topic.removeprefix(DEFAULT_PREFIX)
        name, wire = self._prefix + topic, self._wire
        headers = (*wire.headers(name, record), *self._headers)
        return Output(name, record.customer_id.encode(), wire.encode(topic, record), headers)

    def customer(self, customer_id: str, now: CustomerSnapshot | None) -> Output:
        """How a customer stands; a tombstone for one who is gone."""
        if now is None:
            return Output(self._prefix + CUSTOMERS, customer_id.encode(), None, self._headers)
        return self.of(CUSTOMERS, now)

    def letter(self, letter: DeadLetter) -> Output:
        """A dead letter, which has headers of its own."""
        return Output(self._prefix + DEAD_LETTERS, letter.key, letter.value, letter.headers)
