"""Overrides by brand, category and product: read like the base, and judged as what they resolve to.

An override is judged alone over the base. Most rules look at one value, so that is enough; a few values are
judged by one another (two moments must not share a priority), and overrides of several dimensions may break
such a rule together. So every combination that differs in those values is judged as well.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from streams.journey.policy_set import DIMENSIONS, Tree, merge
from streams.loading.policy_constraints import CONSTRAINTS, RELATED
from streams.loading.policy_judging import judge, select
from streams.loading.policy_shape import Path, Report, read_tree, report_missing, write_path
from streams.loading.problems import shown

Overrides = dict[str, dict[str, Tree]]
"""Dimension to name to partial tree."""

_Wrong = tuple[Path, str]
_Combination = tuple[tuple[Path, Tree], ...]

OVERRIDES_MAX: Final = 10_000
"""Overrides of one dimension."""
COMBINATIONS_MAX: Final = 10_000
"""Combinations that differ in related values; each is judged."""
NAME_CHARS_MAX: Final = 128

OF_A_CUSTOMER: Final = ("category", "product")
NOT_BY: Final[Mapping[Path, tuple[str, ...]]] = {
    ("mass_incident",): DIMENSIONS,
    ("sources",): DIMENSIONS,
    **dict.fromkeys(
        [
            *(("friction",), ("declines",), ("caps",), ("asks",), ("help",), ("sending",), ("holdout",)),
            *(("live",), ("keywords",), ("moments", "goal_question"), ("moments", "help")),
        ],
        OF_A_CUSTOMER,
    ),
}
"""What some dimensions cannot override: a cap or a rest is of a customer, not of one of many products."""


def read_overrides(written: Mapping[str, Any], report: Report) -> Overrides:
    """The overrides of a file, by dimension; what cannot be read is reported and left out."""
    return {dimension: _read_dimension(dimension, written[dimension], report) for dimension in DIMENSIONS}


def judge_all(base: Tree, overrides: Overrides, report: Report) -> None:
    """Report what is wrong with `base`, with it under each override, and under each combination that matters.

    What is wrong with a part of a combination is reported there alone.
    """
    found: dict[frozenset[Path], list[_Wrong]] = {}
    alone: Iterable[_Combination] = [(), *_singles(overrides)]
    for combination in itertools.chain(alone, _combinations(overrides, report)):
        places = [place for place, _ in combination]
        wrong = _wrong(base, _laid_over([tree for _, tree in combination]))
        found[frozenset(places)] = wrong
        of_parts = {
            problem
            for size in range(len(places))
            for part in itertools.combinations(places, size)
            for problem in found.get(frozenset(part), ())
        }
        for path, reason in wrong:
            if (path, reason) not in of_parts:
                report((*(places[-1] if places else ()), *path), _with(places[:-1], reason))


def _read_dimension(dimension: str, written: object, report: Report) -> dict[str, Tree]:
    if not isinstance(written, dict):
        report((dimension,), f'must be tables by name, as in [{dimension}."x".stages], not {shown(written)}')
        return {}
    if len(written) > OVERRIDES_MAX:
        report((dimension,), f"has {len(written)} overrides, more than {OVERRIDES_MAX}")
        return {}
    read: dict[str, Tree] = {}
    for name, table in written.items():
        place = (dimension, name)
        if not isinstance(table, dict):
            report(place, f"must be a table, not {shown(table)}")
        elif not 0 < len(name) <= NAME_CHARS_MAX:
            report(place, f"a name has 1 to {NAME_CHARS_MAX} characters")
        else:
            read[name] = read_tree(_allowed(dimension, table, place, report), report, place)
    return read


def _allowed(dimension: str, table: Mapping[str, Any], place: Path, report: Report) -> dict[str, Any]:
    """What of an override this dimension may override; the rest is reported."""
    allowed = dict(table)
    for path, dimensions in NOT_BY.items():
        *above, last = path
        parent = allowed.get(above[0]) if above else allowed
        if dimension in dimensions and isinstance(parent, dict) and last in parent:
            report((*place, *path), f"cannot differ by {dimension}: it is not of one {dimension}")
            without = {key: value for key, value in parent.items() if key != last}
            allowed = {**allowed, above[0]: without} if above else without
    return allowed


def _singles(overrides: Overrides) -> Iterator[_Combination]:
    for dimension, names in overrides.items():
        for name, tree in names.items():
            yield (((dimension, name), tree),)


def _combinations(overrides: Overrides, report: Report) -> Iterator[_Combination]:
    """Combinations of two and of three dimensions, of overrides that differ in related values."""
    choices = [_related(dimension, names) for dimension, names in overrides.items()]
    if math.prod(len(choice) + 1 for choice in choices) > COMBINATIONS_MAX:
        report((), f"more than {COMBINATIONS_MAX} combinations of overrides change {', '.join(RELATED)}")
        return
    for size in (2, 3):
        for some in itertools.combinations(choices, size):
            yield from itertools.product(*some)


def _related(dimension: str, names: Mapping[str, Tree]) -> list[tuple[Path, Tree]]:
    """One override for each way to set related values, with nothing but those."""
    different: dict[bytes, tuple[Path, Tree]] = {}
    for name, tree in names.items():
        kept: Tree = {}
        for pattern in RELATED:
            for path, value in select(tree, tuple(pattern.split("."))):
                kept = merge(kept, _nested(path, value))
        if kept:
            key = msgspec.json.encode(kept, order="deterministic")
            different.setdefault(key, ((dimension, name), kept))
    return list(different.values())


def _nested(path: Path, value: object) -> Tree:
    return {path[0]: _nested(path[1:], value) if len(path) > 1 else value}


def _laid_over(trees: Sequence[Tree]) -> Tree:
    merged: Tree = {}
    for tree in trees:
        merged = merge(merged, tree)
    return merged


def _wrong(base: Tree, changes: Tree) -> list[_Wrong]:
    """What is wrong with `base` under `changes`; only with what they touch, where there are any."""
    wrong: list[_Wrong] = []

    def add(path: Path, reason: str) -> None:
        wrong.append((path, reason))

    tree = merge(base, changes)
    report_missing(tree, add)
    sections = set(changes) | ({"moments"} if "sending" in changes else set())
    judge(tree, CONSTRAINTS, add, sections or None)
    return wrong


def _with(places: Sequence[Path], reason: str) -> str:
    others = " and ".join(write_path(place) for place in places)
    return f"with {others}: {reason}" if others else reason
