from typing import Any

import pytest

from streams.checkers.grounds import Grounds
from tests.streams.checkers.cases import DAY, Story, T, ended, opened, wrongs


def test_ends_that_rest_on_a_reply_are_right() -> None:
    story = Story()
    for number, (intent, status) in enumerate(
        (("yes", "accepted"), ("no", "declined"), ("not_now", "declined"), ("answer", "answered"))
    ):
        offer = opened(T, f"e-{number}")
        story.look(T, offer)
        story.replies(T, intent, ended(offer, status), eligibility_id=f"e-{number}")
    assert wrongs(Grounds, story) == []


@pytest.mark.parametrize("status", ["accepted", "declined", "answered"])
def test_an_end_that_rests_on_nothing_is_wrong(status: str) -> None:
    story = Story()
    story.look(T, opened(T))
    story.look(T + 1, ended(opened(T), status))
    assert wrongs(Grounds, story) == [f"e-1 {status} although the customer did nothing of the kind"]


def test_a_purchase_of_the_candidate_accepts() -> None:
    story = Story()
    offer = opened(T)
    story.look(T, offer)
    story.tell(T + DAY, story.order(T + DAY, "bits"), ended(offer, "accepted", "purchased"))
    assert wrongs(Grounds, story) == []


def test_an_offer_that_stays_open_after_the_purchase_is_wrong() -> None:
    story = Story()
    story.look(T, opened(T))
    story.orders(T + DAY, "bits")
    assert wrongs(Grounds, story) == ["e-1 is open although bits was bought"]


@pytest.mark.parametrize("line", [{"gift": True}, {"quantity": 0}])
def test_a_gift_and_an_empty_line_buy_nothing(line: dict[str, Any]) -> None:
    story = Story()
    story.look(T, opened(T))
    story.orders(T + DAY, "bits", **line)
    assert wrongs(Grounds, story) == []


@pytest.mark.parametrize("ago_ms", [0, 1])
def test_an_earlier_purchase_does_not_answer_the_offer(ago_ms: int) -> None:
    story = Story()
    story.look(T, opened(T))
    story.tell(T + DAY, story.order(T - ago_ms, "bits"))
    assert wrongs(Grounds, story) == []
