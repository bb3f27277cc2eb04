"""While the partition is not current, nothing is opened and silence means nothing."""

from collections.abc import Iterator

from schemas.records import Eligibility, FrictionChange, StageChange
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
        """Judge what is inferred."""
        yield from super().said(step, topic, record)
        if (
            step.silent
            and isinstance(record, FrictionChange)
            and record.inferred
            and record.to_state == "open"
        ):
            yield f"{record.flag} inferred while {', '.join(sorted(step.silent))} is silent"
        if step.current:
            return
        if isinstance(record, FrictionChange) and record.inferred and record.to_state == "open":
            yield f"{record.flag} inferred while catching up"
        if isinstance(record, StageChange) and record.inferred and _from_silence(step, record):
            yield f"{record.product_id} inferred in {record.to_stage} while catching up"


def _from_silence(step: Step, record: StageChange) -> bool:
    """Whether only time can have told: use, when it is reported, proves a delivery at any time."""
    return step.event is None or record.to_stage != "unboxing"
