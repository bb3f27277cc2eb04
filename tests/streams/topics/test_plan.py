"""What to do about topics, as a function of what is wanted and what there is."""

import msgspec
import pytest

from streams.topics.existing import Cluster, Existing
from streams.topics.plan import GROWTH, Asked, Finding, Verdict, agreed_partitions, plan, settled
from tests.streams.topics.cases import (
    BY_NAME,
    CATALOGUE,
    CHANGELOG,
    CUSTOMERS,
    LETTERS,
    USAGE,
    WANTED,
    as_wanted,
    cluster,
    configured,
    having,
)

EMPTY = Cluster(brokers=1, topics={})


def findings(found: Cluster, asked: Asked | None = None) -> list[Finding]:
    """What is not simply as it should be."""
    return [it for it in plan(WANTED, found, asked or Asked()) if it.verdict is not Verdict.OK]


def only(found: Cluster, asked: Asked | None = None) -> Finding:
    (finding,) = findings(found, asked)
    return finding


def applied(found: Cluster, asked: Asked | None = None) -> Cluster:
    """What there is after everything that can be done was done."""
    topics = dict(found.topics)
    for finding in plan(WANTED, found, asked or Asked()):
        if finding.create:
            new = finding.create
            topics[finding.topic] = Existing(
                partitions=new.partitions, replicas=new.replicas, configs=new.configs
            )
        elif finding.change:
            old = topics[finding.topic]
            topics[finding.topic] = msgspec.structs.replace(
                old, configs={**(old.configs or {}), **finding.change}
            )
    return Cluster(brokers=found.brokers, topics=topics)


class TestMissing:
    def test_all_is_created_where_nothing_is(self) -> None:
        found = plan(WANTED, EMPTY)
        assert [it.topic for it in found] == [it.name for it in WANTED]
        assert {it.verdict for it in found} == {Verdict.CREATE}
        assert not settled(found)

    def test_a_second_time_nothing_is_left_to_do(self) -> None:
        assert findings(applied(EMPTY)) == []

    def test_the_count_is_that_of_the_registry_unless_it_is_stated(self) -> None:
        def counts(asked: Asked) -> set[int]:
            return {it.create.partitions for it in plan(WANTED, EMPTY, asked) if it.create}

        assert counts(Asked()) == {12, 1}
        assert counts(Asked(partitions=4)) == {4, 1}

    def test_the_count_is_that_of_the_inputs_that_are_there(self) -> None:
        finding = only(cluster(partitions=6, missing=(CHANGELOG,)))
        assert finding.verdict is Verdict.CREATE
        assert finding.create
        assert finding.create.partitions == 6

    @pytest.mark.parametrize(("brokers", "replicas"), [(1, 1), (2, 2), (3, 3), (4, 3)])
    def test_three_replicas_where_there_are_brokers(self, brokers: int, replicas: int) -> None:
        create = only(cluster(brokers=brokers, missing=(USAGE,))).create
        assert create
        assert create.replicas == replicas
        assert ("min.insync.replicas" in create.configs) == (replicas == 3)

    def test_more_replicas_than_brokers_are_refused(self) -> None:
        def with_replicas(count: int) -> Finding:
            return plan(WANTED, Cluster(brokers=3, topics={}), Asked(replicas=count))[0]

        assert with_replicas(3).verdict is Verdict.CREATE
        finding = with_replicas(4)
        assert (finding.verdict, finding.create) == (Verdict.REFUSED, None)
        assert finding.todo == "4 replicas need as many brokers, and there are 3"

    def test_what_will_be_set_is_said(self) -> None:
        assert only(cluster(brokers=1, missing=(LETTERS,))).todo == (
            "1 partition, 1 replica, cleanup.policy=delete, retention.ms=2592000000, "
            "max.message.bytes=1114112"
        )


