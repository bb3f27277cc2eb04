"""What an input must mean, beyond what its schema can say, as one table.

A rule finds what breaks it and returns the path of that field, or nothing. Rules are tried from top to
bottom, and the first one that is broken names the reason. They refuse only what could not be understood or
would do lasting harm; whatever is merely strange is let through.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import Any, Final, TypeAlias

from schemas.errors import Reason
from schemas.records import (
    Control,
    Delivery,
    Erasure,
    OrderLine,
    Product,
    Profile,
    Purchase,
    PurchaseType,
    Reply,
    Ticket,
    Usage,
)

Find: TypeAlias = Callable[[Any], str]
"""The path of the field that breaks a rule, or an empty string."""
Rule: TypeAlias = tuple[Reason, Find]

QUANTITY_MAX: Final = 1_000_000_000
"""Of one line. Totals over all lines that are kept stay far within 64 bits."""
PRICE_MINOR_MAX: Final = 1_000_000_000_000_000
DAYS_MAX: Final = 36_500
LOG_DAYS_MAX: Final = 20
PARCELS_MAX: Final = 10_000
AMOUNT_MAX: Final = 1e15

ORDER_EVENTS: Final[frozenset[PurchaseType]] = frozenset(
    {
        *("order_placed", "order_updated", "order_cancelled", "order_refunded"),
        *("return_registered", "return_closed"),
    }
)
SUBSCRIPTION_EVENTS: Final[frozenset[PurchaseType]] = frozenset(
    {
        *("subscription_started", "subscription_renewed", "subscription_cancelled"),
        *("subscription_paused", "subscription_resumed", "subscription_skipped"),
    }
)


def needs(field: str, types: AbstractSet[str]) -> Rule:
    """An event of one of `types` needs `field`, which may not be empty either."""
    value = attrgetter(field)
    return Reason.MISSING_FOR_TYPE, lambda it: field if it.type in types and not value(it) else ""


def needs_if(field: str, condition: Callable[[Any], object]) -> Rule:
    """`field` is needed where `condition` holds."""
    value = attrgetter(field)
    return Reason.MISSING_FOR_TYPE, lambda it: field if not value(it) and condition(it) else ""


def within(field: str, low: float, high: float) -> Rule:
    """`field`, where it is given, is neither below `low` nor above `high`."""
    value = attrgetter(field)
    return Reason.NUMBER_OUT_OF_RANGE, lambda it: field if outside(value(it), low, high) else ""


def positive(field: str, high: float) -> Rule:
    """`field`, where it is given, is above 0 and not above `high`."""
    value = attrgetter(field)
    return (
        Reason.NUMBER_OUT_OF_RANGE,
        lambda it: field if outside(value(it), 0, high) or value(it) == 0 else "",
    )


def prior_within(field: str, low: float, high: float) -> Rule:
    """`field` of a product's prior, where it has one, is neither below `low` nor above `high`."""
    value = attrgetter(field)

    def find(product: Product) -> str:
        broken = product.prior is not None and outside(value(product.prior), low, high)
        return f"prior.{field}" if broken else ""

    return Reason.NUMBER_OUT_OF_RANGE, find


def each_line(reason: Reason, field: str, broken: Callable[[OrderLine], object]) -> Rule:
    """No line is `broken`; the first that is has the blame, for its `field`."""

    def find(purchase: Purchase) -> str:
        for index, line in enumerate(purchase.lines):
            if broken(line):
                return f"lines[{index}].{field}"
        return ""

    return reason, find


def when(types: AbstractSet[str], rule: Rule) -> Rule:
    """`rule`, for events of one of `types` only."""
    reason, find = rule
    return reason, lambda it: find(it) if it.type in types else ""


def outside(value: float | None, low: float, high: float) -> bool:
    """Whether `value` is given and not within `low` and `high`, both of which are allowed."""
    return value is not None and not low <= value <= high


def no_currency(code: str | None) -> bool:
    """Whether `code` is given and not three capital letters."""
    return code is not None and not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper())


def repeated_line(purchase: Purchase) -> str:
    """The first line whose id an earlier line has: which of the two counts could not be said."""
    seen: set[str] = set()
    for index, line in enumerate(purchase.lines):
        if line.line_id in seen:
            return f"lines[{index}].line_id"
        seen.add(line.line_id)
    return ""


def says_something(reply: Reply) -> object:
    """Whether a reply holds anything but its intent."""
    return reply.text or reply.rating is not None or reply.answers or reply.feedback


_RANGE: Final = Reason.NUMBER_OUT_OF_RANGE

RULES: Final[Mapping[type, tuple[Rule, ...]]] = {
    Purchase: (
        needs("order_id", ORDER_EVENTS),
        needs("subscription", SUBSCRIPTION_EVENTS),
        needs("lines", {"order_placed"}),
        when({"order_placed"}, each_line(_RANGE, "quantity", lambda line: line.quantity == 0)),
        each_line(_RANGE, "quantity", lambda line: outside(line.quantity, 0, QUANTITY_MAX)),
        each_line(_RANGE, "price_minor", lambda line: outside(line.price_minor, 0, PRICE_MINOR_MAX)),
        each_line(Reason.UNKNOWN_SYMBOL, "currency", lambda line: no_currency(line.currency)),
        (Reason.DUPLICATE, repeated_line),
    ),
    Delivery: (within("parcels_total", 1, PARCELS_MAX),),
    Usage: (
        needs("name", {"milestone"}),
        positive("amount", AMOUNT_MAX),
    ),
    Ticket: (),
    Reply: (
        needs_if("intent", lambda reply: not says_something(reply)),
        needs_if("channel", lambda reply: reply.intent in ("stop", "start")),
        needs_if("eligibility_id", lambda reply: reply.feedback is not None),
        within("rating", 1, 5),
    ),
    Profile: (),
    Erasure: (),
    Product: (
        within("price_minor", 0, PRICE_MINOR_MAX),
        (Reason.UNKNOWN_SYMBOL, lambda product: "currency" if no_currency(product.currency) else ""),
        positive("supply_days", DAYS_MAX),
        within("maintenance_interval_days", 1, DAYS_MAX),
        within("replace_after_days", 1, DAYS_MAX),
        prior_within("mean_log_gap_days", -LOG_DAYS_MAX, LOG_DAYS_MAX),
        prior_within("sd_between", 0, LOG_DAYS_MAX),
        prior_within("sd_within", 0, LOG_DAYS_MAX),
        prior_within("pairs", 0, QUANTITY_MAX),
    ),
    Control: (
        needs("policy", {"policy"}),
        needs("at", {"live_from"}),
    ),
}
"""The rules of every kind of input."""


def broken_rule(record: object) -> tuple[Reason, str] | None:
    """The reason and field of the first rule that `record` breaks."""
    for reason, find in RULES[type(record)]:
        if path := find(record):
            return reason, path
    return None
