"""`kairos replay`, from words to files."""

import csv
import gzip
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from streams import cli
from streams.sources.slice import SLICE


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of six customers."""
    with gzip.open(SLICE, "rt", encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    lines = Counter(row[6] for row in rows)
    wanted = set(sorted(customer for customer, count in lines.items() if 8 < count <= 30)[:6])
    path = tmp_path_factory.mktemp("log") / "few.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([head, *(row for row in rows if row[6] in wanted)])
    return path


def replay(*words: object) -> int:
    return cli.main(["replay", *map(str, words), "--processes", "1"])


def test_a_replay_writes_every_output_topic_and_a_summary(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "journal.jsonl"
    code = replay(
        log, "--source", "online-retail", "--out", tmp_path / "out", "--journal", journal, "--no-check"
    )
    assert code == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        *(f"{topic}.jsonl" for topic in ("eligibility", "holdout", "stages", "friction", "decisions")),
        *("customers.jsonl", "dead-letters.jsonl", "summary.json"),
    }
    summary = msgspec.json.decode((tmp_path / "out" / "summary.json").read_bytes())
    assert summary["customers"] == 6
    assert summary["faults"] == 0
    for topic, count in summary["outputs"].items():
        assert (tmp_path / "out" / f"{topic}.jsonl").read_bytes().count(b"\n") == count
    taken = [msgspec.json.decode(line) for line in journal.read_bytes().splitlines()]
    assert (
        len(taken)
        == sum(summary["events"].values())
        + summary["wake_ups"]["effective"]
        + (summary["wake_ups"]["silent"])
    )
    assert sum(step["said"] for step in taken) == sum(
        count for topic, count in summary["outputs"].items() if topic != "customers"
    )
    assert "6 customers" in capsys.readouterr().out


def test_until_cuts_the_history(log: Path, tmp_path: Path) -> None:
    replay(log, "--source", "online-retail", "--out", tmp_path, "--until", "2011-03-31", "--no-check")
    last = 1_301_615_999_999  # 2011-03-31 23:59:59.999 UTC
    for line in (tmp_path / "stages.jsonl").read_bytes().splitlines():
        assert msgspec.json.decode(line)["decided_at"] <= last


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nowhere"],
        ["--source", "online-retail", "nowhere.csv"],
        ["--demo", "--until", "soon"],
        ["--demo", "--disorder", "a while"],
        ["--demo", "--partitions", "0"],
        ["--demo", "--policy", "nowhere.toml"],
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(*words, "--out", tmp_path / "out", "--state", tmp_path / "state") == 2
    assert capsys.readouterr().err.startswith("kairos: ")


def test_a_policy_is_compared_with_another(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "bolder.toml"
    policy.write_text('version = "bolder"\n[moments.refill]\nenabled = false\n', encoding="utf-8")
    words = (log, "--source", "online-retail", "--out", tmp_path, "--policy", policy, "--against", "default")
    assert replay(*words) == 0
    diff = msgspec.json.decode((tmp_path / "policy-diff.json").read_bytes())
    opened = next(section for section in diff["sections"] if section["title"] == "opened, by placement")
    refill = next(row for row in opened["rows"] if row["name"] == "refill")
    assert refill["before"] > 0
    assert refill["after"] == 0
    assert ["moments.refill.enabled", "true", "false"] in diff["settings"]
    assert "<svg" in (tmp_path / "policy-diff.html").read_text(encoding="utf-8")
    assert "moments.refill.enabled" in capsys.readouterr().out
