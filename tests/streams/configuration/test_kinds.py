from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams.configuration import kinds
from streams.configuration.kinds import Kind, NotAllowed, plain, shown
from streams.configuration.secret import Secret


def allowed(kind: Kind, text: str) -> bool:
    try:
        kind.from_text(text)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (kinds.whole(2, 4), ["2", "4", "03"], ["1", "5", "2.0", "", " 2", "2_0", "٣", "x"]),
        (kinds.number(0, 1), ["0", "1", "0.5", "1.0"], ["1.1", "-0", "nan", "inf", "1e-3", ".5", ""]),
        (kinds.choice("a", "b"), ["a", "b"], ["c", "A", "", "a, b"]),
        (kinds.name(3), ["abc", "A.-", "_"], ["abcd", "", "a b", "ä", "a/b", ".", ".."]),
        (kinds.name(3, 0), [""], ["abcd"]),
        (kinds.text(3), ["a b", "äöü"], ["", "abcd", "a\n", "\0"]),
        (kinds.secret(2, 4), ["ab", "äö"], ["a", "abcde", "äöü", "a\n", "a\0"]),
        (kinds.url(), ["http://x", "https://x/y"], ["x", "ftp://x", "http://u:p@x", "http://a b"]),
        (kinds.path(), ["/a", "a b"], ["", "\0"]),
        (
            kinds.hosts(),
            ["a:1", "a.b-c:65535, d:2", "[::1]:9092", "127.0.0.1:1"],
            ["a", "a:0", "a:65536", "a:1,", "", ":1", "a b:1", "http://a:1"],
        ),
        (kinds.time(), ["2026-03-01T12:00:00Z", "2026-03-01T12:00+01:00"], ["2026-03-01T12:00:00", "x", ""]),
    ],
)
def test_a_kind_takes_what_it_says_and_nothing_else(kind: Kind, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not allowed(kind, text)] == []
    assert [text for text in bad if allowed(kind, text)] == []


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (kinds.whole(2, 4), [2], ["2", 2.0, True, None, [2]]),
        (kinds.number(0, 1), [0, 1, 0.5], ["0.5", True, 1.5, float("nan")]),
        (kinds.choice("1"), ["1"], [1]),
        (kinds.secret(1, 4), ["1"], [1]),
        (kinds.path(), ["a"], [1]),
        (kinds.hosts(), ["a:1,b:2", ["a:1", "b:2"]], [[], [1], 9092, {}]),
        (kinds.time(), [datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00Z"], [datetime(2026, 3, 1), 1]),  # noqa: DTZ001
    ],
)
def test_a_file_must_use_the_right_type(kind: Kind, good: list[object], bad: list[object]) -> None:
    for value in good:
        kind.from_toml(value)
    for value in bad:
        with pytest.raises(NotAllowed):
            kind.from_toml(value)


def test_a_time_is_kept_in_utc_and_shown_as_it_is_written() -> None:
    value = kinds.time().from_text("2026-03-01T12:00+01:00")
    assert shown(value) == plain(value) == "2026-03-01T11:00:00Z"


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert kinds.path().from_text("~/state") == Path("/home/somebody/state")


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret("xyzzy")
    assert {repr(secret), str(secret), f"{secret}", shown(secret), plain(secret)} == {"******"}
    assert secret.reveal() == "xyzzy"
    assert secret == Secret("xyzzy") != Secret("y")
    assert [secret] != ["xyzzy"]
    assert hash(secret) == hash(Secret("xyzzy"))
