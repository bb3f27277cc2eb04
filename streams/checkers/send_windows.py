"""Send windows lie inside the permission and outside quiet hours, computed slowly from local time."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.records import Eligibility, Window
from streams.checkers.checker import Checker
from streams.checkers.history import Record, Step
from streams.checkers.limits import Limits


class SendWindows(Checker):
    """Push channels need windows; without quiet hours in the way, none are needed."""

    name = "send_windows"

    def said(self, step: Step, topic: str, record: Record) -> Iterator[str]:  # noqa: ARG002 - base
        """Judge the windows of openings and reschedulings."""
        if not isinstance(record, Eligibility) or record.status not in {"opened", "rescheduled"}:
            return
        about = f"{record.placement} {record.eligibility_id}"
        yield from (f"{about}: {problem}" for problem in _order(record))
        if not set(record.channels) & step.limits.push_channels:
            return
        zones = [zone for name in self._zones(step.limits) if (zone := _zone(name)) is not None]
        if zones and not any(_all_awake(record.send_windows, zone, step.limits) for zone in zones):
            yield f"{about} may be pushed in quiet hours of {zones[0].key}"

    def _zones(self, limits: Limits) -> set[str]:
        """Zones that may hold; one that nobody knows counts as the default."""
        named = self.case.known.channels.zones()
        unknown = not named or any(_zone(name) is None for name in named)
        return named | {limits.default_time_zone} if unknown else named


def _order(record: Eligibility) -> Iterator[str]:
    end = record.opens_at
    for window in record.send_windows:
        if not end <= window.from_at < window.until_at <= record.send_by:
            yield f"window {window.from_at} to {window.until_at} is out of order or out of the permission"
        end = window.until_at


def _all_awake(windows: tuple[Window, ...], zone: ZoneInfo, limits: Limits) -> bool:
    return bool(windows) and all(_awake(window, zone, limits) for window in windows)


def _awake(window: Window, zone: ZoneInfo, limits: Limits) -> bool:
    """Whether the window begins awake and ends before the next quiet hours begin."""
    start = datetime.fromtimestamp(window.from_at / 1000, UTC).astimezone(zone)
    if _quiet(start.hour * 60 + start.minute, limits):
        return False
    if limits.quiet_from_minute == limits.quiet_until_minute:
        return True
    quiet_from = time(limits.quiet_from_minute // 60, limits.quiet_from_minute % 60)
    for days in (0, 1):
        begins = datetime.combine(start.date() + timedelta(days=days), quiet_from, zone)
        if begins.timestamp() * 1000 > window.from_at:
            return window.until_at <= begins.timestamp() * 1000
    return False


def _quiet(minute: int, limits: Limits) -> bool:
    start, end = limits.quiet_from_minute, limits.quiet_until_minute
    return start <= minute < end if start <= end else minute >= start or minute < end


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None
