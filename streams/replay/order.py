"""Puts events into the total order of a replay, as long as they are not later than the disorder allowed.

    events, almost in order -> Reorder (one per file) -> merged -> events in order, each once

The order is (occurred_at, rank of the topic, event_id, payload). An event may stand up to `disorder_ms` after
a later one. So it is handed out when one that is later by more than that was seen: whatever may still come
sorts behind it, and a repeat of it has come by then and has collapsed. What comes even later is refused,
since time has passed it; it is counted and goes to the dead letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import total_ordering
from heapq import heappop, heappush, merge
from typing import Final

import msgspec

from streams.sources.source import TOPIC_RANKS, Event

TOO_LATE: Final = "too_late_for_replay"
"""The reason in the dead letter of an event beyond the disorder allowed."""

Place = tuple[int, int, str, "Payload"]
Refuse = Callable[[Event], None]


@total_ordering
class Payload:
    """An event that sorts by its bytes: the last tie-break, computed only when all else is equal."""

    __slots__ = ("event",)

    def __init__(self, event: Event) -> None:
        self.event = event

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Payload) and self.event == other.event

    def __lt__(self, other: Payload) -> bool:
        return msgspec.json.encode(self.event) < msgspec.json.encode(other.event)

    __hash__ = None  # type: ignore[assignment] # it is compared, never kept in a set


def place(event: Event) -> Place:
    """Where an event stands in the total order."""
    return event.occurred_at, TOPIC_RANKS[type(event)], event.event_id, Payload(event)


class Reorder:
    """One stream of events that is sorted within `disorder_ms`. Holds the events of that time, no more."""

    __slots__ = ("_disorder_ms", "_heap", "_latest", "_refuse", "repeats")

    def __init__(self, disorder_ms: int, refuse: Refuse) -> None:
        self._disorder_ms = disorder_ms
        self._refuse = refuse
        self._heap: list[Place] = []
        self._latest = 0
        self.repeats = 0

    def sorted(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events in the total order, exact repeats once."""
        heap = self._heap
        last: Place | None = None
        for event in events:
            at = event.occurred_at
            if at > self._latest:
                self._latest = at
                while heap and heap[0][0] < at - self._disorder_ms:
                    last, before = heappop(heap), last
                    if self._is_new(last, before):
                        yield last[3].event
            elif at < self._latest - self._disorder_ms:
                self._refuse(event)
                continue
            heappush(heap, place(event))
        while heap:
            last, before = heappop(heap), last
            if self._is_new(last, before):
                yield last[3].event

    def _is_new(self, this: Place, before: Place | None) -> bool:
        if this == before:
            self.repeats += 1
            return False
        return True


def merged(streams: Iterable[Iterable[Event]]) -> Iterator[Event]:
    """Streams that are each in the total order, as one. Only one of each is held."""
    return merge(*streams, key=place)
