"""Pure. All stage rules: one table, read from top to bottom, the first row that holds now is the stage.

Each row gives the time from which and until which it holds, so the next change of stage is the smallest of
these times that still lies ahead, and nobody has to look before it.

    ended      everything that was acquired is returned, cancelled or lost, or its order changed to nothing;
               a cancelled plan is paid no longer
    renewal    started or delivered, and a renewal, contract end or replacement date is near
    care       first value is 30 days old; a consumable: its refill window has opened
    usage      first value was reached
    unboxing   delivered, no first value yet: the clock starts at delivery, not at purchase
    checkout   ordered, not delivered
"""

from __future__ import annotations

from collections.abc import Callable

from streams.journey.supply import refill_window
from streams.journey.view import DAY_MS, FAR, View, newest_subscription
from streams.journey.words import Stage

Span = tuple[int, int]
NEVER: Span = (FAR, FAR)
NONE = Stage.NONE


def ended(view: View) -> Span:
    """At once when nothing is left; a cancelled plan at its paid-through date."""
    if view.gone or (not view.cycle and view.item.stage):
        return 0, FAR
    if view.item.subscriptions and (view.line is None or view.plan):
        newest = newest_subscription(view.item.subscriptions)
        if newest.status == "subscription_cancelled":
            return newest.paid_through_at or newest.latest[0], FAR
    return NEVER


def renewal(view: View) -> Span:
    """The earliest window that is not over, of all the dates that are known."""
    if not view.delivered[0]:
        return NEVER
    stages = view.rules.stages
    best = NEVER
    for date, term, until in _renewal_dates(view):
        window = min(stages.renewal_within_max_ms, round(term * stages.renewal_within_term_share))
        span = (max(date - window, view.delivered[0]), until)
        if span[1] > view.now and span < best:
            best = span
    return best


def _renewal_dates(view: View) -> list[tuple[int, int, int]]:
    """(date, length of the term, until when the date matters), all in ms."""
    dates: list[tuple[int, int, int]] = []
    for held in view.item.subscriptions:
        if held.renews_at and held.status not in ("subscription_cancelled", "subscription_paused"):
            started = held.term_starts_at or held.started[0] or view.ordered[0]
            dates.append((held.renews_at, held.renews_at - started, held.renews_at))
    line = view.line
    if line is not None and line.contract_ends_at:
        dates.append((line.contract_ends_at, line.contract_ends_at - view.ordered[0], line.contract_ends_at))
    if view.entry is not None and view.entry.product.replace_after_days:
        term = view.entry.product.replace_after_days * DAY_MS
        dates.append((view.delivered[0] + term, term, FAR))
    return dates


def care(view: View) -> Span:
    """Thirty days after first value; a consumable already when its refill window opens."""
    begins = FAR
    if view.first_value[0]:
        begins = view.first_value[0] + view.rules.stages.care_after_ms
    if view.consumable:
        begins = min(begins, refill_window(view).opens_at)
    return begins, FAR


def usage(view: View) -> Span:
    """From first value."""
    return (view.first_value[0], FAR) if view.first_value[0] else NEVER


def unboxing(view: View) -> Span:
    """From delivery."""
    return (view.delivered[0], FAR) if view.delivered[0] else NEVER


def checkout(view: View) -> Span:
    """From the order."""
    return (0, FAR) if view.cycle else NEVER


STAGES: tuple[tuple[Stage, Callable[[View], Span]], ...] = (
    (Stage.ENDED, ended),
    (Stage.RENEWAL, renewal),
    (Stage.CARE, care),
    (Stage.USAGE, usage),
    (Stage.UNBOXING, unboxing),
    (Stage.CHECKOUT, checkout),
)


def stage_of(view: View) -> tuple[Stage, int, int]:
    """The stage now, since when it could hold, and when it can change next (`FAR`: never)."""
    now = view.now
    stage, since, changes_at = NONE, 0, FAR
    for candidate, row in STAGES:
        begins, ends = row(view)
        if begins <= now < ends:
            stage, since = candidate, begins
            if ends < changes_at:
                changes_at = ends
            break
        if now < begins < changes_at:
            changes_at = begins
    return stage, since or view.ordered[0], changes_at
