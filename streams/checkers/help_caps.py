"""Help: one in a day, and none while an agent has it in hand."""

from collections.abc import Iterator

from schemas.records import Eligibility
from streams.checkers.checker import HELP, Checker
from streams.checkers.history import Step


class HelpCaps(Checker):
    """A help that surely was not sent does not count."""

    name = "help_caps"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge help."""
        if record.move != HELP:
            return
        counted = [
            permission.opened_ms
            for permission in self.case.book.remembered
            if permission.opened.move == HELP
            and permission.counts_from_ms(reporting=self.case.book.reporting) is not None
        ]
        gaps = [step.at_ms - at for at in counted if 0 <= step.at_ms - at < step.limits.help_gap_ms]
        if gaps:
            yield f"{record.eligibility_id} opened {min(gaps)} ms after the help before it"
        if self.case.known.friction.only_held_tickets(step.at_ms, step.limits):
            yield f"{record.eligibility_id} opened while an agent holds all that is wrong"
