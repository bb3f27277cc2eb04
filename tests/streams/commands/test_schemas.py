import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.model import FOLDER, documents
from streams.cli import main
from tests.schemas.changes import Change, adding, changed, renamed, setting, symbols, without

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Check the present contract against older schemas; the exit code and all text."""

    def run(*older: dict[str, Any]) -> tuple[int, str]:
        for number, schema in enumerate(older):
            folder = tmp_path / f"v{number}"
            folder.mkdir()
            (folder / "old.avsc").write_text(json.dumps(schema), encoding="utf-8")
        code = main(["schemas", "check", "--against", str(tmp_path)])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def test_the_contract_does_not_break_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemas", "check", "--against", str(FOLDER)]) == 0
    assert f"{len(documents())} older schemas checked: nothing breaks" in capsys.readouterr().out


OLD_INPUTS: list[tuple[str, Change, str]] = [
    ("Usage", without("product_id"), "Usage.product_id: is not written, and has no default"),
    ("Usage", setting("product_id", type="long"), "Usage.product_id: long cannot be read as string"),
    (
        "Delivery",
        setting("parcels_total", type=["null", "long"]),
        "Delivery.parcels_total: no branch reads long",
    ),
    ("Usage", symbols("type", lambda words: words.append("nap")), "Usage.type: nap cannot be read"),
    ("Usage", renamed("Use"), "Use: no schema has this name any more"),
    ("Usage", setting("name", max_chars=500), "Usage.name: max_chars was 500 and is 128"),
]


@pytest.mark.parametrize(("name", "change", "message"), OLD_INPUTS)
def test_a_breaking_change_of_an_input_is_named_with_its_schema_and_field(
    check: Run, name: str, change: Change, message: str
) -> None:
    code, text = check(changed(name, change))
    assert code == 1
    assert f"v0/old.avsc: {message}" in text


def test_a_removed_field_breaks_the_subscribers_of_an_output(check: Run) -> None:
    code, text = check(changed("StageChange", adding(name="more", type="string")))
    assert code == 1
    assert "StageChange.more: is not written, and has no default" in text
    assert "[full_transitive]" in text


def test_a_removed_field_of_an_input_breaks_nobody(check: Run) -> None:
    assert check(changed("Usage", adding(name="more", type="string")))[0] == 0


def test_every_older_version_is_checked_not_only_the_last(check: Run) -> None:
    code, text = check(documents()["Usage"], changed("Usage", without("product_id")), documents()["Usage"])
    assert code == 1
    assert "v1/old.avsc" in text
    assert "3 older schemas checked: 1 breaking changes" in text


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"type": "string"}', '{"type": "record", "name": "R"}', "null"]
)
def test_a_file_that_is_no_schema_is_an_error_for_the_operator(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.avsc").write_text(content, encoding="utf-8")
    assert main(["schemas", "check", "--against", str(tmp_path)]) == 2
    assert "x.avsc is not an Avro record" in capsys.readouterr().err


def test_a_folder_without_schemas_proves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemas", "check", "--against", str(tmp_path)]) == 2
    assert "holds no .avsc files" in capsys.readouterr().err
    assert main(["schemas", "check", "--against", str(tmp_path / "none")]) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_the_list_shows_every_topic(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemas", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 17
    assert lines[1].split()[:3] == ["journey.purchases", "in", "Purchase"]


def test_a_schema_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemas", "show", "Usage"]) == 0
    assert json.loads(capsys.readouterr().out) == documents()["Usage"]
    assert main(["schemas", "show", "Use"]) == 2
    assert "no record is named Use: choose one of" in capsys.readouterr().err
