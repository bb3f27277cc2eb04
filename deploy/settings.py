"""Every setting, for operators: `SETTINGS.md` and the values schema of the chart, from the code's table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from streams.configuration.kinds import shown
from streams.configuration.table import SECTIONS, TABLE, Setting

CHART_DECIDES: Final = (
    "kafka.client.id",
    "engine.processes",
    "state.dir",
    "web.host",
    "web.port",
    "web.advertised.host",
)
"""What follows from where a pod runs; `port` is a value of its own."""
CHART_NEEDS: Final = ("engine.identity.key", "web.token")
"""Secrets without which a chart is not installed."""
TITLES: Final = {
    "kafka": "Kafka",
    "engine": "The application and its work",
    "state": "State",
    "web": "Pages",
    "registry": "Schema registry",
    "tracing": "Tracing",
    "files": "Files",
}
HEAD: Final = """\
# Settings

Every setting of `kairos`, once. `python -m deploy.generate` makes this page of
[the table in the code](../streams/configuration/table.py); `kairos config` shows the values that a worker
would have, and where each comes from.

| `kafka.session.timeout.ms` is given | as |
|---|---|
| on the command line | `--set kafka.session.timeout.ms=6000` |
| in the environment (see [Compose](../docker-compose.yml)) | `KAIROS_KAFKA_SESSION_TIMEOUT_MS=6000` |
| in a file, which `--file` or `KAIROS_SETTINGS` names | `[kafka]` and `"session.timeout.ms" = 6000` |
| in [the chart](helm/kairos/values.yaml) | `settings:` and `kafka.session.timeout.ms: 6000` |

The first of these that is given counts; an empty variable is not given. A secret (marked *secret*) may lie in
a file, whose path is then given as `KAIROS_WEB_TOKEN_FILE` or `"token.file"`; in the chart it is a key of a
Secret, under `secrets:`. The chart decides itself:
{chart}.
"""


def page() -> str:
    """The page of all settings."""
    chart = ", ".join(f"`{name}`" for name in CHART_DECIDES[:-1]) + f" and `{CHART_DECIDES[-1]}`"
    return "\n".join([HEAD.format(chart=chart), *(line for it in SECTIONS for line in _section(it))])


def _section(section: str) -> Iterator[str]:
    yield f"## {TITLES[section]}\n"
    yield "| setting | default | meaning | allowed |"
    yield "|---|---|---|---|"
    for it in TABLE:
        if it.section == section:
            yield f"| `{it.full_name}` | {_default(it)} | {_text(it.meaning)} | {_allowed(it)} |"
    yield ""


def _text(text: str) -> str:
    """Words that Markdown takes as they are."""
    return text.replace("<", "&lt;").replace("|", "&#124;")


def _default(setting: Setting) -> str:
    text = shown(setting.default)
    return f"`{text}` {setting.unit}".rstrip() if text else "-"


def _allowed(setting: Setting) -> str:
    return f"*secret:* {setting.kind.allowed}" if setting.kind.is_secret else setting.kind.allowed


def chart_schema() -> str:
    """What the chart takes as `settings` and `secrets`, and the shapes of its other values."""
    plain = [it for it in TABLE if not it.kind.is_secret and it.full_name not in CHART_DECIDES]
    secrets = [it for it in TABLE if it.kind.is_secret]
    where = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "key": {"type": "string"}},
        "required": ["name", "key"],
        "additionalProperties": False,
    }
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": False,
        "required": ["secrets"],
        "properties": {
            "global": {"type": "object"},
            **_values(),
            "settings": {
                "type": "object",
                "additionalProperties": False,
                "properties": {it.full_name: _described(it, _value(it)) for it in plain},
            },
            "secrets": {
                "type": "object",
                "additionalProperties": False,
                "required": list(CHART_NEEDS),
                "properties": {it.full_name: _described(it, where) for it in secrets},
            },
        },
    }
    return json.dumps(schema, indent=1) + "\n"


def _described(setting: Setting, shape: dict[str, Any]) -> dict[str, Any]:
    default = shown(setting.default)
    told = f"{setting.meaning} ({default} {setting.unit}".rstrip() + ")" if default else setting.meaning
    return {"description": told, **shape}


def _value(setting: Setting) -> dict[str, Any]:
    words = setting.kind.allowed.removeprefix("one of ")
    if words != setting.kind.allowed:
        return {"enum": words.split(", ")}
    if isinstance(setting.default, int | float) or setting.kind.allowed.startswith("a whole number"):
        return {"type": "number"}
    return {"type": "string"}


def _values() -> dict[str, Any]:
    """Every other value of the chart."""
    text, flag, anything = {"type": "string"}, {"type": "boolean"}, {"type": "object"}
    things = {"type": "array", "items": {"type": "object"}}

    def only(**properties: Any) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": False, "properties": properties}

    return {
        "replicas": {"type": "integer", "minimum": 0},
        "image": only(
            repository=text,
            tag=text,
            pullPolicy={"enum": ["Always", "IfNotPresent", "Never"]},
            pullSecrets={"type": "array", "items": text},
        ),
        "port": {"type": "integer", "minimum": 1, "maximum": 65_535},
        "storage": only(size=text, className=text),
        "resources": anything,
        "terminationGracePeriodSeconds": {"type": "integer", "minimum": 30},
        "minReadySeconds": {"type": "integer", "minimum": 0},
        "disruption": only(maxUnavailable={"type": ["integer", "string"]}),
        "networkPolicy": only(enabled=flag, **{"from": things, "egress": things}),
        "serviceMonitor": only(enabled=flag, interval=text, labels=anything),
        "prometheusRule": only(enabled=flag, labels=anything),
        "serviceAccount": only(name=text),
        "extraVolumes": things,
        "extraVolumeMounts": things,
        "podAnnotations": anything,
        "podLabels": anything,
        "nodeSelector": anything,
        "tolerations": things,
        "affinity": anything,
        "priorityClassName": text,
    }
