"""Pure. The moments of an order and its parcels.

    placement     stage     opens         ends
    order_add_on  checkout  at the order  24 h later, or at shipment
    pre_arrival   checkout  in transit    delivery

A gift gives its buyer only `order_add_on` and shipping help.
"""

from __future__ import annotations

from heapq import nlargest

from state.records.customer import Claim
from state.records.order import OrderLine, OrderRecord, Parcel
from streams.journey import candidates, orders
from streams.journey.catalogue import ADD_ONS
from streams.journey.eligibility import end
from streams.journey.moments import anchor_of, told_of
from streams.journey.step import Step, key_of
from streams.journey.telling import is_settled, seen_of
from streams.journey.view import DELIVERED_AT_ORDER, FAR
from streams.journey.words import Flag, Move, Placement, Reason, Scope, Stage, Status

LEADS_MAX = 8
ORDER_ADD_ON, PRE_ARRIVAL, CHECKOUT = Placement.ORDER_ADD_ON, Placement.PRE_ARRIVAL, Stage.CHECKOUT
OF_ORDERS = frozenset((ORDER_ADD_ON, PRE_ARRIVAL))
OF_A_PARCEL, OF_AN_ORDER = (Move.GUIDE, Scope.PARCEL), (Move.OFFER, Scope.ORDER)


def load_due(step: Step) -> None:
    """The orders of moments that are tried again now: they may be late, and friction must know that first."""
    for claim in step.waiting.values():
        tried = claim.placement in OF_ORDERS and 0 < claim.look_at <= step.now < claim.ends_at
        if tried and step.peek_order(claim.order_id) is not None:
            step.order(claim.order_id)


def decide(step: Step, order: OrderRecord) -> None:
    """One order at this time, before friction is: its problem, its moments, its next look or its end."""
    _decide(step, order, orders.decide_problem(step, order))


def decide_anew(step: Step, order: OrderRecord) -> None:
    """The same after friction was said: a problem that time has made is for a look of its own, now."""
    _decide(step, order, orders.problem_look(step, order))


def _decide(step: Step, order: OrderRecord, look: int) -> None:
    cancelled = orders.is_cancelled(order)
    _end_open(step, order, cancelled=cancelled)
    if not cancelled:
        look = min(look, _add_on(step, order))
        for parcel in order.parcels:
            look = min(look, _pre_arrival(step, order, parcel))
    if order.withheld:
        look = min(look, _promised_guides(step, order))
    if step.waiting:
        _drop_claims(step, order)
    closes = orders.closes_at(step, order)
    problem = next(
        (f for f in step.customer.past.order_flags if f.order_id == order.order_id and not f.ended_at), None
    )
    if problem is not None:
        closes = max(closes, problem.since + step.rules.friction[Flag.SHIPPING_PROBLEM.word].stale_after_ms)
    if closes <= step.now:
        if problem is not None:
            step.customer.past.order_flags.remove(problem)
        step.close_order(order)
        return
    order.due_ms = min(look, closes)
    order.decided_under = step.world.version


def _open_lines(order: OrderRecord) -> list[OrderLine]:
    lines = orders.lines_left(order)
    return [line for line in lines if line.fulfilment not in DELIVERED_AT_ORDER and line.quantity > 0]


def _add_on(step: Step, order: OrderRecord) -> int:
    rule = step.rules.moments[Placement.ORDER_ADD_ON.word]
    lines = _open_lines(order)
    opens = order.placed[0] + rule.delay_ms
    if not rule.enabled or not lines or not order.placed[0] or orders.first_shipped(order):
        return FAR
    if opens > step.now:
        return opens
    if opens + rule.window_ms <= step.now:
        return FAR
    leading = _leading(step, order, lines)
    if not leading:
        return FAR
    for line in leading:
        claim = _claim(step, order, ORDER_ADD_ON, line, "", opens)
        if len(leading) == 1 or _has_candidate(step, claim):
            return _admit(step, order, claim)
    return _admit(step, order, _claim(step, order, ORDER_ADD_ON, leading[0], "", opens))


def _pre_arrival(step: Step, order: OrderRecord, parcel: Parcel) -> int:
    rule = step.rules.moments[Placement.PRE_ARRIVAL.word]
    if not rule.enabled or parcel.delivered[0] or not parcel.shipped[0] or parcel.status == "lost":
        return FAR
    lines = _own_lines(order, parcel)
    opens = parcel.shipped[0] + rule.delay_ms
    if not lines or opens + rule.window_ms <= step.now:
        return FAR
    if opens > step.now:
        return opens
    for lead in _leading(step, order, lines)[:1]:
        return _admit(step, order, _claim(step, order, Placement.PRE_ARRIVAL, lead, parcel.parcel_id, opens))
    return FAR


