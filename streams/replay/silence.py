"""Which inputs are silent beyond what is expected of them, in virtual time.

From the silence of a parcel nothing may be concluded while the whole feed of deliveries is silent. A source
that never spoke at all is not used, so its silence says nothing about its health; a source that spoke and
stopped is stale from then on. One per partition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streams.journey.view import FAR

NONE: Final[frozenset[str]] = frozenset()


class Silence:
    """`silent_after_ms`: input topic, without prefix, to its longest expected silence."""

    __slots__ = ("_last", "_next_at", "_silent_after_ms", "_stale")

    def __init__(self, silent_after_ms: Mapping[str, int]) -> None:
        self._silent_after_ms = dict(silent_after_ms)
        self._last: dict[str, int] = {}
        self._stale = NONE
        self._next_at = FAR

    @property
    def last(self) -> dict[str, int]:
        """When each source was heard last: what another one starts with."""
        return dict(self._last)

    def with_rules(self, silent_after_ms: Mapping[str, int]) -> Silence:
        """The same that was heard, under other expectations."""
        other = Silence(silent_after_ms)
        for topic, at_ms in self._last.items():
            other.heard(topic, at_ms)
        return other

    def heard(self, topic: str, at_ms: int) -> None:
        """A record of this topic, dated `at_ms`."""
        if topic in self._silent_after_ms:
            self._last[topic] = at_ms
            self._judge(at_ms)

    def stale(self, now_ms: int) -> frozenset[str]:
        """The topics that are silent for too long."""
        if now_ms >= self._next_at:
            self._judge(now_ms)
        return self._stale

    def _judge(self, now_ms: int) -> None:
        ends = {topic: last + self._silent_after_ms[topic] for topic, last in self._last.items()}
        self._stale = frozenset(topic for topic, end in ends.items() if end <= now_ms) or NONE
        self._next_at = min((end for end in ends.values() if end > now_ms), default=FAR)
