from streams.engine.journal import VERSION, Line, Slice, Taken
from streams.inputs.records import InputRecord
from tests.chaos.plan import BEHIND_MS, Plan
from tests.chaos.scene import Backlog
from tests.chaos.timing import OVERDUE_MAX_MS, overdue, pauses, wrongly_current

NOW = 1_000_000
PLAN = Plan(
    directory="",
    bootstrap="",
    name="run",
    seed=1,
    seconds=1.0,
    partitions=1,
    workers=1,
    events_per_s=1.0,
    start_ms=0,
    began_ms=0,
    speed=2.0,
)
BEHIND = int(BEHIND_MS * PLAN.speed)


def records(*times_ms: int) -> dict[str, list[InputRecord]]:
    return {"in": [InputRecord("in", 0, number, at, b"k", b"v") for number, at in enumerate(times_ms)]}


def line(*slices: Slice) -> Line:
    return Line(VERSION, "1-1", 1, slices)


def at(now_ms: int, *, current: bool, first: int = 0, count: int = 0) -> Slice:
    return Slice(now_ms, current, (), (), (Taken("in", first, count),) if count else ())


def current(unread_ms: int, *slices: Slice, backlog: int = 2) -> str | None:
    inputs = records(NOW - 10 * BEHIND, unread_ms)
    return wrongly_current(PLAN, 0, [line(*slices)], inputs, [Backlog(NOW, {"in-0": backlog})])


def test_who_is_current_has_read_the_backlog() -> None:
    first, both = at(NOW, current=False, count=1), at(NOW, current=False, count=2)
    old = NOW - BEHIND - 1
    assert current(old, first, at(NOW, current=True)) is not None
    assert current(old, both, at(NOW, current=True)) is None
    assert current(old, first, at(NOW, current=False)) is None


def test_a_record_that_is_young_or_came_after_the_outage_may_be_unread() -> None:
    first = at(NOW, current=False, count=1)
    assert current(NOW - BEHIND, first, at(NOW, current=True)) is None
    assert current(NOW - BEHIND - 1, first, at(NOW, current=True), backlog=1) is None


def test_before_the_outage_nothing_is_a_backlog() -> None:
    assert current(NOW - 10 * BEHIND, at(NOW - 1, current=True)) is None


def test_a_look_may_be_due_for_a_moment_when_the_workers_are_stopped() -> None:
    allowed = int(OVERDUE_MAX_MS * PLAN.speed)
    assert overdue(PLAN, None, NOW) == 0
    assert overdue(PLAN, NOW - allowed, NOW) == 0
    assert overdue(PLAN, NOW - allowed - 2, NOW) == OVERDUE_MAX_MS + 1
    assert overdue(PLAN, NOW + 1, NOW) == 0


def test_a_pause_begins_with_the_first_thing_to_take_or_the_last_commit() -> None:
    lines = [line(at(NOW, current=True, count=1)), line(at(NOW, current=True, first=1, count=1))]
    found = list(pauses(PLAN, [700, 900], lines, records(1_000, 1_200)))
    assert found == [(500.0, 200.0), (700.0, 200.0)]
