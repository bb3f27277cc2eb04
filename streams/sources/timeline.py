"""Events in order, without holding all of them: a calendar queue with one bucket per day.

What happens around an order is generated when the order is read, weeks ahead of time, and never lies before
it. So a day is complete as soon as an order of a later day was read: its bucket is sorted and handed out.
That is cheaper than a heap (one sort per day instead of a sift per event), and it holds only what still lies
ahead.
"""

from collections.abc import Iterator

from streams.sources.source import TOPIC_RANKS, Event

DAY_MS = 86_400_000


class Timeline:
    """Holds events until their day is over."""

    __slots__ = ("_days", "_done")

    def __init__(self) -> None:
        self._days: dict[int, list[tuple[int, int, str, Event]]] = {}
        self._done = -1  # the last day handed out

    def add(self, event: Event) -> None:
        """Keep `event`; ValueError when its day was handed out already."""
        at = event.occurred_at
        day = at // DAY_MS
        bucket = self._days.get(day)
        if bucket is None:
            if day <= self._done:
                raise ValueError(f"event {event.event_id} lies on a day that is already handed out")
            bucket = self._days[day] = []
        bucket.append((at, TOPIC_RANKS[type(event)], event.event_id, event))

    def before(self, at_ms: int) -> Iterator[Event]:
        """Hand out, in order, the events of all days before the day of `at_ms`."""
        yesterday = at_ms // DAY_MS - 1
        if yesterday <= self._done:
            return
        for day in sorted(day for day in self._days if day <= yesterday):
            yield from self._hand_out(day)
        self._done = yesterday

    def rest(self) -> Iterator[Event]:
        """Hand out, in order, all that is left."""
        for day in sorted(self._days):
            yield from self._hand_out(day)

    def _hand_out(self, day: int) -> Iterator[Event]:
        self._done = day
        bucket = self._days.pop(day)
        bucket.sort()  # ids differ, so two events themselves are never compared
        for entry in bucket:
            yield entry[3]
