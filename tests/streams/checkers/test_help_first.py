from schemas.records import Decision
from streams.checkers.help_first import HelpFirst
from tests.streams.checkers.cases import (
    DAY,
    HOUR,
    LIMITS,
    MINUTE,
    Story,
    T,
    help_,
    with_limits,
    wrongs,
)

LATE = with_limits(late_by_max_ms=MINUTE)


def withheld(at_ms: int, move: str = "help") -> tuple[str, Decision]:
    return "journey.decisions", Decision(
        customer_id="", sequence=0, scope="episode", placement="help", move=move, reason="agent_holds",
        decided_at=at_ms, policy_version="p1", catalogue_version="c1",
    )  # fmt: skip


def test_help_half_an_hour_after_the_trouble_is_right() -> None:
    story = Story()
    story.ticket(T, "open")
    story.look(T + 30 * MINUTE, help_(T))
    story.look(T + HOUR)
    assert wrongs(HelpFirst, story) == []


def test_no_help_is_wrong_also_at_the_end_of_the_history() -> None:
    story, other = Story(), Story("customer-otto")
    story.ticket(T, "open")
    other.look(T + HOUR)
    expected = [f"ticket ticket-1 was open at {T + 35 * MINUTE}, and help was neither offered nor withheld"]
    assert wrongs(HelpFirst, story, other) == expected
    story.look(T + HOUR)
    story.look(T + 9 * HOUR)
    assert wrongs(HelpFirst, story) == expected


def test_help_may_be_as_late_as_a_wake_up_and_a_clock_but_no_later() -> None:
    for late_ms, wrong in ((6 * MINUTE, 0), (6 * MINUTE + 1, 1)):
        story = Story(limits=LATE)
        story.ticket(T, "open")
        story.look(T + 30 * MINUTE + late_ms, help_(T))
        story.look(T + HOUR)
        assert len(wrongs(HelpFirst, story)) == wrong


def test_a_reason_for_silence_is_as_good_as_help() -> None:
    for move, wrong in (("help", 0), ("offer", 1)):
        story = Story()
        story.ticket(T, "open")
        story.look(T + 30 * MINUTE, withheld(T, move))
        story.look(T + HOUR)
        assert len(wrongs(HelpFirst, story)) == wrong


def test_trouble_that_is_over_in_time_needs_no_help() -> None:
    story = Story()
    story.ticket(T, "open")
    story.ticket(T + 35 * MINUTE - 1, "solved")
    story.look(T + HOUR)
    assert wrongs(HelpFirst, story) == []


def test_trouble_that_an_agent_holds_needs_none() -> None:
    story = Story()
    story.ticket(T, "open", agent_holds=True)
    story.look(T + HOUR)
    assert wrongs(HelpFirst, story) == []


def test_frustration_that_a_solved_contact_followed_needs_none() -> None:
    for status, wrong in (("open", 2), ("solved", 0)):
        story = Story()
        story.replies(T, "frustrated")
        story.ticket(T + MINUTE, status)
        story.look(T + HOUR)
        assert len(wrongs(HelpFirst, story)) == wrong


def test_help_of_the_day_before_is_enough() -> None:
    for ago_ms, wrong in ((DAY, 0), (DAY + 1, 1)):
        story = Story()
        story.look(T - ago_ms, help_(T))
        story.ticket(T, "open")
        story.look(T + HOUR)
        assert len(wrongs(HelpFirst, story)) == wrong


def test_trouble_that_is_heard_of_late_is_due_at_once() -> None:
    story = Story()
    story.ticket(T, "open", occurred_at=T - 5 * DAY)
    story.look(T + 5 * MINUTE + 1)
    assert len(wrongs(HelpFirst, story)) == 1
    story = Story()
    story.ticket(T, "open", help_(T), occurred_at=T - 5 * DAY)
    story.look(T + 1)
    assert wrongs(HelpFirst, story) == []


def test_nothing_is_due_while_the_partition_catches_up() -> None:
    story, other = Story(), Story("customer-otto")
    story.ticket(T, "open")
    other.look(T + MINUTE, current=False)
    story.look(T + HOUR)
    assert wrongs(HelpFirst, story, other) == []


def test_help_that_is_switched_off_is_not_due() -> None:
    story = Story(limits=with_limits(enabled=LIMITS.enabled - {"help"}))
    story.ticket(T, "open")
    story.look(T + HOUR)
    assert wrongs(HelpFirst, story) == []
