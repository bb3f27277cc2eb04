"""Puts the records of several topics into the total order of a replay, while they are being read.

    topics, each read by itself -> heap of what is not certain -> the next event, when no earlier one can come

A topic that is not read to its end can still bring any event that is not older than its newest one by more
than the disorder allowed. So an event is certain when it is older than that of every such topic, and a topic
that is finished holds nobody up. The order is the one of `streams.replay.order`, and exact repeats collapse.

Where to read again after a crash. What is handed out is a prefix of the order, not of a topic: a record may
wait while later ones of its topic are gone. So a bookmark names the lowest offset of each topic that was not
handed out, and the place of the last event that was: what is read again and stands at or before that place is
left out. A record that was refused was so judged by the newest event before it: the bookmark remembers that
too, and how far each topic was read, so that nothing is refused twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import Enum
from heapq import heappop, heappush
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from streams.inputs.records import InputRecord
from streams.journey.view import FAR
from streams.replay.order import Payload
from streams.sources.source import TOPIC_RANKS, Event

AHEAD_MAX: Final = 5_000
"""Records of one topic that are held beyond what the others wait for."""


class Verdict(Enum):
    """What becomes of an event that was read."""

    HELD = "held"
    TOO_LATE = "too late"
    KNOWN = "known"
    """It was handed out, or refused, before a crash."""


class LineMark(Struct, frozen=True, array_like=True):
    """Where one topic stands.

    `low` is the lowest offset that is needed again, `low_newest_ms` the time of the newest event before it,
    and `read` the first offset that was never read.
    """

    low: int = 0
    low_newest_ms: int = 0
    read: int = 0


class Bookmark(Struct, frozen=True, array_like=True):
    """Where a sequencer stands: its topics, and the last event that it handed out.

    `payload` is there only when another event of the same time, topic and id waits.
    """

    lines: dict[str, LineMark] = {}
    at_ms: int = -1
    rank: int = 0
    event_id: str = ""
    payload: bytes | None = None


class Held(Payload):
    """An event in the heap, with the record that it came in."""

    __slots__ = ("record",)

    def __init__(self, event: Event, record: InputRecord) -> None:
        super().__init__(event)
        self.record = record

    __hash__ = None


HeldPlace = tuple[int, int, str, Held]


class _Offset(NamedTuple):
    """A record that was read: the newest event of its topic before it, in epoch ms."""

    offset: int
    newest_ms: int


class _Line:
    """One topic."""

    __slots__ = ("finished", "gone", "newest_ms", "read", "seen", "waiting")

    def __init__(self, mark: LineMark) -> None:
        self.finished = False
        self.newest_ms = mark.low_newest_ms
        self.read = max(mark.low, 0)
        self.seen = mark.read
        """Up to here it was read before a crash."""
        self.waiting: deque[_Offset] = deque()
        """Read and not handed out, with some that are gone already, in order of their offsets."""
        self.gone: set[int] = set()

    @property
    def held(self) -> int:
        return len(self.waiting) - len(self.gone)

    def release(self, offset: int) -> None:
        """The record is done with."""
        waiting, gone = self.waiting, self.gone
        gone.add(offset)
        while waiting and waiting[0].offset in gone:
            gone.remove(waiting.popleft().offset)

    @property
    def mark(self) -> LineMark:
        low = self.waiting[0] if self.waiting else _Offset(self.read, self.newest_ms)
        return LineMark(low.offset, low.newest_ms, max(self.read, self.seen))


class Sequencer:
    """A feed of `streams.replay.driver` over topics. `topics` are those of one partition, by full name."""

    def __init__(self, topics: Iterable[str], disorder_ms: int, bookmark: Bookmark | None = None) -> None:
        bookmark = bookmark or Bookmark()
        self.event: Event | None = None
        self.horizon_ms = -1
        self.taken: InputRecord | None = None
        """The record of the event that was handed out last."""
        self.repeats = 0
        self._over = False
        self._disorder_ms = disorder_ms
        self._heap: list[HeldPlace] = []
        self._lines = {topic: _Line(bookmark.lines.get(topic, LineMark())) for topic in topics}
        self._last = bookmark

    @property
    def exhausted(self) -> bool:
        """Whether all topics are read to their end, and all events handed out."""
        return not self._heap and all(line.finished for line in self._lines.values())

    @property
    def newest_ms(self) -> int:
        """The time of the newest event that was read; 0 when there was none."""
        return max((line.newest_ms for line in self._lines.values()), default=0)

    def position(self, topic: str) -> int:
        """The next offset to be read."""
        return self._lines[topic].read

    def was_read(self, record: InputRecord) -> bool:
        """Whether the record was read before a crash already: what was refused then is not refused again."""
        return record.offset < self._lines[record.topic].seen

    def wanting(self) -> list[str]:
        """The topics to read next: those that hold up the others, and those of which little is held."""
        unfinished = {topic: line for topic, line in self._lines.items() if not line.finished}
        least = min((line.newest_ms for line in unfinished.values()), default=0)
        return [
            topic for topic, line in unfinished.items() if line.newest_ms == least or line.held < AHEAD_MAX
        ]

    def offer(self, record: InputRecord, event: Event) -> Verdict:
        """An event that was read. `settle` makes the next one known."""
        line = self._lines[record.topic]
        newest_ms, at_ms = line.newest_ms, event.occurred_at
        line.read = record.offset + 1
        if at_ms < newest_ms - self._disorder_ms:
            return Verdict.KNOWN if record.offset < line.seen else Verdict.TOO_LATE
        line.newest_ms = max(newest_ms, at_ms)
        if record.offset < line.seen and self._was_handed_out(event):
            return Verdict.KNOWN
        line.waiting.append(_Offset(record.offset, newest_ms))
        rank = TOPIC_RANKS[type(event)]
        heappush(self._heap, (at_ms, rank, event.event_id, Held(event, record)))
        return Verdict.HELD

    def pass_by(self, record: InputRecord) -> None:
        """A record that is no event."""
        self._lines[record.topic].read = record.offset + 1

    def finish(self, topic: str, offset: int) -> None:
        """The topic is read to its end, which is `offset`."""
        line = self._lines[topic]
        line.finished, line.read = True, max(line.read, offset)

    def close(self) -> None:
        """The end of the replay is known, and no more events come before it: nothing is uncertain."""
        self._over = True
        self.settle()

    def settle(self) -> None:
        """Find out how far it is certain now, and which event is next."""
        oldest_ms = min((it.newest_ms for it in self._lines.values() if not it.finished), default=None)
        if self._over:
            self.horizon_ms = FAR
        elif oldest_ms is None:
            self.horizon_ms = self.newest_ms + 1
        else:
            self.horizon_ms = oldest_ms - self._disorder_ms
        self._find()

    def next(self) -> None:
        """`event` is taken, with all its exact repeats: go on to the one behind it."""
        heap, lines = self._heap, self._lines
        first = heappop(heap)
        at_ms, rank, event_id, held = first
        self.taken = held.record
        lines[held.record.topic].release(held.record.offset)
        while heap and heap[0] == first:
            again = heappop(heap)[3].record
            lines[again.topic].release(again.offset)
            self.repeats += 1
        self._last = Bookmark({}, at_ms, rank, event_id)
        if heap and heap[0][:3] == first[:3]:
            self._last = Bookmark({}, at_ms, rank, event_id, _payload(held.event))
        self._find()

    @property
    def bookmark(self) -> Bookmark:
        """Where to go on after a crash."""
        lines = {topic: line.mark for topic, line in self._lines.items()}
        return msgspec.structs.replace(self._last, lines=lines)

    def _find(self) -> None:
        heap = self._heap
        self.event = heap[0][3].event if heap and heap[0][0] < self.horizon_ms else None

    def _was_handed_out(self, event: Event) -> bool:
        last = self._last
        mine = (event.occurred_at, TOPIC_RANKS[type(event)], event.event_id)
        its = (last.at_ms, last.rank, last.event_id)
        if mine != its or last.payload is None:
            return mine <= its
        return _payload(event) <= last.payload


def _payload(event: Event) -> bytes:
    """What events of one place are told apart by; see `streams.replay.order.Payload`."""
    return msgspec.json.encode(event)
