"""The cursor that has everything decided anew after a change: complete, bounded, silent by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.decided import DecidedRecords
from state.layouts import Codecs
from state.records.parts import Target
from streams.journey.redeciding import PASS_MS_MAX, READ_MAX, Cursor, Look, quota, redecide
from streams.journey.step import World
from tests.streams.journey.story import DAY, Story
from tests.streams.journey.worlds import change_world, world_of


class Record(NamedTuple):
    key: bytes
    customer_id: str
    target: Target
    version: int


class Records:
    """Records in the order of their keys, which remember how many were asked for at once."""

    def __init__(self, versions: Sequence[int]) -> None:
        self.all = [Record(bytes((n,)), f"c{n}", Target(), version) for n, version in enumerate(versions)]
        self.asked: list[int] = []

    def after(self, key: bytes | None, limit: int) -> list[Record]:
        self.asked.append(limit)
        return [record for record in self.all if key is None or record.key > key][:limit]


def a_pass(records: Records, version: int, limit: int, cursor: Cursor | None = None) -> list[Look]:
    """All looks until the pass is over."""
    cursor, looks = cursor or Cursor(), []
    for _ in range(len(records.all) + 2):
        found, cursor = redecide(records, cursor, version, limit)
        assert len(found) <= limit
        looks += found
        if cursor.over:
            return looks
    raise AssertionError("the pass does not end")


@given(st.lists(st.integers(1, 3), max_size=60), st.integers(1, 20))
def test_a_pass_finds_every_stale_record_once_and_no_other(versions: list[int], limit: int) -> None:
    records = Records(versions)
    stale = [(record.customer_id, record.target) for record in records.all if record.version != 3]
    assert a_pass(records, 3, limit) == stale


def test_nothing_is_read_when_the_pass_is_over() -> None:
    records = Records([1, 1])
    _, cursor = redecide(records, Cursor(), 2, 10)
    asked = len(records.asked)
    assert redecide(records, cursor, 2, 10) == ([], cursor)
    assert len(records.asked) == asked


def test_another_version_begins_a_new_pass_wherever_the_old_one_was() -> None:
    records = Records([1] * 10)
    _, cursor = redecide(records, Cursor(), 2, 4)
    found, cursor = redecide(records, cursor, 3, 4)
    assert [look[0] for look in found] == ["c0", "c1", "c2", "c3"]
    assert cursor.version == 3


@pytest.mark.parametrize(("limit", "asked"), [(0, 1), (1, 1), (READ_MAX, READ_MAX), (READ_MAX + 1, READ_MAX)])
def test_one_call_reads_a_bounded_number_of_records(limit: int, asked: int) -> None:
    records = Records([1])
    redecide(records, Cursor(), 2, limit)
    assert records.asked == [asked]


@pytest.mark.parametrize("count", [0, 1, 1_000, 10_000_000])
def test_the_quota_ends_a_pass_within_a_day_and_not_much_sooner(count: int) -> None:
    tick_ms = 500
    ticks = PASS_MS_MAX // tick_ms
    assert (ticks - 1) * (quota(count, tick_ms) - 1) < count + ticks
    assert ticks * quota(count, tick_ms) >= count


# over a real store


def households() -> Story:
    """Three customers, each with an upgrade that is open."""
    story = Story(world_of("upgrade"))
    for customer in ("anna", "bert", "cleo"):
        story.customer = customer
        story.profile().order("kettle", "lamp", order_id=f"o-{customer}").delivered(f"o-{customer}")
        story.use("result").use("limit_reached")
    return story


def redecided(story: Story, given: World, limit: int) -> list[list[str]]:
    """Let the cursor run under another world; the customers whose permission was revoked at each call."""
    change_world(story, given)
    scan, cursor = DecidedRecords(story.store, Codecs()), Cursor()
    calls: list[list[str]] = []
    while not calls or not cursor.over:
        looks, cursor = redecide(scan, cursor, story.world.version, limit)
        before = len(story.said)
        for customer, target in looks:
            story.customer = customer
            story.look(target)
        calls.append(
            [r.customer_id for _, _, r in story.said[before:] if getattr(r, "status", "") == "revoked"]
        )
    return calls


def test_what_no_longer_holds_is_revoked_within_the_pass() -> None:
    story = households()
    calls = redecided(story, world_of("refill"), 100)
    assert calls == [["anna", "bert", "cleo"]]
    assert {r.reason for r in story.changes("upgrade", "revoked")} == {"policy_changed"}


def test_a_pause_revokes_at_a_bounded_rate() -> None:
    story = households()
    calls = redecided(story, world_of("upgrade", type="pause"), 1)
    assert [names for names in calls if names] == [["anna"], ["bert"], ["cleo"]]
    assert {r.reason for r in story.changes("upgrade", "revoked")} == {"paused"}


def test_after_a_pass_nothing_is_stale_and_a_second_one_says_nothing() -> None:
    story = households()
    redecided(story, world_of("refill"), 3)
    said = len(story.said)
    stored = DecidedRecords(story.store, Codecs()).after(None, 1_000)
    assert {record.version for record in stored} == {story.world.version}
    assert len(stored) == 3 * 4  # the customer, two items and an order
    assert a_pass_over(story) == []
    assert len(story.said) == said


def a_pass_over(story: Story) -> list[Look]:
    found, _ = redecide(DecidedRecords(story.store, Codecs()), Cursor(), story.world.version)
    return found


def test_a_pass_under_an_equal_world_says_nothing() -> None:
    story = households()
    said = len(story.said)
    redecided(story, world_of("upgrade"), 5)
    assert len(story.said) == said


def test_what_events_decided_anew_is_not_looked_at_again() -> None:
    story = households()
    given = world_of("upgrade", type="pause")
    change_world(story, given)
    story.customer = "bert"
    story.now += DAY
    story.use("session").use("session", "lamp").parcel("info_received", "o-bert")
    assert {customer for customer, _ in a_pass_over(story)} == {"anna", "cleo"}


def test_an_item_comes_to_the_stage_of_the_new_policy_within_the_pass() -> None:
    story = households()
    story.now += 20 * DAY
    redecided(story, world_of("upgrade", more='[stages]\ncare_after = "10 d"\n'), 2)
    assert [r.customer_id for r in story.of("journey.stages") if r.to_stage == "care"] == [
        "anna",
        "bert",
        "cleo",
    ]
