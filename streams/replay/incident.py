"""When many customers get the same flag at once, something is wrong that no single message can help with.

The help moves of such a flag are held while more than a share of the partition's customers got it within the
window (a carrier's strike). It needs enough customers to speak of a share at all. One per partition; it is
fed with what was said, so it follows the outputs, in virtual time as in a live run.
"""

from collections import Counter, deque
from typing import Final

from msgspec import Struct

from schemas.records import FrictionChange
from streams.journey.policy import MassIncident
from streams.journey.words import Flag

NONE: Final[frozenset[int]] = frozenset()


class Raised(Struct, frozen=True, array_like=True):
    """What was raised within the window, as another one can begin with it: (time, flag, customer)."""

    recent: tuple[tuple[int, int, str], ...] = ()
    held: tuple[int, ...] = ()
    incidents: int = 0


class Incidents:
    """Which flags are held now."""

    __slots__ = ("_by_flag", "_customers", "_held", "_recent", "_rules", "incidents")

    def __init__(self, rules: MassIncident) -> None:
        self._rules = rules
        self._recent: deque[tuple[int, int, str]] = deque()
        self._by_flag: Counter[int] = Counter()
        self._customers: Counter[tuple[int, str]] = Counter()
        self._held = NONE
        self.incidents = 0
        """How often a flag began to be held."""

    @property
    def raised_lately(self) -> Raised:
        """What another one must know to go on from here."""
        return Raised(tuple(self._recent), tuple(sorted(self._held)), self.incidents)

    def go_on(self, raised: Raised) -> None:
        """Begin where another one stopped."""
        for at_ms, flag, customer_id in raised.recent:
            self._remember(at_ms, flag, customer_id)
        self._held = frozenset(raised.held) or NONE
        self.incidents = raised.incidents

    def follow(self, rules: MassIncident) -> None:
        """Other rules hold from now on; what was raised stays raised."""
        self._rules = rules

    def raised(self, change: FrictionChange, known: int) -> None:
        """A flag changed; `known` customers are known to the partition."""
        if change.to_state != "open":
            return
        flag = int(Flag.of(change.flag))
        self._remember(change.decided_at, flag, change.customer_id)
        if known >= self._rules.customers_min and self._by_flag[flag] > self._rules.share * known:
            self.incidents += flag not in self._held
            self._held |= {flag}

    def held(self, now_ms: int, known: int) -> frozenset[int]:
        """The flags whose help is held at `now_ms`."""
        recent, oldest = self._recent, now_ms - self._rules.window_ms
        if recent and recent[0][0] <= oldest:
            while recent and recent[0][0] <= oldest:
                _, flag, customer_id = recent.popleft()
                self._forget(flag, customer_id)
            if self._held:
                limit = self._rules.share * known
                self._held = frozenset(flag for flag in self._held if self._by_flag[flag] > limit) or NONE
        return self._held

    def _remember(self, at_ms: int, flag: int, customer_id: str) -> None:
        self._recent.append((at_ms, flag, customer_id))
        self._customers[flag, customer_id] += 1
        self._by_flag[flag] += self._customers[flag, customer_id] == 1

    def _forget(self, flag: int, customer_id: str) -> None:
        self._customers[flag, customer_id] -= 1
        if not self._customers[flag, customer_id]:
            del self._customers[flag, customer_id]
            self._by_flag[flag] -= 1
