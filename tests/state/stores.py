"""Stores for tests: how each is made, and one that fails on request."""

from collections.abc import Callable, Sequence
from pathlib import Path

from state.errors import StoreUnavailable
from state.keys import Wakeup
from state.layered import LayeredStore
from state.memory import MemoryStore
from state.rocks import RocksStore
from state.rocks_options import MIB, RocksResources
from state.store import DUE_MAX, SCAN_MAX, Batch, Store

SMALL_MEMORY = {"memory_bytes": 8 * MIB, "write_buffers_bytes": 4 * MIB}


class FailingStore:
    """Keeps the contract of the store it wraps, and refuses as many of the next writes as it is told."""

    def __init__(self, store: Store, failures: int = 0) -> None:
        self.store = store
        self.failures = failures

    def get(self, key: bytes) -> bytes | None:
        return self.store.get(key)

    def get_many(self, wanted: Sequence[bytes]) -> list[bytes | None]:
        return self.store.get_many(wanted)

    def write(self, batch: Batch) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("told to fail")
        self.store.write(batch)

    def scan(
        self, prefix: bytes, start_after: bytes | None = None, limit: int = SCAN_MAX
    ) -> list[tuple[bytes, bytes]]:
        return self.store.scan(prefix, start_after, limit)

    def due(self, until_ms: int, limit: int = DUE_MAX) -> list[Wakeup]:
        return self.store.due(until_ms, limit)

    def next_due(self) -> int | None:
        return self.store.next_due()

    def compact(self, prefix: bytes) -> None:
        self.store.compact(prefix)

    def flush(self) -> None:
        self.store.flush()

    def close(self) -> None:
        self.store.close()


def memory(path: Path) -> Store:
    return MemoryStore()


def rocks(path: Path) -> Store:
    return RocksStore(path, RocksResources(**SMALL_MEMORY), write_ahead_log=False)


def failing(path: Path) -> Store:
    return FailingStore(MemoryStore())


def layered(path: Path) -> Store:
    return LayeredStore(rocks(path))


MAKERS: dict[str, Callable[[Path], Store]] = {
    "memory": memory,
    "rocks": rocks,
    "failing": failing,
    "layered": layered,
}
