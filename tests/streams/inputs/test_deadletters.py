import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason
from schemas.topics import topics
from streams.errors import Rejected
from streams.inputs.deadletters import Account, account, dead_letter
from streams.inputs.records import InputRecord, Rejection

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
REJECTIONS = st.builds(Rejection, st.sampled_from(Reason), TEXT, TEXT)
RECORDS = st.builds(
    InputRecord,
    TEXT,
    st.integers(0, 100),
    st.integers(0, 1 << 60),
    st.none() | st.integers(0, 1 << 50),
    st.none() | st.binary(max_size=20),
    st.none() | st.binary(max_size=50),
)
NOW = 1_700_000_000_000


@given(record=RECORDS, rejection=REJECTIONS)
def test_a_dead_letter_holds_the_bytes_as_they_were_and_says_why(
    record: InputRecord, rejection: Rejection
) -> None:
    letter = dead_letter(record, rejection, NOW)
    assert letter.value is record.value
    assert letter.key is record.key
    assert account(letter.headers) == Account(record.topic, record.partition, record.offset, rejection, NOW)


def test_the_headers_are_text_in_a_fixed_order() -> None:
    record = InputRecord("journey.usage", 3, 812, NOW, b"c", b"{}")
    letter = dead_letter(record, Rejection(Reason.MISSING_FIELD, "lines[0].quantity", "Usage"), NOW + 5)
    assert letter.headers == (
        ("topic", b"journey.usage"),
        ("partition", b"3"),
        ("offset", b"812"),
        ("reason", b"missing_field"),
        ("field", b"lines[0].quantity"),
        ("schema", b"Usage"),
        ("time", b"1700000000005"),
    )


def test_the_headers_fit_into_what_the_topic_allows_beside_the_largest_input() -> None:
    deepest = Rejection(Reason.NUMBER_OUT_OF_RANGE, "subscription.paid_through_at" * 10, "FrictionChange")
    letter = dead_letter(InputRecord("x" * 249, 9_999, 1 << 62, NOW, b"c" * 512, b""), deepest, NOW)
    size = sum(len(name) + len(value) for name, value in letter.headers) + len(letter.key or b"")
    assert size < topics()["dead-letters"].max_record_bytes - (1 << 20)


@pytest.mark.parametrize("broken", ["reason", "time", "partition"])
def test_headers_of_something_else_are_refused(broken: str) -> None:
    letter = dead_letter(
        InputRecord("journey.usage", 3, 812, NOW, b"c", b"{}"), Rejection(Reason.EMPTY, "", "Usage"), NOW
    )
    with pytest.raises(Rejected, match="not the headers of a dead letter"):
        account((name, b"nonsense" if name == broken else value) for name, value in letter.headers)
    with pytest.raises(Rejected, match="not the headers of a dead letter"):
        account((name, value) for name, value in letter.headers if name != broken)


def test_headers_of_others_do_not_disturb() -> None:
    letter = dead_letter(
        InputRecord("journey.usage", 3, 812, NOW, b"c", b"{}"), Rejection(Reason.EMPTY, "", "Usage"), NOW
    )
    assert account((*letter.headers, ("traceparent", b"00-1"))).offset == 812
