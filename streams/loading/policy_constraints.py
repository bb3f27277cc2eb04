"""What the values of a policy may be: one table, read from top to bottom, of pattern, predicate and reason.

Patterns are those of `policy_judging`. A predicate takes a value and the whole tree.

Guard rails: the five traps (an offer before first value, two offers open, an offer during friction, an offer
in a context opened for something else, a generic offer) are closed by the rules, and no number may open them
again.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, cast, get_args
from zoneinfo import ZoneInfo

from schemas.records import Priority
from streams.journey.policy_set import Tree
from streams.journey.reply_text import normal
from streams.loading.policy_judging import Constraint, Holds, OneOf

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

BREADTHS: Final = ("customer", "order", "none")
MARKETING: Final = "order_add_on|goal_question|next_step|subscribe|upgrade"
"""Placements that can never be a service to the customer."""
OF_OWNERSHIP: Final = "next_step|refill|subscribe|maintain|upgrade"
"""Offers about an item that is being used, which belong to no shipping update and no order page."""
CARRIER_STOPS: Final = frozenset({"stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"})
"""What carriers treat as an opt-out in English, and regulators name as clear requests."""
PHRASES_MAX: Final = 200
PHRASE_CHARS_MAX: Final = 100
WAITING_MAX: Final = 24
"""The longest waiting list that a customer's record holds."""

_CHANNEL: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")


def at_least(least: float) -> Holds:
    """True for `least` and more."""
    return lambda value, _: bool(value >= least)


def within(least: float, most: float) -> Holds:
    """True from `least` to `most`, both included."""
    return lambda value, _: bool(least <= value <= most)


def is_not(*unwanted: object) -> Holds:
    """True for anything else."""
    return lambda value, _: value not in unwanted


def matches_all_of(pattern: re.Pattern[str]) -> Holds:
    """True for a text that matches as a whole."""
    return lambda value, _: pattern.fullmatch(value) is not None


def without(word: str) -> Holds:
    """True for a list that does not hold `word`."""
    return lambda value, _: word not in value


def _known_channels(tree: Tree) -> Sequence[str]:
    return cast("Sequence[str]", tree.get("sending", {}).get("known_channels", ()))


def _known_zone(value: Any, _: Tree) -> bool:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _priority_is_unique(value: Any, tree: Tree) -> bool:
    return [moment.get("priority") for moment in tree["moments"].values()].count(value) == 1


def _is_greatest_priority(value: Any, tree: Tree) -> bool:
    return all(value >= moment.get("priority", value) for moment in tree["moments"].values())


def _no_phrase_twice(value: Any, _: Tree) -> bool:
    phrases = [
        (normal(phrase), phrase.startswith("*"), phrase.endswith("*"))
        for intent in value.values()
        for phrase in set(intent)
    ]
    return len(phrases) == len(set(phrases))


def _is_phrase(value: Any, _: Tree) -> bool:
    inner = value.strip().removeprefix("*").removesuffix("*")
    return len(value) <= PHRASE_CHARS_MAX and "*" not in inner and bool(normal(inner))


def _holds_carrier_stops(value: Any, _: Tree) -> bool:
    return {normal(phrase) for phrase in value} >= CARRIER_STOPS


ONE_OF: Final = (
    OneOf("moments.*.channels.*", _known_channels),
    OneOf("sending.push_channels.*", _known_channels),
    OneOf("sending.opt_out_channels.@", _known_channels),
    OneOf("sending.opt_out_channels.*.*", _known_channels),
    OneOf("friction.*.open_blocks|cooling_blocks.*", lambda _: BREADTHS),
    OneOf("help.escalate_priorities.*", lambda _: get_args(Priority)),
)

