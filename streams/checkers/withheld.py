"""A withheld moment is said when its reason changes, and only then.

A reason that comes and goes is wrong. But who stops being current is made to say `catching_up` by what
happens to the partition, and the reason of before once it is current again: that makes room for one more.
"""

from collections import Counter, deque
from collections.abc import Iterator

from schemas.records import Decision
from streams.checkers.checker import Case, Checker
from streams.checkers.history import Record, Step

Key = tuple[str, str | None, str | None, str | None, str | None]
NAMELESS = frozenset({"episode", "parcel"})
"""Scopes that a decision does not tell apart: it carries neither the parcel nor the flag."""
REPEATS_MAX = 6
WITHIN_MS = 86_400_000


class Withheld(Checker):
    """One reason for one moment at a time. Where moments share their ids, they are only counted."""

    name = "withheld"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._step: set[Key] = set()
        self._recent: deque[tuple[int, Key, str]] = deque()
        self._times: Counter[tuple[Key, str]] = Counter()

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:  # noqa: ARG002 - base
        """Judge one decision."""
        if not isinstance(record, Decision):
            return
        key = (record.placement, record.product_id, record.unit_id, record.cycle, record.order_id)
        about = f"{record.placement} of {record.product_id or record.order_id}"
        if record.scope not in NAMELESS:
            if key in self._step:
                yield f"{about} is withheld twice in one step, now as {record.reason}"
            self._step.add(key)
        if self._flaps(step.at_ms, key, record.reason):
            yield f"{about} is withheld as {record.reason} again and again"

    def stepped(self, step: Step) -> Iterator[str]:  # noqa: ARG002 - base
        """The next step may say something about every moment again."""
        self._step.clear()
        yield from ()

    def _flaps(self, at_ms: int, key: Key, reason: str) -> bool:
        while self._recent and self._recent[0][0] <= at_ms - WITHIN_MS:
            _, old_key, old_reason = self._recent.popleft()
            self._times[old_key, old_reason] -= 1
        self._recent.append((at_ms, key, reason))
        self._times[key, reason] += 1
        return self._times[key, reason] >= REPEATS_MAX + self._times_not_current(at_ms)

    def _times_not_current(self, at_ms: int) -> int:
        return sum(begun <= at_ms and ended > at_ms - WITHIN_MS for begun, ended in self.case.not_current)
