"""Pure. Every number and switch of the journey, as typed tables; the values live in `default_policy.toml`.

Durations are written as text in the file ("30 min", "48 h", "7 d") and are milliseconds here, so names end
in `_ms`. A `Policy` is the result for one brand, category and product: the file's overrides laid over its
base. The loader (`streams.loading.policy_file`) reads, validates and resolves; this module only shapes.
"""

from __future__ import annotations

from msgspec import Struct


class Stages(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Boundaries between the stages of one owned item."""

    sessions_for_first_value: int
    care_after_ms: int
    inferred_first_value_after_ms: int
    renewal_within_max_ms: int
    renewal_within_term_share: float


class Deliveries(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a delivery is known; without a feed it is inferred after `inferred_after_ms`."""

    feed: bool
    inferred_after_ms: int
    late_grace_ms: int
    order_closes_after_ms: int
    undelivered_order_closes_after_ms: int
    delivered_in_store: bool


class Moment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One placement's switch, priority (greater wins) and window.

    `delay_ms` counts from what opens the moment, `window_ms` from the opening; what each counts from is
    said in the moments table of `streams.journey.moments`.
    """

    enabled: bool
    priority: int
    service: bool
    delay_ms: int
    window_ms: int
    rest_ms: int
    channels: tuple[str, ...]


class Friction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one flag blocks and for how long.

    `open_blocks` and `cooling_blocks` say for each move how wide: "customer", "order" or "none".
    """

    cool_off_ms: int
    cool_off_by_ticket_ms: int
    stale_after_ms: int
    open_blocks: dict[str, str]
    cooling_blocks: dict[str, str]


class Declines(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a no rests the family and all offers."""

    family_rest_ms: int
    offers_rest_ms: int
    not_now_family_rest_ms: int
    not_now_offers_rest_ms: int
    in_a_row: int
    in_a_row_rest_ms: int


class Caps(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may be said."""

    offer_gap_ms: int
    offers_in_window: int
    offers_window_ms: int
    daily_moves: int
    waiting_max: int
    answer_window_ms: int


class Offers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits on what may be offered."""

    add_on_price_share_max: float
    on_time_reorders_for_subscribe: int
    on_time_tolerance_share: float
    context_wait_ms: int


class Asks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The goal question."""

    question: str
    answer_fresh_ms: int
    gap_ms: int
    unanswered_max: int
    unanswered_rest_ms: int
    pending_wait_ms: int


class Help(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Support first."""

    gap_ms: int
    question_open_ms: int
    negative_for_ms: int
    bad_rating_max: int
    escalate_priorities: tuple[str, ...]
    escalate_episodes: int
    escalate_within_ms: int


class Sending(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Quiet hours (local, push channels only) and channels."""

    default_time_zone: str
    quiet_from_minute: int
    quiet_until_minute: int
    push_channels: tuple[str, ...]
    spread_ms: int
    known_channels: tuple[str, ...]
    opt_out_channels: dict[str, tuple[str, ...]]


class MassIncident(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More than `share` of at least `customers_min` customers with one new flag within the window."""

    share: float
    customers_min: int
    window_ms: int
    look_again_ms: int


class Sources(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Longest expected silence of each input topic; beyond it nothing is inferred from silence.

    What waits for a source to speak, or for the partition to be current, is looked at again after these.
    """

    silent_after_ms: dict[str, int]
    look_again_ms: int
    catching_up_look_again_ms: int


class Holdout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A share of customers (hash with the salt) whose offers and asks go to `journey.holdout`."""

    share: float
    salt: str


class Live(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`from_ms`: facts before it open nothing; `ramp_ms`: openings ramp up over this time. 0: at once."""

    from_ms: int
    ramp_ms: int


class Replenishment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a consumable runs out: logs are natural, of days; `learning_*` is read by `kairos learn` alone."""

    mean_log_gap_days: float
    """Of a product of which nothing is known."""
    sd_between: float
    """How far customers' means lie apart where nothing was learned."""
    sd_within: float
    """How far the gaps of one customer lie apart where nothing was learned."""
    pairs_min: int
    """A prior of fewer pairs of customer and product yields to what the catalogue or this table says."""
    purchases_max: int
    """So many newest purchases of a customer count."""
    prior_gaps_max: float
    """A prior never outweighs so many gaps of the customer's own, however sure it is of itself."""
    within_gaps: float
    """So many gaps outweigh the regularity that a customer's own gaps show."""
    rhythm_weight: float
    """Share of a customer's log distance from the reference rhythm by which the prior moves."""
    rhythm_mean_log_gap_days: float
    """The reference: of the days between the orders, of whatever, of a customer."""
    gap_days_max: float
    confidence_factor: float
    """Confidence is the probability that the estimate is right within this factor."""
    learning_gap_weight_max: float
    """A gap counts as the gaps of its length that the history was too short to show, at most so often."""
    learning_gaps: float
    """So many gaps outweigh the spread that a product's, or a category's, own gaps show."""


class Keywords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words that tell the intent of a reply that is only text, per intent, for one language."""

    stop: tuple[str, ...]
    start: tuple[str, ...]
    help: tuple[str, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]
    not_now: tuple[str, ...]
    frustrated: tuple[str, ...]
    friction_question: tuple[str, ...]


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules for one brand, category and product."""

    stages: Stages
    deliveries: Deliveries
    moments: dict[str, Moment]
    friction: dict[str, Friction]
    declines: Declines
    caps: Caps
    offers: Offers
    asks: Asks
    help: Help
    sending: Sending
    mass_incident: MassIncident
    sources: Sources
    holdout: Holdout
    live: Live
    replenishment: Replenishment
    keywords: dict[str, Keywords]
