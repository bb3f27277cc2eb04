"""Workers as processes of their own on the broker of the tests, and the topics that they need."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas.topics import topics as contract
from tests.brokers import Topics

PARTITIONS = 2
SERVED = re.compile(r"pages are served at (http://[^\s\"]+)")
WITHIN_S = 40.0


def create_topics(topics: Topics) -> str:
    """All topics of the contract, and the id of the application they are for."""
    app = topics.name("app")
    compacted = {"cleanup.policy": "compact"}
    wanted = {
        topic.name: (
            PARTITIONS if topic.co_partitioned else 1,
            {
                **(compacted if topic.compacted else {}),
                "max.message.bytes": str(topic.max_record_bytes + 65_536),
            },
        )
        for topic in contract().values()
    }
    topics.create_all(wanted | {"app-customers-changelog": (PARTITIONS, compacted)})
    return app


@contextlib.contextmanager
def worker(topics: Topics, folder: Path, number: int = 0, **more: str) -> Iterator[Callable[[], str]]:
    """A worker until the block ends; it tells its address once it has one."""
    environ = {
        "KAIROS_KAFKA_BOOTSTRAP_SERVERS": topics.bootstrap,
        "KAIROS_ENGINE_TOPIC_PREFIX": topics.prefix,
        "KAIROS_ENGINE_APPLICATION_ID": topics.name("app"),
        **more,
    }
    with worker_of(environ, folder, number) as address:
        yield address


@contextlib.contextmanager
def worker_of(settings: Mapping[str, str], folder: Path, number: int = 0) -> Iterator[Callable[[], str]]:
    """The same, of an application that `settings` name. It logs into `worker-<number>.log` of `folder`."""
    log = folder / f"worker-{number}.log"
    environ = {
        **os.environ,
        "KAIROS_ENGINE_DEAD_LETTER_SHARE_MAX": "1",
        "KAIROS_STATE_DIR": str(folder / f"state-{number}"),
        "KAIROS_WEB_PORT": "0",
        "KAIROS_ENGINE_LOG_LEVEL": "info",
        "KAIROS_KAFKA_HEARTBEAT_INTERVAL_MS": "500",  # at a beat a worker learns that others come and go
        **settings,
    }

    def address() -> str:
        found = SERVED.search(log.read_text())
        return found[1] if found else ""

    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "worker"], env=environ, stdout=out, stderr=out
        )
        try:
            yield address
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(holds: Callable[[], bool], what: str, within_s: float = WITHIN_S) -> None:
    """Wait for the world outside of this process. AssertionError: it took too long."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(min(0.1, within_s / 10))


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], Any]:
    """Status (0: nobody answers), headers and JSON."""
    try:
        request = urllib.request.Request(url, headers=headers or {})  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own
            return answer.status, dict(answer.headers), json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.loads(error.read())
    except (OSError, ValueError):
        return 0, {}, None
