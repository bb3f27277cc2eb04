import json
from itertools import pairwise

import pytest

from streams.simulation.actions import Look, Switch, Turn, as_json
from streams.simulation.broken_engines import Mishearing
from streams.simulation.engine import JourneyEngine
from streams.simulation.harness import run_script, run_seed
from streams.simulation.properties import ANY_ORDER
from streams.simulation.replaying import kind_of, shortest, told
from streams.simulation.runner import EXTRA_LOOKS
from streams.simulation.script import make_script
from tests.streams.checkers.cases import T

SEED = 5


class Forgetful(JourneyEngine):
    """Hears every third event only, so that the order decides what it knows."""

    number = 0

    def event(self, event, now_ms, conditions):  # type: ignore[no-untyped-def]
        self.number += 1
        return super().event(event, now_ms, conditions) if self.number % 3 == 0 else ()


class Counting(Mishearing):
    """Hears nothing any more once it was looked at too often."""

    looks = 0

    def look(self, customer_id, target, now_ms, conditions):  # type: ignore[no-untyped-def]
        self.looks += not any(w.target == target for w in self.due(now_ms))
        return super().look(customer_id, target, now_ms, conditions)

    def hear(self, event):  # type: ignore[no-untyped-def]
        return event if self.looks < 2 else None


def test_a_seed_runs_the_same_way_every_time() -> None:
    one, other = run_seed(SEED), run_seed(SEED)
    assert one.history == other.history
    assert one.script == other.script


@pytest.mark.slow
def test_the_script_of_a_run_with_its_reactions_runs_the_same_way_again() -> None:
    for seed in range(SEED, SEED + 4):
        one = run_seed(seed)
        again = run_script(seed, one.script)
        assert [step for step in again.history if step.said] == [step for step in one.history if step.said]


def test_time_never_goes_back() -> None:
    history = run_seed(SEED).history
    assert all(one.at_ms <= other.at_ms for one, other in pairwise(history))


def test_a_journey_that_depends_on_the_order_is_found() -> None:
    assert ANY_ORDER in {violation.checker for violation in run_seed(SEED, Forgetful).violations}


def test_a_journey_that_is_changed_by_looks_is_found() -> None:
    assert any(
        EXTRA_LOOKS in {violation.checker for violation in run_seed(seed, Counting).violations}
        for seed in range(12)
    )


def test_scripts_hold_looks_weather_and_switches() -> None:
    kinds = {type(action) for seed in range(20) for action in make_script(seed)}
    assert {Look, Turn, Switch} <= kinds


def test_a_script_is_json_with_one_line_for_each_action() -> None:
    script = make_script(SEED)
    text = as_json(script)
    assert len(json.loads(text)) == len(script)
    assert len(text.splitlines()) == len(script) + 2


def test_a_violation_is_shrunk_to_a_shorter_script_that_shows_the_same() -> None:
    class DeafToAll(JourneyEngine):
        def event(self, event, now_ms, conditions):  # type: ignore[no-untyped-def]
            if now_ms > T:
                raise RuntimeError("deaf")
            return super().event(event, now_ms, conditions)

    outcome = run_seed(SEED, DeafToAll)
    script, short = shortest(outcome, outcome.violations[0], DeafToAll)
    assert len(script) == 1
    assert [kind_of(violation) for violation in short.violations] == [kind_of(outcome.violations[0])]


def test_a_history_is_told_with_every_record_of_the_customer() -> None:
    outcome = run_seed(SEED)
    customer_id = outcome.history[0].customer_id
    text = told(outcome.history, customer_id)
    said = sum(len(step.said) for step in outcome.history if step.customer_id == customer_id)
    assert sum(line.startswith("    ") for line in text.splitlines()) == said
