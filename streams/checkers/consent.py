"""Consent: no offer or question without one, and a STOP is heard in its own step."""

from collections.abc import Iterator

from schemas.records import Eligibility
from streams.checkers.checker import ASK, OFFER, Checker
from streams.checkers.history import Record, Step


class Consents(Checker):
    """Unknown is no consent. What is open when STOP comes is taken back, or issued anew without the channel.

    A message that is pushed needs consent for its own channel. The brand's own surfaces, where the customer
    comes by, need consent for any channel and no refusal of their own.
    """

    name = "consent"

    def opened(self, step: Step, record: Eligibility) -> Iterator[str]:
        """Judge offers and questions."""
        if record.move not in {OFFER, ASK}:
            return
        known = self.case.known.channels
        about = f"{record.placement} {record.eligibility_id}"
        if not any(map(known.may_be_granted, known.named())):
            yield f"{about} has no consent at all"
        for channel in record.channels:
            pushed = channel in step.limits.push_channels
            if not known.may_be_granted(channel) and (pushed or known.surely_denied(channel)):
                yield f"{about} has no consent for {channel}"

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:
        """No record that gives permission names a channel that was opted out of."""
        yield from super().said(step, topic, record)
        if isinstance(record, Eligibility) and record.status in {"opened", "rescheduled"}:
            if not record.channels:
                yield f"{record.eligibility_id} has no channel"
            yield from self._stopped(record, record.channels)

    def stepped(self, step: Step) -> Iterator[str]:
        """Nothing open uses a channel that is opted out of."""
        if step.event is not None:
            for permission in self.case.book.permitted(step.at_ms):
                yield from self._stopped(permission.opened, permission.last.channels)

    def _stopped(self, record: Eligibility, channels: tuple[str, ...]) -> Iterator[str]:
        for channel in channels:
            if self.case.known.channels.opted_out(channel):
                yield f"{record.placement} {record.eligibility_id} may use {channel} after STOP"
