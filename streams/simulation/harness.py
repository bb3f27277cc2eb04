"""One seed from end to end: customers, their history, all judgements about it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final

from schemas.records import Erasure
from state.facts_view import Facts
from streams.checkers.history import History, Step, Violation
from streams.checkers.judge import judge
from streams.simulation.actions import Action, Arrive, Look, Switch, Turn
from streams.simulation.chance import DAY, HOUR, MINUTE, chance
from streams.simulation.engine import Conditions, Engine, JourneyEngine
from streams.simulation.population import population
from streams.simulation.reactions import react
from streams.simulation.runner import EXTRA_LOOKS, Runner, reacting
from streams.simulation.settings import Setting, settings_of, shop_of

LOOKS_MAX: Final = 12
ANY_ORDER = "any_order"


@dataclass(slots=True)
class Outcome:
    """What one run showed."""

    seed: int
    script: list[Action]
    history: list[Step] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    steps: int = 0
    events: int = 0
    wake_ups: int = 0
    silent_wake_ups: int = 0
    said: int = 0


def run_seed(seed: int) -> Outcome:
    """Make up the customers of a seed, run them with reactions, and judge."""
    script = make_script(seed)
    settings = settings_of(seed)
    runner = Runner(
        JourneyEngine(settings[0].world),
        settings,
        reacting(lambda r: react(r, chance(seed, r.eligibility_id))),
    )
    runner.run(script)
    return _judged(seed, runner)


def run_script(seed: int, script: list[Action]) -> Outcome:
    """Run a script as it is under the settings of a seed, and judge."""
    settings = settings_of(seed)
    runner = Runner(JourneyEngine(settings[0].world), settings)
    runner.run(script)
    return _judged(seed, runner)


def make_script(seed: int) -> list[Action]:
    """The events of a seed's customers, and what happens to the partition meanwhile."""
    arrivals = population(seed, shop_of(seed))
    script: list[Action] = [Arrive(arrival.at_ms, arrival.event) for arrival in arrivals]
    first, last = arrivals[0].at_ms, arrivals[-1].at_ms + 20 * DAY
    rng = chance(seed, "partition")
    customers = sorted({arrival.event.customer_id for arrival in arrivals})
    script += [
        Look(
            _beside(rng.choice(arrivals).at_ms, rng.choice((0, 1, HOUR, 3 * DAY))),
            rng.choice(customers),
            rng.randrange(1 << 20),
        )
        for _ in range(rng.randint(0, LOOKS_MAX))
    ]
    for number in range(1, len(settings_of(seed))):
        script.append(Switch(first + (last - first) * number // 3, number))
    script += _weather(seed, first, last)
    return script


def _beside(at_ms: int, by_ms: int) -> int:
    return at_ms + by_ms


def _weather(seed: int, first_ms: int, last_ms: int) -> Iterator[Action]:
    """Some phases in which the partition is behind, a source is silent, or an incident holds help back."""
    rng = chance(seed, "weather")
    for _ in range(rng.choice((0, 0, 1, 2))):
        start = rng.randint(first_ms, last_ms)
        bad = rng.choice(
            (
                Conditions(current=False),
                Conditions(current=False),
                Conditions(stale_sources=frozenset({"journey.deliveries"})),
                Conditions(held_flags=frozenset({1, 2})),
            )
        )
        yield Turn(start, bad)
        yield Turn(start + rng.choice((MINUTE, 10 * MINUTE, HOUR, 5 * HOUR)), Conditions())


def _judged(seed: int, runner: Runner) -> Outcome:
    settings = runner.settings
    history = History(runner.steps, shop_of(seed).products)
    found = [*runner.found, *judge(history), *any_order(seed, runner.script, settings)]
    if not found:
        found += without_looks(runner)
    return Outcome(
        seed,
        runner.script,
        runner.steps,
        found,
        steps=len(runner.steps),
        events=sum(isinstance(action, Arrive) for action in runner.script),
        wake_ups=runner.wake_ups,
        silent_wake_ups=runner.silent_wake_ups,
        said=sum(len(step.said) for step in runner.steps),
    )


def without_looks(runner: Runner) -> Iterator[Violation]:
    """The same script without its looks too many must say the same: they change nothing for what follows."""
    script = [action for action in runner.script if not isinstance(action, Look)]
    if len(script) == len(runner.script) or not script:
        return
    other = Runner(JourneyEngine(runner.settings[0].world), runner.settings)
    other.run(script)
    for one, instead in zip_longest(_telling(runner.steps), _telling(other.steps)):
        if one is None or instead is None or (one.at_ms, one.said) != (instead.at_ms, instead.said):
            step = one or instead
            assert step is not None
            said = ", ".join(type(record).__name__ for _, record in step.said)
            yield Violation(
                EXTRA_LOOKS, step.customer_id, step.at_ms, f"looks before it changed what is said: {said}"
            )
            return


def _telling(steps: list[Step]) -> Iterator[Step]:
    return (step for step in steps if step.said)


def any_order(seed: int, script: list[Action], settings: tuple[Setting, ...]) -> Iterator[Violation]:
    """The same events in any order and repetition, all at one time, must end in the same facts.

    At one time, because an order is forgotten some time after its last parcel. Without erasures, after which
    what was dated before them is not heard any more.
    """
    events = [a.event for a in script if isinstance(a, Arrive) and not isinstance(a.event, Erasure)]
    if not events:
        return
    now_ms = min(event.occurred_at for event in events)
    rng = chance(seed, ANY_ORDER)
    shuffled = [*events, *rng.sample(events, len(events) // 3)]
    rng.shuffle(shuffled)
    plain: Engine = JourneyEngine(settings[0].world)
    other: Engine = JourneyEngine(settings[0].world)
    for engine, told in ((plain, events), (other, shuffled)):
        for event in told:
            engine.event(event, now_ms, Conditions(current=False))
    for customer_id in sorted({event.customer_id for event in events}):
        if what := _difference(plain.facts(customer_id), other.facts(customer_id)):
            yield Violation(ANY_ORDER, customer_id, now_ms, what)


def _difference(one: Facts, other: Facts) -> str:
    """The first fact that differs, in as few words as show it; empty when none does."""
    for about in sorted(one.keys() | other.keys()):
        left, right = one.get(about, {}), other.get(about, {})
        for name in sorted(left.keys() | right.keys()):
            if left.get(name) != right.get(name):
                only, instead = (
                    _only_in(left.get(name), right.get(name)),
                    _only_in(right.get(name), left.get(name)),
                )
                return f"{name} of {about}: {only}, or in another order {instead}"
    return ""


def _only_in(value: Any, other: Any) -> str:
    if isinstance(value, list) and isinstance(other, list):
        value = [entry for entry in value if entry not in other]
    return repr(value)[:400]
