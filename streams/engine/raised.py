"""What a replay remembers of mass incidents, beside its position, in pages that fit into a record.

A strike can raise the same flag for many customers within its window: too many for one record of a changelog.
So they stand under keys of their own, a page per key, and a page that has not changed is not written again.
"""

from __future__ import annotations

from typing import Final

import msgspec

from state import keys
from state.errors import Damaged
from state.store import Batch, Store
from streams.replay.incident import Raised

PAGE: Final = 5_000
Entries = tuple[tuple[int, int, str], ...]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entries).decode


class RaisedPages:
    """The pages of one partition. `count` is how many the store holds."""

    def __init__(self, store: Store, count: int) -> None:
        self._pages = [store.get(_key(number)) for number in range(count)]

    @property
    def count(self) -> int:
        """How many pages there are."""
        return len(self._pages)

    def recent(self) -> Entries:
        """What stands in them. Damaged: a page is missing, or cannot be read."""
        try:
            return tuple(entry for page in self._pages for entry in _decode(page or b""))
        except msgspec.MsgspecError as error:
            raise Damaged(f"what was raised lately cannot be read: {error}") from error

    def put(self, batch: Batch, raised: Raised) -> None:
        """Put into the batch what differs from the last time."""
        recent = raised.recent
        pages = [_encode(recent[start : start + PAGE]) for start in range(0, len(recent), PAGE)]
        for number, page in enumerate(pages):
            if number >= self.count or self._pages[number] != page:
                batch.put(_key(number), page)
        for number in range(len(pages), self.count):
            batch.delete(_key(number))
        self._pages = list(pages)


def _key(number: int) -> bytes:
    return keys.meta(f"raised-{number}")
