from schemas.topics import topics
from streams.settings import load_settings
from streams.topics.wanted import Role, wanted_topics, worker_topics
from tests.streams.topics.cases import (
    BY_NAME,
    CHANGELOG,
    CUSTOMERS,
    LETTERS,
    REPLAYED,
    SETTINGS,
    USAGE,
    WANTED,
)


def test_every_topic_of_the_registry_is_wanted_and_the_applications_own_too() -> None:
    assert [it.name for it in WANTED] == [*(it.full_name() for it in topics().values()), CHANGELOG, REPLAYED]


def test_a_worker_uses_all_but_the_one_that_says_what_was_sent_back() -> None:
    assert [it.name for it in WANTED if it not in worker_topics(SETTINGS)] == [REPLAYED]


def test_what_was_sent_back_is_known_for_longer_than_the_letter_is_kept() -> None:
    kept = (BY_NAME[REPLAYED].configs, BY_NAME[LETTERS].configs)
    assert [it["cleanup.policy"] for it in kept] == ["delete", "delete"]
    assert int(kept[0]["retention.ms"]) > int(kept[1]["retention.ms"])


def test_names_follow_prefix_and_application() -> None:
    settings = load_settings({}, None, {"engine.topic.prefix": "test.", "engine.application.id": "mine"})
    names = [it.name for it in wanted_topics(settings)]
    assert names[0] == "test.purchases"
    assert names[-2:] == ["mine-customers-changelog", "mine-dead-letters-replayed"]


def test_every_topic_has_a_role() -> None:
    roles = {role: [it.name for it in WANTED if it.role is role] for role in Role}
    assert len(roles[Role.INPUT]) == 7
    assert roles[Role.GLOBAL] == ["journey.catalogue", "journey.control"]
    assert len(roles[Role.OUTPUT]) == 6
    assert roles[Role.DEAD_LETTERS] == [LETTERS]
    assert roles[Role.CHANGELOG] == [CHANGELOG]
    assert roles[Role.REPLAYED] == [REPLAYED]


def test_events_are_deleted_with_time_and_never_compacted() -> None:
    assert BY_NAME[USAGE].configs == {
        "cleanup.policy": "delete",
        "retention.ms": str(90 * 86_400_000),
        "max.message.bytes": "1048588",
    }


def test_dead_letters_take_the_largest_input_and_its_headers() -> None:
    assert BY_NAME[LETTERS].configs["max.message.bytes"] == str(1_048_576 + 65_536)


def test_what_is_compacted_by_customer_forgets_within_a_bound() -> None:
    for name in (CUSTOMERS, CHANGELOG):
        configs = BY_NAME[name].configs
        assert configs["cleanup.policy"] == "compact"
        assert int(configs["segment.ms"]) < int(configs["max.compaction.lag.ms"]) == 86_400_000
        assert configs["delete.retention.ms"] == "172800000"
        assert configs["min.cleanable.dirty.ratio"] == "0.1"


def test_what_is_compacted_by_product_keeps_the_defaults_of_the_broker() -> None:
    assert BY_NAME["journey.catalogue"].configs == {
        "cleanup.policy": "compact",
        "max.message.bytes": "1048588",
    }


def test_the_changelog_is_co_partitioned_with_the_inputs() -> None:
    assert BY_NAME[CHANGELOG].co_partitioned
    assert BY_NAME[CHANGELOG].partitions == BY_NAME[USAGE].partitions
