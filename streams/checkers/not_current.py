"""While the partition is not current, nothing is opened and silence means nothing."""

from collections.abc import Iterator

from schemas.records import Eligibility, FrictionChange
from streams.checkers.checker import Checker
from streams.checkers.history import Record, Step

FROM_SILENCE_OF = {"stalled_start": "usage"}
"""Placements that open because nothing was heard, and of what."""


class NotCurrent(Checker):
    """The ticket that forbids an offer may still be unread, and so may a delivery that seems missing."""

    name = "not_current"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge openings."""
        if not step.current:
            yield f"{record.placement} {record.eligibility_id} opened while catching up"
        if FROM_SILENCE_OF.get(record.placement) in step.silent:
            yield f"{record.placement} {record.eligibility_id} rests on the silence of a dead source"

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:
        """Judge what is inferred; no delivery by the estimate is the one silence that raises a flag."""
        yield from super().said(step, topic, record)
        if not isinstance(record, FrictionChange) or not record.inferred or record.to_state != "open":
            return
        if not step.current:
            yield f"{record.flag} inferred while catching up"
        if "deliveries" in step.silent:
            yield f"{record.flag} inferred while nobody tells of deliveries"
