from typing import Any

import pytest

from schemas.errors import Reason
from schemas.records import (
    Answer,
    Control,
    Delivery,
    OrderLine,
    Prior,
    Product,
    Purchase,
    PurchaseType,
    Reply,
    Subscription,
    Usage,
)
from streams.inputs.rules import (
    DAYS_MAX,
    ORDER_EVENTS,
    PRICE_MINOR_MAX,
    QUANTITY_MAX,
    RULES,
    SUBSCRIPTION_EVENTS,
    broken_rule,
)

AT = 1_700_000_000_000
HEAD: dict[str, Any] = {"event_id": "e", "customer_id": "c", "occurred_at": AT}
SUBSCRIPTION = Subscription("s", "p")


def line(**fields: Any) -> OrderLine:
    return OrderLine(**{"line_id": "1", "product_id": "p", "quantity": 1, **fields})


def purchase(type: PurchaseType = "order_placed", *lines: OrderLine, **fields: Any) -> Purchase:  # noqa: A002
    given = {"order_id": "o", "subscription": SUBSCRIPTION, "lines": lines or (line(),), **fields}
    return Purchase(**HEAD, type=type, **given)


def reply(**fields: Any) -> Reply:
    return Reply(**HEAD, **fields)


def usage(**fields: Any) -> Usage:
    return Usage(**{**HEAD, "type": "session", "product_id": "p", **fields})


def product(**fields: Any) -> Product:
    return Product("p", "1", "c", kind="durable", **fields)


def prior(**fields: Any) -> Product:
    return product(
        prior=Prior(
            **{
                "mean_log_gap_days": 3.0,
                "sd_between": 1.0,
                "sd_within": 1.0,
                "pairs": 5,
                "basis": "product",
                **fields,
            }
        )
    )


NEEDED = [
    *((purchase(it, order_id=None), "order_id") for it in sorted(ORDER_EVENTS)),
    *((purchase(it, subscription=None), "subscription") for it in sorted(SUBSCRIPTION_EVENTS)),
    (purchase(lines=()), "lines"),
    (usage(type="milestone"), "name"),
    (usage(type="milestone", name=""), "name"),
    (reply(), "intent"),
    (reply(channel="sms", eligibility_id="e"), "intent"),
    (reply(intent="stop"), "channel"),
    (reply(intent="start"), "channel"),
    (reply(feedback="sent"), "eligibility_id"),
    (Control("x", "policy"), "policy"),
    (Control("x", "live_from"), "at"),
]
FINE = [
    *(purchase(it, lines=()) for it in sorted(ORDER_EVENTS - {"order_placed"})),
    *(purchase(it, order_id=None, lines=()) for it in sorted(SUBSCRIPTION_EVENTS)),
    purchase("payment_failed", order_id=None, subscription=None, lines=()),
    purchase("order_refunded", line(quantity=0)),
    purchase("order_updated", line(quantity=0)),
    purchase("order_placed", line(quantity=QUANTITY_MAX, price_minor=PRICE_MINOR_MAX, currency="GBP")),
    purchase("order_placed", line(price_minor=0), line(line_id="2")),
    Delivery(**HEAD, order_id="o", parcel_id="p", status="lost", parcels_total=1),
    usage(),
    usage(type="milestone", name="m"),
    usage(type="consumed"),
    usage(amount=0.001),
    reply(text="hm"),
    reply(rating=1),
    reply(rating=5),
    reply(intent="yes"),
    reply(intent="stop", channel="sms"),
    reply(feedback="seen", eligibility_id="e"),
    reply(answers=(Answer("goal", "goal", "sleep"),)),
    product(
        price_minor=0,
        currency="EUR",
        supply_days=0.5,
        maintenance_interval_days=1,
        replace_after_days=DAYS_MAX,
    ),
    prior(),
    Control("x", "pause"),
    Control("x", "live_from", at=AT),
    Control("x", "policy", policy="x = 1"),
]
RANGE = Reason.NUMBER_OUT_OF_RANGE
BROKEN = [
    (purchase("order_placed", line(quantity=0)), RANGE, "lines[0].quantity"),
    (purchase("order_placed", line(), line(line_id="2", quantity=-1)), RANGE, "lines[1].quantity"),
    (purchase("order_refunded", line(quantity=-1)), RANGE, "lines[0].quantity"),
    (purchase("order_placed", line(quantity=QUANTITY_MAX + 1)), RANGE, "lines[0].quantity"),
    (purchase("order_placed", line(price_minor=-1)), RANGE, "lines[0].price_minor"),
    (purchase("order_placed", line(price_minor=PRICE_MINOR_MAX + 1)), RANGE, "lines[0].price_minor"),
    (purchase("order_placed", line(currency="gbp")), Reason.UNKNOWN_SYMBOL, "lines[0].currency"),
    (purchase("order_placed", line(currency="GB")), Reason.UNKNOWN_SYMBOL, "lines[0].currency"),
    (purchase("order_placed", line(currency="ÉUR")), Reason.UNKNOWN_SYMBOL, "lines[0].currency"),
    (purchase("order_placed", line(), line(line_id="2"), line()), Reason.DUPLICATE, "lines[2].line_id"),
    (Delivery(**HEAD, order_id="o", parcel_id="p", status="lost", parcels_total=0), RANGE, "parcels_total"),
    (usage(amount=0.0), RANGE, "amount"),
    (usage(amount=-0.5), RANGE, "amount"),
    (usage(amount=1e16), RANGE, "amount"),
    (reply(rating=0), RANGE, "rating"),
    (reply(rating=6), RANGE, "rating"),
    (product(price_minor=-1), RANGE, "price_minor"),
    (product(currency="eur"), Reason.UNKNOWN_SYMBOL, "currency"),
    (product(supply_days=0.0), RANGE, "supply_days"),
    (product(supply_days=DAYS_MAX + 0.5), RANGE, "supply_days"),
    (product(maintenance_interval_days=0), RANGE, "maintenance_interval_days"),
    (product(replace_after_days=DAYS_MAX + 1), RANGE, "replace_after_days"),
    (prior(mean_log_gap_days=20.5), RANGE, "prior.mean_log_gap_days"),
    (prior(sd_between=-0.1), RANGE, "prior.sd_between"),
    (prior(sd_within=-0.1), RANGE, "prior.sd_within"),
    (prior(pairs=-1), RANGE, "prior.pairs"),
]


@pytest.mark.parametrize(("event", "field"), NEEDED)
def test_what_an_event_of_its_type_needs_is_missed(event: object, field: str) -> None:
    assert broken_rule(event) == (Reason.MISSING_FOR_TYPE, field)


@pytest.mark.parametrize("event", FINE)
def test_what_can_be_understood_is_let_through(event: object) -> None:
    assert broken_rule(event) is None


@pytest.mark.parametrize(("event", "reason", "field"), BROKEN)
def test_what_makes_no_sense_is_refused_where_it_stands(event: object, reason: Reason, field: str) -> None:
    assert broken_rule(event) == (reason, field)


def test_of_two_broken_rules_the_upper_one_has_the_blame() -> None:
    assert broken_rule(purchase("order_placed", line(quantity=0), order_id=None)) == (
        Reason.MISSING_FOR_TYPE,
        "order_id",
    )


def test_every_kind_of_input_has_its_rules() -> None:
    assert {kind.__name__ for kind in RULES} == {
        *("Purchase", "Delivery", "Usage", "Ticket", "Reply", "Profile", "Erasure", "Product", "Control")
    }
