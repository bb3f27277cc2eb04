import ast
from pathlib import Path

import streams.checkers
from streams.checkers.checker import Checker
from streams.checkers.history import History
from streams.checkers.judge import CHECKERS, UNIQUE_IDS, by_checker, judge
from tests.streams.checkers.cases import DAY, PRODUCTS, Story, T, ask, ended, help_, opened, owner_of_a_drill

FOLDER = Path(streams.checkers.__file__).parent
MAY_IMPORT = ("schemas.records", "streams.checkers")


def test_no_checker_finds_fault_with_a_flawless_history() -> None:
    story = owner_of_a_drill()
    question, offer, rescue = ask(T), opened(T + DAY), help_(T + 3 * DAY)
    story.look(T, question)
    story.answers_goal(T + DAY // 2)
    story.look(T + DAY, ended(question, "answered", "gave_answer"), offer)
    story.feedback(T + DAY, "sent", "e-1")
    story.ticket(T + 3 * DAY, "new", ended(offer, "revoked", "friction_started"), rescue)
    story.ticket(T + 4 * DAY, "solved", ended(rescue, "completed", "friction_ended"))
    assert judge(History(story.steps, PRODUCTS)) == []


def test_one_eligibility_id_cannot_serve_two_customers() -> None:
    anna, otto = owner_of_a_drill(), Story("customer-otto")
    anna.look(T, opened(T))
    otto.look(T, opened(T))
    steps = sorted(anna.steps + otto.steps, key=lambda step: step.at_ms)
    found = judge(History(steps, PRODUCTS), ())
    assert [(violation.checker, violation.customer_id) for violation in found] == [
        (UNIQUE_IDS, "customer-otto")
    ]


def test_violations_are_counted_for_every_checker_with_those_that_found_nothing() -> None:
    counts = by_checker([])
    assert set(counts) == {checker.name for checker in CHECKERS} | {UNIQUE_IDS}
    assert set(counts.values()) == {0}


def test_every_checker_is_in_the_table_under_a_name_of_its_own() -> None:
    assert set(CHECKERS) == set(Checker.__subclasses__())
    assert len({checker.name for checker in CHECKERS}) == len(CHECKERS)


def test_checkers_import_nothing_of_what_they_judge() -> None:
    imported = {
        node.module or ""
        for path in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    own = {name for name in imported if name.split(".")[0] in {"schemas", "state", "streams"}}
    assert {name for name in own if not name.startswith(MAY_IMPORT)} == set()


def test_a_history_knows_when_no_step_was_current() -> None:
    story = Story()
    for at_ms, current in ((T, True), (T + 1, False), (T + 5, False), (T + 6, True), (T + 9, False)):
        story.look(at_ms, current=current)
    assert History(story.steps, ()).not_current() == ((T + 1, T + 5), (T + 9, T + 9))
