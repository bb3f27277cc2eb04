"""Holds the values of a policy against a table of constraints, and finds the values that a pattern names.

A pattern is a path of the tree whose parts may be alternatives (`next_step|upgrade`), `*` for every entry of
a table or list, or a final `@` for the names of a table instead of their values. A value that is not there
is not judged: shape says that it is missing.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from streams.journey.policy_set import Tree
from streams.loading.policy_shape import Path, Report, written_name
from streams.loading.problems import did_you_mean, shown

Holds = Callable[[Any, Tree], bool]
Words = Callable[[Tree], Collection[str]]


class Constraint(NamedTuple):
    """A value at `where` must make `holds` true, else `reason`."""

    where: str
    holds: Holds
    reason: str


class OneOf(NamedTuple):
    """A value at `where` must be one of `words`."""

    where: str
    words: Words


def judge(
    tree: Tree, table: Sequence[Constraint | OneOf], report: Report, sections: Collection[str] | None = None
) -> None:
    """Report every value of a whole `tree` that may not be; only of `sections`, where those are given."""
    for row in table:
        parts = tuple(row.where.split("."))
        if sections is not None and parts[0] not in sections:
            continue
        for path, value in select(tree, parts):
            reason = _against(value, row, tree)
            if reason:
                report(path, reason)


def select(node: Any, pattern: Path, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of `node` that `pattern` names, with its path as it is written in the file."""
    if not pattern:
        yield path, node
    elif pattern[0] == "@":
        yield from (((*path, name), name) for name in node)
    elif isinstance(node, list):
        for item in node:
            yield from select(item, pattern[1:], path)
    else:
        for name in node if pattern[0] == "*" else pattern[0].split("|"):
            if name in node:
                yield from select(node[name], pattern[1:], (*path, written_name(name)))


def _against(value: Any, row: Constraint | OneOf, tree: Tree) -> str:
    """What `row` has against a value; empty: nothing."""
    if isinstance(row, OneOf):
        known = row.words(tree)
        if value in known:
            return ""
        return f"{shown(value)} is unknown{did_you_mean(value, known)}; known: {', '.join(known)}"
    if row.holds(value, tree):
        return ""
    return row.reason if isinstance(value, dict | list) else f"{row.reason} (is {shown(value)})"
