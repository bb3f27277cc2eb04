"""Pure. How long a consumable lasts for this customer, as the rules ask for it."""

from __future__ import annotations

from itertools import pairwise

from streams.journey.replenishment import estimate_run_out
from streams.journey.view import DAY_MS, FAR, RefillWindow, View, delivery_of

NONE = RefillWindow(FAR, FAR, FAR, "none", 0.0, "")


def refill_window(view: View) -> RefillWindow:
    """The window for the newest supply; far while that supply is still under way."""
    if view.window is None:
        view.window = _window(view)
    return view.window


def _window(view: View) -> RefillWindow:
    if not view.supplies:
        return NONE
    newest = view.supplies[-1]
    (delivered_at, _), _ = delivery_of(newest[3], view.rules)
    entry = view.entry
    if not delivered_at or entry is None:
        return NONE
    product = entry.product
    estimate = estimate_run_out(
        [(at, left) for at, _, left, _ in view.supplies],
        prior=product.prior,
        supply_days=product.supply_days,
        scales=product.scales_with_quantity,
        rules=view.rules.replenishment,
        rhythm=view.rhythm,
    )
    lead_ms = view.rules.moments["refill"].delay_ms
    return RefillWindow(
        max(delivered_at + estimate.early_ms - lead_ms, delivered_at),
        delivered_at + estimate.late_ms,
        delivered_at + estimate.expected_ms,
        estimate.basis,
        estimate.confidence,
        view.supply,
    )


def on_time_reorder_at(view: View) -> int:
    """When the third (policy) reorder in a rhythm came, 0 if there is none yet.

    A reorder is on time when its gap lies within a share (policy) of the customer's median gap.
    """
    wanted = view.rules.offers.on_time_reorders_for_subscribe
    times = sorted({supply[0] for supply in view.supplies})
    gaps = [later - earlier for earlier, later in pairwise(times) if later - earlier >= DAY_MS]
    if len(gaps) < wanted:
        return 0
    median = sorted(gaps)[len(gaps) // 2]
    tolerance = view.rules.offers.on_time_tolerance_share * median
    on_time = [abs(gap - median) <= tolerance for gap in gaps]
    return times[-1] if sum(on_time) >= wanted and on_time[-1] else 0
