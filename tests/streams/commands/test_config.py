from pathlib import Path

import msgspec
import pytest

from streams.cli import main
from streams.configuration.table import TABLE

VARIABLE = "KAIROS_ENGINE_IDENTITY_KEY"
IDENTITY_KEY = "no one may see this"


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in TABLE:
        monkeypatch.delenv(setting.variable, raising=False)
        monkeypatch.delenv(f"{setting.variable}_FILE", raising=False)
    monkeypatch.delenv("KAIROS_SETTINGS", raising=False)


def rows(text: str) -> dict[str, list[str]]:
    """The cells of the printed table by name of the setting."""
    lines = [line for line in text.splitlines() if line.startswith("│")]
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    return {row[0]: row[1:] for row in cells}


def test_every_setting_is_shown_with_value_source_and_meaning(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "k.toml"
    file.write_text("[engine]\nprocesses = 2\n")
    monkeypatch.setenv("KAIROS_KAFKA_SESSION_TIMEOUT_MS", "6000")
    monkeypatch.setenv("KAIROS_SETTINGS", str(file))
    assert main(["config", "--set", "web.port=6067"]) == 0
    shown = rows(capsys.readouterr().out)
    assert set(shown) == {setting.full_name for setting in TABLE}
    assert shown["web.port"][:2] == ["6067", "command line"]
    assert shown["kafka.session.timeout.ms"] == [
        *("6000 ms", "environment: KAIROS_KAFKA_SESSION_TIMEOUT_MS", "a silent worker is taken for dead")
    ]
    assert shown["engine.processes"][0] == "2"
    assert shown["engine.partitions"][:2] == ["-", "default"]


def test_json_says_the_same_to_machines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "k.toml"
    file.write_text("web.port = 7000\n")
    assert main(["config", "--file", str(file), "--json"]) == 0
    found = {it["name"]: it for it in msgspec.json.decode(capsys.readouterr().out)}
    assert list(found) == [setting.full_name for setting in TABLE]
    assert found["web.port"] == {
        "name": "web.port",
        "value": 7000,
        "unit": "",
        "source": str(file),
        "default": 6066,
        "secret": False,
        "variable": "KAIROS_WEB_PORT",
        "allowed": "a whole number from 0 to 65535",
        "meaning": next(it.meaning for it in TABLE if it.full_name == "web.port"),
    }
    assert found["kafka.bootstrap.servers"]["value"] == ["localhost:9092"]


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_secret_is_hidden(
    option: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAIROS_ENGINE_IDENTITY_KEY", IDENTITY_KEY)
    assert main(["config", *option]) == 0
    text = capsys.readouterr().out
    assert IDENTITY_KEY not in text
    assert "******" in text


def test_all_problems_are_told_at_once_and_nothing_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAIROS_WEB_PORT", "-1")
    assert main(["config", "--set", "web.hots=x", "--file", "/nowhere.toml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "kairos: 3 problems",
        "  /nowhere.toml: cannot be read: No such file or directory",
        '  environment: KAIROS_WEB_PORT: "-1" is not allowed: a whole number from 0 to 65535',
        '  command line: web.hots: no such setting (did you mean "web.host"?)',
    ]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("web.port", "--set web.port: write NAME=VALUE"),
        (
            f"engine.identity.key={IDENTITY_KEY}",
            f"--set engine.identity.key: a secret is seen by all here: use {VARIABLE} or {VARIABLE}_FILE",
        ),
    ],
)
def test_what_set_does_not_take(word: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--set", word]) == 2
    err = capsys.readouterr().err
    assert err == f"kairos: command line: {reason}\n"
    assert IDENTITY_KEY not in err
