"""What keeps a worker from starting, as a function of what is wanted and what there is."""

import msgspec
import pytest

from streams.topics.existing import Cluster, Refused
from streams.topics.start import not_ready
from streams.topics.wanted import RIGHTS
from tests.streams.topics.cases import (
    BY_NAME,
    CATALOGUE,
    CHANGELOG,
    LETTERS,
    USAGE,
    WANTED,
    as_wanted,
    cluster,
    configured,
    having,
)


def problems(found: Cluster, expected: int | None = None) -> list[str]:
    return [str(problem) for problem in not_ready(WANTED, found, expected)]


def test_nothing_keeps_a_worker_from_topics_as_they_should_be() -> None:
    assert problems(cluster()) == []
    assert problems(cluster(), 4) == []


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_topic_that_is_missing_is_named_with_the_remedy(name: str) -> None:
    role = BY_NAME[name].role
    assert problems(cluster(missing=(name,))) == [
        f"{name}: missing {role}: `kairos topics apply --yes` creates it"
    ]


def test_an_input_with_another_count_is_named() -> None:
    assert problems(cluster(usage=as_wanted(BY_NAME[USAGE], 5))) == [
        f"{USAGE}: has 5 partitions, others have 4: a customer needs one number everywhere"
    ]


def test_a_count_that_the_settings_do_not_expect_is_named() -> None:
    found = problems(cluster(), 12)
    assert len(found) == sum(topic.co_partitioned for topic in WANTED)
    assert (
        f"{CHANGELOG}: has 4 partitions, engine.partitions says 12: a customer needs one number everywhere"
        in found
    )


def test_a_catalogue_may_have_any_count() -> None:
    assert (
        problems(cluster(catalogue=msgspec.structs.replace(as_wanted(BY_NAME[CATALOGUE]), partitions=9)))
        == []
    )


@pytest.mark.parametrize("name", [USAGE, CATALOGUE, "journey.stages", LETTERS, CHANGELOG])
def test_a_right_that_is_missing_is_named(name: str) -> None:
    needed = RIGHTS[BY_NAME[name].role]
    for right in needed:
        held = frozenset({"DESCRIBE", *needed} - {right})
        existing = msgspec.structs.replace(as_wanted(BY_NAME[name]), rights=held)
        assert problems(having(name, existing)) == [f"{name}: no right {right}"]
    existing = msgspec.structs.replace(as_wanted(BY_NAME[name]), rights=frozenset(needed))
    assert problems(having(name, existing)) == []


def test_a_topic_that_may_not_be_seen_is_not_called_missing() -> None:
    hidden = msgspec.structs.replace(cluster(missing=(USAGE,)), refused=(Refused(USAGE, "DESCRIBE"),))
    assert problems(hidden) == [f"{USAGE}: no right DESCRIBE"]


def test_a_changelog_that_forgets_is_refused() -> None:
    for policy in ("delete", "compact,delete"):
        (problem,) = problems(having(CHANGELOG, configured(CHANGELOG, cleanup_policy=policy)))
        assert problem.startswith(f"{CHANGELOG}: has cleanup.policy={policy}: the state")


def test_all_problems_are_told_at_once() -> None:
    assert len(problems(Cluster(brokers=1, topics={}))) == len(WANTED)
