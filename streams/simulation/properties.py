"""What a history has in common with others: with extra looks or without, in any order of its events."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

from schemas.records import Erasure
from state.facts_view import Facts
from streams.checkers.history import Step, Violation
from streams.simulation.actions import Arrive, Look
from streams.simulation.chance import chance
from streams.simulation.engine import Conditions, MakeEngine
from streams.simulation.runner import EXTRA_LOOKS, RAISES, Runner

ANY_ORDER: Final = "any_order"


def without_looks(runner: Runner, make: MakeEngine) -> Iterator[Violation]:
    """The same script without its looks too many must say the same: they change nothing for what follows."""
    script = [action for action in runner.script if not isinstance(action, Look)]
    if len(script) == len(runner.script) or not script:
        return
    other = Runner(make(runner.settings[0].world), runner.settings)
    other.run(script)
    end_ms = min(steps[-1].at_ms for steps in (runner.steps, other.steps) if steps)
    for one, instead in zip_longest(_telling(runner.steps, end_ms), _telling(other.steps, end_ms)):
        if one is None or instead is None or (one.at_ms, one.said) != (instead.at_ms, instead.said):
            step = one or instead
            assert step is not None
            said = ", ".join(type(record).__name__ for _, record in step.said)
            yield Violation(
                EXTRA_LOOKS, step.customer_id, step.at_ms, f"looks before it changed what is said: {said}"
            )
            return


def _telling(steps: list[Step], end_ms: int) -> Iterator[Step]:
    """Steps that said something, as far as both histories reach."""
    return (step for step in steps if step.said and step.at_ms <= end_ms)


def any_order(seed: int, runner: Runner, make: MakeEngine) -> Iterator[Violation]:
    """The same events in any order and repetition, all at one time, must end in the same facts.

    At one time, because an order is forgotten some time after its last parcel. Without erasures, after which
    what was dated before them is not heard any more.
    """
    events = [a.event for a in runner.script if isinstance(a, Arrive) and not isinstance(a.event, Erasure)]
    if not events:
        return
    now_ms = min(event.occurred_at for event in events)
    rng = chance(seed, ANY_ORDER)
    shuffled = [*events, *rng.sample(events, len(events) // 3)]
    rng.shuffle(shuffled)
    world = runner.settings[0].world
    plain, other = make(world), make(world)
    for engine, told in ((plain, events), (other, shuffled)):
        for event in told:
            try:
                engine.event(event, now_ms, Conditions(current=False))
            except Exception as error:  # noqa: BLE001 - whatever the engine raises is a finding
                yield Violation(RAISES, event.customer_id, now_ms, f"{error!r} in another order of events")
                return
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
