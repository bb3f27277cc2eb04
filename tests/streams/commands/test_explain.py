"""`kairos explain` over the state that `kairos replay --state` kept."""

import json
import shutil
from pathlib import Path

import pytest

from state import keys
from state.store import Batch
from streams import cli
from streams.replay.state_reader import opened
from tests.streams.commands.small_shop import write_history


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    kept = folder / "state"
    args = ["replay", str(write_history(folder)), "--out", str(folder / "out"), "--state", str(kept)]
    assert cli.main([*args, "--partitions", "2", "--processes", "1"]) == 0
    return kept


def explain(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = cli.main(["explain", *args])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_customer_is_explained_from_what_a_replay_kept(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = explain(capsys, "anna", "--state", str(state))
    assert code == 0
    for words in ("anna", "kettle", "troubleshooting", "granted: the profile says so"):
        assert words in out


def test_json_holds_the_same(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = explain(capsys, "anna", "--state", str(state), "--json")
    found = json.loads(out)
    assert code == 0
    assert [item["product_id"] for item in found["items"]] == ["kettle"]
    assert found["friction"][0]["flag"] == "troubleshooting"


def test_an_unknown_customer_is_refused_with_what_is_there(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = explain(capsys, "nobody", "--state", str(state))
    assert code == 2
    assert 'knows no customer "nobody"' in err
    assert "anna" in err or "berta" in err


def test_a_forgotten_customer_says_so(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = explain(capsys, "clara", "--state", str(state))
    assert code == 0
    assert "clara was forgotten at 2026-01-05 00:00" in out


def test_a_directory_without_state_says_how_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, words in ((tmp_path / "none", "does not exist"), (tmp_path, "no state of a finished replay")):
        code, _, err = explain(capsys, "anna", "--state", str(folder))
        assert code == 2
        assert words in err
        assert "kairos replay --demo" in err


def test_state_that_cannot_be_read_says_to_replay_again(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "state"
    shutil.copytree(state, copy)
    for number in range(2):
        with opened(copy, number) as store:
            batch = Batch()
            batch.put(keys.customer("anna"), b"\x01" + bytes(8) + b"\x01")
            store.write(batch)
    code, _, err = explain(capsys, "anna", "--state", str(copy))
    assert code == 2
    assert "replay again" in err
