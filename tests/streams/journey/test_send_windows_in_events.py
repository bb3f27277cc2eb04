"""Quiet hours as subscribers see them: send windows in the events, reissued when the time zone changes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from schemas.records import Eligibility, Profile
from streams.journey.policy import Sending
from tests.streams.journey.story import DAY, DAY_0, HOUR, Story
from tests.streams.journey.worlds import policy, world_of


def sending() -> Sending:
    return policy().base.sending


def guide(zone: str | None, hour: float = 12.0, customer: str = "anna") -> tuple[Story, Eligibility]:
    """A setup guide (in the app, by e-mail, by push) that opens on day 0 at this hour UTC."""
    story = Story(world_of("setup_guide"), customer).profile(time_zone=zone).order("kettle")
    story.at(hours=hour).delivered()
    return story, story.opened("setup_guide")[0]


def windows(record: Eligibility) -> list[tuple[int, int]]:
    return [(window.from_at - DAY_0, window.until_at - DAY_0) for window in record.send_windows]


def test_quiet_hours_are_left_out_of_the_send_windows() -> None:
    _, opened = guide("UTC")
    assert windows(opened)[0] == (12 * HOUR, 21 * HOUR)
    assert windows(opened)[1][1] == DAY + 21 * HOUR


def test_send_windows_lie_within_the_permission_and_apart() -> None:
    for hour in (0, 5, 8, 12, 20.99, 21, 23.5):
        _, opened = guide("Asia/Kolkata", hour)
        found = opened.send_windows
        assert found[0].from_at >= opened.opens_at
        assert found[-1].until_at <= opened.send_by
        assert all(one.until_at < other.from_at for one, other in pairwise(found))
        assert all(window.from_at < window.until_at for window in found)


@pytest.mark.parametrize(
    ("zone", "loud_until"), [("UTC", 21), ("Europe/Berlin", 20), ("America/New_York", 26), ("Asia/Tokyo", 12)]
)
def test_quiet_hours_are_those_of_the_customer(zone: str, loud_until: int) -> None:
    _, opened = guide(zone, 11.0 if zone == "Asia/Tokyo" else 14.0)
    assert windows(opened)[0][1] == loud_until * HOUR


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus"])
def test_unknown_zones_use_the_brands(zone: str | None) -> None:
    more = '[brand."acme".sending]\ndefault_time_zone = "Asia/Tokyo"\n'
    story = Story(world_of("setup_guide", more=more)).profile(time_zone=zone, brand="acme").order("kettle")
    story.at(hours=11).delivered()
    assert windows(story.opened("setup_guide")[0])[0][1] == 12 * HOUR


def test_the_end_of_the_quiet_hours_is_spread_by_a_hash_of_the_customer() -> None:
    starts = set()
    for n in range(20):
        _, opened = guide("UTC", 23.0, f"customer-{n}")
        starts.add(windows(opened)[0][0] - DAY - 8 * HOUR)
    assert len(starts) == 20
    assert all(0 <= start < sending().spread_ms for start in starts)


def test_the_spread_of_a_customer_is_always_the_same() -> None:
    assert windows(guide("UTC", 23.0)[1]) == windows(guide("UTC", 23.0)[1])


def test_quiet_hours_bind_push_channels_only() -> None:
    more = '[sending]\npush_channels = ["sms"]\n'
    story = Story(world_of("setup_guide", more=more)).profile(time_zone="UTC").order("kettle").delivered()
    (opened,) = story.opened("setup_guide")
    assert windows(opened) == [(0, 7 * DAY)]


def test_a_permission_that_opens_in_quiet_hours_is_open_but_not_to_be_pushed_yet() -> None:
    story, opened = guide("UTC", 22.0)
    assert opened.opens_at == DAY_0 + 22 * HOUR
    assert opened.send_windows[0].from_at >= DAY_0 + DAY + 8 * HOUR
    assert story.now == opened.opens_at


def test_a_new_time_zone_reissues_the_send_windows_of_what_is_open() -> None:
    story, opened = guide("UTC")
    story.at(days=1, hours=2).profile(time_zone="Asia/Tokyo")
    (again,) = story.changes("setup_guide", "rescheduled")
    assert (again.eligibility_id, again.reason) == (opened.eligibility_id, "time_zone_changed")
    assert (again.send_by, again.answer_until) == (opened.send_by, opened.answer_until)
    assert windows(again)[0] == (26 * HOUR, 36 * HOUR)


def test_a_reissue_is_no_end() -> None:
    story, _ = guide("UTC")
    story.at(days=1).profile(time_zone="Asia/Tokyo").at(days=40)
    assert [r.status for r in story.changes("setup_guide")] == ["opened", "rescheduled", "expired"]


def test_the_same_time_zone_again_reissues_nothing() -> None:
    story, _ = guide("UTC")
    assert story.at(days=1).profile(time_zone="UTC", locale="de").changes("setup_guide", "rescheduled") == []


def test_what_was_sent_is_not_reissued() -> None:
    story, opened = guide("UTC")
    story.sent(opened).at(days=1).profile(time_zone="Asia/Tokyo")
    assert story.changes("setup_guide", "rescheduled") == []


def test_what_may_be_sent_no_more_is_not_reissued() -> None:
    story, _ = guide("UTC")
    story.at(days=8).profile(time_zone="Asia/Tokyo")
    assert story.changes("setup_guide", "rescheduled") == []


def test_an_older_profile_that_comes_late_moves_nothing() -> None:
    story, _ = guide("UTC")
    story.at(days=1)
    late = {**story._stamp("e0"), "occurred_at": DAY_0 - 1}
    story.send(Profile(**late, time_zone="Asia/Tokyo"))
    assert story.changes("setup_guide", "rescheduled") == []
