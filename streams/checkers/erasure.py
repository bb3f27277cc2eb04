"""An erasure takes back what is open and forgets: nothing said later rests on anything from before."""

from collections.abc import Iterator

from schemas.records import Decision, Eligibility, FrictionChange, StageChange
from streams.checkers.checker import Checker
from streams.checkers.history import Record, Step


class Erasures(Checker):
    """Later records name only what was told again, and no event id from before."""

    name = "erasure"

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:  # noqa: ARG002 - base
        """Judge the records of the erasure itself, and what later ones name."""
        if self.case.known.erasing:
            yield from _at_erasure(topic, record)
        elif self.case.known.erased_ms:
            yield from (f"{topic} names {name} from before the erasure" for name in self._remembered(record))

    def stepped(self, step: Step) -> Iterator[str]:  # noqa: ARG002 - base
        """Nothing stays open."""
        if self.case.known.erasing:
            for permission in self.case.book.live.values():
                yield f"{permission.id} outlives the erasure"

    def _remembered(self, record: Record) -> Iterator[str]:
        known = self.case.known
        product_id = getattr(record, "product_id", None)
        if product_id is not None and not self._told(product_id):
            yield product_id
        order_id = getattr(record, "order_id", None)
        if order_id is not None and not known.orders.names(order_id):
            yield order_id
        if isinstance(record, Eligibility):
            yield from (
                proof
                for check in record.checks
                for proof in check.evidence
                if proof in known.forgotten_ids and proof not in known.event_ids
            )

    def _told(self, product_id: str) -> bool:
        known = self.case.known
        return (
            known.orders.knows(product_id)
            or bool(known.usage_of(product_id))
            or any(ticket.product_id == product_id for ticket in known.tickets)
            or any(reply.product_id == product_id for reply in known.replies)
        )


def _at_erasure(topic: str, record: Record) -> Iterator[str]:
    if isinstance(record, Eligibility):
        if record.status != "revoked" or record.reason != "erased":
            yield f"{record.eligibility_id} {record.status} for {record.reason} upon an erasure"
    elif isinstance(record, StageChange | FrictionChange | Decision):
        yield f"{topic} upon an erasure"
    elif record is not None:
        yield "a snapshot upon an erasure, where a tombstone belongs"
