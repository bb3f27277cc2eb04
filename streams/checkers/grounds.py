"""An end that rests on what the customer did has a fact under it, and such a fact ends what it is about."""

from collections.abc import Callable, Iterator

from schemas.records import Eligibility, Purchase
from streams.checkers.book import Permission
from streams.checkers.checker import Checker
from streams.checkers.history import Record, Step
from streams.checkers.known_contact import intent_of


class Grounds(Checker):
    """Accepted needs a yes or a purchase, declined a no, answered an answer; a purchase ends its offer."""

    name = "grounds"

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:  # noqa: ARG002 - base
        """Judge ends by the customer."""
        if not isinstance(record, Eligibility):
            return
        permission = self.case.book.by_id.get(record.eligibility_id)
        if permission is None or record.status not in {"accepted", "declined", "answered"}:
            return
        intents = {intent_of(reply, step.limits) for reply in self.case.known.replies}
        grounds: dict[str, Callable[[], bool]] = {
            "accepted": lambda: "yes" in intents or self._bought(permission),
            "declined": lambda: bool(intents & {"no", "not_now", "stop", "frustrated"}),
            "answered": lambda: bool(intents & {"answer", "yes"}) or self._told(),
        }
        if not grounds[record.status]() and not self._wrote_about(record.eligibility_id):
            yield f"{record.eligibility_id} {record.status} although the customer did nothing of the kind"

    def stepped(self, step: Step) -> Iterator[str]:
        """An order of the candidate ends the permission in its own step."""
        event = step.event
        if not isinstance(event, Purchase) or event.type != "order_placed" or event.occurred_at > step.at_ms:
            return
        bought = {line.product_id for line in event.lines if line.quantity > 0 and not line.gift}
        for permission in self.case.book.live.values():
            fresh = permission.opened_ms < event.occurred_at
            if fresh and permission.opened.candidate in bought and _offer(permission):
                yield f"{permission.id} is open although {permission.opened.candidate} was bought"

    def _bought(self, permission: Permission) -> bool:
        opened = permission.opened
        orders = self.case.known.orders
        return orders.knows(opened.candidate or "") or any(
            purchase.eligibility_id == opened.eligibility_id
            for order in orders.by_id.values()
            for purchase in order.ordered
        )

    def _wrote_about(self, eligibility_id: str) -> bool:
        """Whether there is a reply that is only words: what they mean is the policy's to say."""
        return any(
            reply.text and reply.intent is None and reply.eligibility_id == eligibility_id
            for reply in self.case.known.replies
        )

    def _told(self) -> bool:
        return any(reply.answers for reply in self.case.known.replies)


def _offer(permission: Permission) -> bool:
    return permission.opened.move == "offer"
