"""Pure. What the output topics have said so far, counted: all that the view shows beside speed and lag."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import Final

from schemas.records import Decision, Eligibility, FrictionChange, Product
from streams.up.promises import FLAG_OPEN, OPENED, RESCHEDULED, Promises, Said

LATEST_MAX: Final = 40
REVOKED: Final = "revoked"


class Board:
    """Counts over the outputs. What was said before `since_ms` is counted, but not as new."""

    def __init__(self, since_ms: int, products: Mapping[str, Product]) -> None:
        self.promises = Promises(products)
        self.new_records = 0
        """Records of all output topics, and below permissions, since `since_ms`."""
        self.new_opened = 0
        self.opened: Counter[str] = Counter()
        """By placement, as `open`."""
        self.by_time = 0
        """Permissions that no event opened: a time had come."""
        self.ended: Counter[str] = Counter()
        self.raised: Counter[str] = Counter()
        self.cleared: Counter[str] = Counter()
        self.withheld: Counter[str] = Counter()
        self.held_out = 0
        self.dead_letters = 0
        self.open: dict[str, Eligibility] = {}
        self.latest: deque[Eligibility] = deque(maxlen=LATEST_MAX)
        """Openings and revocations, the newest last."""
        self._since_ms = since_ms

    def heard(self, at_ms: int) -> None:
        """A record of any output topic, with its timestamp."""
        self.new_records += at_ms >= self._since_ms

    def said(self, record: Said, *, held_out: bool = False) -> None:
        """What a record says. `held_out`: it will never be said to anybody."""
        self.promises.said(record)
        if isinstance(record, FrictionChange):
            self._friction(record)
        elif isinstance(record, Decision):
            self.withheld[record.reason] += 1
        elif isinstance(record, Eligibility):
            if held_out:
                self.held_out += record.status == OPENED
            else:
                self._eligibility(record)

    def _eligibility(self, record: Eligibility) -> None:
        if record.status == OPENED:
            self.opened[record.placement] += 1
            self.new_opened += record.decided_at >= self._since_ms
            self.by_time += record.cause_event_id is None
            self.open[record.eligibility_id] = record
            self.latest.append(record)
        elif record.status != RESCHEDULED:
            self.ended[record.status] += 1
            self.open.pop(record.eligibility_id, None)
            if record.status == REVOKED:
                self.latest.append(record)

    def _friction(self, record: FrictionChange) -> None:
        if record.to_state == FLAG_OPEN:
            self.raised[record.flag] += 1
        elif record.from_state == FLAG_OPEN:
            self.cleared[record.flag] += 1
