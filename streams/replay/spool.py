"""Outputs on their way to sorted files, in bounded memory.

    step -> lines in hand -> sorted runs on disk -> merged into one file per topic

A line of a run is `customer NUL sequence TAB record LF`, the sequence in 20 digits: bytes that sort by
(customer, sequence) without being parsed. Ids hold no control characters and JSON no raw ones, so nothing
needs quoting.
Runs of all partitions are merged at the end, so the files do not show how the work was split.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

RUN_BYTES_MAX: Final = 16 * 1024 * 1024
RUNS_OPEN_MAX: Final = 128
"""Files that one merge reads at a time; more are merged in rounds."""


class Spool:
    """Sorted runs of one partition, in a directory of its own."""

    __slots__ = ("_encode", "_folder", "_in_hand", "_run_bytes_max", "_sizes", "runs")

    def __init__(self, folder: Path, run_bytes_max: int = RUN_BYTES_MAX) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._run_bytes_max = run_bytes_max
        self._encode = msgspec.json.Encoder().encode
        self._in_hand: dict[str, list[bytes]] = {}
        self._sizes: dict[str, int] = {}
        self.runs: dict[str, list[Path]] = {}
        """Topic, without prefix, to its runs."""

    def add(self, topic: str, customer_id: str, sequence: int, record: Any) -> None:
        """Keep one record of a topic."""
        self.add_line(topic, customer_id, sequence, self._encode(record))

    def add_line(self, topic: str, customer_id: str, sequence: int, data: bytes) -> None:
        """Keep one record that is JSON already."""
        line = b"%s\x00%020d\t%s\n" % (customer_id.encode(), sequence, data)
        self._in_hand.setdefault(topic, []).append(line)
        size = self._sizes.get(topic, 0) + len(line)
        self._sizes[topic] = size
        if size >= self._run_bytes_max:
            self._write(topic)

    def close(self) -> dict[str, list[Path]]:
        """Write what is in hand, and return the runs of each topic."""
        for topic in list(self._in_hand):
            self._write(topic)
        return self.runs

    def _write(self, topic: str) -> None:
        lines = sorted(self._in_hand.pop(topic))
        self._sizes[topic] = 0
        runs = self.runs.setdefault(topic, [])
        path = self._folder / f"{topic}.{len(runs)}"
        with path.open("wb") as file:
            file.writelines(lines)
        runs.append(path)


def merged_records(runs: Iterable[Path]) -> Iterator[bytes]:
    """The records of many runs as JSON, by (customer, sequence)."""
    runs = list(runs)
    while len(runs) > RUNS_OPEN_MAX:
        first, runs = runs[:RUNS_OPEN_MAX], runs[RUNS_OPEN_MAX:]
        together = first[0].with_name(first[0].name + "+")
        with together.open("wb") as file, ExitStack() as stack:
            file.writelines(merge(*_opened(first, stack)))
        runs.append(together)
    with ExitStack() as stack:
        for line in merge(*_opened(runs, stack)):
            yield line[line.index(b"\t") + 1 :]


def _opened(runs: Iterable[Path], stack: ExitStack) -> list[BinaryIO]:
    return [stack.enter_context(path.open("rb", 1024 * 1024)) for path in runs]
