"""What the image is made of, made by the same script, and a worker in it as a container runs one.

There is no container engine: the worker runs as a user without any right to write, on a root that is mounted
read-only, and has one folder. That needs a root user who may make a mount namespace.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from streams.embedded.places import locked
from streams.settings import load_settings
from streams.up.stage import set_topics
from tests.brokers import Topics
from tests.deploy.files import DEPLOY, DOCKERFILE, PROJECT, ROOT, in_dockerfile, run

MADE_WITHIN_S = 300
BEGINS_WITHIN_S = 60.0
ENDS_WITHIN_S = 60.0
LOOK_EVERY_S = 0.2
UNREACHABLE = re.compile(
    r"NewConnectionError|Temporary failure|No matching distribution|Could not find a version"
)
CONTAINER = """\
mount --make-rprivate / && mount --bind "$1" "$1" && mount -o remount,bind,ro / && shift &&
exec setpriv --reuid {user} --regid {user} --clear-groups --bounding-set -all,+dac_read_search \\
    --inh-caps -all,+dac_read_search --ambient-caps -all,+dac_read_search --no-new-privs "$@"
"""
"""It may read everything, because this Python may lie in the home of another user, and write nothing."""


class Image(NamedTuple):
    """The environment of an image."""

    bin: Path


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Made once, by the first worker that needs it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, done = shared / "image", shared / "image.made"
    with locked(shared / "image.lock", MADE_WITHIN_S):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder)
            done.touch()
    return Image(folder / "kairos" / "bin")


def _make(folder: Path) -> None:
    """What the Dockerfile makes, from what `.dockerignore` lets through."""
    source, made = folder / "source", folder / "kairos"
    source.mkdir(parents=True)
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            _copy(ROOT / line[1:], source / Path(line[1:]).name)
    for step in re.findall(r"^RUN sh install.sh (\w+) /opt/kairos$", DOCKERFILE, re.MULTILINE):
        said = subprocess.run(
            ["sh", "install.sh", step, str(made)],  # noqa: S607 - as the Dockerfile does
            cwd=source,
            env={**os.environ, "PYTHON": sys.executable, "PIP_NO_COMPILE": "1"},  # no claim is about speed
            capture_output=True,
            text=True,
            timeout=MADE_WITHIN_S,
            check=False,
        )
        if said.returncode and UNREACHABLE.search(said.stderr):
            pytest.skip(f"no package index to be had: {said.stderr.splitlines()[-1]}")
        assert said.returncode == 0, said.stderr


def _copy(path: Path, to: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, to, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(path, to)


@pytest.mark.slow
def test_an_image_holds_the_locked_dependencies_and_the_project_and_nothing_else(image: Image) -> None:
    found = run(
        str(image.bin / "python"),
        "-c",
        "from importlib.metadata import distributions as d; print(*(f'{i.name}=={i.version}' for i in d()))",
    )
    locked = re.findall(r"^([a-z0-9-]+==[^ ]+) \\$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    wanted = {*locked, f"{PROJECT['name']}=={PROJECT['version']}"}
    assert {name.lower().replace("_", "-") for name in found.stdout.split()} == wanted
    assert not (image.bin / "pip").exists()
    assert list(image.bin.parent.rglob("direct_url.json")) == [], "no path of the machine that made it"


@contextmanager
def contained(image: Image, folder: Path, environ: dict[str, str], log: Path) -> Iterator[None]:
    """The command of the image in a container with this one folder."""
    user = in_dockerfile(r"^USER (\d+):\d+$")
    command = ["unshare", "--mount", "sh", "-c", CONTAINER.format(user=user), "sh", str(folder)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, str(image.bin / "kairos"), "worker"],
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **environ},
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(ENDS_WITHIN_S)
    assert code == 0, log.read_text()


def healthy(image: Image, port: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(image.bin / "python"), str(DEPLOY / "healthcheck.py")],
        env={"KAIROS_WEB_PORT": port},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def _may_contain() -> bool:
    known = shutil.which("unshare") and shutil.which("setpriv")
    return bool(known) and os.geteuid() == 0 and run("unshare", "--mount", "true").returncode == 0


@pytest.mark.broker
@pytest.mark.slow
def test_a_worker_needs_no_right_but_to_write_into_its_folder(
    image: Image, topics: Topics, tmp_path: Path, unused_tcp_port: int
) -> None:
    if not _may_contain():
        pytest.skip("this user may not make a mount namespace: run the tests as root on Linux")
    folder, log, port = tmp_path / "kairos", tmp_path / "log", str(unused_tcp_port)
    folder.mkdir()
    shutil.chown(folder, 10001, 10001)
    environ = {
        "KAIROS_KAFKA_BOOTSTRAP_SERVERS": topics.bootstrap,
        "KAIROS_ENGINE_TOPIC_PREFIX": topics.prefix,
        "KAIROS_ENGINE_APPLICATION_ID": topics.name("app"),
        "KAIROS_ENGINE_PARTITIONS": "2",
        "KAIROS_STATE_DIR": str(folder / "state"),
        "KAIROS_WEB_PORT": port,
    }
    asyncio.run(set_topics(load_settings(environ)))
    assert healthy(image, port).returncode != 0
    with contained(image, folder, environ, log):
        deadline = time.monotonic() + BEGINS_WITHIN_S
        while not list(folder.glob("state/partition-*/CURRENT")) or healthy(image, port).returncode:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(LOOK_EVERY_S)
    said = healthy(image, port)
    assert said.returncode == 1
    assert said.stderr.startswith(f"http://127.0.0.1:{port}/healthz: ")
    assert "Traceback" not in log.read_text()
    assert {path.stat().st_uid for path in folder.rglob("*")} == {10001}


@pytest.fixture
def unused_tcp_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
