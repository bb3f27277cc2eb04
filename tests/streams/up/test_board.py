"""What is counted of what the topics say, and how it is shown."""

from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console

from schemas.records import Decision, Product
from streams.up.board import Board
from streams.up.view import Now, View
from tests.streams.up.said import AT_MS, eligibility, friction, stage

PRODUCTS = {
    "p1": Product("p1", "v", category="lamps", kind="durable", name="LAMP [red]"),
    "p2": Product("p2", "v", category="lamps", kind="durable", name="SHADE"),
}
WITHHELD = Decision(
    customer_id="c1",
    sequence=7,
    scope="item",
    placement="refill",
    move="offer",
    reason="outranked",
    decided_at=AT_MS,
    policy_version="p",
    catalogue_version="c",
)
NOW = Now(journey_ms=AT_MS, speed=3600, inputs=10, lag=3, workers=1, deaths=0, over=False)


def board(since_ms: int = AT_MS) -> Board:
    made = Board(since_ms, PRODUCTS)
    made.said(stage(1, "usage"))
    made.said(eligibility(2))
    made.said(eligibility(3, "declined", decided_at=AT_MS + 1))
    made.said(eligibility(4, eligibility_id="e2", cause_event_id="x"))
    made.said(friction(5, "shipping_problem", "open"))
    made.said(eligibility(6, "revoked", eligibility_id="e2", reason="friction_started"))
    made.said(WITHHELD)
    return made


def test_permissions_are_counted_from_their_opening_to_their_end() -> None:
    found = board()
    assert (found.opened.total(), found.new_opened, found.by_time, len(found.open)) == (2, 2, 1, 0)
    assert found.ended == {"declined": 1, "revoked": 1}
    assert [record.status for record in found.latest] == ["opened", "opened", "revoked"]


def test_what_was_said_before_this_run_is_not_new() -> None:
    assert board(AT_MS + 1).new_opened == 0


def test_a_flag_is_raised_once_and_cleared_once() -> None:
    found = board()
    found.said(friction(8, "shipping_problem", "cooling_off"))
    found.said(friction(9, "shipping_problem", "none", from_state="cooling_off"))
    assert (found.raised.total(), found.cleared.total()) == (1, 1)


def test_what_is_held_out_is_said_to_nobody() -> None:
    found = board()
    found.said(eligibility(8, eligibility_id="e3"), held_out=True)
    assert (found.held_out, found.opened.total(), len(found.open)) == (1, 2, 0)


def shown(*, terminal: bool, now: Now = NOW, width: int = 200) -> str:
    page = StringIO()
    console = Console(file=page, force_terminal=terminal, width=width, height=40, color_system=None)
    with View(console, board(), PRODUCTS) as view:
        view.show(now)
    return page.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_a_visitor_is_told_that_kafka_is_away_also_on_a_narrow_terminal(terminal: bool) -> None:
    away = "Kafka has not answered for 37 s: all goes on when it does"
    assert away in shown(terminal=terminal, now=replace(NOW, away_s=37.2), width=80)
    assert away not in shown(terminal=terminal, width=80)


def test_a_pipe_gets_one_plain_line() -> None:
    line = shown(terminal=False)
    assert line.count("\n") == 1
    for words in (
        "Sun 13 Mar 2011 07:06",
        "lag 3",
        "2 permissions opened",
        "1 revoked",
        "traps 0",
        "not any more",
    ):
        assert words in line


def test_a_terminal_gets_what_was_withheld_and_taken_back_and_why() -> None:
    page = shown(terminal=True)
    for words in (
        "lamp [red]",
        "offer shade",
        "not any more",
        "friction started",
        "outranked",
        "shipping problem",
    ):
        assert words in page
