"""Pure. An open order: what its parcels say about its items, its shipping problem, its own moments.

The order record mirrors into the items that it changes (delivered, lost, cancelled), and into the customer
(the shipping problem), so that neither has to load it later.
"""

from __future__ import annotations

from zlib import crc32

from state.records.customer import ORDER_FLAGS_MAX, CustomerRecord, OrderFlag, Ticket
from state.records.item import Line
from state.records.order import OrderLine, OrderRecord, Parcel
from state.records.parts import NEVER, Stamp
from streams.journey.step import Step
from streams.journey.view import DAY_MS, DELIVERED_AT_ORDER, FAR

Word = tuple[str, int, Stamp, bool]
"""(parcel id, shipped at, delivered, lost): delivered when the last of the parcels was."""
NOTHING: Word = ("", 0, NEVER, False)
SEVERE = frozenset(("lost", "returned_to_sender"))


def mirror(step: Step, order: OrderRecord) -> None:
    """Write the order's word on delivery, loss and cancellation into the lines of its items that differ.

    An item that was told the same before is not loaded: a further parcel of a large order reads few of them.
    """
    cancelled = order.cancelled > order.placed
    reach = Reach(order)
    known: dict[tuple[Word, bool], int] = {}
    for held in order.lines:
        if held.gift:
            continue
        word = parcel_id, shipped, delivered, lost = reach.of(held)
        needs_shipping = _needs_shipping(step, held.product_id)
        item = step.items.get((held.product_id, held.unit_id))
        told = known.get((word, needs_shipping))
        if told is None:
            told = known[word, needs_shipping] = _told(
                delivered, shipped if needs_shipping else 0, parcel_id, lost=lost, cancelled=cancelled
            )
        if item is None:
            if told == held.mirrored:
                continue
            item = step.peek(held.product_id, held.unit_id)
        held.mirrored = told
        for line in item.lines if item is not None else ():
            if line.line_id != held.line_id or line.order_id != order.order_id:
                continue
            new = (shipped if needs_shipping else 0, delivered, lost, line.void or cancelled, parcel_id)
            if not _knows(order, line):
                new = (line.shipped_at, line.delivered, line.lost, new[3], line.parcel_id)
            if new != (line.shipped_at, line.delivered, line.lost, line.void, line.parcel_id):
                step.item(held.product_id, held.unit_id)
                line.shipped_at, line.delivered, line.lost, line.void, line.parcel_id = new


def _knows(order: OrderRecord, line: Line) -> bool:
    """Whether the record holds what the line was told: one that begins anew takes nothing back."""
    if not line.delivered[0] and not line.lost:
        return True
    return any(
        parcel.parcel_id == line.parcel_id and (parcel.delivered[0] or parcel.trouble_last[0])
        for parcel in order.parcels
    )


def _told(delivered: Stamp, shipped: int, parcel_id: str, *, lost: bool, cancelled: bool) -> int:
    """What an item is told, in 32 bits, 0 for nothing."""
    if not (delivered[0] or shipped or lost or cancelled):
        return 0
    return crc32(f"{delivered}{shipped}{parcel_id}{lost}{cancelled}".encode()) or 1


def _needs_shipping(step: Step, product_id: str) -> bool:
    """Only what a rule asks for is mirrored: a shipped order of a thousand lines touches no item else."""
    entry = step.world.catalogue.get(product_id)
    return entry is not None and entry.must_have


def void_moved_lines(step: Step, order: OrderRecord) -> None:
    """A line that an update moved to another product counts no more for the one it left."""
    owner = {line.line_id: (line.product_id, line.unit_id) for line in order.lines}
    for key, item in step.items.items():
        for line in item.lines:
            if line.order_id == order.order_id and owner.get(line.line_id, key) != key:
                line.void = True


class Reach:
    """Which parcels carry a line: those that name it, else all of the order that name none."""

    __slots__ = ("_by_line", "_rest")

    def __init__(self, order: OrderRecord) -> None:
        self._by_line: dict[str, list[Parcel]] = {}
        for parcel in order.parcels:
            for line_id in parcel.line_ids:
                self._by_line.setdefault(line_id, []).append(parcel)
        unnamed = [parcel for parcel in order.parcels if not parcel.line_ids]
        total = max((parcel.total for parcel in order.parcels), default=0)
        self._rest = _word_of(unnamed, complete=len(order.parcels) >= total)

    def of(self, line: OrderLine) -> Word:
        """What is known of one line."""
        if line.fulfilment in DELIVERED_AT_ORDER:
            return NOTHING
        named = self._by_line.get(line.line_id)
        return self._rest if named is None else _word_of(named, complete=True)


def _word_of(parcels: list[Parcel], *, complete: bool) -> Word:
    if not parcels:
        return NOTHING
    arrived = complete and all([parcel.delivered[0] for parcel in parcels])
    delivered = max([parcel.delivered for parcel in parcels]) if arrived else NEVER
    lost = not arrived and all([parcel.status == "lost" for parcel in parcels])
    return parcels[-1].parcel_id, _first_shipped(parcels), delivered, lost


def lines_left(order: OrderRecord) -> list[OrderLine]:
    """The lines of which something was not cancelled."""
    if not order.line_cancels:
        return order.lines
    gone = {cancel.line_id: cancel.quantity for cancel in order.line_cancels}
    return [line for line in order.lines if line.quantity > gone.get(line.line_id, 0)]


def is_cancelled(order: OrderRecord) -> bool:
    """Whether the whole order was cancelled, at once or line by line."""
    return order.cancelled > order.placed or (bool(order.lines) and not lines_left(order))


