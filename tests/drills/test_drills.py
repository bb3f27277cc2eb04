"""The document of the drills tells of every drill, and says what was not made to fire."""

import re
from pathlib import Path
from typing import Any

from deploy.prometheus import rules
from tests.drills.report import document
from tests.drills.table import DRILLS

DOCUMENT = Path(rules.__file__).parents[1] / "DRILLS.md"
ALERTS = {alert.name for alert in rules.every_alert()}
MEASURED: dict[str, dict[str, Any]] = {
    drill.name: {
        "fired_s": dict.fromkeys(drill.alerts, 12.3),
        "cleared_s": dict.fromkeys(drill.alerts, 4.5),
        "also": {"KairosLoopStalls": 6.0},
        "load": 3.0,
    }
    for drill in DRILLS
}


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ")][1:]


def test_every_alert_has_a_drill() -> None:
    assert {name for drill in DRILLS for name in drill.alerts} == ALERTS
    assert len({drill.name for drill in DRILLS}) == len(DRILLS)


def test_the_document_says_what_fired_when_and_what_never_did() -> None:
    text = document(10, MEASURED)
    assert len(rows(text)) == len(DRILLS)
    assert "| `KairosWorkerMissing` | 12 s | start it again | 4 s | `KairosLoopStalls` 6 s |" in text
    assert "Not made to fire" not in text
    few = {drill.name: MEASURED[drill.name] for drill in DRILLS[:2]}
    never = set(re.findall(r"`(Kairos\w+)`", document(10, few).rpartition("Not made to fire")[2]))
    assert never == ALERTS - {"KairosWorkerMissing", "KairosLoopStalls"}


def test_the_document_hides_no_alert_that_did_not_fire_or_end() -> None:
    unmeasured = {name: {**found, "fired_s": {}, "cleared_s": {}} for name, found in MEASURED.items()}
    assert document(10, unmeasured).count("**not**") == 2 * sum(len(drill.alerts) for drill in DRILLS)


def test_every_drill_is_in_the_document_and_whatever_was_done_fired_and_ended() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert "**not**" not in text
    done = [row.split(" | ")[0][2:].partition(" (times divided by ")[0] for row in rows(text)]
    undone = re.findall(r"^- Not done to its end yet: (.*)\.$", text, re.MULTILINE)
    assert sorted([*done, *undone]) == sorted(drill.fault for drill in DRILLS)
    told = set(re.findall(r"`(Kairos\w+)`", text))
    assert told == ALERTS, "an alert is neither fired by a drill nor named among those that were not"
