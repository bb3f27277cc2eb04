"""Pure. Decide one item: its stage, what ends with it, the moments that are here, its next look."""

from __future__ import annotations

from schemas.records import StageChange
from state.records.customer import NEWEST_ITEMS_MAX, Claim, ItemNow, Open
from state.records.item import ItemRecord
from streams.journey import order_moments
from streams.journey.eligibility import end
from streams.journey.moments import BY_PLACEMENT, BY_STAGE, Ending, Row, When, anchor_of, told_of
from streams.journey.policy import Moment
from streams.journey.stages import stage_of
from streams.journey.step import Step, key_of
from streams.journey.telling import forget_promise, is_settled, report, seen_of
from streams.journey.view import FAR, View
from streams.journey.words import STAGE_WORDS, Move, Placement, Reason, Scope, Stage, Status

# By names of the module, because until Python 3.12 `Stage.ENDED` costs as much as two calls.
PARCEL, ITEM, MAINTAIN, HELP = Scope.PARCEL, Scope.ITEM, Placement.MAINTAIN, Move.HELP
NONE, UNBOXING, USAGE, ENDED = Stage.NONE, Stage.UNBOXING, Stage.USAGE, Stage.ENDED
OVER, WITH_VALUE = frozenset((ENDED, NONE)), frozenset((USAGE, Stage.CARE))
NOT_OF_ITEMS = order_moments.OF_ORDERS | {Placement.HELP}


def decide(step: Step, item: ItemRecord) -> None:
    """One item at this time; sets its `due_ms`."""
    entry, rules = step.world.known(step.customer.brand, item.product_id)
    base = _base_of(step, item) if item.unit_id else None
    view = View(item, base, entry, rules, step.customer.order_days, step.now)
    step.views[(item.product_id, item.unit_id)] = view
    stage, since, changes_at = stage_of(view)
    if stage != item.stage or view.cycle != item.cycle:
        _change_stage(step, view, stage, since)
    if view.supply != item.supply:
        item.supply, item.rhythm = view.supply, view.rhythm
    if view.shows_value:
        item.first_value_at = view.first_value[0]
    if step.customer.open:
        _end_open(step, view, stage)
    next_at = _look_at_moments(step, view, stage)
    due = next_at if next_at < changes_at else changes_at
    item.due_ms = due if due < FAR else 0
    item.decided_under = step.world.version
    if step.waiting:
        _drop_claims(step, item)


def _base_of(step: Step, item: ItemRecord) -> ItemRecord | None:
    """The record that holds usage without a unit, for the unit that it counts for."""
    base = step.peek(item.product_id)
    return base if base is not None and base.newest_unit == item.unit_id else None


def _change_stage(step: Step, view: View, stage: Stage, since: int) -> None:
    item = view.item
    before, same_cycle = item.stage, item.cycle == view.cycle or not view.cycle
    if not same_cycle:
        item.first_value_at = 0
    if view.cycle:
        item.cycle = view.cycle
    if stage == before and (same_cycle or stage == NONE):
        return
    item.stage_since = step.now if stage == ENDED else since
    item.stage = stage
    item.inferred = (stage == UNBOXING and view.delivery_inferred) or (
        stage in WITH_VALUE and view.value_inferred
    )
    _count(step, item, before)
    step.say(
        "journey.stages",
        StageChange(
            step.customer_id, step.next_sequence(), item.product_id, item.unit_id or None, item.cycle or None,
            STAGE_WORDS[before] if before else None, stage.word, item.stage_since or step.now, item.inferred,
            same_cycle and stage < before and before <= USAGE,
            step.now, step.cause, step.world.policies.version, step.world.catalogue.version,
        ),
    )  # fmt: skip


def _count(step: Step, item: ItemRecord, before: int) -> None:
    past = step.customer.past
    counts = past.stage_counts or [0] * len(Stage)
    counts[before] -= before != NONE
    counts[item.stage] += item.stage != NONE
    past.stage_counts = counts
    others = [n for n in past.newest if n.product_id != item.product_id or n.unit_id != item.unit_id]
    now = ItemNow(item.product_id, item.unit_id, item.stage, item.stage_since)
    past.newest = [*others, now][-NEWEST_ITEMS_MAX:]


