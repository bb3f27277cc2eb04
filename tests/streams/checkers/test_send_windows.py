from typing import Any

import pytest

from schemas.records import Profile, Window
from streams.checkers.send_windows import SendWindows
from tests.streams.checkers.cases import DAY, HOUR, MINUTE, Story, T, ended, opened, with_limits, wrongs

EIGHT = T + 20 * HOUR
"""Eight in the morning of the day after, UTC: quiet hours are over."""


def lives_in(story: Story, zone: str, at_ms: int = T - 30 * DAY) -> None:
    story.tell(at_ms, Profile(**story.head(at_ms), time_zone=zone))


def judged(story: Story, *windows: tuple[int, int], **fields: Any) -> int:
    given = tuple(Window(from_at=start, until_at=end) for start, end in windows)
    story.look(T, opened(T, send_windows=given, **fields))
    return len(wrongs(SendWindows, story))


def test_windows_of_waking_hours_are_right() -> None:
    assert judged(Story(), (T, T + 9 * HOUR), (EIGHT, EIGHT + 13 * HOUR)) == 0


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 0), (0, 0), (1, 1)])
def test_a_window_ends_when_quiet_hours_begin(late_by_ms: int, wrong: int) -> None:
    assert judged(Story(), (T, T + 9 * HOUR + late_by_ms)) == wrong


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 1), (0, 0), (1, 0)])
def test_a_window_begins_when_quiet_hours_are_over(late_by_ms: int, wrong: int) -> None:
    assert judged(Story(), (EIGHT + late_by_ms, EIGHT + HOUR)) == wrong


@pytest.mark.parametrize(("zone", "wrong"), [("Europe/Berlin", 0), ("Asia/Tokyo", 1), ("Nowhere/Else", 0)])
def test_quiet_hours_are_those_of_the_customer(zone: str, wrong: int) -> None:
    story = Story()
    lives_in(story, zone)
    assert judged(story, (T, T + 8 * HOUR)) == wrong


def test_the_latest_zone_counts() -> None:
    story = Story()
    lives_in(story, "UTC")
    lives_in(story, "Asia/Tokyo", T - 31 * DAY)
    story.consents(T - DAY, "email")
    assert judged(story, (T, T + 9 * HOUR)) == 0


def test_quiet_hours_follow_summer_time() -> None:
    """On 2024-03-31 Berlin moves its clocks: 21:00 is 20:00 UTC before, 19:00 UTC after."""
    saturday = T + 89 * DAY
    for at_ms, wrong in ((saturday, 0), (saturday + DAY, 1)):
        story = Story()
        lives_in(story, "Europe/Berlin")
        window = Window(from_at=at_ms, until_at=at_ms + 8 * HOUR)
        story.look(at_ms, opened(at_ms, send_windows=(window,)))
        assert len(wrongs(SendWindows, story)) == wrong


def test_channels_that_are_not_pushed_need_no_windows() -> None:
    assert judged(Story(), channels=("in_app",)) == 0
    assert judged(Story(), channels=("in_app", "email")) == 1


@pytest.mark.parametrize("windows", [
    [(T - MINUTE, T + MINUTE)],
    [(T + 7 * DAY - MINUTE, T + 7 * DAY + MINUTE)],
    [(T + HOUR, T + HOUR)],
    [(T + HOUR, T + 2 * HOUR), (T, T + MINUTE)],
    [(T, T + 2 * HOUR), (T + HOUR, T + 3 * HOUR)],
])  # fmt: skip
def test_windows_out_of_order_or_out_of_the_permission_are_wrong(windows: list[tuple[int, int]]) -> None:
    assert judged(Story(), *windows) >= 1


def test_reissued_windows_are_judged_too() -> None:
    story = Story()
    offer = opened(T)
    story.look(T, offer)
    story.look(T, ended(offer, "rescheduled", send_windows=(Window(T + 10 * HOUR, T + 11 * HOUR),)))
    assert len(wrongs(SendWindows, story)) == 1


def test_without_quiet_hours_every_window_is_right() -> None:
    limits = with_limits(quiet_from_minute=0, quiet_until_minute=0)
    assert judged(Story(limits=limits), (T, T + 2 * DAY)) == 0