class TestPartitions:
    def test_a_count_that_differs_is_refused_with_the_reason(self) -> None:
        odd = as_wanted(BY_NAME[USAGE], partitions=8)
        finding = only(cluster(usage=odd))
        assert (finding.topic, finding.verdict, finding.found) == (USAGE, Verdict.REFUSED, "8 partitions")
        assert finding.todo == f"must be 4: {GROWTH}"
        assert (finding.create, finding.change) == (None, {})

    def test_a_stated_count_that_differs_is_refused_for_all(self) -> None:
        found = findings(cluster(partitions=4), Asked(partitions=5))
        assert {it.topic for it in found} == {it.name for it in WANTED if it.co_partitioned}
        assert {it.verdict for it in found} == {Verdict.REFUSED}

    def test_nothing_is_created_beside_counts_that_differ(self) -> None:
        (missing,) = [
            it for it in findings(cluster(missing=(CHANGELOG,)), Asked(partitions=5)) if it.found == "missing"
        ]
        assert missing.verdict is Verdict.REFUSED
        assert missing.todo == "created once the partition counts agree"

    def test_topics_of_no_customer_are_created_all_the_same(self) -> None:
        found = findings(cluster(missing=(LETTERS,)), Asked(partitions=5))
        assert [it.topic for it in found if it.verdict is Verdict.CREATE] == [LETTERS]

    def test_globals_and_dead_letters_may_have_any_count(self) -> None:
        assert (
            findings(cluster(catalogue=msgspec.structs.replace(as_wanted(BY_NAME[CATALOGUE]), partitions=9)))
            == []
        )

    def test_most_inputs_say_what_the_count_is(self) -> None:
        odd = as_wanted(BY_NAME[USAGE], partitions=64)
        assert agreed_partitions(WANTED, cluster(usage=odd)) == 4
        assert agreed_partitions(WANTED, EMPTY) is None

    def test_without_inputs_the_changelog_says_it(self) -> None:
        found = Cluster(
            brokers=1,
            topics={
                CHANGELOG: as_wanted(BY_NAME[CHANGELOG], 7),
                CUSTOMERS: as_wanted(BY_NAME[CUSTOMERS], 8),
            },
        )
        assert agreed_partitions(WANTED, found) == 7


class TestReplicas:
    def test_fewer_than_asked_for_are_left_to_people(self) -> None:
        assert findings(cluster(), Asked(replicas=1)) == []
        found = findings(cluster(), Asked(replicas=2))
        assert {it.verdict for it in found} == {Verdict.REFUSED}
        assert len(found) == len(WANTED)

    @pytest.mark.parametrize(
        ("replicas", "in_sync", "change"),
        [(2, "1", {}), (3, "1", {"min.insync.replicas": "2"}), (3, "2", {}), (3, "3", {})],
    )
    def test_three_of_them_must_acknowledge_with_two(
        self, replicas: int, in_sync: str, change: dict[str, str]
    ) -> None:
        existing = configured(USAGE, min_insync_replicas=in_sync)
        found = findings(cluster(usage=msgspec.structs.replace(existing, replicas=replicas)))
        assert [it.change for it in found] == ([change] if change else [])