LIMITS: Final = (
    Constraint("stages.renewal_within_term_share", within(0, 1), "must be a share from 0 to 1"),
    Constraint("offers.add_on_price_share_max", within(0, 1), "must be a share from 0 to 1"),
    Constraint("offers.on_time_tolerance_share", within(0, 1), "must be a share from 0 to 1"),
    Constraint("offers.on_time_reorders_for_subscribe", at_least(1), "must be 1 or more"),
    Constraint("holdout.share", within(0, 1), "must be a share from 0 to 1"),
    Constraint("holdout.salt", lambda value, _: 0 < len(value) <= 128, "must have 1 to 128 characters"),
    Constraint("mass_incident.share", within(0, 1), "must be a share from 0 to 1"),
    Constraint("mass_incident.share", is_not(0), "must be more than 0: every flag would be a mass incident"),
    Constraint("mass_incident.customers_min", at_least(1), "must be 1 or more"),
    Constraint("mass_incident.window_ms", at_least(MINUTE_MS), "must be 1 min or more"),
    Constraint("mass_incident.look_again_ms", at_least(MINUTE_MS), "must be 1 min or more"),
    Constraint("sources.look_again_ms", at_least(MINUTE_MS), "must be 1 min or more"),
    Constraint("sources.catching_up_look_again_ms", at_least(1_000), "must be 1 s or more"),
    Constraint("sources.silent_after_ms.*", at_least(MINUTE_MS), "must be 1 min or more"),
    Constraint("moments.*.window_ms", at_least(MINUTE_MS), "must be 1 min or more; to switch off: enabled"),
    Constraint("moments.*.channels", is_not([]), "must name a channel; to switch off: enabled"),
    Constraint("moments.*.priority", _priority_is_unique, "is shared with another moment: which wins?"),
    Constraint("moments.help.priority", _is_greatest_priority, "must be the greatest: help outranks all"),
    Constraint("declines.in_a_row", at_least(1), "must be 1 or more"),
    Constraint("caps.offers_in_window", at_least(0), "must be 0 or more"),
    Constraint("caps.daily_moves", at_least(1), "must be 1 or more, else nothing is ever said"),
    Constraint("caps.waiting_max", within(1, WAITING_MAX), f"must be from 1 to {WAITING_MAX}"),
    Constraint("caps.answer_window_ms", at_least(HOUR_MS), "must be 1 h or more"),
    Constraint(
        "asks.question", lambda value, _: 0 < len(value.strip()) <= 500, "must have 1 to 500 characters"
    ),
    Constraint("asks.unanswered_max", at_least(1), "must be 1 or more"),
    Constraint("help.bad_rating_max", within(1, 4), "must be from 1 to 4, of ratings from 1 to 5"),
    Constraint("help.escalate_episodes", at_least(1), "must be 1 or more"),
    Constraint(
        "replenishment.mean_log_gap_days|rhythm_mean_log_gap_days",
        within(-10, 10),
        "must be from -10 to 10 (log of days)",
    ),
    Constraint("replenishment.sd_between|sd_within", within(1e-6, 10), "must be more than 0, at most 10"),
    Constraint("replenishment.pairs_min", at_least(1), "must be 1 or more"),
    Constraint("replenishment.purchases_max", within(2, 8), "must be from 2 to 8, as many as are kept"),
    Constraint("replenishment.prior_gaps_max|within_gaps", within(0.1, 1000), "must be from 0.1 to 1000"),
    Constraint("replenishment.rhythm_weight", within(0, 1), "must be from 0 to 1"),
    Constraint("replenishment.gap_days_max", within(1, 36_500), "must be from 1 to 36500 days"),
    Constraint("replenishment.confidence_factor", within(1, 100), "must be from 1 to 100"),
    Constraint("replenishment.learning_gap_weight_max", within(1, 100), "must be from 1 to 100"),
    Constraint("replenishment.learning_gaps", within(0.1, 1e6), "must be from 0.1 to 1000000"),
)

