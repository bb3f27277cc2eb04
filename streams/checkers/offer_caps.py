"""Caps: the gap between offers, how many of them in a month, how many moves in a day."""

from collections.abc import Iterator

from schemas.records import Eligibility
from streams.checkers.checker import HELP, OFFER, Checker
from streams.checkers.history import Step

MARKETING = "marketing"
DAY_MS = 86_400_000


class OfferCaps(Checker):
    """Counts what was sent where that is reported, else what was opened.

    Service offers are exempt from both.
    """

    name = "offer_caps"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge offers that are marketing."""
        if record.move != OFFER or record.message_class != MARKETING:
            return
        limits = step.limits
        earlier = [at for at in self._counted_ms() if at <= step.at_ms]
        if earlier and step.at_ms - max(earlier) < limits.offer_gap_ms:
            yield f"{record.eligibility_id} opened {step.at_ms - max(earlier)} ms after the offer before it"
        recent = [at for at in earlier if step.at_ms - at < limits.offers_window_ms]
        if len(recent) >= limits.offers_in_window:
            yield f"{record.eligibility_id} is offer {len(recent) + 1} in {limits.offers_window_ms} ms"

    def _counted_ms(self) -> list[int]:
        offers = (
            permission
            for permission in self.case.book.remembered
            if permission.opened.move == OFFER and permission.opened.message_class == MARKETING
        )
        reporting = self.case.book.reporting
        return [at for one in offers if (at := one.counts_from_ms(reporting=reporting)) is not None]


class DailyCap(Checker):
    """So many moves in a day; help is counted, but never refused for it."""

    name = "daily_cap"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge every opening but help."""
        if record.move == HELP:
            return
        book = self.case.book
        counted = [one.counts_from_ms(reporting=book.reporting) for one in book.remembered]
        today = [at for at in counted if at is not None and step.at_ms - DAY_MS < at <= step.at_ms]
        if len(today) >= step.limits.daily_moves:
            yield f"{record.eligibility_id} is move {len(today) + 1} in a day"
