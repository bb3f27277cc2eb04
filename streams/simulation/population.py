"""The customers of one seed: a few people, now and then an adversary, and what happens to their events."""

from typing import Final

from streams.inputs.rules import broken_rule
from streams.simulation.adversaries import SKEW_MAX_MS, disturb, plot
from streams.simulation.chance import DAY, chance
from streams.simulation.life import Arrival, Life
from streams.simulation.made_up_shop import Shop
from streams.simulation.people import live

START_MS: Final = 1_704_067_200_000
"""2024-01-01, UTC; customers begin in the half year after it, so that clocks change while they live."""
CUSTOMERS_MAX: Final = 3
EVENTS_ABOUT: Final = 22


def population(seed: int, shop: Shop) -> list[Arrival]:
    """All events of a seed's customers in order of processing, without those that the input edge refuses."""
    rng = chance(seed, "population")
    start = START_MS + rng.randint(0, 180 * DAY)
    arrivals: list[Arrival] = []
    for number in range(rng.randint(1, CUSTOMERS_MAX)):
        customer_id = f"customer-{seed:06d}-{number}"
        life = Life(customer_id, chance(seed, customer_id), shop, start + rng.randint(0, 20 * DAY))
        if rng.random() < 0.3:
            plot(life, EVENTS_ABOUT)
        else:
            live(life, EVENTS_ABOUT)
        arrivals += disturb(rng, life.arrivals, rng.choice((0.0, 0.05, 0.3)))
    possible = [
        arrival
        for arrival in arrivals
        if arrival.event.occurred_at <= arrival.at_ms + SKEW_MAX_MS and broken_rule(arrival.event) is None
    ]
    return sorted(possible, key=lambda arrival: arrival.at_ms)
