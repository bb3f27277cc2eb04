"""The numbers that checkers need, filled by whoever calls them.

They mirror a policy without knowing its shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The policy in force at a step. Durations in milliseconds, times of day in minutes after midnight."""

    # moments
    channels: Mapping[str, frozenset[str]]
    """Placement to the channels that it may use."""
    enabled: frozenset[str]
    """Placements that are switched on and not paused."""
    live_from_ms: int
    """Before this time nothing is opened."""
    order_add_on_ms: int
    essential_ms: int
    add_on_price_share_max: float
    reorders_for_subscribe: int
    # stages
    sessions_for_first_value: int
    inferred_first_value_after_ms: int
    delivery_feed: bool
    """Whether deliveries are reported; without, they may be inferred."""
    order_remembered_ms: int
    """A closed order may be forgotten so long after the last report about it."""
    # friction
    stale_after_ms: int
    """The shortest time after which a flag that nobody closes ends by itself."""
    question_open_ms: int
    negative_for_ms: int
    bad_rating_max: int
    # caps
    offer_gap_ms: int
    offers_in_window: int
    offers_window_ms: int
    daily_moves: int
    # declines
    family_rest_ms: int
    offers_rest_ms: int
    not_now_family_rest_ms: int
    not_now_offers_rest_ms: int
    declines_in_a_row: int
    in_a_row_rest_ms: int
    # asks and help
    ask_gap_ms: int
    answer_fresh_ms: int
    asks_unanswered_max: int
    asks_unanswered_rest_ms: int
    help_delay_ms: int
    help_gap_ms: int
    # sending
    default_time_zone: str
    quiet_from_minute: int
    quiet_until_minute: int
    push_channels: frozenset[str]
    opt_out_channels: Mapping[str, frozenset[str]]
    """Channel of a STOP to all channels that it opts out of."""
    keywords: Mapping[str, frozenset[str]]
    """Intent to the whole texts, in small letters, that mean it when a reply states no intent."""
    # the judge's own tolerance
    late_by_max_ms: int
    """How long after its due time a wake-up may be handled."""
    remembered: int
    """Of tickets, payments and returns, so many of the newest must be remembered;

    older ones count as settled.
    """
