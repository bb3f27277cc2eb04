from typing import Any

import pytest

from schemas.records import Check
from streams.checkers.generic_offers import GenericOffers
from tests.streams.checkers.cases import CHECKS, Story, T, guide, opened, wrongs


def test_a_related_candidate_with_evidence_is_right() -> None:
    story = Story()
    story.look(T, opened(T), guide(T))
    assert wrongs(GenericOffers, story) == []


def test_an_offer_of_nothing_is_wrong() -> None:
    story = Story()
    story.look(T, opened(T, candidate=None))
    assert wrongs(GenericOffers, story) == ["next_step e-1 has no candidate"]


@pytest.mark.parametrize(
    ("candidate", "relation"), [("lamp", "next_step"), ("bits", "upgrade"), ("drill", "next_step")]
)
def test_a_candidate_that_the_catalogue_does_not_relate_so_is_wrong(candidate: str, relation: str) -> None:
    story = Story()
    story.look(T, opened(T, candidate=candidate, relation=relation))
    assert wrongs(GenericOffers, story) == [f"next_step e-1: {candidate} is no {relation} of the item"]


def test_a_refill_may_be_the_same_again() -> None:
    story = Story()
    story.look(T, opened(T, placement="refill", product_id="beans", candidate="beans", relation="refill"))
    assert wrongs(GenericOffers, story) == []


def test_an_offer_about_an_order_may_relate_to_any_of_its_products() -> None:
    story = Story()
    story.orders(T, "lamp", "drill")
    add_on: dict[str, Any] = {
        "placement": "order_add_on",
        "product_id": None,
        "candidate": "case",
        "relation": "add_on",
    }
    story.look(T, opened(T, order_id="order-1", **add_on))
    story.look(T, opened(T, "e-2", order_id="order-2", **add_on))
    assert wrongs(GenericOffers, story) == ["order_add_on e-2: case is no add_on of the item"]


@pytest.mark.parametrize(("verdict", "evidence"), [("pass", ()), ("not_applicable", ("goal=speed",))])
def test_an_offer_with_nothing_personal_is_wrong(verdict: str, evidence: tuple[str, ...]) -> None:
    changed = Check(name="personalised", verdict=verdict, evidence=evidence)
    checks = tuple(changed if check.name == "personalised" else check for check in CHECKS)
    story = Story()
    story.look(T, opened(T, checks=checks))
    assert wrongs(GenericOffers, story) == ["next_step e-1 has nothing personal"]
