"""Pure. All moments of an item: one table, grouped by stage for the hot path.

    placement        stage             opens                                   ends
    setup_guide      unboxing          at delivery                             setup completed, or 7 d
    essential        checkout          in transit, below a shipping update     first value, or 3 d
                     unboxing          with or after the guide
    stalled_start    unboxing          7 d after delivery without any use      first value
    goal_question    usage             max(day 7 after delivery, first value)  14 d later
    next_step        usage             after an answered goal, else day 14     7 d later
    refill           care              lead time before the early edge         late edge of the estimate
    subscribe        care              third on-time reorder                   14 d
    maintain         care              at the maintenance interval             14 d
    upgrade          renewal           with the stage, value shown             renewal
                     usage, care       earning milestone or limit reached      14 d
    early_education  renewal           with the stage, value not shown         renewal

`order_add_on` and `pre_arrival` are about an order and its parcels (`streams.journey.order_moments`), `help`
about a friction episode (`streams.journey.helping`). What counts from where is in the functions of a row;
every number is policy. An anchor names what the moment is said for, so that it is said once for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

from msgspec import Struct

from state.records.customer import CustomerRecord, Open
from state.records.parts import Told
from streams.journey.policy import Moment
from streams.journey.stages import renewal
from streams.journey.supply import on_time_reorder_at, refill_window
from streams.journey.view import DAY_MS, FAR, View
from streams.journey.words import Move, Placement, Reason, Scope, Stage, Status

Ending = tuple[Status, Reason]
DONE: Ending = (Status.COMPLETED, Reason.DONE)
PASSED: Ending = (Status.EXPIRED, Reason.MOMENT_PASSED)


class When(Struct, frozen=True, gc=False):
    """From when until when a moment lasts, what it is anchored to, and when the one after it opens."""

    opens_at: int
    ends_at: int
    anchor: int
    next_at: int = FAR


NOT_NOW = When(FAR, FAR, 0)


class Row(NamedTuple):
    """One moment: where it belongs, when it is, which relations it may speak of, when it is over."""

    placement: Placement
    move: Move
    scope: Scope
    stages: tuple[Stage, ...]
    when: Callable[[View, Moment, CustomerRecord], When]
    relations: tuple[str, ...] = ()
    over: Callable[[View, Open], Ending | None] | None = None
    word: str = ""


def anchor_of(text: str) -> int:
    """32 bits for a cycle, a supply or a parcel."""
    return crc32(text.encode())


def setup_guide(view: View, rule: Moment, _customer: CustomerRecord) -> When:
    """At delivery, until setup is completed."""
    if not view.delivered[0] or view.setup_completed:
        return NOT_NOW
    opens = view.delivered[0] + rule.delay_ms
    parcel = f"{view.order_id}/{view.parcel_id}" if view.order_id else view.cycle
    return When(opens, opens + rule.window_ms, anchor_of(parcel))


def essential(view: View, rule: Moment, _customer: CustomerRecord) -> When:
    """In transit, or with the guide: one thing whose lack means immediate failure."""
    if view.entry is None or not view.entry.related("required_to_start") or view.has_value:
        return NOT_NOW
    at = view.delivered[0] or (view.line.shipped_at if view.line is not None else 0)
    opens = at + rule.delay_ms
    ends = opens + rule.window_ms
    if not at or (not view.delivered[0] and ends <= view.now):
        return NOT_NOW  # in transit it is never too late: delivery brings it again
    return When(opens, ends, anchor_of(view.cycle))


def stalled_start(view: View, rule: Moment, _customer: CustomerRecord) -> When:
    """A product that reports usage and reports none is in a drawer; a supply has nothing to start."""
    if view.consumable or not view.usage_reported or view.used or not view.delivered[0]:
        return NOT_NOW
    opens = view.delivered[0] + rule.delay_ms
    return When(opens, opens + rule.window_ms, anchor_of(view.cycle))


def goal_question(view: View, rule: Moment, _customer: CustomerRecord) -> When:
    """Once there is something to improve."""
    opens = max(view.delivered[0] + rule.delay_ms, view.first_value[0])
    return When(opens, opens + rule.window_ms, anchor_of(view.cycle))


def next_step(view: View, rule: Moment, _customer: CustomerRecord) -> When:
    """After an answered goal, otherwise at day 14; never before first value."""
    goal = view.item.goal_at
    if goal >= view.first_value[0]:
        return When(goal, goal + rule.window_ms, anchor_of(f"{view.cycle}/{goal}"))
    opens = max(view.delivered[0] + rule.delay_ms, view.first_value[0])
    return When(opens, opens + rule.window_ms, anchor_of(view.cycle))


def refill(view: View, _rule: Moment, _customer: CustomerRecord) -> When:
    """Before the expected run-out."""
    if not view.consumable:
        return NOT_NOW
    window = refill_window(view)
    return When(window.opens_at, window.ends_at, anchor_of(window.supply))


def subscribe(view: View, rule: Moment, _customer: CustomerRecord) -> When:
    """At the third reorder that came on time."""
    if not view.consumable or view.item.subscriptions:
        return NOT_NOW
    at = on_time_reorder_at(view)
    opens = _rested(view, Placement.SUBSCRIBE, rule, at) if at else FAR
    return When(opens, opens + rule.window_ms, at)


def maintain(view: View, rule: Moment, _customer: CustomerRecord) -> When:
    """At every maintenance interval after delivery."""
    interval = (view.entry.product.maintenance_interval_days or 0) * DAY_MS if view.entry is not None else 0
    if interval <= 0 or not view.delivered[0]:
        return NOT_NOW
    since = view.now - view.delivered[0] - rule.delay_ms - rule.window_ms
    times = max(1, since // interval + 1)
    opens = view.delivered[0] + times * interval + rule.delay_ms
    ends = opens + min(rule.window_ms, interval)
    return When(opens, ends, anchor_of(f"{view.cycle}/{times}"), opens + interval)


def upgrade(view: View, rule: Moment, _customer: CustomerRecord) -> When:
    """At renewal, or when real behaviour reaches a limit or an earning milestone."""
    if not view.shows_value:
        return NOT_NOW
    if view.item.stage == RENEWAL:
        return _renewal_moment(view, Placement.UPGRADE, rule)
    at = earned_at(view)
    if not at:
        return NOT_NOW
    opens = _rested(view, Placement.UPGRADE, rule, at)
    return When(opens, at + rule.window_ms, at) if opens < at + rule.window_ms else NOT_NOW


def early_education(view: View, rule: Moment, _customer: CustomerRecord) -> When:
    """Renewal is near, but nothing was gained yet: say that it is early, and how to begin."""
    return NOT_NOW if view.shows_value else _renewal_moment(view, Placement.EARLY_EDUCATION, rule)


def _renewal_moment(view: View, placement: Placement, rule: Moment) -> When:
    since = view.item.stage_since
    opens = _rested(view, placement, rule, since)
    ends = min(since + rule.window_ms, renewal(view)[1])
    return When(opens, ends, since) if opens < ends else NOT_NOW


def earned_at(view: View) -> int:
    """When the newest limit was reached, or milestone that the catalogue says earns an upgrade; 0 if none."""
    milestones, limits = view.item.milestones, view.item.limits
    if not (milestones or limits):
        return 0
    earning = view.entry.earning_milestones if view.entry is not None else frozenset()
    start = view.ordered[0]
    times = [at for at, _, name in milestones if name in earning and at >= start]
    times += [at for at, _, _ in limits if at >= start]
    return max(times, default=0)


def _rested(view: View, placement: Placement, rule: Moment, opens: int) -> int:
    """Not before the rest after the last time it was said."""
    last = max((told.at for told in view.item.told if told.placement == placement and told.done), default=0)
    return max(opens, last + rule.rest_ms) if last else opens


def over_when_set_up(view: View, _held: Open) -> Ending | None:
    """The guide did its work."""
    return DONE if view.setup_completed or view.has_value else None


def over_when_started(view: View, _held: Open) -> Ending | None:
    """It began, and was worth it."""
    return DONE if view.has_value else None


def over_at_value(view: View, _held: Open) -> Ending | None:
    """Nothing is essential to begin any more."""
    return PASSED if view.has_value else None


def over_when_supplied(view: View, held: Open) -> Ending | None:
    """Another supply was bought, or comes by itself."""
    return None if held.anchor == anchor_of(refill_window(view).supply) and not subscribed(view) else PASSED


def over_when_subscribed(view: View, _held: Open) -> Ending | None:
    """There is a subscription now."""
    return PASSED if subscribed(view) else None


def over_when_renewed(view: View, held: Open) -> Ending | None:
    """What was said for a renewal ends with it."""
    return PASSED if held.stage == Stage.RENEWAL != view.item.stage else None


def subscribed(view: View) -> bool:
    """Whether a subscription brings the supply."""
    return any(held.status != "subscription_cancelled" for held in view.item.subscriptions)


UNBOXING, USAGE, CARE, RENEWAL = Stage.UNBOXING, Stage.USAGE, Stage.CARE, Stage.RENEWAL
MOMENTS: tuple[Row, ...] = (
    Row(Placement.SETUP_GUIDE, Move.GUIDE, Scope.PARCEL, (UNBOXING,), setup_guide, over=over_when_set_up),
    Row(
        Placement.ESSENTIAL, Move.OFFER, Scope.ITEM, (Stage.CHECKOUT, UNBOXING), essential,
        ("required_to_start",), over_at_value,
    ),
    Row(Placement.STALLED_START, Move.GUIDE, Scope.ITEM, (UNBOXING,), stalled_start, over=over_when_started),
    Row(Placement.GOAL_QUESTION, Move.ASK, Scope.CUSTOMER, (USAGE,), goal_question),
    Row(Placement.NEXT_STEP, Move.OFFER, Scope.ITEM, (USAGE,), next_step, ("next_step",)),
    Row(Placement.REFILL, Move.OFFER, Scope.ITEM, (CARE,), refill, ("refill",), over_when_supplied),
    Row(
        Placement.SUBSCRIBE, Move.OFFER, Scope.ITEM, (CARE,), subscribe, ("refill",), over_when_subscribed,
    ),
    Row(Placement.MAINTAIN, Move.OFFER, Scope.ITEM, (CARE,), maintain, ("maintains",)),
    Row(
        Placement.UPGRADE, Move.OFFER, Scope.ITEM, (USAGE, CARE, RENEWAL), upgrade, ("upgrade",),
        over_when_renewed,
    ),
    Row(
        Placement.EARLY_EDUCATION, Move.GUIDE, Scope.ITEM, (RENEWAL,), early_education,
        over=over_when_renewed,
    ),
)  # fmt: skip
BY_STAGE: dict[int, tuple[Row, ...]] = {
    stage: tuple(row._replace(word=row.placement.word) for row in MOMENTS if stage in row.stages)
    for stage in Stage
}
BY_PLACEMENT: dict[int, Row] = {row.placement: row for row in MOMENTS}


def told_of(told: list[Told], placement: int, anchor: int) -> Told | None:
    """What was said for this anchor."""
    for entry in told:
        if entry.placement == placement and entry.anchor == anchor:
            return entry
    return None
