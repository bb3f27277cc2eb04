"""What a plain calendar would have sent on the same history: the campaign that most shops run today.

On day 3, 14 and 30 after every order of a customer, an offer of an add-on of what was ordered, as the
catalogue has it: first the one that most lines of the order name, then the next ones. Where the catalogue has
none, the add-on that it names most often of all. At most one a day, which any mailing tool sees to. The
calendar knows nothing else, which is the point: not whether the parcel came, whether anything was used, or
whether something is wrong.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from schemas.records import Purchase
from streams.journey.view import DAY_MS
from streams.replay.audit import Offer
from streams.replay.goes_with import Related
from streams.sources.source import Event

DAYS: Final = (3, 14, 30)


class Calendar:
    """Sends by the calendar; `add` gets each offer when its order is made."""

    __slots__ = ("_add", "_best", "_days", "_popular", "_related")

    def __init__(self, related: Related, add: Callable[[Offer], None]) -> None:
        self._add = add
        self._related = related
        self._days: dict[str, set[int]] = {}
        self._popular = related.popular()
        self._best = max(self._popular, key=self._rank, default="")

    def see(self, event: Event) -> None:
        """One event of the history."""
        if not isinstance(event, Purchase) or event.type != "order_placed" or not event.lines:
            return
        add_ons = self._add_ons(event) or [self._best]
        taken = self._days.setdefault(event.customer_id, set())
        for number, days in enumerate(DAYS):
            at_ms = event.occurred_at + days * DAY_MS
            if at_ms // DAY_MS not in taken:
                taken.add(at_ms // DAY_MS)
                product_id = add_ons[number % len(add_ons)]
                self._add(Offer(event.customer_id, at_ms, product_id, name=f"day {days}"))

    def _add_ons(self, event: Purchase) -> list[str]:
        """Add-ons of the products of an order, the one named most often first."""
        named: Counter[str] = Counter()
        for product_id in {line.product_id for line in event.lines}:
            named.update(self._related.add_ons(product_id))
        return sorted(named, key=lambda one: (named[one], *self._rank(one)), reverse=True)[: len(DAYS)]

    def _rank(self, product_id: str) -> tuple[int, str]:
        return self._popular.get(product_id, 0), product_id


def write_sends(path: Path, offers: Iterable[Offer]) -> None:
    """Write offers as a send log, as `kairos audit` reads it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("customer", "time", "product", "campaign"))
        for offer in offers:
            when = datetime.fromtimestamp(offer.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
            rows.writerow((offer.customer_id, when, offer.product_id, offer.name))
