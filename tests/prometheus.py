"""A real Prometheus for tests and drills, on loopback alone, gone with the block that started it."""

import contextlib
import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

READY_WITHIN_S = 30.0
STOP_WITHIN_S = 20.0
LOOK_EVERY_S = 0.1


class Prometheus:
    """A running server, asked over its API."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The series of an expression, now."""
        found = self._get("query", query=expr)["result"]
        assert isinstance(found, list)
        return found

    def alerts(self, state: str = "firing") -> list[dict[str, str]]:
        """The labels of every alert in this state."""
        return [alert["labels"] for alert in self._get("alerts")["alerts"] if alert["state"] == state]

    def summaries(self) -> dict[str, str]:
        """What is said by the alerts that fire, by their names."""
        firing = (alert for alert in self._get("alerts")["alerts"] if alert["state"] == "firing")
        return {alert["labels"]["alertname"]: alert["annotations"]["summary"] for alert in firing}

    def rules(self) -> list[dict[str, Any]]:
        """All rules, with their health, last error and last evaluation."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def targets(self) -> list[dict[str, Any]]:
        """What is scraped, with its health and last error."""
        found = self._get("targets")["activeTargets"]
        assert isinstance(found, list)
        return found

    def ready(self) -> bool:
        """Whether it serves."""
        try:
            with urllib.request.urlopen(f"{self.address}/-/ready", timeout=5):  # noqa: S310 - our own
                return True
        except OSError:
            return False

    def _get(self, what: str, **asked: str) -> Any:
        url = f"{self.address}/api/v1/{what}?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own
            return json.loads(answer.read())["data"]


@contextlib.contextmanager
def prometheus(
    program: str, folder: Path, rules: str, targets: Sequence[str], every: str = "1s", job: str = "kairos"
) -> Iterator[Prometheus]:
    """Prometheus with these rules, scraping these `host:port`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kairos.rules.yml").write_text(rules, encoding="utf-8")
    config = {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": ["kairos.rules.yml"],
        "scrape_configs": [{"job_name": job, "static_configs": [{"targets": list(targets)}]}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    with configured(program, folder) as server:
        yield server


@contextlib.contextmanager
def configured(program: str, folder: Path) -> Iterator[Prometheus]:
    """Prometheus with the `prometheus.yml` of a folder."""
    port = free_port()
    command = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with (folder / "prometheus.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        server = Prometheus(port)
        deadline = time.monotonic() + READY_WITHIN_S
        while not server.ready():
            assert process.poll() is None, (folder / "prometheus.log").read_text()
            assert time.monotonic() < deadline, f"Prometheus is not ready: {folder / 'prometheus.log'}"
            time.sleep(LOOK_EVERY_S)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
