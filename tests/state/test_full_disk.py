import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from state import keys
from state.errors import StoreUnavailable
from state.rocks import RocksStore
from state.rocks_options import RocksResources
from state.store import Batch
from tests.small_disk import fill, small_disk

DISK = "4m"
CHANCE = random.Random(1)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path, DISK) as mounted:
        if not mounted:
            pytest.skip("no small disk: only root may mount one")
        yield tmp_path


def opened(disk: Path) -> RocksStore:
    return RocksStore(disk / "state", RocksResources(32 << 20, 8 << 20), write_ahead_log=False)


def write(store: RocksStore, first: int, count: int) -> None:
    batch = Batch()
    for number in range(first, first + count):
        batch.put(keys.meta(f"{number:06d}"), CHANCE.randbytes(200))
    store.write(batch)


def test_a_full_disk_is_told_as_such_and_what_was_on_it_is_there_when_there_is_room_again(disk: Path) -> None:
    store = opened(disk)
    write(store, 0, 1_000)
    store.flush()
    write(store, 1_000, 4_000)
    ballast = fill(disk)
    with pytest.raises(StoreUnavailable, match="No space left"):
        store.flush()
    with pytest.raises(StoreUnavailable, match="No space left"):
        store.close()
    with pytest.raises(StoreUnavailable, match="No space left"):
        opened(disk)
    ballast.unlink()
    store = opened(disk)
    assert store.get(keys.meta("000999")) is not None
    assert store.get(keys.meta("001000")) is None
    write(store, 1_000, 1_000)
    store.close()
