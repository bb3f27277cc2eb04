"""What was erased leaves the files of a state too, within a bound.

A deletion in RocksDB hides a value; the bytes stay in their table until it is rewritten, which for a quiet
range may be never. So once somebody was erased, the whole state is rewritten in the background, at most
`lag_s` later, and at most once in that time. The store remembers across restarts that it is to be done, and
then it is done at once. States that were set aside are deleted when they are as old.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from pathlib import Path
from time import monotonic, time

from state import directory
from state.errors import StateError
from state.rocks import RocksStore

log = logging.getLogger(__name__)


class Shredder:
    """That of one open store. Ask it to `look` now and then, and `end` it before the store is closed."""

    def __init__(self, store: RocksStore, lag_s: float) -> None:
        self._store = store
        self._lag_s = lag_s
        self._due_s = monotonic() if store.erased else None
        self._aside_at_s = monotonic()
        self._stopped = False
        self._running: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Begin what is due."""
        now = monotonic()
        if self._running is not None and not self._running.done():
            return
        if now >= self._aside_at_s:
            self._aside_at_s = now + self._lag_s
            delete_asides(self._store.path, self._lag_s)
        if self._due_s is None and self._store.erased:
            self._due_s = now + self._lag_s
        if self._due_s is not None and now >= self._due_s:
            self._due_s = None
            self._running = asyncio.create_task(self._shred(), name=f"shred-{self._store.path.name}")

    async def end(self) -> None:
        """Return when nothing is done in the background any more."""
        if self._running is not None and not self._running.done():
            self._stopped = True
            await asyncio.wait({self._running})

    async def _shred(self) -> None:
        begun = monotonic()
        try:
            self._store.begin_shredding()
            if not await asyncio.to_thread(self._store.shred, lambda: self._stopped):
                return
            self._store.end_shredding()
        except StateError as error:
            log.info("what was erased is still in the files of %s: %s", self._store.path, error)
        else:
            log.info("what was erased left %s in %.1f s", self._store.path, monotonic() - begun)


def delete_asides(path: Path, older_than_s: float) -> None:
    """Delete the states that were set aside in favour of `path` longer ago."""
    for aside in directory.set_aside_of(path):
        if time() - aside.stat().st_ctime >= older_than_s:
            shutil.rmtree(aside, ignore_errors=True)
            log.info("%s, which was set aside, is deleted", aside)
