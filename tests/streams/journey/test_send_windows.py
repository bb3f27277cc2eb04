"""Judged by a slow oracle that looks at the customer's clock minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.journey.policy import Sending
from streams.journey.send_windows import WINDOWS_MAX, Interval, send_windows
from streams.loading.policy_file import load_policies

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
SENDING = replace(load_policies().base.sending, spread_ms=0)
QUIET_AT_NIGHT = (21 * 60, 8 * 60)
CHANGES = {
    "Europe/London": ["2026-03-29T01:00", "2026-10-25T01:00"],
    "America/New_York": ["2026-03-08T07:00", "2026-11-01T06:00"],
    "Australia/Lord_Howe": ["2026-10-03T15:30", "2026-04-04T15:00"],
    "Asia/Kathmandu": ["2026-03-29T01:00"],
    "Pacific/Apia": ["2011-12-30T10:00", "2011-04-02T14:00"],
    "America/Sao_Paulo": ["2018-11-04T03:00", "2018-02-18T02:00"],
}
"""Zones with their changes of the clock, in UTC; the first sets it forward. Kathmandu has none."""


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def sending(quiet_from: int, quiet_until: int, spread_ms: int = 0) -> Sending:
    return replace(SENDING, quiet_from_minute=quiet_from, quiet_until_minute=quiet_until, spread_ms=spread_ms)


def local(at_ms: int, zone: str) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone))


def is_quiet(at_ms: int, zone: str, quiet_from: int, quiet_until: int) -> bool:
    shown = local(at_ms, zone)
    minute = shown.hour * 60 + shown.minute
    if quiet_from < quiet_until:
        return quiet_from <= minute < quiet_until
    return minute >= quiet_from or minute < quiet_until


def is_shown_twice(at_ms: int, zone: str) -> bool:
    shown = local(at_ms, zone)
    return shown.utcoffset() != shown.replace(fold=1 - shown.fold).utcoffset()


def holds(windows: tuple[Interval, ...], at_ms: int) -> bool:
    return any(from_ms <= at_ms < until_ms for from_ms, until_ms in windows)


changes = st.sampled_from([(zone, ms(at)) for zone, times in CHANGES.items() for at in times])
minutes = st.one_of(st.integers(0, 1439), st.integers(0, 240))


@given(changes, st.integers(-2 * 1440, 1440), st.integers(1, 3 * 1440), minutes, minutes)
@example(("Europe/London", ms("2026-03-29T01:00")), -120, 240, 21 * 60, 90)
@example(("Europe/London", ms("2026-10-25T01:00")), -120, 240, 21 * 60, 90)
@example(("Europe/London", ms("2026-10-25T01:00")), -120, 240, 90, 480)
@example(("Australia/Lord_Howe", ms("2026-10-03T15:30")), -120, 240, 21 * 60, 135)
@example(("Pacific/Apia", ms("2011-12-30T10:00")), -1440, 3 * 1440, 9 * 60, 17 * 60)
def test_nothing_is_pushed_in_quiet_hours_and_all_else_is_allowed(
    change: tuple[str, int], begins: int, lasts: int, quiet_from: int, quiet_until: int
) -> None:
    zone, at_ms = change
    opens_at = at_ms + begins * MINUTE_MS
    send_by = opens_at + lasts * MINUTE_MS
    windows = send_windows(opens_at, send_by, zone, sending(quiet_from, quiet_until), 0, True)
    for minute_at in range(opens_at, send_by, MINUTE_MS):
        allowed = holds(windows, minute_at)
        quiet = quiet_from != quiet_until and is_quiet(minute_at, zone, quiet_from, quiet_until)
        assert not (allowed and quiet), local(minute_at, zone)
        assert allowed or quiet or is_shown_twice(minute_at, zone), local(minute_at, zone)


@given(changes, st.integers(0, 40 * DAY_MS), st.integers(0, 2**64), st.integers(0, 3 * HOUR_MS))
def test_windows_are_in_order_apart_and_within_the_permission(
    change: tuple[str, int], lasts_ms: int, customer_hash: int, spread_ms: int
) -> None:
    zone, at_ms = change
    opens_at = at_ms - DAY_MS
    rule = sending(*QUIET_AT_NIGHT, spread_ms)
    windows = send_windows(opens_at, opens_at + lasts_ms, zone, rule, customer_hash, True)
    ends = [end for window in windows for end in window]
    assert ends == sorted(set(ends))
    assert all(opens_at <= end <= opens_at + lasts_ms for end in ends)
    assert len(windows) <= WINDOWS_MAX


@given(st.integers(0, 2**64), st.integers(1, 3 * HOUR_MS))
@example(2 * HOUR_MS, 3 * HOUR_MS)
def test_the_end_of_quiet_hours_is_spread_and_the_opening_is_not(customer_hash: int, spread_ms: int) -> None:
    opens_at, send_by = ms("2026-06-01T12:00"), ms("2026-06-02T09:00")
    rule = sending(*QUIET_AT_NIGHT, spread_ms)
    today, tomorrow = send_windows(opens_at, send_by, "UTC", rule, customer_hash, True)
    assert today == (opens_at, ms("2026-06-01T21:00"))
    assert ms("2026-06-02T08:00") <= tomorrow[0] < min(ms("2026-06-02T08:00") + spread_ms, send_by)
    assert tomorrow[1] == send_by


def test_customers_are_spread_over_the_whole_spread() -> None:
    opens_at, send_by = ms("2026-06-01T22:00"), ms("2026-06-02T12:00")
    rule = sending(*QUIET_AT_NIGHT, 30 * MINUTE_MS)
    starts = {send_windows(opens_at, send_by, "UTC", rule, n * MINUTE_MS, True)[0][0] for n in range(1_000)}
    assert len(starts) == 30


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-03-30", 24), ("2026-10-25", 25)])
def test_a_day_of_23_or_25_hours_keeps_its_local_hours(day: str, hours: int) -> None:
    begins = ms(f"{day}T00:00") - (HOUR_MS if day == "2026-03-30" or hours == 25 else 0)
    windows = send_windows(begins, begins + hours * HOUR_MS, "Europe/London", SENDING, 0, True)
    assert [(local(a, "Europe/London").hour, local(b, "Europe/London").hour) for a, b in windows] == [(8, 21)]


@pytest.mark.parametrize("zone", [None, "", "Mars/Base", "../etc/passwd", "Europe", "x" * 10_000, "\0"])
def test_an_unknown_zone_is_the_default_zone(zone: str | None) -> None:
    rule = replace(SENDING, default_time_zone="Asia/Tokyo")
    opens_at = ms("2026-06-01T12:00")
    expected = send_windows(opens_at, opens_at + DAY_MS, "Asia/Tokyo", rule, 7, True)
    assert send_windows(opens_at, opens_at + DAY_MS, zone, rule, 7, True) == expected


def test_a_skipped_date_does_not_part_a_night() -> None:
    opens_at = ms("2011-12-30T08:00")
    windows = send_windows(opens_at, opens_at + 4 * HOUR_MS, "Pacific/Apia", sending(540, 1020), 0, True)
    assert windows == ((opens_at, opens_at + 4 * HOUR_MS),)


def test_channels_that_do_not_push_have_no_quiet_hours() -> None:
    opens_at = ms("2026-06-01T23:00")
    assert send_windows(opens_at, opens_at + DAY_MS, "UTC", SENDING, 7, False) == (
        (opens_at, opens_at + DAY_MS),
    )


def test_equal_ends_mean_no_quiet_hours() -> None:
    opens_at = ms("2026-06-01T23:00")
    rule = sending(600, 600, HOUR_MS)
    assert send_windows(opens_at, opens_at + DAY_MS, "UTC", rule, 7, True) == ((opens_at, opens_at + DAY_MS),)


@pytest.mark.parametrize(("lasts_ms", "windows"), [(-1, 0), (0, 0), (1, 1)])
def test_a_permission_that_is_over_has_no_window(lasts_ms: int, windows: int) -> None:
    opens_at = ms("2026-06-01T12:00")
    assert len(send_windows(opens_at, opens_at + lasts_ms, "UTC", SENDING, 0, True)) == windows


def test_a_permission_within_quiet_hours_has_no_window() -> None:
    assert send_windows(ms("2026-06-01T22:00"), ms("2026-06-02T08:00"), "UTC", SENDING, 0, True) == ()
    until = ms("2026-06-02T08:00") + 1
    assert send_windows(ms("2026-06-01T22:00"), until, "UTC", SENDING, 0, True) == ((until - 1, until),)


def test_windows_are_bounded_however_long_the_permission() -> None:
    opens_at = ms("2026-06-01T12:00")
    assert len(send_windows(opens_at, opens_at + 400 * DAY_MS, "UTC", SENDING, 0, True)) == WINDOWS_MAX


def test_the_end_of_the_calendar_is_no_error() -> None:
    opens_at = ms("9990-01-01T12:00")
    assert send_windows(opens_at, opens_at + 10_000 * DAY_MS, "Pacific/Kiritimati", SENDING, 0, True)
    last = ms("9999-12-31T12:00")
    assert send_windows(last, last + DAY_MS, "Pacific/Kiritimati", SENDING, 0, True) == ()
