"""Per customer, one count over all outputs without gaps or repeats; ids that are unique and tell nothing."""

from collections.abc import Iterator

from schemas.records import CustomerSnapshot, Eligibility
from streams.checkers.book import OPENED
from streams.checkers.checker import Case, Checker
from streams.checkers.history import Record, Step

CUSTOMER_ID_CHARS_MIN = 4
"""A shorter customer id may stand in a hash by chance."""


class Sequence(Checker):
    """The count goes on through an erasure. A snapshot repeats the last number; it counts nothing."""

    name = "sequence"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._last = 0

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:
        """Judge numbers and ids."""
        if record is None:
            return
        if record.customer_id != self.case.customer_id:
            yield f"{topic} speaks of another customer, {record.customer_id}"
        if isinstance(record, CustomerSnapshot):
            if record.sequence != self._last:
                yield f"snapshot with sequence {record.sequence} after {self._last}"
            return
        if record.sequence != self._last + 1:
            yield f"{topic} has sequence {record.sequence} after {self._last}"
        self._last = record.sequence
        if record.decided_at != step.at_ms:
            yield f"{topic} decided at {record.decided_at} in a step at {step.at_ms}"
        caused = step.event.event_id if step.event is not None else None
        if record.cause_event_id not in {None, caused}:
            yield f"{topic} was caused by {record.cause_event_id}, which is not what happened"
        if isinstance(record, Eligibility) and record.status == OPENED:
            yield from self._id(record)

    def _id(self, record: Eligibility) -> Iterator[str]:
        customer_id = self.case.customer_id
        if len(customer_id) >= CUSTOMER_ID_CHARS_MIN and customer_id in record.eligibility_id:
            yield f"{record.eligibility_id} contains the customer's id"
