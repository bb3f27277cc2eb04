"""A directory of files in, output files and dead letters out."""

import gzip
from pathlib import Path
from typing import Any

import fastavro
import msgspec
import pytest

from schemas.codecs import DECODERS
from schemas.model import documents
from schemas.records import Product, Usage
from streams.errors import Fatal
from streams.loading.policy_file import load_policies
from streams.replay.prepare import Options, prepare
from streams.sources.online_retail import online_retail
from streams.sources.source import TOPICS, Event
from tests.streams.replay.conftest import SEED, replayed

START = 1_600_000_000_000


def usage(at: int, event_id: str, customer_id: str = "c") -> Usage:
    return Usage(event_id, customer_id, at, type="session", product_id="p")


def lines(records: list[Any]) -> bytes:
    return b"".join(
        record if isinstance(record, bytes) else msgspec.json.encode(record) + b"\n" for record in records
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    (path / "catalogue.jsonl").write_bytes(lines([Product("p", "1", "things", kind="durable")]))
    return path


def read(folder: Path, tmp_path: Path, **others: Any) -> tuple[list[Event], dict[str, int]]:
    setup = prepare(Options(path=folder, **others), load_policies(), tmp_path / "work")
    events = [
        event
        for number in range(setup.partitions)
        for event in setup.history.open(number, setup.partitions, lambda _: None).events
    ]
    return sorted(events, key=lambda event: (event.occurred_at, event.event_id)), setup.history.refused


def test_plain_packed_and_avro_files_hold_the_same(folder: Path, tmp_path: Path) -> None:
    events = [usage(START + number, f"e{number}") for number in range(9)]
    (folder / "usage.jsonl").write_bytes(lines(events[:3]))
    (folder / "journey.usage.jsonl.gz").write_bytes(gzip.compress(lines(events[3:6])))
    with (folder / "usage.avro").open("wb") as file:
        fastavro.writer(file, dict(documents()["Usage"]), [msgspec.to_builtins(it) for it in events[6:]])
    assert read(folder, tmp_path) == (events, {})


def test_what_is_no_record_goes_to_the_dead_letters_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    good = usage(START, "good")
    bad = [b'{"event_id": 7}\n', b"\xff\xfe\n", b"{", b"\n\n"]
    (folder / "usage.jsonl").write_bytes(lines([good]) + b"".join(bad))
    out = replayed(Options(path=folder, check=False), tmp_path)
    assert out["stages"] == b""
    work = tmp_path / "again"
    setup = prepare(Options(path=folder), load_policies(), work)
    letters = [
        msgspec.json.decode(line.partition(b"\t")[2])
        for path in setup.history.letters["dead-letters"]
        for line in Path(path).read_bytes().splitlines()
    ]
    assert [letter["headers"]["reason"] for letter in letters] == [
        "wrong_type",
        "unknown_framing",
        "truncated",
    ]
    assert [letter["headers"]["offset"] for letter in letters] == ["1", "2", "3"]
    assert letters[0]["value"] == '{"event_id": 7}'
    assert letters[1]["value_base64"] == "//4="
    assert {letter["headers"]["topic"] for letter in letters} == {"journey.usage"}


def test_an_event_that_breaks_a_rule_of_meaning_is_refused(folder: Path, tmp_path: Path) -> None:
    milestone = Usage("m", "c", START, type="milestone", product_id="p")
    (folder / "usage.jsonl").write_bytes(lines([usage(START, "a"), milestone]))
    assert read(folder, tmp_path)[1] == {"missing_for_type": 1}


def test_an_event_beyond_the_disorder_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    events = [usage(START + 10_000, "a"), usage(START, "b"), usage(START - 1, "c")]
    (folder / "usage.jsonl").write_bytes(lines(events))
    found, refused = read(folder, tmp_path, disorder_ms=10_000)
    assert [event.event_id for event in found] == ["b", "a"]
    assert refused == {"too_late_for_replay": 1}


@pytest.mark.parametrize("files", [{}, {"purchases.txt": b""}, {"usage.jsonl": b""}])
def test_a_directory_without_events_is_fatal(folder: Path, tmp_path: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.raises(Fatal):
        read(folder, tmp_path)


def test_a_directory_without_a_catalogue_is_fatal(folder: Path, tmp_path: Path) -> None:
    (folder / "catalogue.jsonl").unlink()
    (folder / "usage.jsonl").write_bytes(lines([usage(START, "a")]))
    with pytest.raises(Fatal, match="catalogue"):
        read(folder, tmp_path)


def test_a_used_state_directory_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "usage.jsonl").write_bytes(lines([usage(START, "a")]))
    state = tmp_path / "state"
    replayed(Options(path=folder, state=state, check=False), tmp_path / "one")
    with pytest.raises(Fatal, match="empty"):
        replayed(Options(path=folder, state=state, check=False), tmp_path / "two")


@pytest.fixture(scope="session")
def as_files(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history of the few customers, without reactions, as files."""
    folder = tmp_path_factory.mktemp("files")
    source = online_retail(few, SEED)
    by_topic: dict[str, list[Event]] = {}
    for event in source.events():
        by_topic.setdefault(TOPICS[type(event)], []).append(event)
    for topic, events in by_topic.items():
        (folder / f"{topic}.jsonl").write_bytes(lines(list(events)))
    (folder / "catalogue.jsonl").write_bytes(lines(list(source.catalogue)))
    return folder


def test_avro_outputs_hold_what_json_outputs_hold(as_files: Path, tmp_path: Path) -> None:
    options = Options(path=as_files, check=False)
    json, avro = replayed(options, tmp_path / "json"), replayed(options, tmp_path / "avro", form="avro")
    assert json["eligibility"].count(b"\n") > 50
    for topic in ("eligibility", "stages", "friction", "decisions", "customers"):
        with (tmp_path / "avro" / "out" / f"{topic}.avro").open("rb") as file:
            count = sum(1 for _ in fastavro.reader(file))
        assert count == json[topic].count(b"\n")
    assert replayed(options, tmp_path / "again", form="avro") == avro


def test_partitions_hold_each_customer_once(as_files: Path, tmp_path: Path) -> None:
    setup = prepare(Options(path=as_files, partitions=3), load_policies(), tmp_path)
    customers = [
        {event.customer_id for event in setup.history.open(number, 3, lambda _: None).events}
        for number in range(3)
    ]
    assert sum(map(len, customers)) == len(set().union(*customers)) == 24
    assert set(DECODERS) >= {"Usage"}
