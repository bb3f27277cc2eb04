"""What only the store on disk promises: it outlives processes, and refuses what it does not know."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from state import directory, keys
from state.errors import Damaged, StateError, StoreInUse, StoreUnavailable, UnknownFormat
from state.records.parts import Target
from state.rocks import RocksStore, _named
from state.rocks_options import RocksResources
from state.store import Batch
from tests.state.stores import SMALL_MEMORY

RESOURCES = RocksResources(**SMALL_MEMORY)


def opened(path: Path, *, write_ahead_log: bool = False) -> RocksStore:
    return RocksStore(path, RESOURCES, write_ahead_log=write_ahead_log)


def step(number: int) -> Batch:
    """A batch of which every part says which it is."""
    batch = Batch()
    batch.put(keys.meta("log"), str(number).encode())
    batch.put(keys.meta(f"step {number}"), b"x" * 1000)
    batch.schedule("c1", Target(), number, number + 1)
    return batch


def filled(path: Path, steps: int = 3) -> Path:
    store = opened(path)
    for number in range(steps):
        store.write(step(number))
    store.close()
    return path


@pytest.mark.parametrize("write_ahead_log", [True, False])
def test_a_closed_store_opens_with_everything(tmp_path: Path, write_ahead_log: bool) -> None:
    path = tmp_path / "app" / "partition-3"
    store = opened(path, write_ahead_log=write_ahead_log)
    for number in range(3):
        store.write(step(number))
    store.close()
    again = opened(path, write_ahead_log=write_ahead_log)
    assert [key for key, _ in again.scan(keys.meta("step"))] == [keys.meta(f"step {n}") for n in range(3)]
    assert again.get(keys.meta("log")) == b"2"
    assert [wakeup.due_ms for wakeup in again.due(10**15)] == [3]
    assert again.next_due() == 3
    again.close()


CRASH = """
import os, sys
from pathlib import Path
from tests.state.test_rocks import opened, step
store = opened(Path(sys.argv[1]), write_ahead_log=sys.argv[2] == "log")
for number in range(20):
    store.write(step(number))
    if number == 9:
        store.flush()
