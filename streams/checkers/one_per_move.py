"""At most one open permission of each move, which makes two offers at a time the second trap."""

from collections.abc import Iterator

from schemas.records import Eligibility
from streams.checkers.checker import Checker
from streams.checkers.history import Step


class OnePerMove(Checker):
    """No permission opens while another one of its move may still be sent, in either arm."""

    name = "one_per_move"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge the opening."""
        for other in self.case.book.permitted(step.at_ms):
            if other.opened.move == record.move and other.id != record.eligibility_id:
                yield f"{record.move} {record.eligibility_id} opened while {other.id} is open"
