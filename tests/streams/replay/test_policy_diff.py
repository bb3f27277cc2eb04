"""What a policy change would do, as counts and as a page."""

from collections import Counter
from html.parser import HTMLParser

import pytest

from streams.loading.policy_view import Difference
from streams.replay.diff_page import change_of, page
from streams.replay.policy_diff import PolicyDiff, Row, compare
from streams.replay.tally import Tally


def tally(opened: int, accepted: int, day: int = 18_000) -> Tally:
    return Tally(
        customers=9,
        eligibilities=Counter({("refill", "opened"): opened, ("refill", "accepted"): accepted}),
        withheld=Counter({("refill", "friction"): 3, ("upgrade", "friction"): 1, ("refill", "generic"): 2}),
        opened_by_day=Counter({("refill", day): opened}),
    )


@pytest.fixture
def diff() -> PolicyDiff:
    settings = [Difference("caps.offer_gap", "7 d", "<3 d>")]
    return compare(("old", "new & bold"), (tally(10, 4), tally(15, 4, 18_015)), settings)


def test_counts_stand_side_by_side(diff: PolicyDiff) -> None:
    sections = {section.title: section.rows for section in diff.sections}
    assert sections["opened, by placement"] == (Row("refill", 10, 15),)
    assert sections["ended, by outcome"] == (Row("accepted", 4, 4),)
    assert sections["withheld, by reason"] == (Row("friction", 4, 4), Row("generic", 2, 2))
    assert Row("permissions opened", 10, 15) in diff.overview.rows


def test_weeks_without_an_opening_are_there(diff: PolicyDiff) -> None:
    assert diff.weeks == ((10, 0), (0, 0), (0, 15))


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (Row("", 10, 15), "+5 (+50%)"),
        (Row("", 4, 3), "-1 (-25%)"),
        (Row("", 0, 2), "+2"),
        (Row("", 2, 2), ""),
    ],
)
def test_a_change_has_its_sign_and_share(row: Row, text: str) -> None:
    assert change_of(row) == text


class Outside(HTMLParser):
    """Collects whatever a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.found += [f"{tag} {name}={value}" for name, value in attrs if name in {"src", "href"}]


def test_the_page_draws_itself_and_loads_nothing(diff: PolicyDiff) -> None:
    parser = Outside()
    text = page(diff)
    parser.feed(text)
    assert parser.found == []
    assert "@import" not in text
    assert "url(" not in text
    assert parser.tags["svg"] >= 4
    assert parser.tags["polyline"] == 2


def test_names_are_escaped(diff: PolicyDiff) -> None:
    text = page(diff)
    assert "new &amp; bold" in text
    assert "&lt;3 d&gt;" in text
    assert "<3 d>" not in text
