from collections.abc import Callable

from schemas.records import Purchase
from streams.simulation.actions import Arrive, Look, Switch, Turn
from streams.simulation.engine import Conditions, Said
from streams.simulation.life import Arrival
from streams.simulation.runner import BOUNDED, EXTRA_LOOKS, RAISES, STORED_BYTES_MAX, STUCK, Runner, reacting
from streams.simulation.settings import settings_of
from tests.streams.checkers.cases import T
from tests.streams.simulation.fakes import ScriptedEngine, eligibility

SETTINGS = settings_of(0)


def order(at_ms: int, event_id: str = "e1") -> Arrive:
    event = Purchase(event_id=event_id, customer_id="anna", occurred_at=at_ms, type="order_placed")
    return Arrive(at_ms, event)


def saying(when: str, topic: str = "journey.eligibility") -> Callable[[str, int], Said]:
    """Opens a permission upon one event or look."""
    return lambda what, at_ms: ((topic, eligibility(at_ms)[1]),) if what == when else ()


def ran(engine: ScriptedEngine, *actions: Arrive | Look | Turn | Switch) -> Runner:
    runner = Runner(engine, SETTINGS)
    runner.run(actions)
    return runner


def test_wake_ups_are_served_at_their_time_and_after_the_events_of_that_time() -> None:
    engine = ScriptedEngine({"early": T + 1, "same": T + 2, "later": T + 9})
    ran(engine, order(T), order(T + 2, "e2"))
    assert [(kind, at_ms - T, what) for kind, at_ms, what in engine.heard] == [
        ("event", 0, "e1"),
        ("look", 1, "early"),
        ("event", 2, "e2"),
        ("look", 2, "same"),
        ("look", 9, "later"),
    ]


def test_a_look_too_many_comes_after_the_wake_ups_of_its_time_and_must_say_nothing() -> None:
    engine = ScriptedEngine({"due": T}, saying("kettle"))
    runner = ran(engine, order(T), Look(T, "anna", 1))
    assert [what for _, _, what in engine.heard] == ["e1", "due", "kettle"]
    assert [violation.checker for violation in runner.found] == [EXTRA_LOOKS]


def test_nobody_looks_at_a_customer_without_events_or_in_foul_weather() -> None:
    engine = ScriptedEngine()
    ran(engine, Look(T, "otto", 0), order(T), Turn(T + 1, Conditions(current=False)), Look(T + 2, "anna", 0))
    assert [kind for kind, _, _ in engine.heard] == ["event"]


def test_the_weather_is_told_and_recorded() -> None:
    engine = ScriptedEngine()
    bad = Conditions(current=False, stale_sources=frozenset({"deliveries"}))
    runner = ran(engine, order(T), Turn(T + 1, bad), order(T + 2), Turn(T + 3, Conditions()), order(T + 4))
    assert engine.conditions == [Conditions(), bad, Conditions()]
    assert [(step.current, step.silent) for step in runner.steps] == [
        (True, frozenset()), (False, frozenset({"deliveries"})), (True, frozenset()),
    ]  # fmt: skip


def test_after_a_switch_everyone_is_looked_at_under_the_new_setting() -> None:
    engine = ScriptedEngine()
    ran(engine, order(T), Switch(T + 1, 0))
    assert [(kind, what) for kind, _, what in engine.heard] == [
        ("event", "e1"), ("use", SETTINGS[0].world.policies.version), ("look", "kettle"),
    ]  # fmt: skip


class Restless(ScriptedEngine):
    """Wants to be looked at again at once, for ever."""

    def due(self, until_ms: int) -> list[object]:  # type: ignore[override]
        self.due_at = {"clock": self.due_at["clock"]} if self.due_at else {"clock": until_ms}
        return super().due(until_ms)  # type: ignore[return-value]


def test_a_wake_up_that_stays_due_is_found() -> None:
    runner = ran(Restless({"clock": T}), order(T))
    assert {violation.checker for violation in runner.found} == {STUCK}


def test_a_record_that_grows_beyond_its_bound_is_found() -> None:
    for size, found in ((STORED_BYTES_MAX, []), (STORED_BYTES_MAX + 1, [BOUNDED])):
        runner = ran(ScriptedEngine(size=size), order(T))
        assert [violation.checker for violation in runner.found] == found


def test_an_engine_that_raises_is_found_with_the_place() -> None:
    def fail(_what: str, _at_ms: int) -> tuple[()]:
        raise ZeroDivisionError

    runner = ran(ScriptedEngine(says=fail), order(T), order(T + 1))
    assert [violation.checker for violation in runner.found] == [RAISES]
    assert "fail" in runner.found[0].what
    assert len(runner.script) == 1


def test_reactions_follow_what_is_opened_and_stand_in_the_script() -> None:
    engine = ScriptedEngine(says=saying("e1"))
    answer = order(T + 5, "r1")
    runner = Runner(engine, SETTINGS, reacting(lambda _record: [Arrival(answer.at_ms, answer.event)]))
    runner.run([order(T), order(T + 9, "e2")])
    assert [what for _, _, what in engine.heard] == ["e1", "r1", "e2"]
    assert [action.at_ms - T for action in runner.script] == [0, 5, 9]


def test_nobody_reacts_to_what_is_held_out() -> None:
    engine = ScriptedEngine(says=saying("e1", "journey.holdout"))
    runner = Runner(engine, SETTINGS, reacting(lambda _record: [Arrival(T + 5, order(T + 5).event)]))
    runner.run([order(T)])
    assert len(runner.script) == 1
