"""The alerts, judged by Prometheus' own promtool: each fires when it should, and not when it should not."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.prometheus import rules
from tests.deploy.alert_cases import CASES, Case
from tests.tools import tool

RULES = Path(rules.__file__).with_name("kairos.rules.yml")
BY_ALERT = {alert.name: [case for case in CASES if case.alert == alert.name] for alert in rules.every_alert()}


def as_test(case: Case) -> dict[str, Any]:
    """A case in the words of promtool."""
    severity = next(alert.severity for alert in rules.every_alert() if alert.name == case.alert)
    expected = {
        "exp_labels": {**(case.labels or {}), "severity": str(severity)},
        "exp_annotations": {"summary": case.says, "runbook_url": rules.runbook_url(case.alert)},
    }
    return {
        "name": f"{case.alert}: {case.what}",
        "interval": case.every,
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "alert_rule_test": [
            {
                "eval_time": case.at,
                "alertname": case.alert,
                "exp_alerts": [] if case.labels is None else [expected],
            }
        ],
    }


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [tool("promtool"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def only(alert: str) -> dict[str, Any]:
    """The committed rules without those that this alert does not look at, which would take their time too."""
    document = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    expr = next(rule["expr"] for group in document["groups"] for rule in group["rules"] if _is(rule, alert))
    for group in document["groups"]:
        group["rules"] = [
            rule for rule in group["rules"] if _is(rule, alert) or rule.get("record", "?") in expr
        ]
    return {"groups": [group for group in document["groups"] if group["rules"]]}


def _is(rule: dict[str, Any], alert: str) -> bool:
    return rule.get("alert") == alert


def write_test(folder: Path, alert: str, tests: Sequence[dict[str, Any]]) -> Path:
    (folder / "rules.yml").write_text(yaml.safe_dump(only(alert)), encoding="utf-8")
    path = folder / "test.yml"
    path.write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "tests": tests}), encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("alert", BY_ALERT)
def test_an_alert_fires_when_it_should_and_not_when_it_should_not(alert: str, tmp_path: Path) -> None:
    cases = BY_ALERT[alert]
    assert {case.labels is None for case in cases} == {True, False}, "one that fires and one that does not"
    judged = promtool("test", "rules", write_test(tmp_path, alert, [as_test(case) for case in cases]))
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_a_wrong_case_would_be_found(tmp_path: Path) -> None:
    firing = next(case for case in CASES if case.labels is not None)
    test = as_test(firing)
    test["alert_rule_test"][0]["exp_alerts"] = []
    assert promtool("test", "rules", write_test(tmp_path, firing.alert, [test])).returncode == 1


@pytest.mark.parametrize("times", [1, 20])
def test_prometheus_takes_the_rules(times: int, tmp_path: Path) -> None:
    path = tmp_path / "kairos.rules.yml"
    path.write_text(rules.text(times=times), encoding="utf-8")
    judged = promtool("check", "rules", "--lint=all", "--lint-fatal", path)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_every_case_is_of_an_alert_that_there_is() -> None:
    assert {case.alert for case in CASES} - BY_ALERT.keys() == set()
