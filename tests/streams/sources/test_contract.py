"""Everything that a source hands out is valid by the contract of its topic."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from schemas import codecs
from schemas.records import Delivery, Profile, Purchase, Reply, Ticket, Usage
from streams.sources.online_retail import OnlineRetail
from streams.sources.source import Event, Responder
from tests.streams.sources.test_responder import eligibility

CODECS: dict[type[Event], tuple[Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    Purchase: (codecs.encode_purchase, codecs.decode_purchase),
    Delivery: (codecs.encode_delivery, codecs.decode_delivery),
    Usage: (codecs.encode_usage, codecs.decode_usage),
    Ticket: (codecs.encode_ticket, codecs.decode_ticket),
    Reply: (codecs.encode_reply, codecs.decode_reply),
    Profile: (codecs.encode_profile, codecs.decode_profile),
}


def is_whole(event: Event) -> bool:
    """What the schemas say in words: the fields that an event of its kind needs."""
    match event:
        case Purchase(type="order_placed"):
            return bool(event.order_id and event.lines) and all(line.quantity >= 1 for line in event.lines)
        case Purchase():
            return bool(event.order_id) is not bool(event.subscription)
        case Usage(type="milestone" | "limit_reached"):
            return bool(event.name)
        case Usage(type="consumed"):
            return bool(event.amount and event.amount > 0 and event.unit)
        case Reply(intent="stop" | "start"):
            return bool(event.channel)
        case Reply():
            return bool(event.intent or event.text or event.rating or event.feedback) and (
                event.feedback is None or event.eligibility_id is not None
            )
        case _:
            return True


def assert_valid(events: Iterable[Event]) -> None:
    for event in events:
        encode, decode = CODECS[type(event)]
        assert decode(encode(event)) == event
        assert is_whole(event), event
        msgspec.convert(msgspec.to_builtins(event), type(event))


@pytest.mark.parametrize("kind", CODECS, ids=lambda kind: kind.__name__)
def test_every_event_is_valid(events: tuple[Event, ...], kind: type[Event]) -> None:
    of_kind = [event for event in events if type(event) is kind]
    assert of_kind
    assert_valid(of_kind)


def test_every_product_is_valid(source: OnlineRetail) -> None:
    for product in source.catalogue:
        assert codecs.decode_product(codecs.encode_product(product)) == product
        msgspec.convert(msgspec.to_builtins(product), type(product))


def test_every_reaction_is_valid(source: OnlineRetail) -> None:
    react: Responder | None = source.responder
    assert react is not None
    for move, placement in (("offer", "next_step"), ("offer", "subscribe"), ("ask", "goal_question")):
        for n in range(500):
            assert_valid(react(eligibility(f"{placement}{n}", move, placement=placement)))
