"""Pure. Which events happen by when: a history, and reactions to what was said, each at its own time.

    events in order of time \
    eligibility -> reaction  > by time -> due(now)

A reaction is a function of its eligibility, so none is kept anywhere: a later run hears all eligibilities
again and leaves out what was sent before. What is heard of only after its time is due at once, with the time
at which it happened, as reports do come late.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

from schemas.records import Eligibility
from streams.sources.source import TOPIC_RANKS, Event, Responder

OPENED = "opened"


class Traffic:
    """What happens after `sent_ms`. `history` is in order of time."""

    def __init__(self, history: Iterator[Event], responder: Responder | None, sent_ms: int) -> None:
        self._history = history
        self._responder = responder
        self._sent_ms = sent_ms
        self._waiting: list[tuple[int, int, str, Event]] = []
        self._next = next(history, None)
        while self._next is not None and self._next.occurred_at <= sent_ms:
            self._next = next(history, None)

    @property
    def over(self) -> bool:
        """Whether nothing of the history is left; reactions may be."""
        return self._next is None

    def due(self, until_ms: int) -> list[Event]:
        """What has happened by then and was not handed out, in order of time."""
        while self._next is not None and self._next.occurred_at <= until_ms:
            self._add(self._next)
            self._next = next(self._history, None)
        found: list[Event] = []
        while self._waiting and self._waiting[0][0] <= until_ms:
            found.append(heappop(self._waiting)[3])
        return found

    def react(self, eligibility: Eligibility, *, heard: bool) -> None:
        """Take up what follows of an eligibility; `heard`: what lies before `sent_ms` was sent already."""
        if self._responder is None or eligibility.status != OPENED:
            return
        for event in self._responder(eligibility):
            if not heard or event.occurred_at > self._sent_ms:
                self._add(event)

    def _add(self, event: Event) -> None:
        heappush(self._waiting, (event.occurred_at, TOPIC_RANKS[type(event)], event.event_id, event))
