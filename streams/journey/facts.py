"""Pure. The only ways in which facts grow: minimum, maximum, last writer, smallest and newest of a set.

Each function is exact under any order and any repetition of its inputs; `tests/streams/journey/test_facts`
holds them to it. Lists are changed in place.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from typing import Any, TypeVar

from state.records.parts import Mark, Stamp

T = TypeVar("T")
Orderable = TypeVar("Orderable", int, Stamp, Mark, tuple[int, str, str, str])


def keep_ends(values: list[Orderable], value: Orderable, k: int) -> None:
    """Keep the k smallest and the k greatest of all values ever offered, sorted, without repeats."""
    if values and value > values[-1]:  # as most are that come
        values.append(value)
    elif value in values:
        return
    else:
        insort(values, value)
    if len(values) > 2 * k:
        del values[k]


def keep_newest(values: list[Orderable], value: Orderable, k: int) -> None:
    """Keep the k greatest of all values ever offered, sorted, without repeats."""
    if value in values:
        return
    insort(values, value)
    if len(values) > k:
        del values[0]


def earlier(held: Stamp, stamp: Stamp) -> Stamp:
    """The minimum, where an unset stamp is no minimum."""
    return stamp if not held[0] or stamp < held else held


def later(held: Stamp, stamp: Stamp) -> Stamp:
    """The maximum."""
    return stamp if stamp > held else held


def wins(stamp: Stamp, payload: tuple[Any, ...], held: Stamp, held_payload: tuple[Any, ...]) -> bool:
    """Whether a write replaces the held one: the later (time, id) wins, then the greater payload.

    The payload decides only where one event id carries two contents, which a sender should never do.
    """
    if stamp != held:
        return stamp > held
    return [repr(value) for value in payload] > [repr(value) for value in held_payload]


def above(stamp: Stamp, key: str, floor: Mark) -> bool:
    """Whether a stamp of the entry `key` is newer than what already counts as settled."""
    return (stamp[0], stamp[1], key) > floor


def bound(
    entries: list[T],
    floor: Mark,
    limit: int,
    newest: Callable[[T], Mark],
    trim: Callable[[T, Mark], None],
) -> Mark:
    """Drop the oldest entries beyond `limit`; return the floor under which everything is settled.

    An entry's parts at or under the floor are trimmed as well, so an entry that comes back by a newer
    event holds the same as one that was never dropped.
    """
    if len(entries) <= limit:
        return floor
    entries.sort(key=newest)
    dropped = entries[: len(entries) - limit]
    del entries[: len(dropped)]
    floor = max(floor, newest(dropped[-1]))
    for entry in entries:
        trim(entry, floor)
    return floor


def keep_whole(_entry: object, _floor: Mark) -> None:
    """The trim of entries that are one last writer: they have no older parts."""