class TestConfigs:
    def test_retention_is_raised_and_never_lowered(self) -> None:
        wanted = int(BY_NAME[USAGE].configs["retention.ms"])
        finding = only(cluster(usage=configured(USAGE, retention_ms=str(wanted - 1))))
        assert (finding.verdict, finding.change) == (Verdict.CHANGE, {"retention.ms": str(wanted)})
        assert findings(cluster(usage=configured(USAGE, retention_ms=str(wanted)))) == []
        for longer in (str(wanted + 1), "-1"):
            finding = only(cluster(usage=configured(USAGE, retention_ms=longer)))
            assert (finding.verdict, finding.change) == (Verdict.NOTE, {})
            assert finding.found == f"retention.ms={longer}"

    def test_a_note_leaves_the_topics_settled(self) -> None:
        found = plan(WANTED, cluster(usage=configured(USAGE, retention_ms="-1", retention_bytes="1000000")))
        assert [it.verdict for it in found].count(Verdict.NOTE) == 2
        assert settled(found)

    @pytest.mark.parametrize(
        ("name", "found", "change"),
        [
            (USAGE, "delete", {}),
            (USAGE, "compact,delete", {"cleanup.policy": "delete"}),
            (USAGE, "delete, compact", {"cleanup.policy": "delete"}),
            (CUSTOMERS, "compact", {}),
            (CUSTOMERS, "delete", {"cleanup.policy": "compact"}),
            (CUSTOMERS, "compact,delete", {"cleanup.policy": "compact"}),
            (CUSTOMERS, "", {"cleanup.policy": "compact"}),
        ],
    )
    def test_the_policy_is_one_or_the_other(self, name: str, found: str, change: dict[str, str]) -> None:
        changes = [it.change for it in findings(having(name, configured(name, cleanup_policy=found)))]
        assert changes == ([change] if change else [])

    @pytest.mark.parametrize("policy", ["compact", ""])
    def test_deletion_is_never_switched_on(self, policy: str) -> None:
        finding = only(cluster(usage=configured(USAGE, cleanup_policy=policy)))
        assert (finding.verdict, finding.change) == (Verdict.REFUSED, {})
        assert finding.todo.startswith("records older than retention.ms would vanish")

    @pytest.mark.parametrize(
        ("entry", "good", "bad"),
        [
            ("max_message_bytes", ["1048588", "1048589"], "1048587"),
            ("delete_retention_ms", ["172800000", "172800001"], "172799999"),
            ("max_compaction_lag_ms", ["86400000", "1"], "9223372036854775807"),
            ("segment_ms", ["21600000", "21599999"], "21600001"),
            ("min_cleanable_dirty_ratio", ["0.1", "0.01"], "0.5"),
        ],
    )
    def test_what_bounds_an_erasure_is_restored(self, entry: str, good: list[str], bad: str) -> None:
        for value in good:
            assert findings(cluster(customers=configured(CUSTOMERS, **{entry: value}))) == []
        finding = only(cluster(customers=configured(CUSTOMERS, **{entry: bad})))
        name = entry.replace("_", ".")
        assert finding.change == {name: BY_NAME[CUSTOMERS].configs[name]}
        assert finding.found == f"{name}={bad}"

    def test_all_changes_of_a_topic_are_one_row(self) -> None:
        finding = only(
            cluster(customers=configured(CUSTOMERS, cleanup_policy="delete", segment_ms="604800000"))
        )
        assert finding.change == {"cleanup.policy": "compact", "segment.ms": "21600000"}
        assert finding.todo.startswith("set cleanup.policy=compact, segment.ms=21600000; ")

    def test_entries_that_are_nobodys_business_here_are_left_alone(self) -> None:
        assert findings(cluster(usage=configured(USAGE, compression_type="zstd", flush_ms="1"))) == []

    @pytest.mark.parametrize(
        ("input_bytes", "letters_bytes"), [("1048588", None), ("1048589", "1114125"), ("5000000", "5065536")]
    )
    def test_dead_letters_have_room_for_the_largest_input_on_this_broker(
        self, input_bytes: str, letters_bytes: str | None
    ) -> None:
        found = findings(cluster(usage=configured(USAGE, max_message_bytes=input_bytes)))
        changes = [{"max.message.bytes": letters_bytes}] if letters_bytes else []
        assert [it.change for it in found if it.topic == LETTERS] == changes


def test_what_was_applied_is_settled_and_nothing_was_lowered_or_deleted() -> None:
    broken = cluster(
        missing=(CHANGELOG, "journey.stages"),
        usage=configured(USAGE, retention_ms="1", max_message_bytes="2000000"),
        replies=configured("journey.replies", retention_ms="-1"),
        customers=configured(CUSTOMERS, cleanup_policy="delete", max_compaction_lag_ms="9223372036854775807"),
    )
    after = applied(broken)
    assert settled(plan(WANTED, after))
    assert set(after.topics) == set(BY_NAME)
    assert (after.topics["journey.replies"].configs or {})["retention.ms"] == "-1"
    assert applied(after) == after
