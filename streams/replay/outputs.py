"""The output topics of a replay as files: one per topic, JSON Lines or Avro containers.

Fields stand in the order of the schema and records by (customer, sequence), so equal replays are equal files.
Avro containers get a fixed sync marker for the same reason; it is chance otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import fastavro
import msgspec

from schemas.model import documents
from schemas.topics import DEAD_LETTERS, outputs
from streams.replay.spool import merged_records

Format = Literal["jsonl", "avro"]
SYNC: Final = b"kairos replay 01"
BUFFER_BYTES: Final = 1024 * 1024


def write_outputs(out: Path, all_runs: Iterable[dict[str, list[Path]]], form: Format) -> dict[str, Path]:
    """Write every output topic into `out` and return the files by topic; topics without records are empty."""
    out.mkdir(parents=True, exist_ok=True)
    runs: dict[str, list[Path]] = defaultdict(list)
    for some in all_runs:
        for name, paths in some.items():
            runs[name].extend(paths)
    written = {}
    for topic in outputs().values():
        records = merged_records(runs[topic.name])
        avro = form == "avro" and topic.name != DEAD_LETTERS
        path = out / f"{topic.name}.{'avro' if avro else 'jsonl'}"
        if avro:
            assert topic.schema is not None
            _write_avro(path, topic.schema, records)
        else:
            with path.open("wb", BUFFER_BYTES) as file:
                file.writelines(records)
        written[topic.name] = path
    return written


def _write_avro(path: Path, schema: str, records: Iterator[bytes]) -> None:
    def plain() -> Iterator[dict[str, Any]]:
        for line in records:
            yield msgspec.json.decode(line)

    document = dict(documents()[schema])
    with path.open("wb") as file:
        fastavro.writer(file, document, plain(), codec="deflate", sync_marker=SYNC)
