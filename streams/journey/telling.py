"""Pure. What was said for which anchor, and which reasons were reported, in the record of the scope.

scope      remembered in
item       the item
parcel     the order; what was said also in the item that leads the parcel
order      the order
customer   the item that raised it (the customer counts its asks)
episode    the friction flag
"""

from __future__ import annotations

from schemas.records import Decision
from state.records.customer import Claim, FlagNow, Open
from state.records.item import ItemRecord
from state.records.order import OrderRecord
from state.records.parts import TOLD_MAX, Told, Withheld
from streams.journey.moments import told_of
from streams.journey.step import Step
from streams.journey.words import MOVE_WORDS, PLACEMENT_WORDS, SCOPE_WORDS, Placement, Reason, Scope

SEEN_MAX = 16
# What only facts can change: a look does not try it again, an event about the same item or order does.
FINAL = frozenset((Reason.GENERIC, Reason.NO_CANDIDATE, Reason.COVERED, Reason.BEFORE_LIVE, Reason.TOO_LATE))
# The customer's question is asked already, or waits for another item: for the customer nothing is withheld.
SAME_QUESTION = frozenset((Reason.OUTRANKED, Reason.ALREADY_OPEN, Reason.CROWDED_OUT))
CUSTOMER, ORDER, PARCEL, EPISODE = Scope.CUSTOMER, Scope.ORDER, Scope.PARCEL, Scope.EPISODE
OF_ORDERS, OF_ITEMS = frozenset((ORDER, PARCEL)), frozenset((Scope.ITEM, PARCEL, CUSTOMER))
PRE_ARRIVAL, CROWDED_OUT = Placement.PRE_ARRIVAL, Reason.CROWDED_OUT


def _places(
    step: Step, scope: int, product_id: str, unit_id: str, order_id: str
) -> list[ItemRecord | OrderRecord]:
    places: list[ItemRecord | OrderRecord] = []
    if scope in OF_ORDERS and order_id and step.peek_order(order_id) is not None:
        places.append(step.order(order_id))
    if scope in OF_ITEMS and product_id:
        places.append(step.item(product_id, unit_id))
    return places


def _flag(step: Step, ref: str) -> FlagNow | None:
    return next((flag for flag in step.customer.flags if episode_of(flag) == ref), None)


def episode_of(flag: FlagNow) -> str:
    """The name of a friction episode."""
    return f"{flag.flag}/{flag.ref}/{flag.since}"


def tell(step: Step, claim: Claim) -> int:
    """Remember that the moment is said; return which attempt this is."""
    if claim.scope == EPISODE:
        flag = _flag(step, claim.ref)
        if flag is not None:
            flag.helped_at = step.now
        return 0
    attempt = 0
    for place in _places(step, claim.scope, claim.product_id, claim.unit_id, claim.order_id):
        held = told_of(place.told, claim.placement, claim.anchor)
        if held is None:
            place.told = [*place.told, Told(claim.placement, claim.anchor, step.now, attempt)][-TOLD_MAX:]
        else:
            attempt = max(attempt, held.attempt + 1)
            held.at, held.attempt, held.done = step.now, attempt, True
    return attempt


def untell(step: Step, held: Open) -> None:
    """What was taken back before it was sent may come again."""
    scope = SCOPES[held.placement]
    if scope in OF_ORDERS:
        step.vacated += ((held.placement, held.order_id, held.parcel_id, ""),)
    for place in _places(step, scope, held.product_id, held.unit_id, held.order_id):
        told = told_of(place.told, held.placement, held.anchor)
        if told is not None:
            told.done = False


def seen_of(place: ItemRecord | OrderRecord, placement: int, anchor: int) -> Withheld | None:
    """Why a moment was withheld last."""
    for seen in place.withheld:
        if seen.placement == placement and seen.anchor == anchor:
            return seen
    return None


