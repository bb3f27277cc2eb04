"""`kairos replay --calendar-campaign`: what a plain calendar would have sent, beside ours."""

import json
from pathlib import Path

import pytest

from streams import cli
from tests.streams.commands.small_shop import write_history


def test_the_summary_holds_the_calendar_beside_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    args = [
        "replay",
        str(write_history(tmp_path)),
        "--out",
        str(out),
        "--processes",
        "1",
        "--calendar-campaign",
    ]
    assert cli.main(args) == 0
    compared = json.loads((out / "summary.json").read_text(encoding="utf-8"))["calendar_campaign"]
    assert compared["offers"]["judged"] == 6
    assert compared["offers"]["traps"]["during_friction"]["offers"] == 1
    assert compared["kairos"]["judged"] == compared["kairos"]["clean"] > 0
    assert "Kairos on the same history" in capsys.readouterr().out
    sends = (out / "calendar_sends.csv").read_text(encoding="utf-8").splitlines()
    assert sends[:2] == [
        "customer,time,product,campaign", "anna,2026-01-04T00:00:00.001+00:00,filter,day 3",
    ]  # fmt: skip
    assert len(sends) == 7


def test_a_replay_without_it_says_nothing_of_a_calendar(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert cli.main(["replay", str(write_history(tmp_path)), "--out", str(out), "--processes", "1"]) == 0
    assert "calendar_campaign" not in json.loads((out / "summary.json").read_text(encoding="utf-8"))


def test_it_is_refused_where_two_policies_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["replay", str(tmp_path), "--out", str(tmp_path), "--against", "default", "--calendar-campaign"]
    assert cli.main(args) == 2
    assert "leave --against out" in capsys.readouterr().err
