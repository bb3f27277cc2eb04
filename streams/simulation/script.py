"""The script of a seed: its customers' events, and what happens to the partition meanwhile."""

from collections.abc import Iterator
from typing import Final

from streams.simulation.actions import Action, Arrive, Look, Switch, Turn
from streams.simulation.chance import DAY, HOUR, MINUTE, chance
from streams.simulation.engine import Conditions
from streams.simulation.life import Arrival
from streams.simulation.population import population
from streams.simulation.settings import settings_of, shop_of

LOOKS_MAX: Final = 12
"""Looks too many in one history."""
WEATHER: Final = (
    (Conditions(current=False), HOUR),
    (Conditions(current=False), HOUR),
    (Conditions(stale_sources=frozenset({"deliveries"})), 20 * DAY),
    (Conditions(stale_sources=frozenset({"deliveries", "usage"})), 20 * DAY),
    (Conditions(held_flags=frozenset({1, 2, 3, 6})), 20 * DAY),
)
"""What may befall a partition, and for how long at most; while it is behind it looks again every minute."""


def make_script(seed: int) -> list[Action]:
    """All actions of a seed but the reactions, which follow from what is said."""
    arrivals = population(seed, shop_of(seed))
    first, last = arrivals[0].at_ms, arrivals[-1].at_ms + 20 * DAY
    script: list[Action] = [Arrive(arrival.at_ms, arrival.event) for arrival in arrivals]
    script += _looks(seed, arrivals)
    for number in range(1, len(settings_of(seed))):
        script.append(Switch(first + (last - first) * number // 3, number))
    script += _weather(seed, arrivals)
    return script


def _looks(seed: int, arrivals: list[Arrival]) -> Iterator[Action]:
    """Looks too many, most of them just after something happened."""
    rng = chance(seed, "looks")
    customers = sorted({arrival.event.customer_id for arrival in arrivals})
    for _ in range(rng.randint(0, LOOKS_MAX)):
        at_ms = rng.choice(arrivals).at_ms + rng.choice((0, 1, HOUR, 3 * DAY))
        yield Look(at_ms, rng.choice(customers), rng.randrange(1 << 20))


def _weather(seed: int, arrivals: list[Arrival]) -> Iterator[Action]:
    """Some phases in which the partition is behind, a source is silent, or an incident holds help back."""
    rng = chance(seed, "weather")
    for _ in range(rng.choice((0, 0, 1, 2, 4))):
        start = rng.choice(arrivals).at_ms - rng.choice((0, 1, MINUTE))
        conditions, lasts_ms = rng.choice(WEATHER)
        yield Turn(start, conditions)
        yield Turn(start + rng.choice((MINUTE, lasts_ms // 10, lasts_ms)), Conditions())
