from streams.simulation.shrink import RUNS_MAX, shrink


def test_only_what_fails_is_left_in_its_order() -> None:
    assert shrink(list(range(100)), lambda part: {7, 42, 99} <= set(part)) == [7, 42, 99]


def test_a_single_culprit_is_found_in_few_runs() -> None:
    runs: list[int] = []

    def fails(part: list[int]) -> bool:
        runs.append(len(part))
        return 63 in part

    assert shrink(list(range(64)), fails) == [63]
    assert len(runs) < 40


def test_the_whole_stays_when_every_action_is_needed() -> None:
    assert shrink([1, 2, 3], lambda part: part == [1, 2, 3]) == [1, 2, 3]


def test_the_number_of_runs_has_a_bound() -> None:
    runs: list[int] = []

    def fails(part: list[int]) -> bool:
        runs.append(len(part))
        return all(number % 2 == 0 for number in set(range(0, 1000, 2)) - set(part)) and len(part) > 990

    shrink(list(range(1000)), fails)
    assert len(runs) <= RUNS_MAX


def test_a_script_is_never_shrunk_to_nothing() -> None:
    assert shrink([1, 2, 3], lambda _part: True) == [3]