def _end_open(step: Step, view: View, stage: Stage) -> None:
    """What is open about the item ends when its moment is over, or with the item."""
    item = view.item
    for held in list(step.customer.open):
        if held.product_id != item.product_id or held.unit_id != item.unit_id or held.move == HELP:
            continue
        if held.placement in order_moments.OF_ORDERS:
            continue
        if stage in OVER:
            if held.send_by > step.now:
                end(step, held, Status.REVOKED, Reason.ITEM_ENDED)
            continue
        over = _over(view, held)
        if over is not None and (over[0] == Status.COMPLETED or not held.sent_at):
            end(step, held, *over)


def _over(view: View, held: Open) -> Ending | None:
    row = BY_PLACEMENT.get(held.placement)
    if row is None or row.over is None or held.cycle != view.cycle:
        return None
    return row.over(view, held)


def _look_at_moments(step: Step, view: View, stage: Stage) -> int:
    """Collect claims for the moments that are here; return when the next one comes."""
    next_at = FAR
    moments = view.rules.moments
    told = view.item.told
    for row in BY_STAGE[stage]:
        rule = moments[row.word]
        if not rule.enabled:
            continue
        when = row.when(view, rule, step.customer)
        if when.opens_at >= FAR:
            continue
        if when.next_at < next_at:
            next_at = when.next_at
        said = told_of(told, row.placement, when.anchor) if told else None
        if said is not None and said.done:
            continue
        if when.opens_at > step.now:
            if when.opens_at < next_at:
                next_at = when.opens_at
        elif when.ends_at > step.now:
            order = step.peek_order(view.order_id) if row.scope == PARCEL else None
            seen = seen_of(view.item if order is None else order, row.placement, when.anchor)
            if order is None and seen is not None and step.now < seen.look_at < next_at:
                next_at = seen.look_at
            claim = _claim(view, row, rule, when, stage)
            if key_of(claim) in step.waiting or not is_settled(step, view.item, seen):
                _admit(step, claim)
        elif row.scope == ITEM:
            _too_late(step, view, row, when, _claim(view, row, rule, when, stage))
    return next_at


def _claim(view: View, row: Row, rule: Moment, when: When, stage: Stage) -> Claim:
    move, scope = row.move, row.scope
    if scope == PARCEL and not view.order_id:
        scope = ITEM
    if row.placement == MAINTAIN and not (view.entry is not None and view.entry.related("maintains")):
        move = Move.GUIDE
    return Claim(
        row.placement, scope, view.item.product_id, view.item.unit_id, view.cycle, view.order_id,
        view.parcel_id, stage, when.anchor, 0, move, rule.service, rule.priority, when.opens_at, when.ends_at,
    )  # fmt: skip


def _admit(step: Step, claim: Claim) -> None:
    """A parcel's guide that was said for another item is said; else the first claim of a scope stands."""
    if claim.scope == PARCEL:
        order = step.peek_order(claim.order_id)
        if order is not None:
            said = told_of(order.told, claim.placement, claim.anchor)
            if said is not None and said.done:
                return
        first = step.waiting.get(key_of(claim))
        if first is not None and (first.product_id, first.unit_id) != (claim.product_id, claim.unit_id):
            return
    step.claims.setdefault(key_of(claim), claim)


def _too_late(step: Step, view: View, row: Row, when: When, claim: Claim) -> None:
    """Its window was over before anyone could look: say so once."""
    if seen_of(view.item, row.placement, when.anchor) is None:
        report(step, claim, Reason.TOO_LATE, 0)


def _drop_claims(step: Step, item: ItemRecord) -> None:
    """What waited for this item and is no more: a claim is good until its item was decided anew."""
    gone = [
        key for key, claim in step.waiting.items()
        if claim.product_id == item.product_id and claim.unit_id == item.unit_id
        and claim.placement not in NOT_OF_ITEMS
        and key not in step.claims
    ]  # fmt: skip
    for key in gone:
        if step.waiting.pop(key).scope == PARCEL:
            step.vacated += (key,)


def succeed(step: Step) -> None:
    """What one item of an order or parcel needs no more, or what was taken back, may be another's moment."""
    vacated, step.vacated = step.vacated, ()
    for key in dict.fromkeys(vacated):
        placement, order_id, parcel_id, _ = key
        if step.peek_order(order_id) is None:
            continue
        order = step.order(order_id)
        if placement in order_moments.OF_ORDERS:
            order_moments.decide_anew(step, order)
            continue
        for line in order.lines:
            if key in step.claims or key in step.waiting:
                break
            if step.peek(line.product_id, line.unit_id) is not None:
                decide(step, step.item(line.product_id, line.unit_id))
        else:
            forget_promise(order, placement, anchor_of(f"{order_id}/{parcel_id}"))
