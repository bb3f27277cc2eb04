"""When many customers get the same flag at once, something is wrong that no single message can help with.

The help moves of such a flag are held while more than a share of the partition's customers got it within the
window (a carrier's strike). It needs enough customers to speak of a share at all. One per partition; it is
fed with what was said, so it follows the outputs, in virtual time as in a live run.

What stands for a customer here is a keyed hash, so that nobody is named by what outlives an erasure.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec import Struct

from schemas.records import FrictionChange
from streams.journey.identity import Identity
from streams.journey.policy import MassIncident
from streams.journey.view import FAR
from streams.journey.words import Flag

NONE: Final[frozenset[int]] = frozenset()
CUSTOMERS_MAX: Final = 50_000
"""Customers that are remembered by flag, the newest. So many are an incident, whatever share they are."""


class Raised(Struct, frozen=True):
    """A flag that a customer got."""

    flag: int
    who: bytes


Note = Callable[[Raised, int | None], None]
"""Told when something was raised, in epoch ms, and None when that no longer counts."""


class Incidents:
    """Which flags are held now. Times that it is given never fall."""

    __slots__ = ("_expires_ms", "_held", "_identity", "_note", "_recent", "_rules")

    def __init__(self, rules: MassIncident, identity: Identity, note: Note | None = None) -> None:
        self._rules = rules
        self._identity = identity
        self._note = note or _to_nobody
        self._recent: dict[int, OrderedDict[bytes, int]] = {int(flag): OrderedDict() for flag in Flag}
        self._held = NONE
        self._expires_ms = FAR

    @property
    def held_flags(self) -> tuple[int, ...]:
        """The flags that were held when it was asked last, or began to be since."""
        return tuple(sorted(self._held))

    def go_on(self, recent: Mapping[Raised, int], held: Iterable[int]) -> None:
        """Begin where another one stopped: with what it noted, and the flags that it held."""
        for raised, at_ms in sorted(recent.items(), key=lambda it: it[1]):
            self._recent[raised.flag][raised.who] = at_ms
        self._held = frozenset(held) or NONE
        self._expires_ms = 0

    def follow(self, rules: MassIncident) -> None:
        """Other rules hold from now on; what was raised stays raised."""
        self._rules = rules
        self._expires_ms = 0

    def raised(self, change: FrictionChange, known: int) -> bool:
        """A flag changed; `known` customers are known to the partition. Whether it begins to be held."""
        if change.to_state != "open":
            return False
        flag = int(Flag.of(change.flag))
        self._remember(flag, self._identity.raised_key(change.customer_id), change.decided_at)
        if flag in self._held or known < self._rules.customers_min or not self._are_many(flag, known):
            return False
        self._held |= {flag}
        return True

    def held(self, now_ms: int, known: int) -> frozenset[int]:
        """The flags whose help is held at `now_ms`."""
        if now_ms >= self._expires_ms:
            self._forget(now_ms - self._rules.window_ms)
        if self._held:
            self._held = frozenset(flag for flag in self._held if self._are_many(flag, known)) or NONE
        return self._held

    def _are_many(self, flag: int, known: int) -> bool:
        count = len(self._recent[flag])
        return count > self._rules.share * known or count >= CUSTOMERS_MAX

    def _remember(self, flag: int, who: bytes, at_ms: int) -> None:
        recent = self._recent[flag]
        recent[who] = at_ms
        recent.move_to_end(who)
        self._note(Raised(flag, who), at_ms)
        if len(recent) > CUSTOMERS_MAX:
            self._note(Raised(flag, recent.popitem(last=False)[0]), None)
        self._expires_ms = min(self._expires_ms, at_ms + self._rules.window_ms)

    def _forget(self, oldest_ms: int) -> None:
        """Forget what is not newer, and find out when that is to be done again."""
        next_ms = FAR
        for flag, recent in self._recent.items():
            while recent:
                who, at_ms = next(iter(recent.items()))
                if at_ms > oldest_ms:
                    next_ms = min(next_ms, at_ms + self._rules.window_ms)
                    break
                del recent[who]
                self._note(Raised(flag, who), None)
        self._expires_ms = next_ms


def _to_nobody(_raised: Raised, _at_ms: int | None) -> None:
    """Nobody goes on from here."""
