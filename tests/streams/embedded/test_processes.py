import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.embedded.processes import ProcessId, detach, find

ENDLESS = [sys.executable, "-S", "-c", "import signal; signal.pause()"]


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose end nobody has waited for."""
    with subprocess.Popen(ENDLESS) as process:
        yield process
        process.kill()


def test_a_process_is_found_by_its_number_and_stays_the_same() -> None:
    assert find(os.getpid()) == find(os.getpid()) is not None


def test_a_number_that_nobody_has_is_nobody() -> None:
    assert find(2**22 + 1) is None


def test_the_same_number_with_another_start_is_another_process(child: subprocess.Popen[bytes]) -> None:
    process = find(child.pid)
    assert process is not None
    earlier = ProcessId(process.pid, process.started + "0")
    assert not earlier.alive
    assert earlier.send(signal.SIGKILL) is False
    assert process.alive


def test_a_process_that_ended_is_gone_although_nobody_waited_for_it(child: subprocess.Popen[bytes]) -> None:
    process = find(child.pid)
    assert process is not None
    assert process.send(signal.SIGKILL)
    assert process.ended_within(10)
    assert child.returncode is None


def test_waiting_for_a_process_that_stays_has_an_end(child: subprocess.Popen[bytes]) -> None:
    process = find(child.pid)
    assert process is not None
    assert process.ended_within(0) is False


def test_a_detached_program_is_in_a_session_of_its_own(tmp_path: Path) -> None:
    process = find(detach(ENDLESS, tmp_path / "output"))
    assert process is not None
    assert os.getsid(process.pid) == process.pid
    assert process.send(signal.SIGTERM)
    assert process.ended_within(10)
