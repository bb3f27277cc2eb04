"""Chance that is a keyed hash of what it is about.

A random number generator that is shared would make every choice depend on all choices before it, so that
leaving out one customer would change all others. Here each choice hashes (seed, purpose, ids): customers can
be generated in any order, in any number of processes, with the same result. BLAKE2b gives sixteen 32-bit
draws per hash, which costs less than seeding a generator.
"""

from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct
from typing import TypeVar

_WORDS = Struct("<16I")
_SEPARATOR = "\x1f"  # ids hold no control characters, so no two tuples of names hash the same text
_SCALE = 1 / 2**32

T = TypeVar("T")


class Draws:
    """The sequence of draws of one thing; whoever asks `Chance.of` again gets it from its beginning."""

    __slots__ = ("_key", "_text", "_words")

    def __init__(self, key: bytes, text: bytes) -> None:
        self._key = key
        self._text = text
        self._words = list(_WORDS.unpack(blake2b(text, key=key).digest()))

    def share(self) -> float:
        """A number from 0 (inclusive) to 1 (exclusive)."""
        if not self._words:
            self._text += b"+"
            self._words = list(_WORDS.unpack(blake2b(self._text, key=self._key).digest()))
        return self._words.pop() * _SCALE  # type: ignore[no-any-return]

    def happens(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.share() < probability

    def between(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both inclusive."""
        return low + int(self.share() * (high - low + 1))

    def early(self, low: int, high: int) -> int:
        """As `between`, but most often near `low`: the square of a uniform share."""
        share = self.share()
        return low + int(share * share * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`, which is not empty."""
        return choices[int(self.share() * len(choices))]


class Chance:
    """All chance of one generator under one seed."""

    __slots__ = ("_key", "source")

    def __init__(self, generator: str, seed: int) -> None:
        self.source = f"made-up:{generator}:{seed}"
        """The `source` of every event that comes of this chance."""
        self._key = blake2b(self.source.encode()).digest()

    def of(self, *names: str) -> Draws:
        """The draws of what `names` name: a purpose, then ids."""
        return Draws(self._key, _SEPARATOR.join(names).encode())

    def token(self, *names: str) -> str:
        """Sixteen hexadecimal digits for an id of what `names` name."""
        return blake2b(_SEPARATOR.join(names).encode(), key=self._key, digest_size=8).hexdigest()

    def number(self, *names: str) -> int:
        """A 64-bit number for what `names` name."""
        return int(self.token(*names), 16)
