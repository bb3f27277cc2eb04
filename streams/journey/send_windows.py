"""Pure. The UTC intervals in which a push channel may be used: the permission's time less the quiet hours.

Quiet hours are what the customer's clock shows, so every local day has one interval at most, and its ends
are found once per zone and day. When a clock is set forward over such an end, the end is the moment of the
change; when it is set back, of an end that the clock shows twice the quieter one counts: an hour too quiet
once a year, never one too loud. `zoneinfo` is data here, not a clock.

The end of the quiet hours is one instant for a whole time zone, so starts at it are spread by a hash of the
customer. A permission that opens outside of quiet hours starts at once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from streams.journey.policy import Sending

Interval = tuple[int, int]
"""From and until in epoch milliseconds; until is not part of it."""

WINDOWS_MAX: Final = 32
"""Intervals of one permission; beyond them nothing is pushed."""
ZONES_MAX: Final = 1_024
BOUNDARIES_MAX: Final = 65_536
TIMES_MAX: Final = 2_048
"""Zones and days whose loud hours are remembered in one piece, of about 4 KB."""
ZONE_CHARS_MAX: Final = 64

_DAY_MS: Final = 86_400_000
_DAYS_BEFORE: Final = 2
"""A local day may begin 26 hours before the UTC day of the same date, and an interval a day before that."""
_EPOCH_ORDINAL: Final = 719_163
_DAY_MAX: Final = 2_932_000
"""Days since 1970 that a calendar surely holds, with room for every offset."""
_FINEST_MS: Final = 1_000
"""Clocks are set at full seconds."""


def send_windows(
    opens_at_ms: int,
    send_by_ms: int,
    time_zone: str | None,
    sending: Sending,
    customer_hash: int,
    push: bool,  # noqa: FBT001 - one of the facts, not a mode
) -> tuple[Interval, ...]:
    """When a permission from `opens_at_ms` until `send_by_ms` may be used, in order and apart.

    Without push, or without quiet hours, all of it. An unknown or missing zone is the policy's default zone.
    Empty when the whole permission lies in quiet hours. At most `WINDOWS_MAX` intervals.
    """
    if send_by_ms <= opens_at_ms:
        return ()
    from_minute, until_minute = sending.quiet_from_minute, sending.quiet_until_minute
    if not push or from_minute == until_minute:
        return ((opens_at_ms, send_by_ms),)
    name = known_zone(time_zone) or known_zone(sending.default_time_zone) or "UTC"
    spread_ms = sending.spread_ms
    windows: list[Interval] = []
    for loud_from, loud_until in loud_times(name, opens_at_ms // _DAY_MS, from_minute, until_minute):
        if loud_from >= send_by_ms or len(windows) == WINDOWS_MAX:
            break
        if loud_until <= opens_at_ms:
            continue
        until = loud_until if loud_until < send_by_ms else send_by_ms
        if loud_from <= opens_at_ms:
            windows.append((opens_at_ms, until))
        else:
            room_ms = spread_ms if spread_ms < until - loud_from else until - loud_from
            windows.append((loud_from + customer_hash % room_ms if room_ms > 0 else loud_from, until))
    return tuple(windows)


@lru_cache(maxsize=ZONES_MAX)
def known_zone(name: str | None) -> str | None:
    """The name of a time zone if there is one, None otherwise."""
    if not name or len(name) > ZONE_CHARS_MAX:
        return None
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        return None


@lru_cache(maxsize=TIMES_MAX)
def loud_times(zone: str, day: int, from_minute: int, until_minute: int) -> tuple[Interval, ...]:
    """The loud hours of as many days as a permission that opens on a UTC day can use, in order and apart.

    A step asks for all of them at once, and many customers of a zone ask for the same on a day.
    """
    times: list[Interval] = []
    for local in range(day - _DAYS_BEFORE, min(day + WINDOWS_MAX + _DAYS_BEFORE, _DAY_MAX + 1)):
        loud_from, loud_until = loud_hours(zone, local, from_minute, until_minute)
        if times and loud_from <= times[-1][1] < loud_until:
            times[-1] = (times[-1][0], loud_until)
        elif loud_until > loud_from:
            times.append((loud_from, loud_until))
    return tuple(times)


@lru_cache(maxsize=BOUNDARIES_MAX)
def loud_hours(zone: str, day: int, from_minute: int, until_minute: int) -> Interval:
    """The interval that begins where the quiet hours end on a local day, and ends where the next ones begin.

    `day` is the local date as days since 1970-01-01. May be empty, where clocks skip it.
    """
    next_quiet = day if from_minute > until_minute else day + 1
    return _instant(zone, day, until_minute, last=True), _instant(zone, next_quiet, from_minute, last=False)


def _instant(zone: str, day: int, minute: int, *, last: bool) -> int:
    """When the clock shows a minute of a local day: the first time or the last, or when it skips over it."""
    tz = ZoneInfo(zone)
    shown = datetime.fromordinal(day + _EPOCH_ORDINAL) + timedelta(minutes=minute)
    first = _utc_ms(shown.replace(tzinfo=tz, fold=0))
    second = _utc_ms(shown.replace(tzinfo=tz, fold=1))
    if second < first:
        return _clock_change(tz, second, first)
    return second if last else first


def _clock_change(tz: ZoneInfo, before_ms: int, after_ms: int) -> int:
    """The first instant with the offset of `after_ms`; one change of the clock lies between the two."""
    offset = _offset(tz, after_ms)
    while after_ms - before_ms > _FINEST_MS:
        middle = (before_ms + after_ms) // 2 // _FINEST_MS * _FINEST_MS
        if _offset(tz, middle) == offset:
            after_ms = middle
        else:
            before_ms = middle
    return after_ms


def _offset(tz: ZoneInfo, at_ms: int) -> timedelta | None:
    return datetime.fromtimestamp(at_ms // 1000, tz).utcoffset()


def _utc_ms(local: datetime) -> int:
    return round((local - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
