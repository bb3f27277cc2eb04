"""The command: a table of sub-commands, imported one at a time, and errors as one line."""

import argparse
import subprocess
import sys
from types import SimpleNamespace

import pytest

from streams import cli
from streams.errors import Fatal, KairosError, Rejected, Retryable


def command(run: object) -> SimpleNamespace:
    """A sub-command that takes `--times N` and does `run`."""

    def configure(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--times", type=int, default=1)

    return SimpleNamespace(HELP="repeats itself, at length", configure=configure, run=run)


def offer(monkeypatch: pytest.MonkeyPatch, run: object) -> None:
    """Make `run` the only sub-command, `echo`; any other one must not be asked for."""
    monkeypatch.setattr(cli, "COMMANDS", {"echo": "repeats itself", "broken": "cannot be imported"})
    monkeypatch.setattr(cli, "load", {"echo": command(run)}.__getitem__)


def test_the_exit_code_is_that_of_the_sub_command(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, lambda args: args.times)
    assert cli.main(["echo", "--times", "7"]) == 7
    assert cli.main(["echo"]) == 1


@pytest.mark.parametrize("kind", [KairosError, Rejected, Retryable, Fatal])
def test_every_kairos_error_is_one_line_and_exit_code_two(
    kind: type[KairosError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise kind("the file ends in the middle of a record")

    offer(monkeypatch, fail)
    assert cli.main(["echo"]) == 2
    assert capsys.readouterr() == ("", "kairos: the file ends in the middle of a record\n")


def test_any_other_error_is_a_defect_and_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: argparse.Namespace) -> int:
        raise ZeroDivisionError

    offer(monkeypatch, fail)
    with pytest.raises(ZeroDivisionError):
        cli.main(["echo"])


def test_an_interrupt_is_exit_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    offer(monkeypatch, interrupted)
    assert cli.main(["echo"]) == 130


def test_help_lists_every_sub_command_and_imports_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "load", {}.__getitem__)
    with pytest.raises(SystemExit, match=r"^0$"):
        cli.main(["--help"])
    text = capsys.readouterr().out
    assert [name for name in cli.COMMANDS if f"    {name} " not in text] == []


def test_help_of_a_sub_command_comes_from_its_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(monkeypatch, lambda _: 0)
    with pytest.raises(SystemExit, match=r"^0$"):
        cli.main(["echo", "--help"])
    text = capsys.readouterr().out
    assert "repeats itself, at length" in text
    assert "--times" in text


@pytest.mark.parametrize("words", [[], ["no-such-command"], ["--no-such-option"]])
def test_words_that_make_no_command_are_exit_code_two(words: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        cli.main(words)


def test_version_is_that_of_the_installed_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        cli.main(["--version"])
    assert capsys.readouterr().out.startswith("kairos 0.")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    program = (
        "import sys, types\n"
        "from streams import cli\n"
        "def run(args):\n"
        "    for _ in range(9_999):\n"
        "        print('x' * 80)\n"
        "    return 0\n"
        "cli.load = lambda name: types.SimpleNamespace(HELP='', configure=lambda parser: None, run=run)\n"
        "sys.exit(cli.main(['replay']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("x")
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_listed_sub_command_is_there(name: str) -> None:
    found = cli.load(name)
    assert found.HELP
    found.configure(argparse.ArgumentParser())
    assert callable(found.run)