SENDING: Final = (
    Constraint("sending.default_time_zone", _known_zone, "is no known time zone (such as Europe/Paris)"),
    Constraint("sending.quiet_from_minute|quiet_until_minute", within(0, 1439), "must be from 0 to 1439"),
    Constraint("sending.spread_ms", within(0, 12 * HOUR_MS), "must be at most 12 h"),
    Constraint("sending.known_channels", is_not([]), "must name a channel"),
    Constraint("sending.known_channels|push_channels", lambda v, _: len(v) == len(set(v)), "names one twice"),
    Constraint("moments.*.channels", lambda v, _: len(v) == len(set(v)), "names a channel twice"),
    Constraint(
        "sending.known_channels.*",
        matches_all_of(_CHANNEL),
        "must be lower-case letters, digits and _, at most 32",
    ),
    Constraint(
        "sending.opt_out_channels",
        lambda value, _: all(channel in ended for channel, ended in value.items()),
        "a STOP on a channel must opt out of that channel at least",
    ),
)

KEYWORDS: Final = (
    Constraint("keywords.@", matches_all_of(_LANGUAGE), 'must be a language code such as "en"'),
    Constraint(
        "keywords.*.*", lambda value, _: len(value) <= PHRASES_MAX, f"has more than {PHRASES_MAX} phrases"
    ),
    Constraint(
        "keywords.*.*.*",
        _is_phrase,
        f"must be words, with * at an end at most, in at most {PHRASE_CHARS_MAX} characters",
    ),
    Constraint(
        "keywords.*", _no_phrase_twice, "has one phrase under two intents (or twice): which is meant?"
    ),
    Constraint(
        "keywords.*.stop", lambda v, _: "stop" in v, 'must hold "stop", which carriers ask for everywhere'
    ),
    Constraint(
        "keywords.en.stop",
        _holds_carrier_stops,
        f"must hold what carriers honour: {', '.join(sorted(CARRIER_STOPS))}",
    ),
)

_DURING_FRICTION: Final = "an offer during friction can never happen"
_BEFORE_VALUE: Final = "an offer before first value can never happen"
_OTHER_CONTEXT: Final = "an offer in a context opened for something else can never happen"

GUARD_RAILS: Final = (
    Constraint("friction.*.open_blocks.offer", is_not("none"), f'must not be "none": {_DURING_FRICTION}'),
    Constraint(
        "friction.negative_reply.open_blocks.offer",
        is_not("order"),
        f'must be "customer", since a reply belongs to no order: {_DURING_FRICTION}',
    ),
    Constraint("friction.*.stale_after_ms", at_least(HOUR_MS), f"must be 1 h or more: {_DURING_FRICTION}"),
    Constraint(
        "friction.*.open_blocks|cooling_blocks.help",
        is_not("customer", "order"),
        "help is never blocked by friction",
    ),
    Constraint(
        "help.question_open_ms|negative_for_ms", at_least(HOUR_MS), f"must be 1 h or more: {_DURING_FRICTION}"
    ),
    Constraint("offers.context_wait_ms", at_least(MINUTE_MS), f"must be 1 min or more: {_OTHER_CONTEXT}"),
    Constraint("stages.sessions_for_first_value", within(1, 3), f"must be from 1 to 3: {_BEFORE_VALUE}"),
    Constraint(
        "stages.inferred_first_value_after_ms", at_least(DAY_MS), f"must be 1 d or more: {_BEFORE_VALUE}"
    ),
    Constraint(f"moments.{MARKETING}.service", is_not(True), "must be false: service is exempt from caps"),
    Constraint(
        f"moments.order_add_on|{OF_OWNERSHIP}.channels",
        without("shipping_update"),
        f"must not hold shipping_update: {_OTHER_CONTEXT}",
    ),
    Constraint(
        f"moments.{OF_OWNERSHIP}.channels",
        without("order_page"),
        f"must not hold order_page: {_OTHER_CONTEXT}",
    ),
)

CONSTRAINTS: Final = (*ONE_OF, *LIMITS, *SENDING, *KEYWORDS, *GUARD_RAILS)

RELATED: Final = (
    "moments.*.priority",
    "moments.*.channels",
    "sending.known_channels",
    "sending.push_channels",
    "sending.opt_out_channels",
)
"""Values that are judged by one another, so that overrides, each valid alone, may break a rule together."""
