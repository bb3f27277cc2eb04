"""Trap: an offer in a context that was opened for something else."""

from collections.abc import Iterator

from schemas.records import Delivery, Eligibility
from streams.checkers.book import OPENED
from streams.checkers.checker import OFFER, Checker
from streams.checkers.history import Record, Step

OWN_CONTEXT = {"shipping_update": "essential", "order_page": "order_add_on"}
"""Channels that belong to one placement: a status that was opened to be read, an order that was just made."""


class WrongContext(Checker):
    """Channels are those of the placement; a shipping update carries an essential at most."""

    name = "wrong_context"

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:
        """Judge every record that names channels to use."""
        yield from super().said(step, topic, record)
        if not isinstance(record, Eligibility):
            return
        about = f"{record.placement} {record.eligibility_id}"
        for channel in record.channels:
            if OWN_CONTEXT.get(channel, record.placement) != record.placement:
                yield f"{about} may not use {channel}"
            if record.status == OPENED and channel not in step.limits.channels.get(record.placement, ()):
                yield f"{about} uses {channel}, which its placement does not list"
        if both := set(record.channels) & set(record.avoid_channels):
            yield f"{about} would use and avoid {', '.join(sorted(both))}"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Someone who reads a shipping update came for its status."""
        if not isinstance(step.event, Delivery) or step.event.status != "update_opened":
            return
        if record.move == OFFER and record.placement != "essential":
            yield f"{record.placement} {record.eligibility_id} opened upon a shipping update"
