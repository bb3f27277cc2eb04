"""Trap: an offer or an ask while friction blocks it, at its opening or at any step while it is open."""

from collections.abc import Iterator

from streams.checkers.book import Permission
from streams.checkers.checker import ASK, OFFER, Checker
from streams.checkers.history import Step
from streams.checkers.known_friction import Trouble


class OffersInFriction(Checker):
    """After every step, nothing that friction surely blocks may be sent."""

    name = "offers_in_friction"

    def stepped(self, step: Step) -> Iterator[str]:
        """Judge all open offers and asks, those of this step with them."""
        blockable = [p for p in self.case.book.permitted(step.at_ms) if p.opened.move in {OFFER, ASK}]
        if not blockable:
            return
        troubles = self.case.known.friction.surely(step.at_ms, step.limits)
        for permission in blockable:
            for trouble in troubles:
                if not trouble.blocks_order_only or self._same_order(permission, trouble):
                    yield (
                        f"{permission.opened.placement} {permission.id} is open"
                        f" although {trouble.kind} {trouble.ref} is"
                    )

    def _same_order(self, permission: Permission, trouble: Trouble) -> bool:
        opened = permission.opened
        if opened.order_id is not None:
            return opened.order_id == trouble.order_id
        order = self.case.known.orders.only_order_of(opened.product_id)
        return order is not None and order.order_id == trouble.order_id
