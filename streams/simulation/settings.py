"""The worlds of a seed: the policy and the catalogue that its history begins under, and later ones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from schemas.records import Control
from streams.checkers.limits import Limits
from streams.journey.catalogue import Catalogue
from streams.journey.control import ControlState
from streams.journey.identity import Identity
from streams.journey.policy import Policy
from streams.journey.policy_set import PolicySet
from streams.journey.step import World
from streams.loading.policy_file import SHIPPED, policy_of_text, shipped_text
from streams.simulation.chance import chance
from streams.simulation.made_up_shop import SHOPS, Shop

POLICIES: Final[Mapping[str, str]] = {
    "default": "",
    "holdout": "[holdout]\nshare = 0.5\n",
    "no-feed": "[deliveries]\nfeed = false\n",
    "eager": '[caps]\noffer_gap = "1 d"\noffers_in_window = 5\ndaily_moves = 2\n'
    '[asks]\ngap = "5 d"\n[declines]\nin_a_row = 3\n',
    "few-words": "[sending]\nquiet_from_minute = 0\nquiet_until_minute = 0\n[caps]\nwaiting_max = 1\n",
    "live-later": '[live]\nfrom = 2024-04-01T00:00:00Z\nramp = "40 d"\n',
    "one-off": "[moments.next_step]\nenabled = false\n[moments.setup_guide]\nenabled = false\n",
}
"""What each policy states over the default."""
REMEMBERED: Final = 8
"""Of everything that is kept by number, at least so many are kept."""
KEY: Final = b"a key for made-up customers"


@dataclass(frozen=True, slots=True)
class Setting:
    """One world and the limits that checkers judge it by."""

    world: World
    limits: Limits


@lru_cache(maxsize=SHOPS)
def shop_of(seed: int) -> Shop:
    """The shop of a seed."""
    return Shop(seed % SHOPS)


def settings_of(seed: int) -> tuple[Setting, ...]:
    """The settings of a seed: the first one holds at the beginning."""
    rng = chance(seed, "settings")
    shop = shop_of(seed)
    names = rng.choices(list(POLICIES), (6, 2, 1, 2, 1, 1, 1), k=2)
    first = setting(names[0], shop, 1)
    if rng.random() < 0.7:
        return (first,)
    if rng.random() < 0.5:
        return first, setting(names[1], shop, 2)
    placement = rng.choice((None, "help", "next_step", "setup_guide", "order_add_on"))
    return first, paused(first, placement, 2), replace_version(first, 3)


@lru_cache(maxsize=SHOPS * len(POLICIES) * 2)
def setting(name: str, shop: Shop, version: int) -> Setting:
    """The setting of one of the `POLICIES`."""
    policies = _policies(name)
    world = World(policies, Catalogue(shop.version, shop.products), Identity(KEY), ControlState(), version)
    return Setting(world, limits_of(policies.base))


def paused(setting: Setting, placement: str | None, version: int) -> Setting:
    """The same, with a pause of one placement or of everything."""
    control = ControlState([Control(control_id="pause", type="pause", placement=placement)])
    old = setting.world
    world = World(old.policies, old.catalogue, old.identity, control, version)
    stopped = setting.limits.enabled if placement is None else {placement}
    return Setting(world, replace(setting.limits, enabled=setting.limits.enabled - stopped))


def replace_version(setting: Setting, version: int) -> Setting:
    """The same under another version: what is taken back is decided anew."""
    old = setting.world
    return Setting(World(old.policies, old.catalogue, old.identity, old.control, version), setting.limits)


@lru_cache(maxsize=len(POLICIES))
def _policies(name: str) -> PolicySet:
    text = f'version = "{name}"\n{POLICIES[name]}' if name != "default" else shipped_text()
    return policy_of_text(text, SHIPPED if name == "default" else f"{name}.toml").policies()


def limits_of(policy: Policy) -> Limits:
    """The limits of a policy."""
    moments, caps, declines, asks = policy.moments, policy.caps, policy.declines, policy.asks
    sending, english = policy.sending, policy.keywords["en"]
    return Limits(
        channels={name: frozenset(moment.channels) for name, moment in moments.items()},
        enabled=frozenset(name for name, moment in moments.items() if moment.enabled),
        live_from_ms=policy.live.from_ms,
        order_add_on_ms=moments["order_add_on"].window_ms,
        essential_ms=moments["essential"].window_ms,
        add_on_price_share_max=policy.offers.add_on_price_share_max,
        reorders_for_subscribe=policy.offers.on_time_reorders_for_subscribe,
        sessions_for_first_value=policy.stages.sessions_for_first_value,
        inferred_first_value_after_ms=policy.stages.inferred_first_value_after_ms,
        delivery_feed=policy.deliveries.feed,
        order_remembered_ms=policy.deliveries.order_closes_after_ms,
        stale_after_ms=min(flag.stale_after_ms for flag in policy.friction.values()),
        question_open_ms=policy.help.question_open_ms,
        negative_for_ms=policy.help.negative_for_ms,
        bad_rating_max=policy.help.bad_rating_max,
        offer_gap_ms=caps.offer_gap_ms,
        offers_in_window=caps.offers_in_window,
        offers_window_ms=caps.offers_window_ms,
        daily_moves=caps.daily_moves,
        family_rest_ms=declines.family_rest_ms,
        offers_rest_ms=declines.offers_rest_ms,
        not_now_family_rest_ms=declines.not_now_family_rest_ms,
        not_now_offers_rest_ms=declines.not_now_offers_rest_ms,
        declines_in_a_row=declines.in_a_row,
        in_a_row_rest_ms=declines.in_a_row_rest_ms,
        ask_gap_ms=asks.gap_ms,
        answer_fresh_ms=asks.answer_fresh_ms,
        asks_unanswered_max=asks.unanswered_max,
        asks_unanswered_rest_ms=asks.unanswered_rest_ms,
        help_delay_ms=moments["help"].delay_ms,
        help_gap_ms=policy.help.gap_ms,
        default_time_zone=sending.default_time_zone,
        quiet_from_minute=sending.quiet_from_minute,
        quiet_until_minute=sending.quiet_until_minute,
        push_channels=frozenset(sending.push_channels),
        opt_out_channels={name: frozenset(others) for name, others in sending.opt_out_channels.items()},
        keywords={
            "stop": _whole(english.stop),
            "start": _whole(english.start),
            "no": _whole(english.no),
            "yes": _whole(english.yes),
        },
        late_by_max_ms=0,
        remembered=REMEMBERED,
    )


def _whole(phrases: tuple[str, ...]) -> frozenset[str]:
    """Phrases that are a whole reply."""
    return frozenset(phrase for phrase in phrases if "*" not in phrase)
