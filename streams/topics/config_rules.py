"""Pure. How the setup of a topic that exists may differ from what is wanted, and what is done about it.

Whatever makes records live shorter is left to people: `apply` runs from a shell history one day.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

INFINITE: Final = "-1"
POLICY: Final = "cleanup.policy"
_FOREVER: Final = float("inf")
_UNBOUNDED_BY: Final = {"retention.ms", "retention.bytes"}
"""Where -1 means no limit."""


class Good(StrEnum):
    """Which values are as good as the wanted one."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


NUMBERS: Final[Mapping[str, Good]] = {
    "retention.ms": Good.AT_LEAST,
    "max.message.bytes": Good.AT_LEAST,
    "delete.retention.ms": Good.AT_LEAST,
    "min.insync.replicas": Good.AT_LEAST,
    "max.compaction.lag.ms": Good.AT_MOST,
    "segment.ms": Good.AT_MOST,
    "min.cleanable.dirty.ratio": Good.AT_MOST,
}
WORTH_A_NOTE: Final[Mapping[str, str]] = {
    "retention.ms": "kept: longer than needed, and what was said of an erased customer stays as long",
    "retention.bytes": "kept: records may go before their time when there are many",
}
"""What is as good or of no matter, and still worth knowing when it differs."""


class Difference(Struct, frozen=True):
    """One entry that differs. `to` is the value to set; None where nothing is set, for `reason`."""

    entry: str
    found: str
    to: str | None
    reason: str
    is_note: bool = False


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Difference]:
    """What differs between the wanted entries and those in effect, by the tables above."""
    yield from _policy(wanted[POLICY], found.get(POLICY, ""))
    for entry, value in wanted.items():
        if entry in NUMBERS and entry in found:
            yield from _number(entry, value, found[entry])
    limit = found.get("retention.bytes", INFINITE)
    if "retention.ms" in wanted and limit != INFINITE:
        yield Difference("retention.bytes", limit, None, WORTH_A_NOTE["retention.bytes"], is_note=True)


def _policy(wanted: str, found: str) -> Iterator[Difference]:
    """Compaction alone, or deletion alone. From compaction to deletion records would begin to vanish."""
    words = {word.strip() for word in found.split(",")} - {""}
    if words == {wanted}:
        return
    if wanted == "compact":
        reason = "with delete, the last record of a key goes with time" if "delete" in words else ""
        yield Difference(POLICY, found, wanted, reason)
    elif wanted in words:
        yield Difference(POLICY, found, wanted, "compaction drops all but the last event of a customer")
    else:
        reason = "records older than retention.ms would vanish: change it by hand if that is meant"
        yield Difference(POLICY, found, None, reason)


def _number(entry: str, wanted: str, found: str) -> Iterator[Difference]:
    rule, target, value = NUMBERS[entry], _value(entry, wanted), _value(entry, found)
    if value == target:
        return
    if (value > target) == (rule is Good.AT_LEAST):
        if entry in WORTH_A_NOTE:
            yield Difference(entry, found, None, WORTH_A_NOTE[entry], is_note=True)
        return
    yield Difference(entry, found, wanted, f"must be {rule} {wanted}")


def _value(entry: str, text: str) -> float:
    return _FOREVER if entry in _UNBOUNDED_BY and text == INFINITE else float(text)