def _own_lines(order: OrderRecord, parcel: Parcel) -> list[OrderLine]:
    """What the buyer finds in a parcel for themselves."""
    return [
        line for line in order.lines
        if not line.gift and (not parcel.line_ids or line.line_id in parcel.line_ids)
    ]  # fmt: skip


def _leading(step: Step, order: OrderRecord, lines: list[OrderLine]) -> list[OrderLine]:
    """The lines that may stand for the rest: what is required to start first, then the dearest."""
    best = lines
    if len(lines) > 1:
        best = nlargest(
            LEADS_MAX, lines, key=lambda line: (*_relations(step, line), line.price_minor or 0, line.line_id)
        )
    return [line for line in best if _is_kept(step, order, line)]


def _is_kept(step: Step, order: OrderRecord, sent: OrderLine) -> bool:
    """Whether something of a line was neither cancelled nor returned."""
    item = step.peek(sent.product_id, sent.unit_id)
    for line in item.lines if item is not None else ():
        if line.order_id == order.order_id and line.line_id == sent.line_id:
            return line.quantity > line.cancelled_quantity + line.refunded_quantity
    return True


def _relations(step: Step, line: OrderLine) -> tuple[bool, bool]:
    entry = step.world.catalogue.get(line.product_id)
    if entry is None:
        return False, False
    return entry.must_have, entry.add_on


def _claim(
    step: Step, order: OrderRecord, placement: Placement, lead: OrderLine, parcel_id: str, opens_at: int
) -> Claim:
    """The order's own moment, or, with a parcel, that of the parcel."""
    rule = step.rules.moments[placement.word]
    move, scope = OF_A_PARCEL if parcel_id else OF_AN_ORDER
    anchor = anchor_of(f"{order.order_id}/{parcel_id}") if parcel_id else 0
    return Claim(
        placement, scope, lead.product_id, lead.unit_id, "", order.order_id, parcel_id, CHECKOUT,
        anchor, 0, move, rule.service, rule.priority, opens_at, opens_at + rule.window_ms,
    )  # fmt: skip


def _has_candidate(step: Step, claim: Claim) -> bool:
    return not isinstance(candidates.for_claim(step, claim, ADD_ONS), Reason)


def _admit(step: Step, order: OrderRecord, claim: Claim) -> int:
    """Claim what was not said; return when it looks again by itself, if it was crowded out."""
    said = told_of(order.told, claim.placement, claim.anchor)
    if said is not None and said.done:
        return FAR
    seen = seen_of(order, claim.placement, claim.anchor)
    if key_of(claim) in step.waiting or not is_settled(step, order, seen):
        step.claims.setdefault(key_of(claim), claim)
    return seen.look_at if seen is not None and step.now < seen.look_at else FAR


def _promised_guides(step: Step, order: OrderRecord) -> int:
    """When a parcel's guide that was crowded out is looked at again; then any of its items may lead it."""
    look = FAR
    for seen in order.withheld:
        if seen.placement != Placement.SETUP_GUIDE or not seen.look_at:
            continue
        if seen.look_at > step.now:
            look = min(look, seen.look_at)
            continue
        ids = [parcel.parcel_id for parcel in order.parcels]
        parcel_id = next((i for i in ids if anchor_of(f"{order.order_id}/{i}") == seen.anchor), "")
        step.vacated += ((seen.placement, order.order_id, parcel_id, ""),)
    return look


def _end_open(step: Step, order: OrderRecord, *, cancelled: bool) -> None:
    shipped = orders.first_shipped(order)
    parcels = {parcel.parcel_id: parcel for parcel in order.parcels}
    for held in list(step.customer.open):
        if held.order_id != order.order_id:
            continue
        if held.placement == Placement.ORDER_ADD_ON and held.send_by > step.now:
            if cancelled:
                end(step, held, Status.REVOKED, Reason.ITEM_ENDED)
            elif shipped and not held.sent_at:
                end(step, held, Status.EXPIRED, Reason.MOMENT_PASSED)
        elif held.placement == Placement.PRE_ARRIVAL:
            parcel = parcels.get(held.parcel_id)
            if parcel is not None and parcel.delivered[0]:
                end(step, held, Status.COMPLETED, Reason.DONE)
            elif held.send_by > step.now and (cancelled or (parcel and not _own_lines(order, parcel))):
                end(step, held, Status.REVOKED, Reason.ITEM_ENDED)


def _drop_claims(step: Step, order: OrderRecord) -> None:
    """Claims of an order are good until it was decided anew."""
    gone = [
        key for key, claim in step.waiting.items()
        if claim.order_id == order.order_id and claim.placement in OF_ORDERS and key not in step.claims
    ]  # fmt: skip
    for key in gone:
        del step.waiting[key]
