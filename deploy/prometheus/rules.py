"""`python -m deploy.prometheus.rules`: the rules as a file for Prometheus.

--runbooks BASE   what stands before the name of an alert in `runbook_url`; by default the path of the runbook
--times N         for drills: every window and every waiting time divided by N, thresholds as they are
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, Final

import yaml

from deploy.prometheus import alerts, objectives
from deploy.prometheus.rule import Alert, Recording, shortened, with_windows

RUNBOOKS: Final = "deploy/RUNBOOK.md"
EVERY: Final = "30s"
"""Between two evaluations; Prometheus itself takes a minute by default."""
HEAD: Final = "# Written by `python -m deploy.generate` from the tables beside this file.\n"


def document(runbooks: str = RUNBOOKS, times: int = 1) -> dict[str, Any]:
    """All rules, as Prometheus reads them."""
    recorded = [_recording(rule, times) for rule in (*objectives.recordings(), *alerts.RECORDINGS)]
    burning = [_alert(rule, runbooks, times) for rule in objectives.alerts()]
    causes = [_alert(rule, runbooks, times) for rule in alerts.ALERTS]
    groups = {"kairos-recorded": recorded, "kairos-objectives": burning, "kairos-causes": causes}
    every = shortened(EVERY, times)
    return {"groups": [{"name": name, "interval": every, "rules": rules} for name, rules in groups.items()]}


def every_alert() -> tuple[Alert, ...]:
    """Those of the objectives and those of causes."""
    return (*objectives.alerts(), *alerts.ALERTS)


def text(runbooks: str = RUNBOOKS, times: int = 1) -> str:
    """The file."""
    return HEAD + yaml.dump(document(runbooks, times), Dumper=_Dumper, sort_keys=False, width=110)


def runbook_url(alert: str, runbooks: str = RUNBOOKS) -> str:
    """Where its section is."""
    return f"{runbooks}#{alert.lower()}"


def _recording(rule: Recording, times: int) -> dict[str, str]:
    return {"record": rule.name, "expr": with_windows(rule.expr, times)}


def _alert(rule: Alert, runbooks: str, times: int) -> dict[str, Any]:
    return {
        "alert": rule.name,
        "expr": with_windows(rule.expr, times),
        "for": shortened(rule.hold, times),
        "labels": {"severity": str(rule.severity)},
        "annotations": {"summary": rule.summary, "runbook_url": runbook_url(rule.name, runbooks)},
    }


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as such a block."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the file."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.prometheus.rules", description="Rules for Prometheus."
    )
    parser.add_argument("--runbooks", default=RUNBOOKS, metavar="BASE", help="path or URL of the runbook")
    parser.add_argument("--times", type=int, default=1, metavar="N", help="divide all times, for a drill")
    chosen = parser.parse_args(arguments)
    sys.stdout.write(text(chosen.runbooks, chosen.times))
    return 0


if __name__ == "__main__":
    sys.exit(main())
