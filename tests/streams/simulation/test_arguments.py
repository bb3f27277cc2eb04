import argparse
import json
from pathlib import Path

import pytest

from streams.errors import Fatal
from streams.simulation import arguments


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    arguments.configure(parser)
    return parser.parse_args(words)


def test_results_are_written_as_json(tmp_path: Path) -> None:
    out = tmp_path / "build" / "simulate.json"
    code = arguments.run(parsed("--seeds", "2", "--processes", "1", "--no-broken", "--out", str(out)))
    results = json.loads(out.read_text())
    assert results["seeds"] == 2
    assert results["broken_variants"] == []
    assert code == (0 if not any(results["violations"].values()) else 1)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Fatal, match="cannot be written"):
        arguments.write(tmp_path / "file" / "simulate.json", {})


@pytest.mark.parametrize("words", [("--seeds", "0"), ("--processes", "0")])
def test_nothing_to_do_is_refused(words: tuple[str, str]) -> None:
    with pytest.raises(Fatal, match="at least 1"):
        arguments.run(parsed(*words))


def test_one_seed_says_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    code = arguments.run(parsed("--seed", "2", "--verbose"))
    printed = capsys.readouterr().out
    assert ("nothing violated" in printed) == (code == 0)
