"""Keeps the steps of a partition for the checkers, on disk; they judge one bucket of customers at a time.

Checkers look at the whole history of a customer, and a year of all customers does not fit into memory. So
records are kept as the Avro bytes of the contract: a byte for what it is, its size, and the record.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final
from zlib import crc32

from schemas.codecs import DECODERS, ENCODERS
from schemas.records import Product
from streams.checkers.history import History, Step, Violation
from streams.checkers.judge import judge
from streams.checkers.limits import Limits
from streams.replay.driver import Taken

BUCKETS: Final = 16
_HEAD: Final = struct.Struct(">qBHI")
_KINDS: Final = tuple(DECODERS)
_NUMBERS: Final = {name: number for number, name in enumerate(_KINDS)}
_NO_EVENT: Final = 255


class JudgedSteps:
    """An observer of a replay. `judge` is called once, at the end."""

    def __init__(self, folder: Path, products: Sequence[Product], limits: Limits) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._products, self._limits = products, limits
        self._paths = [folder / f"steps.{number}" for number in range(BUCKETS)]
        self._files: list[BinaryIO] = [path.open("wb") for path in self._paths]

    def observe(self, taken: Taken) -> None:
        """Keep one step; a look that said nothing tells a checker nothing."""
        if taken.event is None and not taken.said:
            return
        customer = taken.customer_id.encode()
        parts = [_HEAD.pack(taken.at.now_ms, taken.at.current, len(customer), len(taken.said)), customer]
        _put(parts, "", taken.event)
        for topic, record in taken.said:
            _put(parts, topic, record)
        self._files[crc32(customer) % BUCKETS].write(b"".join(parts))

    def judge(self) -> Iterator[Violation]:
        """Every violation, bucket by bucket; the files are gone afterwards."""
        for file, path in zip(self._files, self._paths, strict=True):
            file.close()
            yield from judge(History(list(self._steps(path)), self._products))
            path.unlink()

    def _steps(self, path: Path) -> Iterator[Step]:
        data = path.read_bytes()
        at = 0
        while at < len(data):
            now_ms, current, size, count = _HEAD.unpack_from(data, at)
            at += _HEAD.size + size
            customer_id = data[at - size : at].decode()
            _, event, at = _got(data, at)
            said = []
            for _ in range(count):
                topic, record, at = _got(data, at)
                said.append((topic, record))
            yield Step(now_ms, customer_id, event, bool(current), self._limits, tuple(said))


def _put(parts: list[bytes], topic: str, record: Any) -> None:
    if record is None:
        parts.append(bytes((_NO_EVENT,)))
        return
    name = type(record).__name__
    data, topic_bytes = ENCODERS[name](record), topic.encode()
    parts += (bytes((_NUMBERS[name], len(topic_bytes))), topic_bytes, len(data).to_bytes(4, "big"), data)


def _got(data: bytes, at: int) -> tuple[str, Any, int]:
    number = data[at]
    if number == _NO_EVENT:
        return "", None, at + 1
    start = at + 2 + data[at + 1]
    topic = data[at + 2 : start].decode()
    end = start + 4 + int.from_bytes(data[start : start + 4], "big")
    return topic, DECODERS[_KINDS[number]](data[start + 4 : end], 0), end
