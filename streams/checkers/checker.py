"""What every checker is: it is told each record and each step of one customer, and says what is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from schemas.records import Eligibility, Product
from streams.checkers.book import OPENED, Book
from streams.checkers.history import Record, Step
from streams.checkers.known import Known

OFFER, ASK, HELP = "offer", "ask", "help"


@dataclass(slots=True)
class Case:
    """One customer's history so far; the same object through all steps."""

    customer_id: str
    products: Mapping[str, Product]
    known: Known
    book: Book
    not_current: tuple[tuple[int, int], ...] = ()
    """Intervals in which the partition was not current."""


class Checker:
    """The base of all checkers. One instance judges one customer; each method yields what is wrong.

    In a step the order is: the event is known, `said` for every record before it is in the book, `stepped`.
    """

    name: ClassVar[str]

    def __init__(self, case: Case) -> None:
        self.case = case

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:  # noqa: ARG002 - for others
        """A record was said."""
        if isinstance(record, Eligibility) and record.status == OPENED:
            yield from self.opened(step, record)

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:  # noqa: ARG002 - for others
        """A permission was opened."""
        yield from ()

    def stepped(self, step: Step) -> Iterator[str]:  # noqa: ARG002 - for others
        """All records of the step are in the book."""
        yield from ()

    def finished(self, end_ms: int) -> Iterator[str]:  # noqa: ARG002 - for others
        """The history is over."""
        yield from ()
