"""A sorted set of keys for a store in memory.

Chunks of bounded length, each sorted, and the last key of each: an insertion moves at most one chunk, where
one sorted list would move half of all keys.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

CHUNK_MAX: Final = 1024


class OrderedKeys:
    """Distinct byte strings in order. Adding and discarding cost two binary searches."""

    __slots__ = ("_chunks", "_lasts")

    def __init__(self) -> None:
        self._chunks: list[list[bytes]] = []
        self._lasts: list[bytes] = []

    def add(self, key: bytes) -> None:
        """Put a key in its place; nothing happens when it is there."""
        lasts = self._lasts
        at = bisect_left(lasts, key)
        if at == len(lasts):
            self._append(key)
            return
        chunk = self._chunks[at]
        place = bisect_left(chunk, key)
        if chunk[place] != key:
            chunk.insert(place, key)
            if len(chunk) > CHUNK_MAX:
                self._split(at)

    def discard(self, key: bytes) -> None:
        """Take a key out; nothing happens when it is not there."""
        lasts = self._lasts
        at = bisect_left(lasts, key)
        if at == len(lasts):
            return
        chunk = self._chunks[at]
        place = bisect_left(chunk, key)
        if chunk[place] != key:
            return
        del chunk[place]
        if not chunk:
            del self._chunks[at], lasts[at]
        elif place == len(chunk):
            lasts[at] = chunk[-1]

    def since(self, start: bytes) -> Iterator[bytes]:
        """All keys at or behind `start`, in order. The set must not change meanwhile."""
        at = bisect_left(self._lasts, start)
        if at == len(self._lasts):
            return
        chunk = self._chunks[at]
        yield from chunk[bisect_left(chunk, start) :]
        for later in self._chunks[at + 1 :]:
            yield from later

    def _append(self, key: bytes) -> None:
        if not self._chunks:
            self._chunks.append([key])
            self._lasts.append(key)
            return
        self._chunks[-1].append(key)
        self._lasts[-1] = key
        if len(self._chunks[-1]) > CHUNK_MAX:
            self._split(len(self._chunks) - 1)

    def _split(self, at: int) -> None:
        chunk = self._chunks[at]
        half = len(chunk) // 2
        self._chunks[at : at + 1] = [chunk[:half], chunk[half:]]
        self._lasts.insert(at, chunk[half - 1])
