"""Pure. An eligibility in words for a person who looks on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from schemas.records import Eligibility, Product
from streams.up.board import REVOKED

FACTS_MAX: Final = 3
_TIME: Final = re.compile(r"^(?P<what>\w+)_at=(?P<at_ms>\d{12,14})\b")
_FACT: Final = re.compile(r"^(?P<what>\w+)=(?P<value>[^ ]+)")
SAID_ELSEWHERE: Final = frozenset({"stage", "owns", "relation", "placement", "decline", "channel"})
"""Facts that other columns show."""


class Told(NamedTuple):
    """One row."""

    at: str
    customer: str
    about: str
    placement: str
    said: str
    why: str
    until: str
    is_over: bool
    """It was taken back."""


def tell(record: Eligibility, products: Mapping[str, Product]) -> Told:
    """What a row says."""
    is_over = record.status == REVOKED
    return Told(
        at=moment(record.decided_at),
        customer=record.customer_id,
        about=_about(record, products),
        placement=record.placement.replace("_", " "),
        said="not any more" if is_over else _said(record, products),
        why=record.reason.replace("_", " ") if is_over else ", ".join(_facts(record)),
        until="" if is_over else moment(record.send_by),
        is_over=is_over,
    )


def moment(at_ms: int) -> str:
    """A time of the journey, to the minute."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%d %b %H:%M")


def _about(record: Eligibility, products: Mapping[str, Product]) -> str:
    if record.product_id is not None:
        return _name(record.product_id, products)
    return f"order {record.order_id}" if record.order_id is not None else "the customer"


def _said(record: Eligibility, products: Mapping[str, Product]) -> str:
    if record.candidate is not None:
        same = record.candidate == record.product_id
        return f"{record.move} " + ("it again" if same else _name(record.candidate, products))
    return f"{record.move} {(record.question or '').replace('_', ' ')}".rstrip()


def _facts(record: Eligibility) -> list[str]:
    found = dict.fromkeys(fact for check in record.checks for fact in _readable(check.evidence))
    return list(found)[:FACTS_MAX]


def _readable(evidence: tuple[str, ...]) -> Iterator[str]:
    """Facts with a time as a day, others as they are; rules and what other columns show are left out."""
    for text in evidence:
        if time := _TIME.match(text):
            day = datetime.fromtimestamp(int(time["at_ms"]) / 1000, UTC).strftime("%d %b")
            yield f"{time['what'].replace('_', ' ')} {day}"
        elif (fact := _FACT.match(text)) and fact["what"] not in SAID_ELSEWHERE:
            yield f"{fact['what'].replace('_', ' ')} {fact['value'].replace('_', ' ')}"


def _name(product_id: str, products: Mapping[str, Product]) -> str:
    product = products.get(product_id)
    return product_id if product is None or not product.name else product.name.lower()
