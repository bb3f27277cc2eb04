"""One seed from end to end: customers, their history, all judgements about it."""

from dataclasses import dataclass, field

from streams.checkers.history import History, Step, Violation
from streams.checkers.judge import judge
from streams.simulation.actions import Action, Arrive
from streams.simulation.chance import chance
from streams.simulation.engine import JourneyEngine, MakeEngine
from streams.simulation.properties import any_order, without_looks
from streams.simulation.reactions import react
from streams.simulation.runner import RAISES, Runner, reacting
from streams.simulation.script import make_script
from streams.simulation.settings import settings_of, shop_of


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


def run_seed(seed: int, make: MakeEngine = JourneyEngine) -> Outcome:
    """Make up the customers of a seed, run them with reactions, and judge."""
    settings = settings_of(seed)
    reactions = reacting(lambda record: react(record, chance(seed, record.eligibility_id)))
    runner = Runner(make(settings[0].world), settings, reactions)
    runner.run(make_script(seed))
    return _judged(seed, runner, make)


def run_script(seed: int, script: list[Action], make: MakeEngine = JourneyEngine) -> Outcome:
    """Run a script as it is under the settings of a seed, and judge."""
    settings = settings_of(seed)
    runner = Runner(make(settings[0].world), settings)
    runner.run(script)
    return _judged(seed, runner, make)


def _judged(seed: int, runner: Runner, make: MakeEngine) -> Outcome:
    history = History(runner.steps, shop_of(seed).products)
    found = [*runner.found, *judge(history)]
    if not any(violation.checker == RAISES for violation in found):
        found += any_order(seed, runner, make)
    if not found:
        found += without_looks(runner, make)
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
