"""Pure. What the output topics have said so far, counted: all that the view shows beside speed and lag."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

from schemas.records import Eligibility, FrictionChange

LATEST_MAX: Final = 14
OPENED: Final = "opened"
REVOKED: Final = "revoked"
RESCHEDULED: Final = "rescheduled"


class Board:
    """Counts over the outputs."""

    def __init__(self) -> None:
        self.outputs = 0
        self.by_topic: Counter[str] = Counter()
        self.opened: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.raised: Counter[str] = Counter()
        self.cleared: Counter[str] = Counter()
        self.open: dict[str, Eligibility] = {}
        self.latest: deque[Eligibility] = deque(maxlen=LATEST_MAX)

    def said(self, topic: str) -> None:
        """A record of any output topic, by its name without prefix."""
        self.outputs += 1
        self.by_topic[topic] += 1

    def eligibility(self, record: Eligibility) -> None:
        """A permission changed."""
        if record.status == OPENED:
            self.opened[record.placement] += 1
            self.open[record.eligibility_id] = record
            self.latest.append(record)
        elif record.status != RESCHEDULED:
            self.ended[record.status] += 1
            self.open.pop(record.eligibility_id, None)
            if record.status == REVOKED:
                self.latest.append(record)

    def friction(self, record: FrictionChange) -> None:
        """A friction flag changed."""
        if record.to_state == "open":
            self.raised[record.flag] += 1
        elif record.from_state == "open":
            self.cleared[record.flag] += 1
