"""What a replay counts, partition by partition: plain data that is added up and carried between processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from schemas.records import Decision, Eligibility, FrictionChange

ENDS = ("accepted", "declined", "answered", "completed", "superseded", "revoked", "expired")
"""How an eligibility ends, in the order of tables; `still open` is what has not ended."""

UNBOUNDED: Final = ("opened_by_day", "examples")
"""What grows with the history, and so is not kept beside a position."""


@dataclass(slots=True)
class Tally:
    """Counts of one partition, or of all."""

    customers: int = 0
    events: Counter[str] = field(default_factory=Counter)
    """By topic; reactions of the responder are among them."""
    reactions: int = 0
    after_the_end: int = 0
    repeats: int = 0
    effective: int = 0
    """Wake-ups that said something or changed state other than the next look."""
    silent: int = 0
    stale: int = 0
    faults: int = 0
    incidents: int = 0
    dead_letters: Counter[str] = field(default_factory=Counter)
    """By reason."""
    outputs: Counter[str] = field(default_factory=Counter)
    """By topic."""
    eligibilities: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By placement and status, holdout included."""
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Ends by placement and reason."""
    withheld: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By placement and reason."""
    friction: Counter[str] = field(default_factory=Counter)
    """Flags raised."""
    stages: Counter[str] = field(default_factory=Counter)
    """Items by stage at the end."""
    opened_by_day: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By placement and day since the epoch."""
    violations: Counter[str] = field(default_factory=Counter)
    """By checker."""
    examples: list[str] = field(default_factory=list)
    """Some violations and faults, in words."""

    @property
    def steps(self) -> int:
        """Events and effective wake-ups: the measure of work."""
        return self.events.total() + self.effective

    @property
    def wake_ups(self) -> int:
        """All wake-ups that were popped."""
        return self.effective + self.silent + self.stale

    def said(self, topic: str, record: Any) -> None:
        """Count one output."""
        self.outputs[topic.removeprefix("journey.")] += 1
        if isinstance(record, Eligibility):
            self.eligibilities[record.placement, record.status] += 1
            if record.status == "opened":
                self.opened_by_day[record.placement, record.decided_at // 86_400_000] += 1
            elif record.status != "rescheduled":
                self.ends[record.placement, record.reason] += 1
        elif isinstance(record, Decision):
            self.withheld[record.placement, record.reason] += 1
        elif isinstance(record, FrictionChange) and record.to_state == "open":
            self.friction[record.flag] += 1

    def counts(self) -> dict[str, Any]:
        """All that is bounded, as plain data: what `of_counts` makes a tally of again."""
        found: dict[str, Any] = {}
        for name in (item.name for item in fields(self) if item.name not in UNBOUNDED):
            value = getattr(self, name)
            found[name] = sorted(value.items()) if isinstance(value, Counter) else value
        return found

    @classmethod
    def of_counts(cls, counts: Mapping[str, Any]) -> Tally:
        """A tally that goes on counting."""
        tally = cls()
        for name, value in counts.items():
            if isinstance(getattr(tally, name), Counter):
                keyed = {tuple(key) if isinstance(key, list) else key: count for key, count in value}
                value = Counter(keyed)  # noqa: PLW2901 - the same in its other form
            setattr(tally, name, value)
        return tally

    def add(self, other: Tally) -> None:
        """Add the counts of another partition."""
        for name in (item.name for item in fields(self)):
            mine, its = getattr(self, name), getattr(other, name)
            if isinstance(mine, int):
                setattr(self, name, mine + its)
            elif isinstance(mine, list):
                mine.extend(its)
            else:
                mine.update(its)

    def opened(self) -> Counter[str]:
        """Openings by placement."""
        return Counter({p: n for (p, status), n in self.eligibilities.items() if status == "opened"})
