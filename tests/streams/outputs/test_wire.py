"""How outputs are written: encodings, and the headers that make them CloudEvents."""

import re

import pytest

from schemas.framing import KnownSchemas, RecordDecoder
from schemas.model import documents
from schemas.records import CustomerSnapshot, StageChange
from streams.journey.identity import Identity
from streams.outputs.wire import WireFormat, wire
from streams.topics.asyncapi import CLOUD_EVENT

NOW = 1_772_366_400_123
IDENTITY = Identity(b"a key of the installation")


def stage(customer_id: str = "anna", sequence: int = 1) -> StageChange:
    return StageChange(
        customer_id=customer_id,
        sequence=sequence,
        product_id="p",
        cycle="o:l",
        from_stage="checkout",
        to_stage="unboxing",
        since=NOW,
        inferred=False,
        corrected=False,
        decided_at=NOW,
        cause_event_id="e",
        policy_version="1",
        catalogue_version="1",
    )


@pytest.mark.parametrize("wire_format", ["single_object", "json", "confluent"])
def test_every_format_reads_back_as_the_record(wire_format: WireFormat) -> None:
    source = KnownSchemas({7: documents()["StageChange"]})
    value = wire(wire_format, {"stages": 7}, IDENTITY).encode("stages", stage())
    assert RecordDecoder(StageChange, source=source).decode(value) == stage()


def test_an_output_is_a_cloud_event() -> None:
    headers = dict(wire("single_object", {}, IDENTITY).headers("shop.stages", stage()))
    assert re.fullmatch(rb"[0-9a-f]{32}", headers.pop("ce_id"))
    assert headers == {
        "content-type": b"application/avro",
        "ce_specversion": b"1.0",
        "ce_source": b"/shop.stages",
        "ce_type": b"kairos.journey.v1.StageChange",
        "ce_time": b"2026-03-01T12:00:00.123Z",
    }


def test_the_document_of_the_contract_names_these_headers() -> None:
    assert {name for name, _ in wire("json", {}, IDENTITY).headers("s", stage())} == CLOUD_EVENT.keys()


def test_the_content_type_is_that_of_the_value() -> None:
    assert dict(wire("json", {}, IDENTITY).headers("s", stage()))["content-type"] == b"application/json"


def test_a_snapshot_is_of_the_time_that_it_shows() -> None:
    shown = CustomerSnapshot("anna", 3, NOW + 1, (), (), (), ())
    headers = dict(wire("single_object", {}, IDENTITY).headers("shop.customers", shown))
    assert headers["ce_time"] == b"2026-03-01T12:00:00.124Z"


def test_an_id_names_one_record_and_no_customer() -> None:
    def event_id(customer_id: str, sequence: int, identity: Identity = IDENTITY) -> bytes:
        headers = wire("single_object", {}, identity).headers("s", stage(customer_id, sequence))
        return dict(headers)["ce_id"]

    ids = [event_id("anna", 1), event_id("anna", 2), event_id("bert", 1), event_id("anna", 11)]
    assert len(set(ids)) == 4
    assert event_id("anna", 1) == ids[0]
    assert event_id("anna", 1, Identity(b"another")) != ids[0]