def first_shipped(order: OrderRecord) -> int:
    """When the first parcel left, 0 while none has."""
    return _first_shipped(order.parcels)


def _first_shipped(parcels: list[Parcel]) -> int:
    times = [parcel.shipped[0] for parcel in parcels if parcel.shipped[0]]
    return min(times) if times else 0


def decide_problem(step: Step, order: OrderRecord) -> int:
    """Mirror the shipping problem into the customer; return when to look again (`FAR`: never)."""
    rules = step.rules.deliveries
    customer = step.customer
    held = _held(customer, order)
    solved = _ticket_solved(customer, order.order_id)
    cleared = order.cleared = max(order.cleared, order.settled, order.cancelled, solved)
    troubles = [
        found for parcel in order.parcels
        if parcel.trouble_last[0] and (found := _trouble(parcel, cleared)) is not None
    ]  # fmt: skip
    look = FAR
    if not troubles:
        late, look = _late(step, order, cleared[0], rules.late_grace_ms, held)
        troubles = [late] if late is not None else []
    if troubles:
        problem = min(troubles, key=lambda found: (found.inferred, found.since))
        problem.severe = any(found.severe for found in troubles)
        problem.order_id = order.order_id
        _put(customer, held, problem)
    elif held is not None and not held.ended_at:
        ended = max([cleared, *(parcel.arrived for parcel in order.parcels)])
        held.ended_at = ended[0] if ended[0] > held.since else step.now
    return look


def problem_look(step: Step, order: OrderRecord) -> int:
    """When its problem must be looked at, now included: only time can have made one since its last look."""
    customer = step.customer
    held = _held(customer, order)
    if held is not None and not held.ended_at:
        return FAR
    late, look = _late(step, order, order.cleared[0], step.rules.deliveries.late_grace_ms, held)
    if late is None:
        return look
    late.order_id = order.order_id
    return step.now if held is not None or _age(late) > customer.past.order_flags_floor else FAR


def _held(customer: CustomerRecord, order: OrderRecord) -> OrderFlag | None:
    flags = customer.past.order_flags
    return next((flag for flag in flags if flag.order_id == order.order_id), None) if flags else None


def _trouble(parcel: Parcel, cleared: Stamp) -> OrderFlag | None:
    solved = max(cleared, parcel.arrived)
    if parcel.trouble_last <= solved:
        return None
    first = parcel.trouble_first if parcel.trouble_first > solved else parcel.trouble_last
    return OrderFlag("", first[0], severe=parcel.status in SEVERE, cause=first[1])


def _ticket_solved(customer: CustomerRecord, order_id: str) -> Stamp:
    if not customer.facts.tickets:
        return NEVER
    return max(
        (_solved(ticket) for ticket in customer.facts.tickets if _is_about(ticket, order_id)), default=NEVER
    )


def _is_about(ticket: Ticket, order_id: str) -> bool:
    return ticket.topic == "shipping" and ticket.order_id in ("", order_id)


def _solved(ticket: Ticket) -> Stamp:
    if not ticket.resolved or (ticket.opened and ticket.opened[-1] > ticket.resolved[-1]):
        return NEVER
    return ticket.resolved[-1]


def _late(
    step: Step, order: OrderRecord, cleared_at: int, grace_ms: int, held: OrderFlag | None
) -> tuple[OrderFlag | None, int]:
    """No delivery by the end of the estimated day plus grace; said only from silence that can be trusted."""
    waiting = [parcel for parcel in order.parcels if parcel.estimate_on and not parcel.delivered[0]]
    if not waiting or is_cancelled(order):
        return None, FAR
    deadline = min((parcel.estimate_on + 1) * DAY_MS for parcel in waiting) + grace_ms
    if deadline <= cleared_at:
        return None, FAR
    if step.now < deadline:
        return None, deadline
    if held is not None and held.inferred and not held.ended_at:
        return OrderFlag("", held.since, inferred=True), FAR
    if not step.at.current:
        return None, step.now + step.rules.sources.catching_up_look_again_ms
    if "deliveries" in step.at.stale_sources:
        return None, step.now + step.rules.sources.look_again_ms
    return OrderFlag("", deadline, inferred=True), FAR


def _put(customer: CustomerRecord, held: OrderFlag | None, problem: OrderFlag) -> None:
    """Keep the newest problems; the others become one that names no order, and are not told apart again."""
    flags = customer.past.order_flags
    if held is not None:
        flags[flags.index(held)] = problem
        return
    if _age(problem) <= customer.past.order_flags_floor:
        return
    flags.append(problem)
    if len(flags) > ORDER_FLAGS_MAX:
        flags.sort(key=lambda flag: (not flag.ended_at, *_age(flag)))
        oldest = flags.pop(0)
        if not oldest.ended_at:
            other = flags[0]
            customer.past.order_flags_floor = max(customer.past.order_flags_floor, _age(oldest), _age(other))
            other.order_id, other.since, other.cause = "", oldest.since, oldest.cause
            other.severe, other.inferred = other.severe or oldest.severe, other.inferred and oldest.inferred


def _age(flag: OrderFlag) -> Stamp:
    return flag.since, flag.order_id


def closes_at(step: Step, order: OrderRecord) -> int:
    """When the record may go: 30 days after its last parcel, or long after it was last heard of."""
    rules = step.rules.deliveries
    open_still = not order.parcels or not all([parcel.delivered[0] for parcel in order.parcels])
    nothing_comes = is_cancelled(order) or all(line.fulfilment in DELIVERED_AT_ORDER for line in order.lines)
    waits = open_still and not nothing_comes
    return order.newest + (rules.undelivered_order_closes_after_ms if waits else rules.order_closes_after_ms)
