from collections import Counter
from pathlib import Path
from typing import Any

from tests.chaos.faults import FAULTS
from tests.chaos.rounds import GOALS, OFTEN, counts, lacking, rounds, scarce, shown, total
from tests.chaos.run import Wanted

KINDS = tuple(FAULTS)
ENOUGH = dict.fromkeys(KINDS, 10)


def said(*, faults: dict[str, int] = ENOUGH, killed: int = 60, missing: int = 0, **changed: Any) -> Any:
    counted = dict.fromkeys(
        ("poison", "outputs", "letters", "transactions", "openings", "wake_ups", "steps", "twice", "unequal"),
        0,
    )
    return {
        "seed": 1,
        "seconds": 1.0,
        "events": 1_000_000,
        "rebalances": 30,
        "missing": missing,
        "faults": faults,
        "exits": {"killed -9": killed},
        "skipped": {},
        "load": {},
        "violations": {},
        "violation_texts": [],
        "problems": [],
        "longest_pause_ms": {},
        **counted,
        **changed,
    }


def ran(*reports: Any, at_most: int = 9) -> list[Wanted]:
    asked: list[Wanted] = []

    def run(wanted: Wanted) -> Any:
        asked.append(wanted)
        return reports[min(len(asked), len(reports)) - 1]

    list(rounds(Wanted(directory=Path("x"), seconds=1, seed=7), at_most, run))
    return asked


def test_rounds_end_when_there_was_enough_of_all() -> None:
    assert [it.seed for it in ran(said(killed=20))] == [7, 8, 9]
    assert len(ran(said(killed=59), at_most=1)) == 1


def test_rounds_end_with_the_first_in_which_anything_is_wrong() -> None:
    assert len(ran(said(killed=20), said(missing=1), said())) == 2


def test_the_next_round_draws_from_what_was_scarce() -> None:
    place = "crash at after_tail"
    once = ENOUGH | {place: OFTEN - 1}
    assert ran(said(faults=once), said())[1].faults == (place,)
    assert scarce([said(faults=ENOUGH | {place: OFTEN})], KINDS) == KINDS


def test_zombies_and_kills_of_the_broker_are_wanted_more_often() -> None:
    few = ENOUGH | {
        "frozen beyond its session": 9,
        "kill -9 of the broker": 5,
        "stop while the broker is gone": 4,
    }
    wanted = Counter(scarce([said(faults=few)], KINDS))
    assert wanted == {
        "frozen beyond its session": 1,
        "kill -9 of the broker": 1,
        "stop while the broker is gone": 1,
    }
    fewer = ENOUGH | {"frozen beyond its session": 2}
    assert Counter(scarce([said(faults=fewer)], KINDS)) == {"frozen beyond its session": OFTEN}


def test_each_goal_is_counted() -> None:
    assert lacking(counts([said()])) == {}
    assert lacking(counts([said(killed=59)])) == {"kills of workers": 1}
    assert lacking(counts([said(events=999_999)])) == {"events": 1}
    assert lacking(counts([said(rebalances=29)])) == {"rebalances": 1}
    assert lacking(counts([])) == dict(GOALS)


def test_the_whole_says_clearly_whether_there_was_enough() -> None:
    assert "all counts reached" in shown(total([said()]))
    short = total([said(killed=29), said(killed=30, events=1)])
    assert not short["counts_reached"]
    assert short["counts"]["kills of workers"] == {"wanted": 60, "found": 59}
    assert "COUNTS NOT REACHED" in shown(short)
