"""Image, chart and compose file belong to this version of the project, and agree with each other."""

from __future__ import annotations

import re
import tomllib

import yaml

from streams.configuration.table import BY_NAME
from tests.deploy.files import CHART, COMPOSE, DEPLOY, DOCKERFILE, PROJECT, ROOT, compose, in_dockerfile

VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
STATEFULSET = (CHART / "templates" / "statefulset.yaml").read_text()
IMAGE = f"kairos:{PROJECT['version']}"


def test_every_version_is_that_of_the_project() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (PROJECT["version"],) * 2
    assert in_dockerfile(r'image\.version="([^"]+)"') == PROJECT["version"]
    assert in_dockerfile(r"-t (kairos:\S+) ") == IMAGE
    built = {it["image"] for it in compose()["services"].values() if "build" in it}
    assert built == {IMAGE}


def test_the_python_of_the_image_is_one_that_the_project_takes() -> None:
    version = in_dockerfile(r"^ARG PYTHON=(\d+\.\d+)\.\d+-slim-\w+$")
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]
    assert DOCKERFILE.count("FROM python:${PYTHON}") == 2


def test_pages_are_served_at_one_port_everywhere() -> None:
    port = BY_NAME["web.port"].default
    assert in_dockerfile(r"^EXPOSE (\d+)$") == str(port)
    assert f'"KAIROS_WEB_PORT", "{port}"' in (DEPLOY / "healthcheck.py").read_text()
    assert VALUES["port"] == port
    workers = [it for name, it in compose()["services"].items() if name.startswith("worker")]
    assert all(ports.endswith(f":{port}") for it in workers for ports in it["ports"])


def test_the_user_and_the_folder_are_those_of_the_image() -> None:
    user = in_dockerfile(r"^USER (\d+):\d+$")
    assert f"--uid {user} " in DOCKERFILE
    assert all(f"{name}: {user}" in STATEFULSET for name in ("runAsUser", "runAsGroup", "fsGroup"))
    folder = in_dockerfile(r"^VOLUME (\S+)$")
    assert f"mountPath: {folder}\n" in STATEFULSET
    assert f"KAIROS_STATE_DIR={folder}/" in DOCKERFILE
    workers = [it for name, it in compose()["services"].items() if name.startswith("worker")]
    assert all(f"{it_volume(it)}" == folder for it in workers)


def it_volume(service: dict[str, list[str]]) -> str:
    """Where the state of a worker lies."""
    return service["volumes"][0].split(":")[1]


def test_every_variable_is_a_setting() -> None:
    texts = [DOCKERFILE, COMPOSE.read_text(), STATEFULSET, (DEPLOY / "healthcheck.py").read_text()]
    texts += [path.read_text() for path in DEPLOY.glob("*.md")] + [(ROOT / "README.md").read_text()]
    named = {name for text in texts for name in re.findall(r"KAIROS_[A-Z_]+[A-Z]", text)}
    known = {it.variable for it in BY_NAME.values()}
    known |= {f"{it.variable}_FILE" for it in BY_NAME.values() if it.kind.is_secret}
    assert named - known <= {"KAIROS_SETTINGS", "KAIROS_CACHE_DIR"}
    assert len(named) > 10


def test_a_worker_is_not_killed_while_it_still_stops_in_order() -> None:
    stop_s = BY_NAME["engine.stop.timeout.ms"].default
    assert isinstance(stop_s, int)
    stop_s //= 1_000
    (compose_s,) = {
        int(it["stop_grace_period"].removesuffix("s"))
        for it in compose()["services"].values()
        if "stop_grace_period" in it
    }
    assert compose_s > stop_s
    assert VALUES["terminationGracePeriodSeconds"] > stop_s


def test_what_the_image_is_made_of_is_let_through() -> None:
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [
        word
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert {f"!{word}" for word in copied} == {line for line in allowed if line.startswith("!")}
    assert all((ROOT / word).exists() for word in copied)
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {needed["readme"], *needed["license-files"]} <= set(copied)
