"""Every opened eligibility ends exactly once, by a known status, within its bound."""

from collections.abc import Iterator

from schemas.records import Eligibility
from streams.checkers.book import ENDS, OPENED, RESCHEDULED, Permission
from streams.checkers.checker import Case, Checker
from streams.checkers.history import Record, Step

SAME = ("customer_id", "placement", "move", "product_id", "candidate", "answer_until", "send_by")
"""Fields that an eligibility keeps for life."""

WINDOW_OVER = frozenset({"send_window_over", "answer_window_over"})
"""Reasons of an end that time alone brings; a moment may pass before."""


class Lifecycle(Checker):
    """Opened once, then perhaps rescheduled, then one end; nothing after it."""

    name = "lifecycle"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._late_by_max_ms = 0

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:
        """Judge one change of a permission."""
        if not isinstance(record, Eligibility):
            return
        permission = self.case.book.by_id.get(record.eligibility_id)
        about = f"{record.eligibility_id} {record.status}"
        if record.status not in {OPENED, RESCHEDULED} | ENDS:
            yield f"{about}: no such status"
        elif record.status == OPENED:
            yield from self._opening(step, record, again=permission is not None)
        elif permission is None:
            yield f"{about} without an opening"
        elif permission.ended is not None:
            yield f"{about} after {permission.ended.status}"
        else:
            yield from _change(step, topic, record, permission)
        if not record.reason:
            yield f"{about} without a reason"

    def _opening(self, step: Step, record: Eligibility, *, again: bool) -> Iterator[str]:
        if again:
            yield f"{record.eligibility_id} opened twice"
        if not record.opens_at <= record.send_by <= record.answer_until:
            yield f"{record.eligibility_id} has a window that ends before it begins"
        if record.send_by <= step.at_ms:
            yield f"{record.eligibility_id} opened after its window"

    def stepped(self, step: Step) -> Iterator[str]:
        """Nothing is still open that should have ended."""
        self._late_by_max_ms = step.limits.late_by_max_ms
        for permission in self.case.book.live.values():
            if _bound_ms(permission) + step.limits.late_by_max_ms < step.at_ms:
                yield f"{permission.id} is still open after {_bound_ms(permission)}"

    def finished(self, end_ms: int) -> Iterator[str]:
        """Nothing is left behind."""
        for permission in self.case.book.live.values():
            if _bound_ms(permission) + self._late_by_max_ms < end_ms:
                yield f"{permission.id} never ended; it should have by {_bound_ms(permission)}"


def _change(step: Step, topic: str, record: Eligibility, permission: Permission) -> Iterator[str]:
    about = f"{record.eligibility_id} {record.status}"
    changed = [name for name in SAME if getattr(record, name) != getattr(permission.opened, name)]
    if changed:
        yield f"{about} changed {', '.join(changed)}"
    if topic != permission.topic:
        yield f"{about} on {topic}, opened on {permission.topic}"
    if record.reason in WINDOW_OVER and step.at_ms < record.send_by:
        yield f"{about} before its window was over"
    if record.status in ENDS and step.at_ms > _bound_ms(permission) + step.limits.late_by_max_ms:
        yield f"{about} at {step.at_ms}, after {_bound_ms(permission)}"


def _bound_ms(permission: Permission) -> int:
    """The end of attribution if it was reported sent in time, or counts as sent; else of the permission."""
    return permission.opened.answer_until if permission.is_sent else permission.opened.send_by
