"""The document of the drills, from what was measured."""

import os
from collections.abc import Mapping
from typing import Any

from deploy.prometheus import rules
from tests.drills.faults import DRILLS

HEAD = """# Fault drills

Written by `make drills` from what it measured. Each fault is made for real: two workers, a broker and steady
traffic, scraped every second by a real Prometheus. Its rules are those of this folder with **every window and
waiting time divided by {times}**; thresholds stay as they are. So an alert that waits for five minutes
has {hold:.0f} s here, and one whose threshold is sixty seconds of lag still takes these sixty seconds.

"Fires" counts from the fault, "over" from when the steps of the [runbook](RUNBOOK.md) were begun. What "also"
fired is told by the same fault. The machine had {cores} cores and a load of {least:.0f} to {most:.0f}.

| fault | alert | fires after | steps | over after | also |
|---|---|---|---|---|---|
"""


def document(times: int, measured: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole text."""
    lines = [
        _row(drill.fault, drill.steps, measured[drill.name], drill.alerts)
        for drill in DRILLS
        if drill.name in measured
    ]
    fired = {name for found in measured.values() for key in ("fired_s", "also") for name in found[key]}
    missing = [alert.name for alert in rules.every_alert() if alert.name not in fired]
    loads = [found["load"] for found in measured.values()]
    head = HEAD.format(times=times, hold=300 / times, cores=os.cpu_count(), least=min(loads), most=max(loads))
    return f"{head}{''.join(lines)}{_missing(missing)}"


def _row(fault: str, steps: str, found: Mapping[str, Any], alerts: tuple[str, ...]) -> str:
    names = "<br>".join(f"`{name}`" for name in alerts)
    fired = "<br>".join(_seconds(found["fired_s"].get(name)) for name in alerts)
    over = "<br>".join(_seconds(found["cleared_s"].get(name)) for name in alerts)
    also = "<br>".join(f"`{name}` {_seconds(s)}" for name, s in found["also"].items())
    return f"| {fault} | {names} | {fired} | {steps} | {over} | {also} |\n"


def _seconds(value: float | None) -> str:
    return "**not**" if value is None else f"{value:.0f} s"


def _missing(names: list[str]) -> str:
    if not names:
        return ""
    listed = ", ".join(f"`{name}`" for name in names)
    return f"\nNot made to fire by a fault, but by promtool alone: {listed}.\n"
