"""The document of the drills, from what was measured."""

import os
from collections.abc import Mapping
from typing import Any

from deploy.prometheus import rules
from tests.drills.table import DRILLS, Drill

HEAD = """# Fault drills

Written by `make drills` from what it measured. Each fault is made for real: two workers, a broker and steady
traffic, scraped every second by a real Prometheus. Its rules are those of this folder with **every window and
waiting time divided by {times}**, or by more where a row says so; thresholds stay as they are. So an alert
that waits for five minutes has {hold:.0f} s here, and one whose threshold is sixty seconds of lag still takes
these sixty seconds.

"Fires" counts from the fault, "over" from the end of the steps of the [runbook](RUNBOOK.md). What "also"
fired is told by the same fault, or by a scrape that took longer than its one second (`KairosWorkerMissing`).
The machine had {cores} cores and other work too: its load was {load}.

| fault | alert | fires after | steps | over after | also |
|---|---|---|---|---|---|
"""


def document(times: int, measured: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole text."""
    lines = [_row(drill, measured[drill.name]) for drill in DRILLS if drill.name in measured]
    undone = [drill.fault for drill in DRILLS if drill.name not in measured]
    fired = {name for found in measured.values() for key in ("fired_s", "also") for name in found[key]}
    missing = [alert.name for alert in rules.every_alert() if alert.name not in fired]
    loads = sorted(found["load"] for found in measured.values())
    load = f"{loads[0]:.0f} to {loads[-1]:.0f}"
    head = HEAD.format(times=times, hold=300 / times, cores=os.cpu_count(), load=load)
    return f"{head}{''.join(lines)}{_missing(missing)}{_undone(undone)}"


def _row(drill: Drill, found: Mapping[str, Any]) -> str:
    names = "<br>".join(f"`{name}`" for name in drill.alerts)
    fired = "<br>".join(_seconds(found["fired_s"].get(name)) for name in drill.alerts)
    over = "<br>".join(_seconds(found["cleared_s"].get(name)) for name in drill.alerts)
    also = "<br>".join(f"`{name}` {_seconds(s)}" for name, s in found["also"].items())
    fault = drill.fault + (f" (times divided by {drill.times:,})" if drill.times else "")
    return f"| {fault} | {names} | {fired} | {drill.steps} | {over} | {also} |\n"


def _seconds(value: float | None) -> str:
    return "**not**" if value is None else f"{value:.0f} s"


def _missing(names: list[str]) -> str:
    if not names:
        return ""
    listed = ", ".join(f"`{name}`" for name in names)
    return f"\nNot made to fire by a fault, but by promtool alone: {listed}.\n"


def _undone(faults: list[str]) -> str:
    return "".join(f"\n- Not done to its end yet: {fault}.\n" for fault in faults)
