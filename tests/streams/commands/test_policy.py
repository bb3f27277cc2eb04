from pathlib import Path

import pytest

from streams.cli import main

MINE = """
version = "mine"
[caps]
daily_moves = 2
[moments.refill]
channels = ["email"]
[keywords.en]
yes = ["yes", "yes please", "indeed"]
[brand."acme shoes".stages]
care_after = "14 d"
[product.p1.stages]
care_after = "336 h"
"""


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return str(path)


@pytest.fixture
def broken(tmp_path: Path) -> str:
    path = tmp_path / "broken.toml"
    path.write_text('version = "mine"\n[caps]\ndaily_moves = 0\noffer_gap = "-1 d"\n')
    return str(path)


def rows(text: str) -> list[list[str]]:
    """The cells of a printed table."""
    lines = [line for line in text.splitlines() if line.startswith(("│", "┃"))]
    return [[cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")] for line in lines]


def test_check_says_the_version_of_a_valid_file(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", mine]) == 0
    text = capsys.readouterr().out
    assert "valid, version mine+" in text
    assert "1 by brand, 0 by category, 1 by product" in text


def test_check_lists_every_problem_and_answers_no(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", broken]) == 1
    assert [row[0] for row in rows(capsys.readouterr().out)[1:]] == ["caps.offer_gap", "caps.daily_moves"]


def test_check_of_a_file_that_is_not_there_could_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", "/nowhere.toml"]) == 2
    assert capsys.readouterr().err == "kairos: /nowhere.toml: no such file\n"


def test_show_says_what_holds_and_who_says_so(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "show", mine, "--brand", "acme shoes", "--product", "other"]) == 0
    text = capsys.readouterr().out
    shown = {row[0]: row[1:] for row in rows(text)}
    assert shown["stages.care_after"] == ["14 d", 'brand."acme shoes"']
    assert shown["caps.daily_moves"] == ["2", "file"]
    assert shown["moments.help.delay"] == ["30 min", "default"]
    assert shown["sending.quiet_from_minute"] == ["1260 (21:00)", "default"]
    assert shown["live.from"] == ["never set", "default"]
    assert 'no override for product "other"' in text
    assert not any(field.startswith("keywords") for field in shown)


def test_show_prefers_what_the_product_says(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["policy", "show", mine, "--brand", "acme shoes", "--product", "p1", "--section", "stages"]) == 0
    )
    shown = {row[0]: row[1:] for row in rows(capsys.readouterr().out)}
    assert shown["stages.care_after"] == ["14 d", "product.p1"]
    assert all(field.startswith("stages.") or field == "field" for field in shown)


def test_show_of_the_shipped_policy_needs_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "show", "--section", "caps"]) == 0
    assert {row[2] for row in rows(capsys.readouterr().out)} == {"from", "default"}


def test_show_names_the_sections_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "show", "--section", "cap"]) == 2
    assert "moments, friction" in capsys.readouterr().err


def test_show_of_a_broken_file_could_not_run(broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "show", broken]) == 2
    assert "caps.daily_moves" in capsys.readouterr().err


def test_diff_lists_the_numbers_that_differ(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "diff", "default", mine]) == 1
    shown = {row[0]: row[1:] for row in rows(capsys.readouterr().out)}
    assert shown["moments.refill.channels"] == ["email, sms, push, in_app", "email"]
    assert shown["caps.daily_moves"] == ["3", "2"]
    assert shown["keywords.en.yes"][1] == "also indeed"
    assert shown['brand."acme shoes".stages.care_after'] == ["-", "14 d"]
    assert shown["product.p1.stages.care_after"] == ["-", "14 d"]
    assert "stages.care_after" not in shown


def test_diff_of_equal_policies_is_none(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "diff", mine, mine]) == 0
    assert "no difference" in capsys.readouterr().out
