from typing import Any

import msgspec
import pytest

from schemas.errors import Reason
from schemas.framing import KnownSchemas, encode, encode_confluent
from schemas.model import documents
from schemas.records import Consent, Control, Erasure, OrderLine, Product, Profile, Purchase, Usage
from schemas.topics import inputs
from streams.errors import Fatal, Retryable
from streams.inputs.decode import FUTURE_MS, InputDecoder
from streams.inputs.partition import crc32_partition, murmur2_partition
from streams.inputs.records import InputRecord, Rejection, Removal
from tests.schemas.changes import changed, without

AT = 1_700_000_000_000
USAGE = Usage("e", "c", AT, None, "session", "p")
PARTITIONS = 12
HOME = murmur2_partition(b"c", PARTITIONS)


def record(
    value: bytes | None,
    *,
    topic: str = "journey.usage",
    key: bytes | None = b"c",
    at_ms: int | None = AT,
    partition: int = HOME,
) -> InputRecord:
    return InputRecord(topic, partition, 0, at_ms, key, value)


def decoder(**settings: Any) -> InputDecoder:
    return InputDecoder(**{"partitions": PARTITIONS, **settings})


def test_a_record_in_its_place_becomes_its_event() -> None:
    assert decoder().decode(record(encode(USAGE))) == USAGE


def test_a_topic_that_is_no_input_is_a_mistake_of_the_operator() -> None:
    with pytest.raises(Fatal, match=r"journey\.eligibility is not an input"):
        decoder().decode(record(b"", topic="journey.eligibility"))


def test_the_prefix_of_the_topics_can_be_another() -> None:
    assert decoder(prefix="test.").decode(record(encode(USAGE), topic="test.usage")) == USAGE


class TestPlace:
    @pytest.mark.parametrize("key", [None, b"", b"d", b"C", b"\xff"])
    def test_a_key_that_is_not_the_customer_is_refused(self, key: bytes | None) -> None:
        found = decoder().decode(record(encode(USAGE), key=key))
        assert found == Rejection(Reason.WRONG_KEY, "customer_id", "Usage")

    def test_another_partition_than_that_of_the_key_is_refused(self) -> None:
        found = decoder().decode(record(encode(USAGE), partition=(HOME + 1) % PARTITIONS))
        assert found == Rejection(Reason.WRONG_PARTITION, "", "Usage")

    def test_the_partitioner_can_be_another(self) -> None:
        home = crc32_partition(b"c", PARTITIONS)
        assert decoder(partitioner=crc32_partition).decode(record(encode(USAGE), partition=home)) == USAGE

    def test_without_a_partition_count_any_partition_will_do(self) -> None:
        assert decoder(partitions=None).decode(record(encode(USAGE), partition=99)) == USAGE

    def test_the_catalogue_lies_in_any_partition_under_its_product(self) -> None:
        product = Product("p", "1", "c", kind="plan")
        value = encode(product)
        topic = "journey.catalogue"
        assert decoder().decode(record(value, topic=topic, key=b"p", partition=5)) == product
        found = decoder().decode(record(value, topic=topic, key=b"q", partition=5))
        assert found == Rejection(Reason.WRONG_KEY, "product_id", "Product")

    def test_a_key_beyond_ascii_is_compared_as_utf8(self) -> None:
        usage = msgspec.structs.replace(USAGE, customer_id="Zoë")
        key = "Zoë".encode()
        home = murmur2_partition(key, PARTITIONS)
        assert decoder().decode(record(encode(usage), key=key, partition=home)) == usage


