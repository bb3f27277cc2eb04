"""`python -m tests.drills`: make every fault for real, and measure when its alerts fire and are over.

For each drill a fresh Prometheus scrapes the workers every second. Its rules are those of the repository,
with every window and waiting time divided by `--times`; thresholds stay as they are. It needs root, for the
disk that is filled, and Prometheus and libfaketime (`make tools`).
"""

import argparse
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, to_builtins

from deploy.prometheus import rules
from tests.drills.report import document
from tests.drills.scene import LOOK_EVERY_S, Scene, scene, until
from tests.drills.table import DRILLS, Drill
from tests.prometheus import Prometheus, prometheus
from tests.tools import find

BASELINE_S = 10.0
"""Of health, before the fault: what grows must have been seen before it grew."""
FIRES_WITHIN_S = 210.0
CLEARS_WITHIN_S = 300.0


class Measured(Struct, kw_only=True):
    """What one drill came to. `fired_s` and `cleared_s`: by alert, since the fault and since its end."""

    name: str
    fired_s: dict[str, float]
    cleared_s: dict[str, float]
    also: dict[str, float]
    """Other alerts, that told of what followed from it."""
    load: float = 0.0
    """Of the machine in the last minute: processes that run or want to."""
    error: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", help="one drill; may be repeated")
    parser.add_argument("--times", type=int, default=10, metavar="N", help="divide all times of the rules")
    parser.add_argument("--out", type=Path, default=Path("build/drills.json"), metavar="FILE")
    parser.add_argument("--document", type=Path, metavar="FILE", help="write deploy/DRILLS.md there")
    asked = parser.parse_args()
    program = find("prometheus")
    if program is None:
        sys.exit("no Prometheus on this machine: make tools")
    wanted = [drill for drill in DRILLS if not asked.only or drill.name in asked.only]
    measured = json.loads(asked.out.read_text())["drills"] if asked.only and asked.out.exists() else {}
    with tempfile.TemporaryDirectory(prefix="kairos-drills-") as folder, scene(Path(folder)) as at:
        for number, drill in enumerate(wanted):
            text = rules.text(times=drill.times or asked.times)
            with prometheus(program, Path(folder) / f"prometheus-{number}", text, at.targets) as server:
                found = perform(drill, at, server)
            measured[drill.name] = to_builtins(found)
            print(json.dumps(to_builtins(found)), flush=True)
            asked.out.parent.mkdir(parents=True, exist_ok=True)
            asked.out.write_text(json.dumps({"times": asked.times, "drills": measured}, indent=1) + "\n")
    if asked.document:
        asked.document.write_text(document(asked.times, measured), encoding="utf-8")
    return 1 if any(found["error"] for found in measured.values()) else 0


def perform(drill: Drill, at: Scene, server: Prometheus) -> Measured:
    """Make the fault, see the alerts fire, mend it, see them end."""
    measured = Measured(name=drill.name, fired_s={}, cleared_s={}, also={})
    wanted = set(drill.alerts)
    began = time.monotonic()
    try:
        at.until_ready()
        until(lambda: len(server.query("kairos_ready == 1")) == len(at.workers), 30, "all are scraped")
        time.sleep(BASELINE_S)
        until(lambda: wanted.isdisjoint(firing(server)), CLEARS_WITHIN_S, "none of its alerts fires before")
        with drill.run(at):
            began = time.monotonic()
            watch(server, began, measured, lambda _: wanted <= measured.fired_s.keys(), FIRES_WITHIN_S)
        mended = time.monotonic()
        over: dict[str, float] = measured.cleared_s

        def cleared(names: set[str]) -> bool:
            for name in wanted:
                if name in names:
                    over.pop(name, None)
                else:
                    over.setdefault(name, round(time.monotonic() - mended, 1))
            return over.keys() == wanted

        watch(server, began, measured, cleared, CLEARS_WITHIN_S)
        at.until_ready()
    except Exception as error:  # noqa: BLE001 - the next drill is worth as much
        traceback.print_exc()
        measured.error = f"{type(error).__name__}: {error}"
    measured.load = round(os.getloadavg()[0], 1)
    measured.also = {name: s for name, s in measured.fired_s.items() if name not in wanted}
    measured.fired_s = {name: s for name, s in measured.fired_s.items() if name in wanted}
    return measured


def firing(server: Prometheus) -> set[str]:
    """The names of all alerts that fire now."""
    return {alert["alertname"] for alert in server.alerts()}


def watch(
    server: Prometheus, began: float, measured: Measured, done: Callable[[set[str]], bool], within_s: float
) -> None:
    """Write down when an alert fires first, until it is done, or for so long."""
    ends = time.monotonic() + within_s
    while True:
        names = firing(server)
        for name in sorted(names):
            measured.fired_s.setdefault(name, round(time.monotonic() - began, 1))
        if done(names):
            return
        if time.monotonic() > ends:
            measured.error = f"not within {within_s:.0f} s; firing: {', '.join(sorted(names)) or 'nothing'}"
            return
        time.sleep(LOOK_EVERY_S)


if __name__ == "__main__":
    sys.exit(main())
