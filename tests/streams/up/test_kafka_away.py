"""`kairos up` waits for a Kafka that went away, says so, and goes on when it is back."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.embedded.broker import Broker

TIMEOUT_S = 8
"""What the run is set to: so long a client waits for an answer, a session lasts, a transaction is open."""
AWAY_S = TIMEOUT_S + 4
"""Longer than any of them."""
TIMEOUTS = ("REQUEST", "SESSION", "TRANSACTION")
WITHIN_S = 90.0
OPENED = re.compile(r"([\d,]+) permissions opened")
SILENT = re.compile(r"Kafka has not answered for (\d+) s")


class Page:
    """What a run printed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def last(self) -> str:
        return self._path.read_text().splitlines()[-1] if self._path.stat().st_size else ""

    @property
    def opened(self) -> int:
        found = OPENED.search(self.last)
        return int(found[1].replace(",", "")) if found else 0

    @property
    def silent_s(self) -> int:
        found = SILENT.search(self.last)
        return int(found[1]) if found else 0


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes], page: Page) -> None:
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert process.poll() is None, page.last
        assert time.monotonic() < end, page.last
        time.sleep(0.2)


@pytest.mark.broker
@pytest.mark.slow
def test_a_run_waits_while_kafka_is_away_and_goes_on_when_it_is_back(
    tmp_path: Path, private_broker: Callable[..., Broker]
) -> None:
    broker, out = private_broker(), tmp_path / "out"
    command = [sys.executable, "-m", "streams.cli", "up", "--dir", str(tmp_path / "up")]
    environ = os.environ | {f"KAIROS_KAFKA_{what}_TIMEOUT_MS": str(TIMEOUT_S * 1000) for what in TIMEOUTS}
    with out.open("wb") as written:
        process = subprocess.Popen(
            [*command, "--bootstrap-server", broker.bootstrap],
            stdout=written,
            stderr=subprocess.STDOUT,
            env=environ,
        )
    page = Page(out)
    try:
        until(lambda: page.opened > 0, process, page)
        broker.kill()
        until(lambda: page.silent_s >= AWAY_S, process, page)
        before = page.opened
        broker.start()
        until(lambda: page.opened > before and not page.silent_s, process, page)
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN_S) == 0, page.last
    finally:
        process.kill()
        process.wait()
    ended = " ".join(out.read_text().rpartition("ended at")[2].split())
    assert "traps 0, missing or twice 0, dead letters 0" in ended
