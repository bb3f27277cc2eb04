from pathlib import Path

import pytest

from schemas import topics as names
from schemas.errors import ContractBroken
from schemas.model import RECORD_BYTES_MAX, contract
from schemas.topics import inputs, journey_inputs, outputs, topics

PURCHASES = """
prefix = "journey."
[topics.purchases]
direction = "in"
schema = "Purchase"
key = "customer_id"
co_partitioned = true
partitions = 12
retention_days = 90
rank = 2
compatibility = "backward_transitive"
owner = "commerce"
aligned_with = ""
doc = ""
"""


def test_every_topic_name_has_a_constant() -> None:
    constants = {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)}
    assert constants - {names.DEFAULT_PREFIX} == set(topics())


def test_every_schema_is_on_a_topic() -> None:
    assert {topic.schema for topic in topics().values() if topic.schema} == set(contract())


def test_a_full_name_has_the_prefix() -> None:
    assert topics()["usage"].full_name() == "journey.usage"
    assert topics()["usage"].full_name("test.") == "test.usage"


def test_the_inputs_of_customers_are_ranked_for_events_at_the_same_time() -> None:
    assert [topic.name for topic in journey_inputs()] == [
        *("erasures", "profiles", "purchases", "deliveries", "usage", "tickets", "replies")
    ]
    assert [topic.rank for topic in journey_inputs()] == list(range(7))


def test_co_partitioned_topics_have_one_partition_count_and_the_customer_as_key() -> None:
    found = {(topic.partitions, topic.key) for topic in topics().values() if topic.co_partitioned}
    assert len(found) == 1
    assert {key for _, key in found} == {"customer_id"}


def test_inputs_are_backward_and_outputs_fully_compatible() -> None:
    assert {topic.compatibility for topic in inputs().values()} == {"backward_transitive"}
    assert {topic.compatibility for topic in outputs().values() if topic.schema} == {"full_transitive"}


def test_a_dead_letter_has_room_for_the_largest_input_and_its_headers() -> None:
    assert topics()["dead-letters"].max_record_bytes == RECORD_BYTES_MAX + 64 * 1024
    assert {topic.max_record_bytes for topic in inputs().values()} == {RECORD_BYTES_MAX}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"Purchase"', '"Purchases"', "which no file holds"),
        ('"customer_id"', '"customer"', "which Purchase lacks"),
        ("retention_days = 90", "", "either retention_days or compacted"),
        (
            "retention_days = 90",
            "retention_days = 90\ncompacted = true",
            "either retention_days or compacted",
        ),
        ("rank = 2", "", "needs a rank"),
        ('"in"', '"both"', "Invalid enum value"),
        ("rank = 2", "rang = 2", "unknown field"),
        ("partitions = 12", "", "partitions"),
        ("[topics", "[topics", None),
        ("[topics", "[[topics", r"topics\.toml"),
    ],
)
def test_a_registry_that_contradicts_itself_is_refused(
    tmp_path: Path, old: str, new: str, message: str | None
) -> None:
    path = tmp_path / "topics.toml"
    path.write_text(PURCHASES.replace(old, new), encoding="utf-8")
    if message is None:
        assert topics(path)["purchases"].rank == 2
    else:
        with pytest.raises(ContractBroken, match=message):
            topics(path)
