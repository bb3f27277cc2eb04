import pytest

from streams.checkers.help_caps import HelpCaps
from tests.streams.checkers.cases import DAY, HOUR, Story, T, ended, help_, wrongs


@pytest.mark.parametrize(("late_by_ms", "wrong"), [(-1, 1), (0, 0), (1, 0)])
def test_help_comes_once_in_a_day(late_by_ms: int, wrong: int) -> None:
    story = Story()
    story.look(T, help_(T))
    story.look(T + HOUR, ended(help_(T), "completed"))
    story.look(T + DAY + late_by_ms, help_(T, "h-2"))
    assert len(wrongs(HelpCaps, story)) == wrong


def test_help_beside_an_agent_is_wrong() -> None:
    story = Story()
    story.ticket(T, "open", agent_holds=True)
    story.look(T + HOUR, help_(T))
    assert wrongs(HelpCaps, story) == ["h-1 opened while an agent holds all that is wrong"]


def test_help_after_the_agent_let_go_is_right() -> None:
    story = Story()
    story.ticket(T, "open", agent_holds=True)
    story.ticket(T + 1, "open")
    story.look(T + HOUR, help_(T))
    assert wrongs(HelpCaps, story) == []


def test_another_ticket_that_nobody_holds_may_be_helped() -> None:
    story = Story()
    story.ticket(T, "open", agent_holds=True)
    story.ticket(T, "open", ticket_id="ticket-2")
    story.look(T + HOUR, help_(T))
    assert wrongs(HelpCaps, story) == []


def test_a_ticket_that_was_solved_leaves_the_agent_with_all_that_is_wrong() -> None:
    story = Story()
    story.ticket(T, "open", agent_holds=True)
    story.ticket(T, "solved", ticket_id="ticket-2")
    story.look(T + HOUR, help_(T))
    assert len(wrongs(HelpCaps, story)) == 1


def test_other_trouble_of_long_ago_is_over() -> None:
    story = Story()
    story.parcel(T - 61 * DAY, "lost")
    story.ticket(T, "open", agent_holds=True)
    story.look(T + HOUR, help_(T))
    assert len(wrongs(HelpCaps, story)) == 1


def test_other_trouble_beside_the_held_ticket_may_be_helped() -> None:
    story = Story()
    story.ticket(T, "open", agent_holds=True)
    story.parcel(T, "lost")
    story.look(T + HOUR, help_(T))
    assert wrongs(HelpCaps, story) == []
