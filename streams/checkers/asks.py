"""Goal questions: one in a month, none while an answer is fresh, a long rest when nobody answers."""

from collections.abc import Iterator

from schemas.records import Eligibility
from streams.checkers.book import Permission
from streams.checkers.checker import ASK, Checker
from streams.checkers.history import Step


class Asks(Checker):
    """Counts, from its opening, what was sent where that is reported, else what was opened."""

    name = "asks"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge questions."""
        if record.move != ASK:
            return
        limits = step.limits
        told = [reply.occurred_at for reply in self.case.known.replies if _goal(reply.answers)]
        if any(at <= step.at_ms < at + limits.answer_fresh_ms for at in told):
            yield f"{record.eligibility_id} asks again although the answer is fresh"
        asked = self._asked()
        gaps = [step.at_ms - at for _, at in asked if 0 <= step.at_ms - at < limits.ask_gap_ms]
        if gaps:
            yield f"{record.eligibility_id} asks again after {min(gaps)} ms"
        last = asked[-limits.asks_unanswered_max :]
        if len(last) == limits.asks_unanswered_max and all(_unanswered(permission) for permission, _ in last):
            since = step.at_ms - last[-1][1]
            if since < limits.asks_unanswered_rest_ms and not any(at >= last[0][1] for at in told):
                yield f"{record.eligibility_id} asks again {since} ms after {len(last)} without answer"

    def _asked(self) -> list[tuple[Permission, int]]:
        """Questions that surely reached the customer, with their times, in order."""
        found = [
            (permission, permission.opened_ms)
            for permission in self.case.book.remembered
            if permission.opened.move == ASK
            and permission.counts_from_ms(reporting=self.case.book.reporting) is not None
        ]
        return sorted(found, key=lambda entry: entry[1])


def _goal(answers: tuple[object, ...]) -> bool:
    return any(getattr(answer, "kind", "") == "goal" for answer in answers)


def _unanswered(permission: Permission) -> bool:
    """Whether it was reported sent and nothing came back until its end."""
    answered = any(reply.feedback is None for reply in permission.replies)
    expired = permission.ended is not None and permission.ended.status == "expired"
    return expired and not answered and bool(permission.reports("sent"))
