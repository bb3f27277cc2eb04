import sys
from pathlib import Path

import pytest

from schemas import generate
from schemas.generate import drifted, formatted, sources


def test_the_generated_files_are_what_the_contract_says() -> None:
    assert drifted() == []


def test_generating_twice_gives_the_same() -> None:
    assert sources() == sources()


def test_the_check_fails_on_a_file_that_was_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "records.py"
    path.write_text("edited", encoding="utf-8")
    monkeypatch.setattr(generate, "sources", lambda: {path: "generated"})
    monkeypatch.setattr(sys, "argv", ["generate", "--check"])
    assert generate.main() == 1
    assert "records.py is not what the contract says" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "edited"


def test_without_a_check_the_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "records.py"
    monkeypatch.setattr(generate, "sources", lambda: {path: "generated"})
    monkeypatch.setattr(sys, "argv", ["generate"])
    assert generate.main() == 0
    assert path.read_text(encoding="utf-8") == "generated"


def test_what_is_written_is_formatted() -> None:
    assert formatted("x = {  'a':1 }") == 'x = {"a": 1}\n'
