"""`kairos audit` over a directory of files."""

import json
from pathlib import Path

import pytest

from streams import cli
from streams.journey.advance import Journey
from tests.streams.commands.small_shop import write_history

SENDS = """customer,time,product,campaign,channel,context
anna,2026-01-03T12:00,teapot,day-2,email,
anna,2026-01-22T00:00,teapot,day-20,email,ticket
berta,2026-01-22T00:00,teapot,day-20,email,
berta,2026-01-25T00:00,bulb,day-24,email,
berta,yesterday,bulb,day-24,email,
dora,2026-01-25T00:00,bulb,day-24,email,
"""


def audit(tmp_path: Path, sends: str, *args: str) -> int:
    path = tmp_path / "sends.csv"
    path.write_text(sends, encoding="utf-8")
    given = ["audit", str(write_history(tmp_path)), "--sends", str(path), "--partitions", "2"]
    return cli.main([*given, "--processes", "1", *args])


def test_a_send_log_is_scored_trap_by_trap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "build" / "scores.json"
    assert audit(tmp_path, SENDS, "--out", str(out)) == 0
    scored = json.loads(out.read_text(encoding="utf-8"))
    assert {name: trap["offers"] for name, trap in scored["offers"]["traps"].items()} == {
        "before_first_value": 1,
        "stacked": 1,
        "during_friction": 1,
        "wrong_context": 1,
        "generic": 1,
    }
    assert (scored["offers"]["judged"], scored["offers"]["clean"]) == (4, 1)
    assert scored["offers"]["not_judged"]["unknown_customers"] == 1
    assert scored["kairos"]["judged"] == scored["kairos"]["clean"] > 0
    assert scored["bad_lines"]["lines"] == [
        {"line": 6, "field": "time", "reason": '"yesterday" is neither ISO 8601 nor epoch milliseconds'}
    ]


def test_the_table_says_who_when_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(tmp_path, SENDS) == 0
    printed = capsys.readouterr().out
    for words in (
        "no first value yet of kettle, delivered 2026-01-03",
        "troubleshooting was open since 2026-01-21, by t",
        "another offer came 3.0 d earlier, the gap is 7 d",
        "ticket allows no offer",
        "bulb is no catalogue relation of anything owned",
        "teapot day-2 (line 2)",
        'line 6: time "yesterday" is neither',
        "1 offers to customers that the history does not know",
    ):
        assert words in printed


def test_what_was_left_out_of_the_history_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = write_history(tmp_path)
    with (history / "usage.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    (tmp_path / "sends.csv").write_text(SENDS, encoding="utf-8")
    args = ["audit", str(history), "--sends", str(tmp_path / "sends.csv"), "--processes", "1"]
    assert cli.main(args) == 0
    assert "left out of the history: 1 records, " in capsys.readouterr().out


def test_a_history_that_fails_is_no_clean_audit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(Journey, "on_wake_up", failing)
    assert audit(tmp_path, SENDS) == 1
    assert "steps of the history failed, the first of " in capsys.readouterr().out


def test_several_processes_score_the_same(tmp_path: Path) -> None:
    scores = []
    for processes in ("1", "2"):
        folder = tmp_path / processes
        folder.mkdir()
        assert audit(folder, SENDS, "--processes", processes, "--out", str(folder / "out.json")) == 0
        scores.append((folder / "out.json").read_bytes())
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    ("sends", "args", "why"),
    [
        ("customer,time\nanna,2026\n", [], "holds no message that could be read: line 2"),
        ("a,b\n1,2\n", [], "is no send log"),
        (SENDS, ["--demo"], "needs a history: a directory, --source and a file, or --demo"),
    ],
)
def test_what_cannot_be_audited_is_refused_in_one_line(
    tmp_path: Path, sends: str, args: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(tmp_path, sends, *args) == 2
    assert why in capsys.readouterr().err
