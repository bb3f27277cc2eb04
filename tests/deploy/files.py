"""What is deployed, as the tests read it: image, compose file, chart, and the project that they belong to."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import yaml

from tests.tools import tool

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = ROOT / "docker-compose.yml"
CHART = DEPLOY / "helm" / "kairos"
EVERYTHING = CHART / "ci" / "all-values.yaml"
SCHEMAS = DEPLOY / "helm" / "schemas" / "{{.ResourceKind}}{{.KindSuffix}}.json"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
KUBERNETES = "1.34.2"


def run(*command: str, fed: str | None = None) -> subprocess.CompletedProcess[str]:
    """What a program says."""
    return subprocess.run(command, input=fed, capture_output=True, text=True, timeout=120, check=False)


def helm(action: str, *words: str) -> subprocess.CompletedProcess[str]:
    """What helm says of the chart."""
    name = ("kairos",) if action == "template" else ()
    return run(tool("helm"), action, *name, str(CHART), "--kube-version", KUBERNETES, *words)


def manifests(*words: str) -> list[dict[str, Any]]:
    """What the chart makes of these values."""
    said = helm("template", *words)
    assert said.returncode == 0, said.stderr
    return [it for it in yaml.safe_load_all(said.stdout) if it is not None]


def of_kind(kind: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    """The one object of a kind."""
    (one,) = (it for it in found if it["kind"] == kind)
    return one


def compose() -> dict[str, Any]:
    """The compose file, with its anchors resolved."""
    found = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def in_dockerfile(pattern: str) -> str:
    """What the one match of a pattern with one group holds."""
    (found,) = re.findall(pattern, DOCKERFILE, re.MULTILINE)
    return str(found)


def loadable(environ: dict[str, str], folder: Path) -> dict[str, str]:
    """The settings of an environment, with every secret in a file that is there."""
    found = {}
    for name, value in environ.items():
        if not name.startswith("KAIROS_"):
            continue
        if name.endswith("_FILE"):
            path = folder / name
            path.write_text("a secret of sixteen bytes or more")
            found[name] = str(path)
        else:
            found[name] = value
    return found
