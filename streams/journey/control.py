"""Pure. What the operator says at run time: pauses, the date of going live, another policy.

A record replaces the one before it with the same `control_id`, and a tombstone takes it back, as on a
compacted topic. Among different records about the same brand, placement and product the last one by
(at, control_id) holds; a record without `at` is older than any with one. So the order in which different
records are read does not matter, and reading one twice changes nothing.

A pause or resume is about exactly the brand, placement and product that it names: resuming one brand does not
lift a pause of everything, and resuming everything does not lift the pause of one brand. Whoever paused
something resumes the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from schemas.records import Control
from streams.journey.policy import Policy

Place = tuple[str | None, str | None, str | None]
"""Brand, placement and product; None is all of them."""

RECORDS_MAX: Final = 10_000
"""Control records that are held; whoever reads them refuses more."""


class ControlState:
    """All that the operator says now. Immutable: `with_record` and `without` make another one."""

    __slots__ = ("live_dates", "pauses", "policy", "records")

    def __init__(self, records: Iterable[Control] = ()) -> None:
        self.records: Mapping[str, Control] = {record.control_id: record for record in records}
        last: dict[tuple[bool, Place], Control] = {}
        for record in sorted(self.records.values(), key=_order):
            if record.type in ("pause", "resume"):
                last[True, _place(record)] = record
            elif record.type == "live_from":
                last[False, _place(record)] = record
        self.pauses = frozenset(place for (_, place), record in last.items() if record.type == "pause")
        self.live_dates = {
            place: record.at or 0 for (_, place), record in last.items() if record.type == "live_from"
        }
        policies = [record for record in self.records.values() if record.type == "policy"]
        self.policy: Control | None = max(policies, key=_order, default=None)
        """The record whose TOML text is the policy now; None: the policy that the worker was started with."""

    def paused(self, brand: str, placement: str, product_id: str) -> bool:
        """Whether a pause covers this brand, placement and product; "" where there is none."""
        if not self.pauses:
            return False
        return not self.pauses.isdisjoint(_covering(brand, placement, product_id))

    def live_from_ms(self, policy: Policy, brand: str = "", placement: str = "", product_id: str = "") -> int:
        """Facts before this time open nothing: as the nearest `live_from` record says, else the policy."""
        if not self.live_dates:
            return policy.live.from_ms
        places = _covering(brand, placement, product_id)
        found = next((self.live_dates[place] for place in places if place in self.live_dates), None)
        return policy.live.from_ms if found is None else found

    def with_record(self, record: Control) -> ControlState:
        """What holds once `record` is read."""
        return ControlState({**self.records, record.control_id: record}.values())

    def without(self, control_id: str) -> ControlState:
        """What holds once the record of this id is taken back."""
        return ControlState(record for key, record in self.records.items() if key != control_id)


def _order(record: Control) -> tuple[int, str]:
    return record.at or 0, record.control_id


def _place(record: Control) -> Place:
    return record.brand, record.placement, record.product_id


def _covering(brand: str, placement: str, product_id: str) -> tuple[Place, ...]:
    """Every place that covers these three, the nearest first: the product says more than the placement."""
    return (
        (brand, placement, product_id),
        (None, placement, product_id),
        (brand, None, product_id),
        (None, None, product_id),
        (brand, placement, None),
        (None, placement, None),
        (brand, None, None),
        (None, None, None),
    )
