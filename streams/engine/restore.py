"""Bringing the store of a partition up to its changelog, once or for as long as it stands by.

A local state is a cache of the log. Where it cannot be one - ahead of the log, behind its start, damaged, in
an unknown layout, or so old that tombstones it never saw may be gone from the log - it is set aside for
whoever looks into it, and rebuilt from the beginning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from state import directory
from state.errors import Damaged, UnknownFormat, UnknownVersion
from state.restore import Written, changelog_batch
from state.rocks import RocksStore
from state.rocks_options import RocksResources
from state.store import Store
from streams.engine import position as positions
from streams.engine.clock import wall_ms
from streams.engine.position import Mark

log = logging.getLogger(__name__)

WAIT_MS: Final = 100
STATE_AGE_MAX_MS: Final = 43_200_000
"""Half of a changelog's `delete.retention.ms`: an older state may miss tombstones that are gone."""


def open_store(path: Path, resources: RocksResources) -> RocksStore:
    """The store in a directory, set aside and begun anew when it cannot be read.

    StoreInUse, StoreUnavailable: nothing can be done about it here.
    """
    try:
        store = RocksStore(path, resources, write_ahead_log=False)
    except (Damaged, UnknownFormat) as error:
        return _begin_anew(path, resources, error)
    try:
        positions.stored(store)
        positions.changelog_mark(store)
    except (Damaged, UnknownVersion) as error:
        store.close()
        return _begin_anew(path, resources, error)
    return store


def why_useless(mark: Mark | None, first: int, end: int, now_ms: int) -> str | None:
    """Why a local state is no cache of a log that holds `first` up to `end`; None when it is one.

    `end` counts what is not decided as well: a state holds what was committed, which a broker may mark late.
    """
    if mark is None:
        return None
    if mark.offset > end:
        return f"it is at offset {mark.offset}, and the changelog ends at {end}"
    if mark.offset < first:
        return f"it is at offset {mark.offset}, and the changelog begins at {first}"
    if now_ms - mark.written_ms > STATE_AGE_MAX_MS:
        return "it is so old that the changelog may have lost tombstones since"
    return None


def replace(store: RocksStore, resources: RocksResources, why: str) -> RocksStore:
    """Set a store aside and begin anew in its place."""
    store.close()
    return _begin_anew(store.path, resources, why)


async def follow(
    consumer: AIOKafkaConsumer,
    changelog: TopicPartition,
    store: Store,
    until: Callable[[int], bool],
    at_once: int,
    progress: Callable[[int, int], None],
    written: Written | None = None,
) -> None:
    """Apply the changelog from the consumer's position on, until `until(position)` says so.

    `at_once` records are applied at a time. `progress` is told how many they were, and the position. What was
    applied stays. `written` is there for a store that began empty, and knows what was written to it.
    """
    while not until(offset := await consumer.position(changelog)):
        found = await consumer.getmany(changelog, timeout_ms=WAIT_MS, max_records=at_once)
        after = await consumer.position(changelog)
        records = found.get(changelog, ())
        if records or after != offset:
            batch = changelog_batch(store, {record.key: record.value for record in records}, written)
            positions.put_changelog_mark(batch, Mark(after, wall_ms()))
            store.write(batch)
        progress(len(records), after)


def _begin_anew(path: Path, resources: RocksResources, why: object) -> RocksStore:
    aside = directory.set_aside(path)
    log.warning("the state in %s is rebuilt from the changelog: %s. The old one is in %s", path, why, aside)
    return RocksStore(path, resources, write_ahead_log=False)