def is_settled(step: Step, place: ItemRecord | OrderRecord, seen: Withheld | None) -> bool:
    """Whether a look need not try a moment again: only facts can change it, or its time has not come."""
    if seen is None or step.cause is not None or place.decided_under != step.world.version:
        return False
    if seen.reason == CROWDED_OUT:
        return not 0 < seen.look_at <= step.now
    return seen.reason in FINAL


def promised(step: Step, claim: Claim) -> int:
    """When a claim that was crowded out looks again, 0 if it does not."""
    for place in _places_seen(step, claim):
        seen = seen_of(place, claim.placement, claim.anchor)
        if seen is not None and seen.reason == CROWDED_OUT and seen.look_at > step.now:
            return seen.look_at
    return 0


def forget_promise(place: ItemRecord | OrderRecord, placement: int, anchor: int) -> None:
    """Nobody has this moment any more that was to be looked at again."""
    place.withheld = [
        seen for seen in place.withheld
        if not seen.look_at or seen.placement != placement or seen.anchor != anchor
    ]  # fmt: skip


def reported(step: Step, claim: Claim) -> int:
    """The reason that was last reported for the claim, 0 for none."""
    if claim.reason:
        return claim.reason
    if claim.scope == CUSTOMER:
        return step.customer.past.ask_withheld
    if claim.scope == EPISODE:
        flag = _flag(step, claim.ref)
        return flag.help_reason if flag is not None else 0
    for place in _places_seen(step, claim):
        seen = seen_of(place, claim.placement, claim.anchor)
        if seen is not None:
            return seen.reason
    return 0


def report(step: Step, claim: Claim, reason: Reason, look_at: int) -> None:
    """Say that a moment is withheld, when its reason is another than was last said."""
    if reported(step, claim) == reason:
        claim.reason = reason
        if reason == CROWDED_OUT:
            _remember(step, claim, reason, look_at)
        return
    claim.reason = reason
    if claim.scope == CUSTOMER:
        if reason in SAME_QUESTION:
            _remember(step, claim, reason, look_at)
            return
        step.customer.past.ask_withheld = reason
    elif claim.scope == EPISODE:
        flag = _flag(step, claim.ref)
        if flag is not None:
            flag.help_reason = reason
    _remember(step, claim, reason, look_at)
    step.say(
        "journey.decisions",
        Decision(
            step.customer_id, step.next_sequence(), SCOPE_WORDS[claim.scope], claim.product_id or None,
            claim.unit_id or None, claim.cycle or None, claim.order_id or None,
            PLACEMENT_WORDS[claim.placement], MOVE_WORDS[claim.move], reason.word, look_at or None,
            step.now, step.cause, step.world.policies.version, step.world.catalogue.version,
        ),
    )  # fmt: skip


def _remember(step: Step, claim: Claim, reason: Reason, look_at: int) -> None:
    said = Withheld(claim.placement, claim.anchor, reason, look_at if reason == CROWDED_OUT else 0)
    for place in _places_seen(step, claim):
        kept = [s for s in place.withheld if s.placement != claim.placement or s.anchor != claim.anchor]
        place.withheld = [*kept, said][-SEEN_MAX:]


def _places_seen(step: Step, claim: Claim) -> list[ItemRecord | OrderRecord]:
    """The records that remember reasons for this claim: what is in hand, and the order of a parcel."""
    if claim.scope == ORDER or claim.placement == PRE_ARRIVAL:
        order = step.orders.get(claim.order_id)
        return [order] if order is not None else []
    if claim.scope == PARCEL and step.peek_order(claim.order_id) is not None:
        return [step.order(claim.order_id)]
    item = step.items.get((claim.product_id, claim.unit_id))
    return [item] if item is not None else []


SCOPES: dict[int, Scope] = {
    **dict.fromkeys(Placement, Scope.ITEM),
    Placement.ORDER_ADD_ON: Scope.ORDER,
    Placement.PRE_ARRIVAL: Scope.PARCEL,
    Placement.SETUP_GUIDE: Scope.PARCEL,
    Placement.GOAL_QUESTION: Scope.CUSTOMER,
    Placement.HELP: Scope.EPISODE,
}
