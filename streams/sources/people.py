"""Made up: who the customers are. The log says only a country.

Time zone, locale and market follow from the country; a few are unknown. Consent is asked per channel: some
granted it, some denied it, of some nothing is known, and a few change their mind with a later order.
"""

from collections.abc import Iterator

from schemas.records import Consent, Profile
from streams.sources.bought import Bought
from streams.sources.chance import Chance, Draws

DAY_MS = 86_400_000

COUNTRIES: dict[str, tuple[str, str, str]] = {
    "Australia": ("Australia/Sydney", "en-AU", "AU"),
    "Austria": ("Europe/Vienna", "de-AT", "AT"),
    "Bahrain": ("Asia/Bahrain", "ar-BH", "BH"),
    "Belgium": ("Europe/Brussels", "nl-BE", "BE"),
    "Brazil": ("America/Sao_Paulo", "pt-BR", "BR"),
    "Canada": ("America/Toronto", "en-CA", "CA"),
    "Channel Islands": ("Europe/Jersey", "en-JE", "JE"),
    "Cyprus": ("Asia/Nicosia", "el-CY", "CY"),
    "Czech Republic": ("Europe/Prague", "cs-CZ", "CZ"),
    "Denmark": ("Europe/Copenhagen", "da-DK", "DK"),
    "EIRE": ("Europe/Dublin", "en-IE", "IE"),
    "Finland": ("Europe/Helsinki", "fi-FI", "FI"),
    "France": ("Europe/Paris", "fr-FR", "FR"),
    "Germany": ("Europe/Berlin", "de-DE", "DE"),
    "Greece": ("Europe/Athens", "el-GR", "GR"),
    "Hong Kong": ("Asia/Hong_Kong", "zh-HK", "HK"),
    "Iceland": ("Atlantic/Reykjavik", "is-IS", "IS"),
    "Israel": ("Asia/Jerusalem", "he-IL", "IL"),
    "Italy": ("Europe/Rome", "it-IT", "IT"),
    "Japan": ("Asia/Tokyo", "ja-JP", "JP"),
    "Lebanon": ("Asia/Beirut", "ar-LB", "LB"),
    "Lithuania": ("Europe/Vilnius", "lt-LT", "LT"),
    "Malta": ("Europe/Malta", "en-MT", "MT"),
    "Netherlands": ("Europe/Amsterdam", "nl-NL", "NL"),
    "Norway": ("Europe/Oslo", "nb-NO", "NO"),
    "Poland": ("Europe/Warsaw", "pl-PL", "PL"),
    "Portugal": ("Europe/Lisbon", "pt-PT", "PT"),
    "RSA": ("Africa/Johannesburg", "en-ZA", "ZA"),
    "Saudi Arabia": ("Asia/Riyadh", "ar-SA", "SA"),
    "Singapore": ("Asia/Singapore", "en-SG", "SG"),
    "Spain": ("Europe/Madrid", "es-ES", "ES"),
    "Sweden": ("Europe/Stockholm", "sv-SE", "SE"),
    "Switzerland": ("Europe/Zurich", "de-CH", "CH"),
    "USA": ("America/New_York", "en-US", "US"),
    "United Arab Emirates": ("Asia/Dubai", "ar-AE", "AE"),
    "United Kingdom": ("Europe/London", "en-GB", "GB"),
}
"""Country as the log names it: time zone (its largest city's), locale, market. Others are unknown."""

CHANNELS = (("email", 0.82, 0.06), ("sms", 0.35, 0.25), ("push", 0.45, 0.15), ("in_app", 0.7, 0.05))
"""Channel, share that granted consent, share that denied it; of the rest nothing is known."""

ZONE_UNKNOWN = 0.03
CHANGES_MIND = 0.02


def profiles(bought: Bought, chance: Chance) -> Iterator[Profile]:
    """The profile that comes with a customer's first order, or with a later one that changes something."""
    draws = chance.of("profile", bought.customer_id, bought.order_id)
    if bought.is_first:
        zone, locale, market = COUNTRIES.get(bought.country, (None, None, None))
        yield Profile(
            event_id=f"profile:{bought.order_id}",
            customer_id=bought.customer_id,
            occurred_at=bought.at_ms,
            source=chance.source,
            time_zone=None if draws.happens(ZONE_UNKNOWN) else zone,
            locale=locale,
            market=market,
            consents=tuple(_asked(bought.at_ms, draws)),
        )
    elif draws.happens(CHANGES_MIND):
        at_ms = bought.at_ms + draws.between(1, 3 * DAY_MS)
        yield Profile(
            event_id=f"profile:{bought.order_id}",
            customer_id=bought.customer_id,
            occurred_at=at_ms,
            source=chance.source,
            consents=(_changed(at_ms, draws),),
        )


def _asked(at_ms: int, draws: Draws) -> Iterator[Consent]:
    """What was asked before the first order, up to a year earlier."""
    for channel, granted, denied in CHANNELS:
        share = draws.share()
        asked_at = at_ms - draws.early(0, 365 * DAY_MS)
        if share < granted:
            yield Consent(channel, "granted", asked_at, explicit=draws.happens(0.6))
        elif share < granted + denied:
            yield Consent(channel, "denied", asked_at)
        elif draws.happens(0.5):
            yield Consent(channel, "unknown", asked_at)


def _changed(at_ms: int, draws: Draws) -> Consent:
    channel, _granted, _denied = draws.pick(CHANNELS)
    if draws.happens(0.5):
        return Consent(channel, "granted", at_ms, explicit=True)
    return Consent(channel, "denied", at_ms)
