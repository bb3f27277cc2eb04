from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.careful_read import read
from schemas.careful_write import write
from schemas.codecs import DECODERS, ENCODERS
from schemas.errors import Undecodable, Unencodable
from schemas.model import contract, documents
from schemas.records import Check, Delivery, Eligibility, OrderLine, Purchase, Usage
from tests.schemas.references import avro_bytes, avro_value, fastavro_bytes, fastavro_value, plain
from tests.schemas.strategies import any_record, records, struct

AT = 1_700_000_000_000
ALL = sorted(contract())


def encoded(record: msgspec.Struct) -> bytes:
    return ENCODERS[type(record).__name__](record)


def decoded(name: str, data: bytes) -> object:
    return DECODERS[name](data, 0)


class TestAgreement:
    @pytest.mark.parametrize("name", ALL)
    @settings(max_examples=25)
    @given(data=st.data())
    def test_fastavro_and_avro_write_the_same_bytes(self, name: str, data: st.DataObject) -> None:
        record = data.draw(records(name))
        assert encoded(record) == fastavro_bytes(record) == avro_bytes(record)

    @pytest.mark.parametrize("name", ALL)
    @settings(max_examples=25)
    @given(data=st.data())
    def test_fastavro_and_avro_read_what_we_read(self, name: str, data: st.DataObject) -> None:
        record = data.draw(records(name))
        raw = fastavro_bytes(record)
        assert decoded(name, raw) == record
        assert fastavro_value(name, raw) == avro_value(name, raw) == plain(record)

    @settings(max_examples=40)
    @given(record=any_record())
    def test_the_careful_reader_and_writer_agree_with_the_generated_code(
        self, record: msgspec.Struct
    ) -> None:
        schema = documents()[type(record).__name__]
        raw = encoded(record)
        assert write(schema, record) == raw
        assert msgspec.convert(read(schema, raw), type(record)) == record


@pytest.mark.slow
class TestFuzz:
    @settings(max_examples=250)
    @given(name=st.sampled_from(ALL), data=st.binary(max_size=200))
    def test_any_bytes_decode_or_are_undecodable(self, name: str, data: bytes) -> None:
        self.decode_alike(name, data)

    @settings(max_examples=250)
    @given(record=any_record(), data=st.data())
    def test_a_damaged_record_decodes_as_the_careful_reader_says_or_is_undecodable(
        self, record: msgspec.Struct, data: st.DataObject
    ) -> None:
        raw = bytearray(encoded(record))
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=12))
        self.decode_alike(type(record).__name__, bytes(raw))

    @staticmethod
    def decode_alike(name: str, data: bytes) -> None:
        """The generated reader takes what the careful one takes, and refuses the rest for the same reason."""
        generated = outcome(lambda: decoded(name, data))
        careful = outcome(lambda: msgspec.convert(read(documents()[name], data), struct(name)))
        assert generated == careful


def outcome(decode: Callable[[], object]) -> object:
    """The value, or the reason and field of the refusal; any other exception passes."""
    try:
        return decode()
    except Undecodable as refusal:
        return refusal.reason, refusal.field


def test_a_record_may_begin_anywhere() -> None:
    usage = Usage("e", "c", AT, None, "session", "p")
    assert DECODERS["Usage"](b"12345" + encoded(usage), 5) == usage


def test_words_beyond_the_memory_for_words_are_written_all_the_same() -> None:
    for number in range(5_000):
        check = Check(f"name-{number}", "pass", ())
        raw = encoded(eligibility(check))
        if number % 1_000 == 999:
            assert decoded("Eligibility", raw) == eligibility(check)


def eligibility(check: Check) -> Eligibility:
    return Eligibility(
        eligibility_id="e",
        status="opened",
        customer_id="c",
        sequence=1,
        placement="refill",
        move="offer",
        message_class="service",
        opens_at=AT,
        send_by=AT,
        answer_until=AT,
        send_windows=(),
        channels=(),
        avoid_channels=(),
        checks=(check,),
        decline_options=(),
        reason="opened",
        escalate_to_human=False,
        decided_at=AT,
        policy_version="1",
        catalogue_version="1",
    )


class TestUnencodable:
    def test_a_word_that_the_enumeration_lacks_is_named(self) -> None:
        with pytest.raises(Unencodable, match=r"Usage\.type is 'nap'"):
            encoded(Usage("e", "c", AT, None, "nap", "p"))  # type: ignore[arg-type]

    def test_null_where_there_must_be_a_value_is_named(self) -> None:
        with pytest.raises(Unencodable, match=r"Usage\.event_id is None"):
            encoded(Usage(None, "c", AT, None, "session", "p"))  # type: ignore[arg-type]

    def test_a_number_beyond_64_bits_is_named(self) -> None:
        line = OrderLine("l", "p", quantity=1 << 63)
        with pytest.raises(Unencodable, match=r"Purchase\.lines\[0\]\.quantity"):
            encoded(Purchase("e", "c", AT, None, "order_placed", "o", (line,)))

    def test_a_number_beyond_32_bits_is_named(self) -> None:
        delivery = Delivery("e", "c", AT, None, "o", "p", "delivered", parcels_total=1 << 31)
        with pytest.raises(Unencodable, match=r"Delivery\.parcels_total"):
            encoded(delivery)

    def test_half_a_surrogate_pair_is_named(self) -> None:
        with pytest.raises(Unencodable, match=r"Usage\.product_id"):
            encoded(Usage("e", "c", AT, None, "session", "\ud800"))

    @pytest.mark.parametrize("at_ms", [-1, 0, 946_684_799_999, 2_199_023_255_551, 2_199_023_255_552, 10**14])
    def test_a_time_of_any_length_is_written_as_avro_does(self, at_ms: int) -> None:
        usage = Usage("e", "c", at_ms, None, "session", "p")
        assert encoded(usage) == fastavro_bytes(usage)
