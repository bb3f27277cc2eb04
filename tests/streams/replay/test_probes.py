"""An offer is judged when all that happened until its time is known, and nothing later."""

import pytest

from schemas.records import Consent, Delivery, OrderLine, Profile, Purchase, Ticket, Usage
from state.memory import MemoryStore
from streams.replay.audit import Auditor, Offer, Trap
from streams.replay.audit_score import Score
from streams.replay.auditing import Probes
from streams.replay.driver import Partition
from streams.replay.goes_with import Related
from streams.sources.source import Event
from tests.streams.journey.story import DAY, DAY_0, PRODUCTS, world

VALUE_AT = DAY_0 + 3 * DAY
TICKET_AT = DAY_0 + 20 * DAY
ENDS = DAY_0 + 40 * DAY
LINE = OrderLine(line_id="1", product_id="kettle", quantity=1)
LIFE: tuple[Event, ...] = (
    Profile("1", "anna", DAY_0, consents=(Consent("email", "granted", DAY_0),)),
    Purchase("2", "anna", DAY_0 + 1, type="order_placed", order_id="o", lines=(LINE,)),
    Delivery("3", "anna", DAY_0 + 2 * DAY, order_id="o", parcel_id="p", status="delivered"),
    Usage("4", "anna", VALUE_AT, type="result", product_id="kettle"),
    Ticket("5", "anna", TICKET_AT, ticket_id="t", status="open"),
    Ticket("6", "anna", TICKET_AT + DAY, ticket_id="t", status="solved"),
)


def scored(*offers: Offer) -> Score:
    given, store = world(), MemoryStore()
    probes = Probes(given, store, Auditor(Related(PRODUCTS)), offers)
    Partition(given, store, ENDS, before=probes.before).run(iter(LIFE))
    probes.before(ENDS + 1)
    return probes.end()


@pytest.mark.parametrize(("after_ms", "early"), [(-1, 1), (0, 0), (1, 0)])
def test_what_happens_at_its_time_counts_and_what_comes_later_does_not(after_ms: int, early: int) -> None:
    score = scored(Offer("anna", VALUE_AT + after_ms, "teapot"))
    assert (score.judged, score.found(Trap.BEFORE_FIRST_VALUE)) == (1, early)


@pytest.mark.parametrize(("after_ms", "blocked"), [(-1, 0), (0, 1), (4 * DAY - 1, 1), (4 * DAY, 0)])
def test_friction_counts_from_its_start_to_the_end_of_its_cooling_off(after_ms: int, blocked: int) -> None:
    """A ticket without an order or product: while it cools off it reaches everything."""
    score = scored(Offer("anna", TICKET_AT + after_ms, "teapot"))
    assert (score.judged, score.found(Trap.DURING_FRICTION)) == (1, blocked)


def test_offers_of_any_order_are_judged_in_order_of_time() -> None:
    later, earlier = (
        Offer("anna", VALUE_AT + 5 * DAY, "teapot", line=1),
        Offer("anna", VALUE_AT, "teapot", line=2),
    )
    score = scored(later, earlier)
    assert [(one.trap, one.line) for one in score.examples] == [("stacked", 1)]


def test_a_customer_who_came_later_had_nothing_and_one_who_never_came_is_not_judged() -> None:
    score = scored(Offer("anna", DAY_0 - 1, "teapot"), Offer("berta", DAY_0 + DAY, "teapot"))
    assert (score.judged, score.unknown_customers) == (1, 1)
    assert score.found(Trap.GENERIC) == 1