class TestDate:
    @pytest.mark.parametrize(("ahead_ms", "fine"), [(-1, True), (0, True), (1, False)])
    def test_an_event_is_dated_5_minutes_after_its_kafka_timestamp_at_most(
        self, ahead_ms: int, fine: bool
    ) -> None:
        found = decoder().decode(record(encode(USAGE), at_ms=AT - FUTURE_MS - ahead_ms))
        assert found == (USAGE if fine else Rejection(Reason.FROM_THE_FUTURE, "occurred_at", "Usage"))

    def test_a_consent_from_the_future_would_win_for_ever(self) -> None:
        consents = (Consent("email", "granted", AT), Consent("sms", "granted", AT + FUTURE_MS + 1))
        value = encode(Profile("e", "c", AT, consents=consents))
        found = decoder().decode(record(value, topic="journey.profiles"))
        assert found == Rejection(Reason.FROM_THE_FUTURE, "consents[1].at", "Profile")

    def test_where_there_is_no_kafka_timestamp_no_event_is_from_the_future(self) -> None:
        assert decoder().decode(record(encode(USAGE), at_ms=None)) == USAGE

    def test_a_word_of_the_operator_may_be_about_the_future(self) -> None:
        control = Control("live", "live_from", at=AT + 10**9)
        value = encode(control)
        assert decoder().decode(record(value, topic="journey.control", key=b"live")) == control


class TestTombstones:
    @pytest.mark.parametrize(
        "topic", [it for it in inputs().values() if not it.compacted], ids=lambda it: it.name
    )
    def test_a_record_without_value_is_refused_where_nothing_is_compacted(self, topic: Any) -> None:
        found = decoder().decode(record(None, topic=topic.full_name()))
        assert found == Rejection(Reason.EMPTY, "", topic.schema)

    @pytest.mark.parametrize("name", ["journey.catalogue", "journey.control"])
    def test_a_tombstone_removes_its_key(self, name: str) -> None:
        assert decoder().decode(record(None, topic=name, key=b"x")) == Removal(name, "x")

    @pytest.mark.parametrize("key", [None, b"", b"\xff"])
    def test_a_tombstone_needs_a_key(self, key: bytes | None) -> None:
        found = decoder().decode(record(None, topic="journey.catalogue", key=key))
        assert found == Rejection(Reason.WRONG_KEY, "product_id", "Product")


class TestSchemas:
    def test_a_schema_that_cannot_be_had_now_is_tried_again(self) -> None:
        source = KnownSchemas()
        data = record(encode_confluent(USAGE, 7))
        with pytest.raises(Retryable, match="7"):
            decoder(source=source).decode(data)
        source.register(7, documents()["Usage"])
        assert decoder(source=source).decode(data) == USAGE

    def test_without_a_registry_nothing_is_waited_for(self) -> None:
        found = decoder().decode(record(encode_confluent(USAGE, 7)))
        assert found == Rejection(Reason.UNKNOWN_SCHEMA, "", "Usage")

    def test_older_schemas_serve_the_topic_of_their_record(self) -> None:
        older = [changed("Ticket", without("unit_id")), changed("Usage", without("unit"))]
        assert decoder(older=older).decode(record(encode(USAGE))) == USAGE


class TestPrecedence:
    """When several things are wrong: bytes, then key, then partition, then date, then meaning."""

    WRONG = Purchase("e", "c", AT + 10**9, None, "order_placed", "o", (OrderLine("1", "p", quantity=0),))

    def reason(self, value: bytes, key: bytes, partition: int, at_ms: int) -> Reason:
        found = decoder().decode(
            record(value, topic="journey.purchases", key=key, partition=partition, at_ms=at_ms)
        )
        assert isinstance(found, Rejection)
        return found.reason

    def test_bytes_come_before_the_key(self) -> None:
        assert self.reason(b"?", b"d", HOME + 1, AT) is Reason.UNKNOWN_FRAMING

    def test_the_key_comes_before_the_partition(self) -> None:
        assert self.reason(encode(self.WRONG), b"d", HOME + 1, AT) is Reason.WRONG_KEY

    def test_the_partition_comes_before_the_date(self) -> None:
        assert self.reason(encode(self.WRONG), b"c", HOME + 1, AT) is Reason.WRONG_PARTITION

    def test_the_date_comes_before_the_meaning(self) -> None:
        assert self.reason(encode(self.WRONG), b"c", HOME, AT) is Reason.FROM_THE_FUTURE

    def test_the_meaning_comes_last(self) -> None:
        assert self.reason(encode(self.WRONG), b"c", HOME, AT + 10**9) is Reason.NUMBER_OUT_OF_RANGE


def test_an_erasure_is_an_event_like_any_other() -> None:
    erasure = Erasure("e", "c", AT)
    assert decoder().decode(record(encode(erasure), topic="journey.erasures")) == erasure
