from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.careful_read import FOREIGN, read
from schemas.careful_write import write
from schemas.composed import composed
from schemas.errors import Undecodable
from schemas.framing import KnownSchemas, RecordDecoder
from schemas.model import parse
from schemas.plain import from_plain
from tests.schemas.changes import Change, adding, changed, nullable, setting, symbols, without
from tests.schemas.strategies import plain_records, struct

NOTE = {"type": "record", "name": "Note", "fields": [{"name": "n", "type": "long"}]}
NOTES = {"type": "array", "items": NOTE}
CHANGES: list[tuple[str, list[Change]]] = [
    ("Usage", [without("source"), without("amount")]),
    ("Usage", [lambda schema: schema["fields"].reverse()]),
    ("Usage", [nullable("product_id")]),
    ("Usage", [symbols("type", lambda words: words.insert(0, "nap"))]),
    ("Usage", [setting("occurred_at", type="long"), setting("name", type="string")]),
    ("Purchase", [without("lines.gift"), without("lines.fulfilment"), without("subscription.renews_at")]),
    ("Purchase", [without("lines")]),
    ("Delivery", [setting("parcels_total", type="int"), nullable("status")]),
    ("Ticket", [without("priority"), without("agent_holds"), without("satisfaction")]),
    ("Product", [setting("supply_days", type=["null", "int"]), without("milestones"), without("relations")]),
    ("Profile", [without("consents.explicit"), adding(name="notes", type=["null", NOTES])]),
    ("Control", [adding(name="more", type="string"), adding(name="on", type="boolean")]),
    (
        "Control",
        [adding(name="day", type={"type": "int", "logicalType": "date"}), adding(name="x", type="double")],
    ),
]


ORDINARY: dict[str, object] = {
    **dict.fromkeys(("event_id", "customer_id", "order_id", "parcel_id", "ticket_id", "control_id"), "x"),
    **dict.fromkeys(("product_id", "name", "version", "category", "more", "policy"), "x"),
    "occurred_at": 1_700_000_000_000,
    "at": 1_700_000_000_000,
    "parcels_total": 2,
    "day": 20_000,
    "x": 0.5,
    "agent_holds": True,
    "on": True,
    "complex": False,
    "scales_with_quantity": False,
    "sellable": True,
    "usage_reported": True,
    "lines": (),
    "line_ids": (),
    "markets": (),
    "contains": (),
    "milestones": (),
    "relations": (),
    "notes": ({"n": 1},),
    "supply_days": 3,
    "priority": "low",
}
WORDS: dict[str, dict[str, object]] = {
    "Usage": {"type": "session"},
    "Purchase": {"type": "order_placed"},
    "Delivery": {"status": "lost"},
    "Ticket": {"status": "open"},
    "Product": {"kind": "durable"},
    "Profile": {"consents": ()},
    "Control": {"type": "policy"},
}


def outcome(decode: Callable[[], object]) -> object:
    """The value, or the reason and field of the refusal; any other exception passes."""
    try:
        return decode()
    except Undecodable as refusal:
        return refusal.reason, refusal.field


@pytest.mark.parametrize(("name", "changes"), CHANGES)
@settings(max_examples=12)
@given(data=st.data())
def test_the_short_way_and_the_careful_reader_agree(
    name: str, changes: list[Change], data: st.DataObject
) -> None:
    writer = changed(name, *changes)
    raw = bytearray(write(writer, data.draw(plain_records(parse(writer)))))
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=12))
    reader = RecordDecoder(struct(name), source=KnownSchemas({1: writer}))
    short = outcome(lambda: reader.decode(b"\x00\x00\x00\x00\x01" + raw))
    assert short == outcome(lambda: from_plain(read(writer, bytes(raw), 0, FOREIGN), struct(name)))


@pytest.mark.parametrize(("name", "changes"), CHANGES)
def test_an_ordinary_record_of_another_writer_takes_the_short_way(name: str, changes: list[Change]) -> None:
    writer = changed(name, *changes)
    values: dict[str, object] = {field["name"]: None for field in writer["fields"]}
    raw = write(writer, values | ORDINARY | WORDS[name])
    short_way = composed(writer, name)
    assert short_way is not None
    assert short_way(raw, 0)[1] == len(raw)


def test_a_shape_that_the_contract_lacks_is_left_to_the_careful_reader() -> None:
    assert (
        composed(changed("Usage", adding(name="more", type={"type": "map", "values": "int"})), "Usage")
        is None
    )
