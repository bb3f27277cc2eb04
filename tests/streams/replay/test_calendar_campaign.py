"""What a plain calendar sends, and how it and Kairos stand on the same history."""

from pathlib import Path

import pytest

from schemas.records import OrderLine, Product, Purchase
from streams.loading.policy_file import load_policies
from streams.replay.audit import Offer, Trap
from streams.replay.audit_score import plain
from streams.replay.auditing import Audited, audit_history
from streams.replay.calendar_campaign import Calendar, write_sends
from streams.replay.goes_with import Related
from streams.replay.prepare import Options, prepare
from streams.replay.run import Setup
from streams.replay.send_log import Send, read_sends
from tests.streams.journey.story import DAY, DAY_0, product

PRODUCTS = (
    product("kettle", relations=(("add_on", "filter"), ("add_on", "mat"))),
    product("urn", relations=(("add_on", "mat"),)),
    product("lamp"),
    product("filter"),
    product("mat"),
)


def order(*products: str, at: int = DAY_0, customer: str = "anna") -> Purchase:
    lines = tuple(OrderLine(line_id=p, product_id=p, quantity=1) for p in products)
    return Purchase(f"e{at}", customer, at, type="order_placed", order_id=f"o{at}", lines=lines)


def sent(*events: Purchase, products: tuple[Product, ...] = PRODUCTS) -> list[Offer]:
    offers: list[Offer] = []
    calendar = Calendar(Related(products), offers.append)
    for event in events:
        calendar.see(event)
    return offers


def test_three_offers_follow_an_order_on_day_3_14_and_30() -> None:
    assert [(offer.at_ms - DAY_0) / DAY for offer in sent(order("kettle"))] == [3, 14, 30]


def test_the_add_on_that_most_lines_name_comes_first() -> None:
    assert [offer.product_id for offer in sent(order("kettle", "urn"))] == ["mat", "filter", "mat"]


def test_an_order_without_add_ons_gets_the_most_popular_one() -> None:
    assert {offer.product_id for offer in sent(order("lamp"))} == {"mat"}


def test_nobody_gets_two_a_day() -> None:
    offers = sent(order("kettle"), order("urn", at=DAY_0 + 1), order("urn", at=DAY_0, customer="berta"))
    assert [offer.customer_id for offer in offers] == ["anna"] * 3 + ["berta"] * 3


def test_other_purchases_start_no_calendar() -> None:
    assert sent(Purchase("e1", "anna", DAY_0, type="order_cancelled", order_id="o1")) == []


@pytest.fixture(scope="module")
def setup(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    work = tmp_path_factory.mktemp("audit")
    return prepare(Options(path=few, shop_seed=7, partitions=2, check=False), load_policies(), work)


@pytest.fixture(scope="module")
def campaign(setup: Setup) -> Audited:
    return audit_history(setup, None)


def test_the_calendar_falls_into_traps_and_kairos_into_none(campaign: Audited) -> None:
    theirs, ours = campaign.theirs, campaign.ours
    assert not campaign.faults
    assert theirs.judged > 100
    assert ours.judged > 100
    assert theirs.found(Trap.BEFORE_FIRST_VALUE) > 0
    assert theirs.found(Trap.STACKED) > 0
    assert ours.clean == ours.judged
    assert not ours.traps


def test_every_judged_offer_is_clean_or_in_a_trap(campaign: Audited) -> None:
    theirs = campaign.theirs
    assert theirs.judged - theirs.clean <= theirs.traps.total()
    assert max(theirs.traps.values()) <= theirs.judged - theirs.clean


def test_examples_say_who_when_and_why_and_are_few(campaign: Audited) -> None:
    scored = plain(campaign.theirs)
    assert len(scored["examples"]) <= 5 * len(Trap)
    for example in scored["examples"]:
        assert example.customer_id
        assert example.why


def test_the_same_sends_in_a_log_score_the_same(setup: Setup, campaign: Audited, tmp_path: Path) -> None:
    """The calendar as a team would log it, against the calendar made in the run."""
    write_sends(tmp_path / "sends.csv", campaign.calendar)
    sends = [send for send in read_sends(tmp_path / "sends.csv") if isinstance(send, Send)]
    again = audit_history(setup, sends, processes=2)
    assert again.theirs.traps == campaign.theirs.traps
    assert again.theirs.judged == campaign.theirs.judged == len(sends) == len(campaign.calendar)
    assert again.ours == campaign.ours


def test_what_cannot_be_judged_is_counted(setup: Setup) -> None:
    """Nobody knows the customer, or the time, or it was no offer; who orders later owns nothing yet."""
    begins, ends = setup.history.starts_at_ms, setup.until_ms
    last = max(
        (event for n in range(2) for event in setup.history.open(n, 2, lambda _: None).events
         if isinstance(event, Purchase) and event.type == "order_placed"), key=lambda event: event.occurred_at
    )  # fmt: skip
    sends = [
        Send(2, "nobody", begins + 1, "p"),
        Send(3, last.customer_id, begins - 1, "p"),
        Send(4, last.customer_id, ends + 1, "p"),
        Send(5, last.customer_id, ends, "p", move="guide"),
        Send(6, last.customer_id, ends, "p"),
    ]
    score = audit_history(setup, sends).theirs
    assert (score.unknown_customers, score.outside, score.no_offers["guide"]) == (1, 2, 1)
    assert (score.judged, score.found(Trap.GENERIC)) == (1, 1)
    assert [example.line for example in score.examples if example.trap == "generic"] == [6]
