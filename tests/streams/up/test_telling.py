"""An eligibility as a person reads it."""

from schemas.records import Product
from streams.up.telling import tell
from tests.streams.up.said import eligibility

PRODUCTS = {
    "p1": Product("p1", "v", category="lamps", kind="durable", name="LAMP"),
    "p2": Product("p2", "v", category="lamps", kind="durable", name="SHADE"),
}


def test_a_permission_says_what_may_be_said_about_what_and_why() -> None:
    told = tell(eligibility(1), PRODUCTS)
    assert (told.customer, told.about, told.placement, told.said) == (
        "c1",
        "lamp",
        "next step",
        "offer shade",
    )
    assert (told.why, told.at, told.until) == ("delivered 13 Mar", "13 Mar 07:06", "20 Mar 07:06")
    assert not told.is_over


def test_the_same_again_is_not_named_twice() -> None:
    assert tell(eligibility(1, candidate="p1"), PRODUCTS).said == "offer it again"


def test_what_is_taken_back_says_so_and_why() -> None:
    told = tell(eligibility(1, "revoked", reason="friction_started"), PRODUCTS)
    assert (told.said, told.why, told.until, told.is_over) == ("not any more", "friction started", "", True)
