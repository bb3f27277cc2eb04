"""Pure. Dead letters as they lie on their topic, which of them are meant, and how many there are of which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct

from streams.errors import Rejected
from streams.inputs.deadletters import Account, account
from streams.inputs.decode import InputDecoder
from streams.inputs.partition import Partitioner
from streams.inputs.records import InputRecord, Rejection

NO_LETTER: Final = "not a dead letter"


class Letter(Struct, frozen=True):
    """A record of the dead-letter topic. `account` is None for one that somebody else put there."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    account: Account | None

    @property
    def marker(self) -> bytes:
        """What it is marked by once it was sent back; another topic of the same name has other times."""
        return f"{self.partition}:{self.offset}:{self.timestamp_ms}".encode()

    @property
    def place(self) -> bytes:
        """Where it lies, for the header of what is sent back."""
        return f"{self.partition}:{self.offset}".encode()


def letter_of(record: Any) -> Letter:
    """The letter of a consumer's record."""
    headers = tuple(record.headers)
    try:
        said = account(headers)
    except Rejected:
        said = None
    return Letter(record.partition, record.offset, record.timestamp, record.key, record.value, headers, said)


class Wanted(Struct, frozen=True):
    """Which letters are meant. None: all of them."""

    topic: str | None = None
    reason: str | None = None
    since_ms: int | None = None

    def holds(self, letter: Letter) -> bool:
        """Whether it is one of them. What is no letter has neither topic nor reason."""
        said = letter.account
        if said is None:
            return self.topic is None and self.reason is None and letter.timestamp_ms >= (self.since_ms or 0)
        return (
            self.topic in (None, said.topic)
            and self.reason in (None, said.rejection.reason.value)
            and said.refused_at_ms >= (self.since_ms or 0)
        )


class Count(Struct):
    """How many letters of one topic have one reason; times are epoch milliseconds."""

    topic: str
    reason: str
    letters: int
    first_at: int
    last_at: int


def counted(letters: Iterable[Letter]) -> list[Count]:
    """By topic and reason, in their order."""
    found: dict[tuple[str, str], Count] = {}
    for letter in letters:
        said = letter.account
        topic, reason = ("", NO_LETTER) if said is None else (said.topic, said.rejection.reason.value)
        at = letter.timestamp_ms if said is None else said.refused_at_ms
        count = found.setdefault((topic, reason), Count(topic, reason, 0, at, at))
        count.letters += 1
        count.first_at, count.last_at = min(count.first_at, at), max(count.last_at, at)
    return [count for _, count in sorted(found.items())]


class Judge:
    """Says what would become of letters if they were sent back now."""

    def __init__(
        self,
        decoder: InputDecoder,
        inputs: frozenset[str],
        co_partitioned: frozenset[str],
        partitioner: Partitioner,
        partitions: int,
    ) -> None:
        self._decoder = decoder
        self._co_partitioned = co_partitioned
        self._inputs = inputs
        self._partitioner = partitioner
        self._partitions = partitions

    def again(self, letter: Letter, now_ms: int) -> InputRecord | None:
        """The record as it would be sent: its bytes, dated now, where its key belongs; None without one."""
        said = letter.account
        if said is None or said.topic not in self._inputs:
            return None
        number = said.partition
        if letter.key and said.topic in self._co_partitioned:
            number = self._partitioner(letter.key, self._partitions)
        return InputRecord(said.topic, number, 0, now_ms, letter.key, letter.value)

    def refused(self, record: InputRecord) -> Rejection | None:
        """Why it would be refused, None when it would be accepted."""
        found = self._decoder.decode(record)
        return found if isinstance(found, Rejection) else None
