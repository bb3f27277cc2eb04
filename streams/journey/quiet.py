"""Pure. Which events are only kept: one more use of what is in use already, which no rule looks at.

    the fact     a use after first value, that earns nothing: the first of each kind stays it
    the time     neither the customer nor the item is due, and both were decided under the world of now
    the moments  nothing was given up for want of facts, and what waits is held back by the same gate for as
                 long as before; what is open ends by time and by other facts alone

Deciding would find what it found before, so the item is put with its new fact and the step is over. Most
events of a connected product are such. A row that answers wrongly "it may matter" costs time and nothing
else; `tests/streams/journey/test_quiet.py` compares both ways.
"""

from __future__ import annotations

from schemas.records import Usage
from state.records.item import ItemRecord
from streams.journey.folding import USAGE_MARKS, USAGE_STAMPS
from streams.journey.gates import first_shut
from streams.journey.moments import BY_PLACEMENT
from streams.journey.step import Step
from streams.journey.telling import FINAL
from streams.journey.words import FlagState, Reason

OPEN = FlagState.OPEN
TRIED_AGAIN = FINAL | {Reason.CROWDED_OUT}
"""Why a moment does not wait, although an event about its item tries it again."""
OPENED = (0, 0)


def is_only_kept(step: Step, event: Usage) -> bool:
    """Whether a usage event, which was just folded, leaves everything as it was decided last."""
    if len(step.items) != 1 or step.recheck:
        return False
    (item,) = step.items.values()
    return _is_one_more(step, item, event) and _is_settled(step, item) and _wait_as_before(step, item)


def _is_one_more(step: Step, item: ItemRecord, event: Usage) -> bool:
    """A use after first value: whatever a view takes from usage is first of its kind, and lies before it."""
    if not 0 < item.first_value_at < event.occurred_at:
        return False
    stamps = USAGE_STAMPS.get(event.type)
    if stamps is not None:
        name, k = stamps
        return len(getattr(item, name)) < 2 * k or _was_reported_delivered(item)
    name, k = USAGE_MARKS[event.type]
    entry, _ = step.world.known(step.customer.brand, item.product_id)
    earning = entry.earning_milestones if entry is not None else ()
    return event.type != "limit_reached" and event.name not in earning and len(getattr(item, name)) < 2 * k


def _was_reported_delivered(item: ItemRecord) -> bool:
    """A full list may lose the first use of a later cycle, which matters only where use proves delivery."""
    return all([line.delivered[0] for line in item.lines])


def _is_settled(step: Step, item: ItemRecord) -> bool:
    """Both were decided under the world of now, time has brought nothing since, and nobody wants help."""
    customer, now, version = step.customer, step.now, step.world.version
    for flag in customer.flags:
        if flag.state == OPEN and not flag.helped_at:
            return False
    return (
        customer.decided_under == version == item.decided_under
        and not 0 < customer.due_ms <= now
        and not 0 < item.due_ms <= now
    )


def _wait_as_before(step: Step, item: ItemRecord) -> bool:
    """Nothing is tried again, no claim of the customer is over, none of the item has another gate or look."""
    for seen in item.withheld:
        if seen.reason in TRIED_AGAIN:
            row = BY_PLACEMENT.get(seen.placement)
            if row is None or item.stage in row.stages:
                return False
    now, product_id = step.now, item.product_id
    for claim in step.customer.waiting:
        if claim.ends_at <= now:
            return False
        if claim.product_id == product_id and claim.unit_id == item.unit_id:
            reason, lifts_at = first_shut(step, claim) or OPENED
            if reason != claim.reason or (lifts_at if lifts_at < claim.ends_at else 0) != claim.look_at:
                return False
    return True
