import pytest

from streams.checkers.history import Violation
from streams.simulation.batch import FAILED_MAX, JUDGEMENTS, Summary, run_seeds
from streams.simulation.harness import Outcome, run_seed


@pytest.mark.slow
def test_a_sum_over_two_processes_is_the_sum_over_one() -> None:
    one = run_seeds(3, 6, 1, lambda _summary: None)
    two = run_seeds(3, 6, 2, lambda _summary: None)
    measured = {"seconds", "seeds_per_second", "steps_per_second"}
    assert one.plain().keys() == two.plain().keys()
    assert {k: v for k, v in one.plain().items() if k not in measured} == {
        k: v for k, v in two.plain().items() if k not in measured
    }


@pytest.mark.slow
def test_a_sum_counts_what_the_seeds_showed() -> None:
    seen: list[int] = []
    summary = run_seeds(0, 3, 1, lambda so_far: seen.append(so_far.seeds))
    outcomes = [run_seed(seed) for seed in range(3)]
    assert seen == [3]
    assert summary.steps == sum(outcome.steps for outcome in outcomes)
    assert summary.events == sum(outcome.events for outcome in outcomes)
    assert summary.clean == (not any(outcome.violations for outcome in outcomes))


def test_every_judgement_is_counted_also_when_it_found_nothing() -> None:
    assert set(Summary().plain()["violations"]) == set(JUDGEMENTS)
    assert Summary().clean


def test_each_judgement_that_fails_comes_with_a_few_seeds_and_their_commands() -> None:
    summary = Summary()
    for seed in range(9):
        found = [Violation("rests", "anna", 1, f"what {seed}"), Violation("asks", "anna", 2, "too soon")]
        summary.add(Outcome(seed, [], violations=found[: 1 + seed % 2]))
    failed = summary.plain()["failed"]
    assert [entry["what"] for entry in failed["rests"]] == [f"what {seed}" for seed in range(FAILED_MAX)]
    assert failed["asks"][0]["command"] == "python -m streams.simulation --seed 1 --checker asks --verbose"
    assert summary.violations["rests"] == 9
    assert not summary.clean
