"""A policy as people read it: every number with where it comes from, and what differs between two of them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from streams.journey.policy_set import DIMENSIONS, Tree, merge
from streams.loading.policy_file import PolicyFile
from streams.loading.policy_shape import Path, write_path, write_value, written_name

ABSENT: Final = "-"
DEFAULT: Final = "default"
SHORT: Final = 8
"""Lists of so many items are compared as a whole."""


class Setting(NamedTuple):
    """One number, switch or list: its path and value as the file would write them, and who says so."""

    path: str
    value: str
    said_by: str


class Difference(NamedTuple):
    """A setting that two policies do not share; of long lists what only one of them holds."""

    path: str
    one: str
    other: str


def settings(file: PolicyFile, names: Mapping[str, str]) -> list[Setting]:
    """What holds for `names`, a name for some of brand, category and product; in the order of the file."""
    layers = [(DEFAULT, Tree()), ("file", file.stated)]
    tree = file.base
    for dimension in DIMENSIONS:
        override = file.overrides[dimension].get(names.get(dimension, ""))
        if override is not None:
            layers.append((write_path((dimension, names[dimension])), override))
            tree = merge(tree, override)
    return [
        Setting(_written(path), write_value(path, value), _said_by(path, layers))
        for path, value in leaves(tree)
    ]


def differences(one: PolicyFile, other: PolicyFile) -> list[Difference]:
    """What differs: in the base, then in each override as it is written."""
    found = list(_compared(one.base, other.base, ()))
    for dimension in DIMENSIONS:
        left, right = one.overrides[dimension], other.overrides[dimension]
        for name in dict.fromkeys([*left, *right]):
            found.extend(_compared(left.get(name, {}), right.get(name, {}), (dimension, name)))
    return found


def leaves(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of a tree that is no table, with its path in the tree."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


def _written(path: Path) -> str:
    return write_path(tuple(written_name(part) for part in path))


def _said_by(path: Path, layers: list[tuple[str, Tree]]) -> str:
    return next((name for name, tree in reversed(layers) if _has(tree, path)), DEFAULT)


def _has(tree: Tree, path: Path) -> bool:
    below = tree.get(path[0])
    if len(path) == 1:
        return below is not None
    return isinstance(below, dict) and _has(below, path[1:])


def _compared(one: Tree, other: Tree, place: Path) -> Iterator[Difference]:
    left, right = dict(leaves(one)), dict(leaves(other))
    for path in dict.fromkeys([*left, *right]):
        if path not in left or path not in right or left[path] != right[path]:
            texts = _texts(path, left.get(path), right.get(path))
            yield Difference(_written((*place, *path)), *texts)


def _texts(path: Path, one: object, other: object) -> tuple[str, str]:
    if isinstance(one, list) and isinstance(other, list) and max(len(one), len(other)) > SHORT:
        gone = [item for item in one if item not in other]
        new = [item for item in other if item not in one]
        if gone or new:
            return _only(gone), _only(new)
    first, second = (ABSENT if value is None else write_value(path, value) for value in (one, other))
    return first, second


def _only(items: list[str]) -> str:
    return f"also {', '.join(items)}" if items else ABSENT
