"""A directory of files, one per input topic, as a history.

    purchases.jsonl  journey.deliveries.jsonl.gz  usage.avro ...  ->  checked, in order, split by partition

Every file is read once, before the replay begins. What is no record of its topic goes to the dead letters
with its bytes and a reason; the rest is put into order and written to one file per topic and partition, so
that each partition reads only its own customers, whatever process it runs in. The last event gives the end of
the replay. Several files of one topic are read in the order of their names, as one.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final, cast, get_args

import fastavro
import msgspec
from msgspec import Struct

from schemas.codecs import DECODERS, ENCODERS
from schemas.errors import Reason, Undecodable
from schemas.framing import RecordDecoder
from schemas.model import RECORD_BYTES_MAX, documents
from schemas.plain import from_plain
from schemas.records import Product
from schemas.topics import CATALOGUE, CONTROL, DEFAULT_PREFIX, Topic, journey_inputs
from streams.errors import Fatal
from streams.inputs.partition import murmur2_partition
from streams.inputs.rules import broken_rule
from streams.replay.deadletters import letter, of_event
from streams.replay.history import Opened
from streams.replay.order import TOO_LATE, Refuse, Reorder, merged
from streams.replay.spool import Spool
from streams.sources.source import Event

SUFFIXES: Final = (".jsonl", ".jsonl.gz", ".avro")
KINDS: Final[dict[str, type[Any]]] = {kind.__name__: kind for kind in get_args(Event)}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SIZE_BYTES: Final = 4


class Files(Struct, frozen=True):
    """A history of files that is read and split. `paths` are by partition and topic."""

    starts_at_ms: int
    ends_at_ms: int
    catalogue: tuple[Product, ...]
    paths: dict[int, dict[str, str]]
    read: dict[str, int]
    """Records read, by topic."""
    refused: dict[str, int]
    """Dead letters, by reason."""
    repeats: int
    letters: dict[str, list[str]]
    """Runs of the dead letters."""

    def products(self) -> tuple[Product, ...]:
        return self.catalogue

    def open(self, partition: int, partitions: int, refuse: Refuse) -> Opened:  # noqa: ARG002 - done already
        """The events of one partition; `partitions` is what the files were split for."""
        streams = [_events(Path(path), name) for name, path in sorted(self.paths[partition].items())]
        return Opened(merged(streams), int)


def files_of(folder: Path) -> dict[str, list[Path]]:
    """The files of each topic in a directory. `Fatal` when there is none of an input."""
    if not folder.is_dir():
        raise Fatal(f"{folder} is no directory: name one with purchases.jsonl and its like")
    known = {topic.name for topic in journey_inputs()} | {CATALOGUE, CONTROL}
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        suffix = next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), None)
        if suffix is not None:
            topic = path.name.removesuffix(suffix).removeprefix(DEFAULT_PREFIX)
            if topic in known:
                found.setdefault(topic, []).append(path)
    if not any(topic.name in found for topic in journey_inputs()):
        names = ", ".join(f"{topic.name}.jsonl" for topic in journey_inputs())
        raise Fatal(f"{folder} holds no input: it needs some of {names} (also .jsonl.gz and .avro)")
    return found


def split(
    folder: Path, work: Path, partitions: int, disorder_ms: int, products: tuple[Product, ...]
) -> Files:
    """Read all files of a directory, and write what is right by partition into `work`."""
    return _Split(work, partitions, disorder_ms).done(files_of(folder), products)


class _Split:
    def __init__(self, work: Path, partitions: int, disorder_ms: int) -> None:
        self._work = work / "split"
        self._work.mkdir(parents=True, exist_ok=True)
        self._partitions, self._disorder_ms = partitions, disorder_ms
        self._letters = Spool(self._work)
        self._refused: Counter[str] = Counter()
        self._read: Counter[str] = Counter()
        self._repeats = 0
        self._first: int | None = None
        self._last = 0

    def done(self, files: dict[str, list[Path]], products: tuple[Product, ...]) -> Files:
        paths: dict[int, dict[str, str]] = {number: {} for number in range(self._partitions)}
        for topic in journey_inputs():
            if topic.name in files:
                self._topic(topic, files[topic.name], paths)
        runs = {name: [str(path) for path in some] for name, some in self._letters.close().items()}
        if self._first is None:
            raise Fatal("the files hold no event that could be read: see the reasons with `kairos schemas`")
        return Files(
            self._first,
            self._last,
            products,
            paths,
            dict(self._read),
            dict(self._refused),
            self._repeats,
            runs,
        )

    def _topic(self, topic: Topic, files: list[Path], paths: dict[int, dict[str, str]]) -> None:
        assert topic.schema is not None
        schema = topic.schema
        encode = ENCODERS[schema]
        reorder = Reorder(self._disorder_ms, self._too_late)
        out: list[BinaryIO] = []
        for number in range(self._partitions):
            path = self._work / f"{topic.name}.{number}"
            paths[number][schema] = str(path)
            out.append(path.open("wb", 256 * 1024))
        events = chain.from_iterable(self._file(topic, path) for path in files)
        for event in reorder.sorted(events):
            at = event.occurred_at
            self._first = at if self._first is None or at < self._first else self._first
            self._last = max(self._last, at)
            data = encode(event)
            file = out[murmur2_partition(event.customer_id.encode(), self._partitions)]
            file.write(len(data).to_bytes(_SIZE_BYTES, "big") + data)
        for file in out:
            file.close()
        self._repeats += reorder.repeats

    def _file(self, topic: Topic, path: Path) -> Iterator[Event]:
        assert topic.schema is not None
        kind = KINDS[topic.schema]
        decoder: RecordDecoder[Any] = RecordDecoder(kind)
        try:
            with path.open("rb") as raw:
                for number, value in enumerate(_values(path, raw)):
                    self._read[topic.name] += 1
                    try:
                        event = decoder.decode(value) if isinstance(value, bytes) else from_plain(value, kind)
                    except Undecodable as error:
                        self._letter(topic, number, error.reason, error.field, value)
                        continue
                    if broken := broken_rule(event):
                        self._letter(topic, number, *broken, value)
                    else:
                        yield event
        except (OSError, EOFError, zlib.error) as error:
            raise Fatal(f"{path} cannot be read: {error}") from error

    def _letter(self, topic: Topic, number: int, reason: Reason, field: str, value: Any) -> None:
        self._refused[reason.value] += 1
        data = value if isinstance(value, bytes) else msgspec.json.encode(value)
        name = topic.full_name()
        line = letter(name, str(number), reason.value, field, topic.schema or "", None, None, data)
        self._letters.add_line("dead-letters", "", self._refused.total(), line)

    def _too_late(self, event: Event) -> None:
        self._refused[TOO_LATE] += 1
        line = of_event(event, TOO_LATE)
        self._letters.add_line("dead-letters", "", self._refused.total(), line)


def _values(path: Path, raw: BinaryIO) -> Iterator[Any]:
    """The records of a file: bytes of JSON, or plain values of an Avro container."""
    if path.name.endswith(".avro"):
        yield from _avro(path, raw)
        return
    with gzip.open(raw) if path.name.endswith(".gz") else raw as lines:
        yield from _lines(cast("BinaryIO", lines))


def _lines(lines: BinaryIO) -> Iterator[bytes]:
    """Lines that hold something. Of one that is too long, as much as shows that it is."""
    while line := lines.readline(RECORD_BYTES_MAX + 2):
        whole = line.endswith(b"\n")
        line = line.rstrip(b"\r\n")
        if line.strip():
            yield line
        while not whole and (rest := lines.readline(RECORD_BYTES_MAX)):
            whole = rest.endswith(b"\n")


def _avro(path: Path, raw: BinaryIO) -> Iterable[Any]:
    """Records of a container as they were written: fastavro matches them to our schema by name."""
    name = next(
        topic.schema
        for topic in journey_inputs()
        if topic.name == path.name.removesuffix(".avro").removeprefix(DEFAULT_PREFIX)
    )
    reader = fastavro.reader(raw, dict(documents()[name or ""]))
    try:
        for value in reader:
            yield _ints(value)
    except (ValueError, TypeError, LookupError, fastavro.read.SchemaResolutionError) as error:
        raise Fatal(f"{path} is no Avro container of {name}: {error!r}") from error


def _ints(value: Any) -> Any:
    """Times as the whole numbers that the contract means, where fastavro made them dates."""
    if isinstance(value, dict):
        return {name: _ints(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_ints(inner) for inner in value]
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(milliseconds=1)
    if isinstance(value, date):
        return (value - EPOCH.date()).days
    return value


def _events(path: Path, name: str) -> Iterator[Event]:
    decode = DECODERS[name]
    with path.open("rb", 256 * 1024) as file:
        while head := file.read(_SIZE_BYTES):
            yield decode(file.read(int.from_bytes(head, "big")), 0)
