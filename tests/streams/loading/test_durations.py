import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.loading.durations import DAYS_MAX, NotADuration, format_duration, parse_duration

DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("text", "length_ms"),
    [
        ("250 ms", 250),
        ("5 s", 5_000),
        ("30 min", 1_800_000),
        ("48 h", 2 * DAY_MS),
        ("7 d", 7 * DAY_MS),
        ("0 d", 0),
        ("-0 d", 0),
        ("1.5 h", 5_400_000),
        (" 7d ", 7 * DAY_MS),
        (f"{DAYS_MAX} d", DAYS_MAX * DAY_MS),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length_ms: int) -> None:
    assert parse_duration(text) == length_ms


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("-1 d", "negative"),
        ("7", "unit"),
        ("7 days", "unit"),
        ("1 month", "unit"),
        ("", "unit"),
        ("٣ d", "unit"),
        ("0.5 ms", "whole"),
        (f"{DAYS_MAX * 24 + 1} h", "longer"),
        ("1e3 s", "unit"),
    ],
)
def test_what_is_no_duration_is_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(NotADuration, match=why):
        parse_duration(text)


@given(st.integers(0, DAYS_MAX * DAY_MS))
def test_a_formatted_duration_reads_back(length_ms: int) -> None:
    assert parse_duration(format_duration(length_ms)) == length_ms


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_refused_by_name(text: str) -> None:
    with contextlib.suppress(NotADuration):
        assert parse_duration(text) >= 0