os._exit(9)
"""


@pytest.mark.parametrize(("log", "kept"), [("log", 20), ("no log", 10)])
def test_a_crash_leaves_whole_batches_up_to_the_last_flush_or_all_in_the_log(
    tmp_path: Path, log: str, kept: int
) -> None:
    root = Path(__file__).parents[2]
    crashed = subprocess.run(
        [sys.executable, "-c", CRASH, str(tmp_path / "state"), log], cwd=root, check=False
    )
    assert crashed.returncode == 9
    store = opened(tmp_path / "state")
    assert store.get(keys.meta("log")) == str(kept - 1).encode()
    assert len(store.scan(keys.meta("step"))) == kept
    assert [wakeup.due_ms for wakeup in store.due(10**15)] == [kept]
    store.close()


def test_a_directory_is_held_by_one_store_at_a_time(tmp_path: Path) -> None:
    store = opened(tmp_path / "state")
    with pytest.raises(StoreInUse, match="is in use, by another worker or not yet closed"):
        opened(tmp_path / "state")
    store.close()
    opened(tmp_path / "state").close()


def test_an_iteration_that_was_cut_short_does_not_hold_the_directory(tmp_path: Path) -> None:
    store = opened(filled(tmp_path / "state"))
    assert len(store.scan(keys.META, limit=1)) == len(store.due(10**15, 1)) == 1
    store.close()
    opened(tmp_path / "state").close()


def test_stores_of_a_process_share_their_memory(tmp_path: Path) -> None:
    resources = RocksResources(**SMALL_MEMORY)
    before = resources.used_bytes()
    stores = [RocksStore(tmp_path / str(number), resources, write_ahead_log=False) for number in range(3)]
    for store in stores:
        store.write(step(1))
    assert resources.used_bytes() > before
    assert resources.write_buffers.get_buffer_size() == SMALL_MEMORY["write_buffers_bytes"]
    for store in stores:
        store.close()


@pytest.mark.parametrize("write_buffers", [0, SMALL_MEMORY["memory_bytes"]])
def test_write_buffers_are_a_part_of_the_memory(write_buffers: int) -> None:
    with pytest.raises(ValueError, match="a part of the memory"):
        RocksResources(SMALL_MEMORY["memory_bytes"], write_buffers)


class TestMark:
    """The lowest key that can be alive: an idle tick reads nothing, deletions are not walked over again."""

    def test_follows_the_first_wakeup_without_a_read_when_an_earlier_one_comes(self, tmp_path: Path) -> None:
        store = opened(tmp_path / "state")
        assert store.next_due() is None
        for old, due_ms in ((0, 500), (500, 600), (0, 300)):
            batch = Batch()
            batch.schedule("c1" if due_ms > 400 else "c2", Target(), old, due_ms)
            store.write(batch)
        store._db.close()
        assert store.next_due() == 300

    def test_stays_below_deleted_wakeups_until_the_next_one_is_found(self, tmp_path: Path) -> None:
        store = opened(filled(tmp_path / "state", 50))
        assert store.next_due() == 50
        batch = Batch()
        batch.schedule("c1", Target(), 50, 60)
        store.write(batch)
        assert not store._low_is_first
        assert store._low == keys.wakeup(50, keys.customer("c1"))
        assert store.next_due() == 60
        assert store._low == keys.wakeup(60, keys.customer("c1"))
        store.close()

    def test_does_not_move_when_a_write_fails(self, tmp_path: Path) -> None:
        store = opened(filled(tmp_path / "state"))
        assert store.next_due() == 3
        store._db.close()
        batch = Batch()
        batch.schedule("c1", Target(), 3, 1)
        with pytest.raises(StateError):
            store.write(batch)
        assert store._low == keys.wakeup(3, keys.customer("c1"))

    def test_clears_what_is_below_it_at_a_flush_and_nothing_that_comes_later(self, tmp_path: Path) -> None:
        store = opened(filled(tmp_path / "state", 50))
        assert store.next_due() == 50
        store.flush()
        assert store._cleared == keys.wakeup(50, keys.customer("c1"))
        batch = Batch()
        batch.schedule("c2", Target(), 0, 7)
        store.write(batch)
        store.close()
        again = opened(tmp_path / "state")
        assert [wakeup.due_ms for wakeup in again.due(10**15)] == [7, 50]
        again.close()


def foreign(path: Path) -> None:
    (path / "notes.txt").write_text("mine")


def later(path: Path) -> None:
    filled(path)
    (path / directory.FORMAT_FILE).write_text("2\n")


def unreadable(path: Path) -> None:
    filled(path)
    (path / directory.FORMAT_FILE).write_bytes(b"")


@pytest.mark.parametrize(
    ("prepare", "text"),
    [
        (foreign, "holds files that are no state of Kairos"),
        (later, r"has state format b'2\\n', this program reads 1: start the release that wrote it"),
        (unreadable, "has state format b'', this program reads 1"),
    ],
)
def test_a_directory_of_unknown_format_is_refused_and_left_as_it_is(
    tmp_path: Path, prepare: Callable[[Path], None], text: str
) -> None:
    prepare(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UnknownFormat, match=text):
        opened(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("mine")
    with pytest.raises(UnknownFormat, match="is a file"):
        opened(tmp_path / "state")


def test_a_directory_that_cannot_be_made_is_a_fault_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        opened(tmp_path / "file" / "state")


def test_a_creation_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    (tmp_path / f"{directory.FORMAT_FILE}.new").write_text("")
    filled(tmp_path)
    assert (tmp_path / directory.FORMAT_FILE).read_text() == "1\n"


def without_manifest(path: Path) -> None:
    next(path.glob("MANIFEST-*")).unlink()


def with_garbage(path: Path) -> None:
    next(path.glob("MANIFEST-*")).write_bytes(b"garbage" * 100)


def cut_tables(path: Path) -> None:
    for table in path.glob("*.sst"):
        os.truncate(table, 100)


def without_tables(path: Path) -> None:
    for table in path.glob("*.sst"):
        table.unlink()


def without_root(path: Path) -> None:
    (path / "CURRENT").unlink()


@pytest.mark.parametrize("damage", [without_manifest, with_garbage, cut_tables, without_tables, without_root])
def test_a_damaged_directory_is_refused_and_can_be_set_aside(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = filled(tmp_path / "state")
    damage(path)
    for _ in range(2):  # RocksDB must not have begun a new database over the old tables
        with pytest.raises(Damaged, match="to have it rebuilt"):
            opened(path)
    aside = directory.set_aside(path)
    assert aside == tmp_path / "state.aside-1"
    store = opened(path)
    assert store.scan(keys.META) == []
    store.close()
    assert directory.set_aside(path) == tmp_path / "state.aside-2"
    assert aside.exists()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Corruption: block checksum mismatch", Damaged),
        ("Corruption: IO error: Too many open files: While open a file: 000010.sst", StoreUnavailable),
        ("IO error: No space left on device: While appending to file: MANIFEST-000004", StoreUnavailable),
        ("IO error: While lock file: LOCK: Resource temporarily unavailable", StoreInUse),
        ("Shutdown in progress", StoreUnavailable),
    ],
)
def test_an_error_of_rocksdb_is_named_by_who_must_act(text: str, name: type[StateError]) -> None:
    assert type(_named(Exception(text), Path("state"))) is name
