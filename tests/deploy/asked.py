"""What rules and dashboards ask of Prometheus."""

import json
import re
from collections.abc import Iterator
from typing import Any

from deploy.grafana import dashboards as made_dashboards
from deploy.prometheus import rules as made_rules
from streams.metrics.declared import BY_NAME

PARTS = ("_bucket", "_count", "_sum")
"""What a histogram is made of on the page."""
STAND_INS = {"$__rate_interval": "1m", "$__range": "1h", '"$job"': '".+"'}
"""What Grafana puts in the place of its own words."""


def rules() -> Iterator[dict[str, Any]]:
    """Every rule."""
    for group in made_rules.document()["groups"]:
        yield from group["rules"]


def dashboards() -> dict[str, dict[str, Any]]:
    """Every dashboard by its file's name."""
    return {name: json.loads(text) for name, text in made_dashboards.texts().items()}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """The panels of a dashboard that show something."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions() -> dict[str, str]:
    """Every expression as Prometheus gets it, by where it stands."""
    found = {f"rule {rule.get('alert') or rule.get('record')}": str(rule["expr"]) for rule in rules()}
    for name, board in dashboards().items():
        for panel in panels(board):
            for target in panel["targets"]:
                found[f"{name}: {panel['title']} {target['refId']}"] = target["expr"]
    return {where: _filled(expr) for where, expr in found.items()}


def metrics_in(expr: str) -> set[str]:
    """The declared metrics that an expression names, and whatever else looks like one."""
    without_words = re.sub(r'"[^"]*"', '""', expr)
    return {_whole(name) for name in re.findall(r"(?<![\w:])kairos_\w+", without_words)}


def matched_labels(expr: str) -> Iterator[tuple[str, str]]:
    """Each metric with each label by which an expression selects."""
    for name, matchers in re.findall(r"(?<![\w:])(kairos_\w+)\{([^}]*)\}", expr):
        for label in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', matchers):
            yield _whole(name), label


def _whole(name: str) -> str:
    base = next((name.removesuffix(part) for part in PARTS if name.endswith(part)), name)
    return base if base in BY_NAME and BY_NAME[base].buckets else name


def _filled(expr: str) -> str:
    for word, value in STAND_INS.items():
        expr = expr.replace(word, value)
    return expr
