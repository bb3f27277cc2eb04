"""Friction that nobody takes care of gets help, or a withheld moment that says why not."""

from collections.abc import Iterator

from schemas.records import Decision, Eligibility, FrictionChange
from streams.checkers.checker import HELP, Case, Checker
from streams.checkers.history import Record, Step
from streams.checkers.known_friction import ends_ms

FLAGS = {
    "ticket": ("shipping_problem", "troubleshooting", "billing_problem", "return_in_progress"),
    "payment": ("billing_problem",),
    "return": ("return_in_progress",),
    "parcel": ("shipping_problem",),
    "negative": ("negative_reply",),
    "question": ("open_question",),
}
"""Kind of trouble to the flags that it may raise."""

Flag = tuple[str, str, str | None]
"""(flag, scope, scope id)."""
Due = tuple[int, int]
"""(since when the trouble is sure, when help is due)."""


SKEW_MAX_MS = 300_000
"""Events may be dated so far ahead of their processing; trouble that is told of twice counts from either."""


class HelpFirst(Checker):
    """Each trouble is followed from the step at which it is first sure until help is due, and judged then.

    Between two steps of a customer nothing becomes known, so a trouble that was sure after one step lasts
    until the next, unless it ends by itself. Help or a reason that was said up to a day before counts.
    """

    name = "help_first"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._due: dict[tuple[str, str], Due] = {}
        self._judged: set[tuple[str, str]] = set()
        self._spoke_ms: list[int] = []
        self._raised_ms: dict[Flag, int] = {}
        self._over: list[Flag] = []

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:  # noqa: ARG002 - base
        """Remember help that was opened, and help that was withheld with a reason."""
        if isinstance(record, Eligibility | Decision) and record.move == HELP:
            self._spoke_ms.append(step.at_ms)
        if isinstance(record, FrictionChange):
            flag = record.flag, record.scope, record.scope_id
            if record.to_state == "open":
                self._raised_ms.setdefault(flag, step.at_ms)
            else:
                self._over.append(flag)
        yield from ()

    def stepped(self, step: Step) -> Iterator[str]:
        """Judge what was due before this step, then follow what is wrong after it."""
        yield from self._overdue(step.at_ms, step)
        sure = self.case.known.friction.wants_help(step.at_ms, step.limits)
        unheld = {(trouble.kind, trouble.ref): trouble for trouble in sure}
        self._judged &= unheld.keys()
        following: dict[tuple[str, str], Due] = {}
        for key, trouble in unheld.items():
            due_ms = max(step.at_ms, trouble.last_ms + step.limits.help_delay_ms)
            lasts = due_ms + step.limits.late_by_max_ms + SKEW_MAX_MS < ends_ms(trouble, step.limits)
            if lasts and key not in self._judged:
                following[key] = self._due.get(key, (step.at_ms, due_ms))
        self._due = following
        for flag in self._over:
            self._raised_ms.pop(flag, None)
        self._over.clear()
        self._last = step

    def finished(self, end_ms: int) -> Iterator[str]:
        """Judge what was due before the end."""
        if self._due:
            yield from self._overdue(end_ms, self._last)

    def _overdue(self, at_ms: int, step: Step) -> Iterator[str]:
        limits = step.limits
        for (kind, ref), (sure_ms, due_ms) in self._due.items():
            latest_ms = due_ms + limits.late_by_max_ms + SKEW_MAX_MS
            if latest_ms >= at_ms:
                continue
            self._judged.add((kind, ref))
            if "help" not in limits.enabled or not self._current(sure_ms, latest_ms):
                continue
            raised = [at_ms for (flag, _, _), at_ms in self._raised_ms.items() if flag in FLAGS[kind]]
            reach_ms = min([due_ms - limits.help_delay_ms - limits.help_gap_ms, *raised])
            if not any(reach_ms <= spoke_ms <= latest_ms for spoke_ms in self._spoke_ms):
                yield f"{kind} {ref} was open at {latest_ms}, and help was neither offered nor withheld"

    def _current(self, from_ms: int, until_ms: int) -> bool:
        return not any(start <= until_ms and end >= from_ms for start, end in self.case.not_current)
