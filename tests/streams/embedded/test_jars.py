from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from streams.embedded.errors import Unavailable
from streams.embedded.jars import Jars
from streams.embedded.pins import Pin
from tests.streams.embedded.fakes import PINS, FakeRepository


def jars(cache: Path, repository: FakeRepository, pins: Sequence[Pin] = PINS) -> Jars:
    return Jars(cache, tuple(pins), repository)


def test_jars_are_fetched_once(tmp_path: Path) -> None:
    repository = FakeRepository()
    first, second = (jars(tmp_path, repository).ready() for _ in range(2))
    assert first == second
    assert [path.read_bytes() for path in first] == [b"first", b"second", b"kafka"]
    assert sorted(repository.fetched) == ["first", "kafka_2.13", "second"]


def test_two_who_need_them_at_once_fetch_them_once(tmp_path: Path) -> None:
    repository = FakeRepository()
    both = [jars(tmp_path, repository), jars(tmp_path, repository)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Jars.ready, both))
    assert sorted(repository.fetched) == ["first", "kafka_2.13", "second"]


def test_a_jar_that_is_damaged_is_noticed_and_fetched_anew(tmp_path: Path) -> None:
    repository = FakeRepository()
    damaged = jars(tmp_path, repository).ready()[1]
    damaged.write_bytes(b"secund")
    repository.fetched.clear()
    assert jars(tmp_path, repository).ready()[1].read_bytes() == b"second"
    assert repository.fetched == ["second"]


def test_a_jar_that_is_missing_is_fetched_anew(tmp_path: Path) -> None:
    repository = FakeRepository()
    jars(tmp_path, repository).ready()[0].unlink()
    assert jars(tmp_path, repository).ready()[0].read_bytes() == b"first"


def test_a_jar_that_was_only_touched_is_hashed_and_kept(tmp_path: Path) -> None:
    repository = FakeRepository()
    touched = jars(tmp_path, repository).ready()[0]
    repository.fetched.clear()
    touched.touch()
    jars(tmp_path, repository).ready()
    assert repository.fetched == []


def test_a_damaged_jar_that_cannot_be_had_again_stops_the_start(tmp_path: Path) -> None:
    repository = FakeRepository()
    damaged = jars(tmp_path, repository).ready()[1]
    damaged.write_bytes(b"secund")
    repository.contents["second-1.jar"] = b"a page that says: log in first"
    with pytest.raises(Unavailable, match="fetched as group:second:1 is something else"):
        jars(tmp_path, repository).ready()
    with pytest.raises(Unavailable):
        jars(tmp_path, repository).ready()


def test_a_fetch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    repository = FakeRepository({"first-1.jar": b"first", "second-1.jar": b"?", "kafka_2.13-4.jar": b"kafka"})
    with pytest.raises(Unavailable):
        jars(tmp_path, repository).ready()
    assert [path.name for path in tmp_path.iterdir()] == ["jars.lock"]


def test_two_sets_of_jars_share_a_cache_without_meeting(tmp_path: Path) -> None:
    repository = FakeRepository()
    all_of_them, fewer = jars(tmp_path, repository), jars(tmp_path, repository, PINS[1:])
    assert all_of_them.ready()[-1] != fewer.ready()[-1]


def test_a_stamp_that_is_damaged_costs_a_look_at_every_jar_and_nothing_else(tmp_path: Path) -> None:
    repository = FakeRepository()
    found = jars(tmp_path, repository)
    found.ready()
    (found.folder / "verified.json").write_text("[")
    repository.fetched.clear()
    found.ready()
    assert repository.fetched == []


def test_an_archive_of_classes_goes_with_the_jars_that_it_was_made_of(tmp_path: Path) -> None:
    repository = FakeRepository()
    found = jars(tmp_path, repository)
    found.ready()[0].write_bytes(b"damaged")
    (found.folder / "classes.jsa").touch()
    found.ready()
    assert not (found.folder / "classes.jsa").exists()
