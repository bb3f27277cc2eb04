"""What can be wrong with the bytes of a record, in one vocabulary, and the exceptions that say it.

`Reason` holds every reason for which an input is refused, those of the encoding and those of the meaning,
because the same word stands in the dead letter, in the metric's label and in the console.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a record was refused."""

    EMPTY = "empty"
    """A tombstone or no bytes at all, on a topic that has none."""
    TOO_LARGE = "too_large"
    """More than 1 MiB in all."""
    UNKNOWN_FRAMING = "unknown_framing"
    """The first bytes are neither JSON nor one of the two Avro framings."""
    UNKNOWN_SCHEMA = "unknown_schema"
    """The fingerprint names no schema of this topic."""
    WRONG_SCHEMA = "wrong_schema"
    """The writer's schema is known, but cannot be read as the schema of this topic."""
    MALFORMED = "malformed"
    """Not the encoding it claims to be: bad JSON, a bad varint, a bad union branch or block."""
    NESTED_TOO_DEEP = "nested_too_deep"
    """JSON nested deeper than any record."""
    TRUNCATED = "truncated"
    """The bytes end within the record."""
    TRAILING_BYTES = "trailing_bytes"
    """Bytes are left after the record."""
    NOT_UTF8 = "not_utf8"
    """A string is not UTF-8."""
    WRONG_TYPE = "wrong_type"
    """A value of another type than the field's."""
    MISSING_FIELD = "missing_field"
    """A field without default is absent."""
    UNKNOWN_SYMBOL = "unknown_symbol"
    """A word that its enumeration does not know."""
    TEXT_TOO_LONG = "text_too_long"
    """A string of more characters than its field may have."""
    TOO_MANY_ITEMS = "too_many_items"
    """An array of more items than its field may have."""
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    """A number beyond its type (32 or 64 bits), or beyond what can be meant."""
    NOT_FINITE = "not_finite"
    """A double that is infinite or not a number."""
    TIME_OUT_OF_RANGE = "time_out_of_range"
    """A time or date outside of the years 2000 to 2199."""
    BAD_ID = "bad_id"
    """An identifier that is empty, or holds a control character."""
    MISSING_FOR_TYPE = "missing_for_type"
    """A field that may be absent, but not in an event of this type."""
    DUPLICATE = "duplicate"
    """The same line, or the same channel, twice in one event."""
    FROM_THE_FUTURE = "from_the_future"
    """Dated more than 5 minutes after its Kafka timestamp."""
    WRONG_KEY = "wrong_key"
    """The record's key is not the id that the record is about."""
    WRONG_PARTITION = "wrong_partition"
    """The record does not lie in the partition that its key belongs to."""
    DECISION_FAILED = "decision_failed"
    """The record is right, but deciding on it failed: a mistake of Kairos, not of the sender."""
    TOO_LATE_FOR_REPLAY = "too_late_for_replay"
    """The record is right, but stands further behind later ones than a replay puts right."""


class Undecodable(Exception):
    """The bytes are not a record of this schema, for ever: the sender must act.

    `field` is the path of the field, such as `lines[3].quantity`; empty when it is about the whole record.
    """

    def __init__(self, reason: Reason, field: str = "") -> None:
        super().__init__(f"{reason} at {field}" if field else str(reason))
        self.reason = reason
        self.field = field


class Unencodable(Exception):
    """A value that its schema cannot hold: a mistake of this program. The text names the field."""


class SchemaUnavailable(Exception):
    """The writer's schema cannot be had now, as with an id not known yet: the same read may succeed."""


class ContractBroken(Exception):
    """The files of the contract contradict themselves: whoever changed them must act. The text says where."""
