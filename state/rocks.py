"""The store of a worker: one RocksDB per partition.

All keys are in one column family. Without a write-ahead log a crash loses the batches since the last flush,
but always whole batches and always the last ones, so the changelog position inside tells what is missing.

Deleted wake-ups pile up at the head of their index, and every scan would walk over them again. So the store
remembers the lowest key that can still be alive (`_low`), and whether it is (`_low_is_first`); a flush clears
all below it as one range, so that a start has nothing to walk over either.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, cast

import rocksdict

from state import directory, keys, rocks_options
from state.errors import Damaged, StateError, StoreClosed, StoreInUse, StoreUnavailable
from state.keys import Wakeup
from state.rocks_options import RocksResources
from state.store import DUE_MAX, SCAN_MAX, Batch, bounded, scan_start

_WAKEUPS_END: Final = b"\x31"
_FAULTS_OF_THE_MACHINE: Final = (
    "No space left",
    "Permission denied",
    "Too many open files",
    "Read-only file system",
    "Cannot allocate memory",
    "Input/output error",
)


class RocksStore:
    """State of one partition in a directory."""

    __slots__ = (
        "_cleared",
        "_closed",
        "_db",
        "_low",
        "_low_is_first",
        "_naming",
        "_wakeups",
        "_writing",
        "erased",
        "path",
    )

    def __init__(self, path: Path, resources: RocksResources, *, write_ahead_log: bool = True) -> None:
        """Open or create the store.

        UnknownFormat, Damaged, StoreInUse, StoreUnavailable: it was not opened, and nothing was changed.
        """
        directory.prepare(path)
        self.path = path
        self._naming = _Naming(path)
        self._writing = rocks_options.writing(write_ahead_log=write_ahead_log)
        self._wakeups = rocks_options.up_to(_WAKEUPS_END)
        self._low = self._cleared = keys.WAKEUPS
        self._low_is_first = False
        self._closed = False
        with self._naming:
            self._db = rocksdict.Rdict(str(path), rocks_options.database(resources))
        self.erased = self.get(keys.ERASED) is not None
        """Whether the files may hold what was known of a customer who was removed."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, None for none."""
        with self._naming:
            return self._db.get(key)

    def get_many(self, wanted: Sequence[bytes]) -> list[bytes | None]:
        """The values of many keys, in their order."""
        with self._naming:
            return cast(list[bytes | None], self._db.get(list(wanted)))

    def write(self, batch: Batch) -> None:
        """Apply a batch: all of it, or nothing and an error."""
        changes = rocksdict.WriteBatch(raw_mode=True)
        put = changes.put
        for key, value in batch.values.items():
            if value is not None:
                put(key, value)
                continue
            changes.delete(key)
            if not self.erased and keys.is_customer(key):
                put(keys.ERASED, b"")
                self.erased = True
        for key, comes in batch.wakeups.items():
            if comes:
                put(key, b"")
            else:
                changes.delete(key)
        with self._naming:
            self._db.write(changes, self._writing)
        self._follow(batch.wakeups)

    def scan(
        self, prefix: bytes, start_after: bytes | None = None, limit: int = SCAN_MAX
    ) -> list[tuple[bytes, bytes]]:
        """The first `limit` entries under a prefix, in order of their keys, behind `start_after` if given."""
        limit = bounded(limit, SCAN_MAX)
        start = scan_start(prefix, start_after)
        found: list[tuple[bytes, bytes]] = []
        with self._naming:
            under = rocks_options.up_to(keys.end_of(prefix))
            for entry in self._db.items(from_key=start, read_opt=under):
                found.append(cast(tuple[bytes, bytes], entry))
                if len(found) == limit:
                    break
        return found

    def due(self, until_ms: int, limit: int = DUE_MAX) -> list[Wakeup]:
        """The first `limit` wake-ups that are due at or before a time, in order of (time, key)."""
        limit = bounded(limit, DUE_MAX)
        first = self.next_due()
        if first is None or first > until_ms:
            return []
        found: list[Wakeup] = []
        with self._naming:
            for key in self._db.keys(from_key=self._low, read_opt=self._wakeups):
                wakeup = keys.decode_wakeup(cast(bytes, key))
                if wakeup.due_ms > until_ms or len(found) == limit:
                    break
                found.append(wakeup)
        return found

    def next_due(self) -> int | None:
        """The time of the first wake-up, None when there is none; reads only after the first one went."""
        if not self._low_is_first:
            with self._naming:
                ahead = self._db.keys(from_key=self._low, read_opt=self._wakeups)
                self._low = cast(bytes, next(ahead, _WAKEUPS_END))
            self._low_is_first = True
        return keys.due_of(self._low) if self._low < _WAKEUPS_END else None

    def bytes_on_disk(self) -> int:
        """Of all tables; what was not flushed yet is in none."""
        with self._naming:
            return self._db.property_int_value("rocksdb.total-sst-files-size") or 0

    def compact(self, prefix: bytes) -> None:
        """Rewrite a range without what was deleted in it. May take seconds on a big store."""
        with self._naming:
            self._db.compact_range(prefix, keys.end_of(prefix), rocks_options.whole_range())

    def begin_shredding(self) -> None:
        """What is removed from now on is for the next time."""
        self.erased = False

    def shred(self, stopped: Callable[[], bool]) -> bool:
        """Rewrite everything without what was removed, table by table, unless stopped; whether it was done.

        May take long, and may run beside all else but `close`.
        """
        self.flush()
        with self._naming:
            tables = [(table["start_key"], table["end_key"]) for table in self._db.live_files()]
            for first, last in sorted(tables):
                if stopped():
                    return False
                self._db.compact_range(first, last, rocks_options.whole_range())
        return True

    def end_shredding(self) -> None:
        """It was done to the end."""
        if not self.erased:
            with self._naming:
                self._db.delete(keys.ERASED, self._writing)

    def flush(self) -> None:
        """Write everything to tables, and wait for it."""
        with self._naming:
            if self._low > self._cleared:
                self._db.delete_range(keys.WAKEUPS, self._low, self._writing)
                self._cleared = self._low
            self._db.flush()

    def close(self) -> None:
        """Flush and release the directory; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._low_is_first = False  # so that `next_due` asks the closed database
        try:
            self.flush()
        finally:
            with self._naming:
                self._db.close()

    def _follow(self, wakeups: dict[bytes, bool]) -> None:
        """Keep the mark: what comes below it is the new first; when the first goes, the next is unknown."""
        for key, comes in wakeups.items():
            if comes:
                if key < self._low:
                    self._low, self._low_is_first = key, True
            elif key == self._low:
                self._low_is_first = False


class _Naming:
    """Gives RocksDB's errors, which come as plain `Exception` with a text, the names that callers know."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Nothing to prepare: one object serves all calls."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and type(error) in {Exception, rocksdict.DbClosedError}:
            raise _named(error, self._path) from error


def _named(error: BaseException, path: Path) -> StateError:
    text = str(error)
    if isinstance(error, rocksdict.DbClosedError):
        return StoreClosed(f"{path} is closed")
    if "lock hold" in text or "lock file" in text or "LOCK:" in text:
        return StoreInUse(f"{path} is in use, by another worker or not yet closed: {text}")
    # A failure to open a table comes as corruption too: the data is at fault only if the machine is not.
    if any(fault in text for fault in _FAULTS_OF_THE_MACHINE):
        return StoreUnavailable(f"{path} cannot be read or written: {text}")
    if "Corruption" in text or "No such file" in text:
        return Damaged(f"{path} is damaged, move it away to have it rebuilt from the changelog: {text}")
    return StoreUnavailable(f"{path} cannot be read or written: {text}")
