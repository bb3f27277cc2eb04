"""What a policy change would do: two replays of the same history, and their counts side by side.

The customers' reactions are those of the responder, which answers the same eligibility in the same way under
both policies, so what differs is the policy and what follows from it. Real customers would react to a message
that was never sent in ways that no history knows: read outcomes as a comparison, not as a forecast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct

from streams.journey.words import Flag, Placement
from streams.loading.policy_view import Difference
from streams.replay.tally import ENDS, Tally

WEEK_DAYS: Final = 7
Pick = Callable[[Tally], int]


class Row(Struct, frozen=True):
    """One count under the policy that holds and under the one that is proposed."""

    name: str
    before: int
    after: int

    @property
    def change(self) -> int:
        """How many more."""
        return self.after - self.before


class Section(Struct, frozen=True):
    """Counts of one kind."""

    title: str
    rows: tuple[Row, ...]


class PolicyDiff(Struct, frozen=True):
    """All that differs. `weeks` are openings by week, from the first week with one, before and after."""

    before: str
    after: str
    settings: tuple[tuple[str, str, str], ...]
    """Path, value before, value after."""
    overview: Section
    sections: tuple[Section, ...]
    outcomes: tuple[tuple[str, Section], ...]
    """By placement."""
    first_week: int
    weeks: tuple[tuple[int, int], ...]


def compare(
    names: tuple[str, str], tallies: tuple[Tally, Tally], settings: Iterable[Difference]
) -> PolicyDiff:
    """The counts of two replays, before and after."""
    before, after = tallies
    first_week, weeks = _weeks(before, after)
    return PolicyDiff(
        before=names[0],
        after=names[1],
        settings=tuple((row.path, row.one, row.other) for row in settings),
        overview=_overview(before, after),
        sections=(
            _section("opened, by placement", before, after, _opened, [place.word for place in Placement]),
            _section("ended, by outcome", before, after, _by_status, ENDS),
            _section("withheld, by reason", before, after, _by_reason, ()),
            _section("friction raised, by flag", before, after, _by_flag, [flag.word for flag in Flag]),
        ),
        outcomes=tuple(_outcomes(before, after)),
        first_week=first_week,
        weeks=weeks,
    )


def _overview(before: Tally, after: Tally) -> Section:
    picks: tuple[tuple[str, Pick], ...] = (
        ("customers", lambda tally: tally.customers),
        ("permissions opened", lambda tally: _opened(tally).total()),
        ("accepted", lambda tally: _by_status(tally)["accepted"]),
        ("declined", lambda tally: _by_status(tally)["declined"]),
        ("revoked", lambda tally: _by_status(tally)["revoked"]),
        ("withheld", lambda tally: tally.withheld.total()),
    )
    return Section("overview", tuple(Row(name, pick(before), pick(after)) for name, pick in picks))


def _opened(tally: Tally) -> Counter[str]:
    return tally.opened()


def _by_status(tally: Tally) -> Counter[str]:
    found: Counter[str] = Counter()
    for (_, status), count in tally.eligibilities.items():
        if status in ENDS:
            found[status] += count
    return found


def _by_reason(tally: Tally) -> Counter[str]:
    found: Counter[str] = Counter()
    for (_, reason), count in tally.withheld.items():
        found[reason] += count
    return found


def _by_flag(tally: Tally) -> Counter[str]:
    return tally.friction


def _section(
    title: str, before: Tally, after: Tally, count: Callable[[Tally], Counter[str]], names: Sequence[str]
) -> Section:
    """In the order of `names`; those that it does not name follow, the most frequent first."""
    left, right = count(before), count(after)
    others = sorted({*left, *right} - set(names), key=lambda name: (-left[name] - right[name], name))
    rows = (Row(name, left[name], right[name]) for name in (*names, *others))
    return Section(title, tuple(row for row in rows if row.before or row.after))


def _outcomes(before: Tally, after: Tally) -> Iterable[tuple[str, Section]]:
    for placement in Placement:
        rows = (
            Row(
                status,
                before.eligibilities[placement.word, status],
                after.eligibilities[placement.word, status],
            )
            for status in ENDS
        )
        some = tuple(row for row in rows if row.before or row.after)
        if some:
            yield placement.word, Section(placement.word, some)


def _weeks(before: Tally, after: Tally) -> tuple[int, tuple[tuple[int, int], ...]]:
    left, right = _by_week(before), _by_week(after)
    weeks = {*left, *right}
    if not weeks:
        return 0, ()
    first = min(weeks)
    return first, tuple((left[week], right[week]) for week in range(first, max(weeks) + 1))


def _by_week(tally: Tally) -> Counter[int]:
    found: Counter[int] = Counter()
    for (_, day), count in tally.opened_by_day.items():
        found[day // WEEK_DAYS] += count
    return found
