import json
from pathlib import Path
from typing import Any

import pytest

from streams.loading.control_file import load_control
from streams.loading.problems import LoadError

AT = 1_760_000_000_000
PAUSE: dict[str, Any] = {"control_id": "a", "type": "pause", "brand": "acme", "at": AT}


def written(folder: Path, *records: object) -> Path:
    path = folder / "control.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def problems(path: Path) -> list[tuple[int, str, str]]:
    with pytest.raises(LoadError) as caught:
        load_control(path)
    return [(problem.line, problem.field, problem.reason) for problem in caught.value.errors]


def test_a_file_of_control_records_becomes_what_the_operator_says(tmp_path: Path) -> None:
    state = load_control(written(tmp_path, PAUSE, {"control_id": "b", "type": "live_from", "at": AT}))
    assert state.paused("acme", "refill", "p")
    assert not state.paused("other", "refill", "p")


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert not load_control(written(tmp_path)).paused("acme", "refill", "p")


def test_a_later_line_replaces_an_earlier_one_of_the_same_id(tmp_path: Path) -> None:
    state = load_control(written(tmp_path, PAUSE, {**PAUSE, "type": "resume", "at": AT - 1}))
    assert not state.paused("acme", "refill", "p")


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"placement": "refil"}, "placement", 'did you mean "refill"'),
        ({"type": "halt"}, "type", "Invalid enum value"),
        ({"type": "live_from", "at": None}, "at", "missing"),
        ({"type": "policy", "brand": None}, "policy", "missing"),
        ({"type": "policy", "policy": 'version = "x"'}, "policy", "is for all"),
        ({"type": "policy", "brand": None, "policy": "[caps]\ndaily_moves = 0"}, "policy", "daily_moves"),
        ({"policy": 'version = "x"'}, "policy", "carries no policy"),
        ({"at": "2026-01-01"}, "at", "Expected `int"),
        ({"control_id": ""}, "control_id", "length"),
    ],
)
def test_a_record_that_may_not_be_is_named_by_line_and_field(
    change: dict[str, Any], field: str, why: str, tmp_path: Path
) -> None:
    found = problems(written(tmp_path, PAUSE, {**PAUSE, "control_id": "b", **change}))
    assert any(line == 2 and at == field and why in reason for line, at, reason in found), found


def test_a_policy_is_taken_when_it_is_valid(tmp_path: Path) -> None:
    text = 'version = "mine"\n[caps]\ndaily_moves = 1\n'
    state = load_control(written(tmp_path, {"control_id": "p", "type": "policy", "policy": text}))
    assert state.policy is not None
    assert state.policy.policy == text


def test_a_pause_and_a_resume_without_a_time_do_not_say_which_is_later(tmp_path: Path) -> None:
    pause = {**PAUSE, "at": None}
    found = problems(written(tmp_path, pause, {**pause, "control_id": "b", "type": "resume"}))
    assert [(line, field) for line, field, _ in found] == [(2, "at")]


@pytest.mark.parametrize("resume", [{"control_id": "a"}, {"control_id": "b", "at": AT}])
def test_a_resume_that_replaces_the_pause_or_has_a_time_is_later(
    resume: dict[str, Any], tmp_path: Path
) -> None:
    pause = {**PAUSE, "at": None}
    state = load_control(written(tmp_path, pause, {**pause, "type": "resume", **resume}))
    assert not state.paused("acme", "refill", "p")
