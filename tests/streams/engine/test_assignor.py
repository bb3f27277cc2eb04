from collections.abc import Mapping
from typing import Any

from streams.engine.overrides import _KnownCount


class Cluster:
    """The metadata of a client, which may not know a topic yet."""

    def __init__(self, known: Mapping[str, set[int]]) -> None:
        self._known = known

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return self._known.get(topic)


def test_a_topic_that_the_metadata_does_not_show_now_is_still_assigned() -> None:
    cluster: Any = _KnownCount(Cluster({"seen": {0, 1, 2, 3, 4}}), 4)
    assert cluster.partitions_for_topic("seen") == {0, 1, 2, 3, 4}
    assert cluster.partitions_for_topic("missing") == {0, 1, 2, 3}
