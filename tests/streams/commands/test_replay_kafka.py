"""What a replay of topics refuses before it asks any broker."""

import pytest

from streams.cli import COULD_NOT_RUN, main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--demo"], "--demo: --kafka replays topics into topics"),
        (["history", "--against", "default"], "DIR, --against: --kafka replays topics into topics"),
        (["--processes", "3", "--shuffle", "1"], "--shuffle, --processes: --kafka"),
        (["--output-prefix", "journey."], "stands before the live topics"),
        (["--application-id", "kairos"], "is the live application"),
        (["--until", "tomorrow"], "is no time"),
        (["--disorder", "much"], "much"),
    ],
)
def test_a_replay_of_topics_refuses_what_is_of_files_or_live(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.commands.replay.PROCESSES", 1)
    assert main(["replay", "--kafka", *words]) == COULD_NOT_RUN
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output-prefix", "other."], "are those of a --shadow"),
        (["--shadow", "--application-id", "kairos"], "is the live application"),
        (["--shadow", "--output-prefix", "journey."], "stands before the live topics"),
    ],
)
def test_a_shadow_needs_names_of_its_own_and_nobody_else_may_have_them(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worker", *words]) == COULD_NOT_RUN
    assert said in capsys.readouterr().err
