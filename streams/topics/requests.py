"""Three requests of Kafka's protocol that aiokafka 0.14.0 does not know, built from its own parts.

- Metadata, version 8: also says what whoever asks may do with each topic. A worker learns at its start which
  right is missing, not from an error in the middle of its work.
- DescribeGroups, version 3: the same for a consumer group. (aiokafka's own reads the answer as version 2.)
- IncrementalAlterConfigs: changes single entries. The older AlterConfigs that aiokafka offers replaces all of
  a topic, and would drop what somebody else set meanwhile.

All are of the last version before Kafka's flexible encoding. The layouts are those of Kafka's protocol
guide; the tests send them to a real broker.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Bytes, Int8, Int16, Int32, Schema, String

TOPIC_RESOURCE: Final = 2
SET: Final = 0
UNKNOWN_RIGHTS: Final = -(2**31)
"""Instead of rights, from a broker that does not say."""
RIGHTS: Final[Mapping[int, str]] = {
    3: "READ",
    4: "WRITE",
    5: "CREATE",
    6: "DELETE",
    7: "ALTER",
    8: "DESCRIBE",
    10: "DESCRIBE_CONFIGS",
    11: "ALTER_CONFIGS",
}
"""The bit of each right, by Kafka's number of the operation."""

_TEXT: Final = String("utf-8")


def rights_of(bits: int) -> frozenset[str] | None:
    """The rights in a bit field of the answer, None where the broker does not say."""
    if bits == UNKNOWN_RIGHTS:
        return None
    return frozenset(name for bit, name in RIGHTS.items() if bits >> bit & 1)


class _TopicsResponse(Response):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT))),
        ("cluster_id", _TEXT),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", _TEXT),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("rights", Int32),
            ),
        ),
        ("cluster_rights", Int32),
    )


class _TopicsRequest(RequestStruct):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _TopicsResponse
    SCHEMA = Schema(
        ("topics", Array(_TEXT)),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class TopicsRequest(Request[_TopicsRequest]):  # type: ignore[misc] # aiokafka has no types
    """What is known of topics, by name; asking creates none."""

    API_KEY = 3

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)

    def build(self, request: type[_TopicsRequest]) -> _TopicsRequest:
        """The request as it is sent."""
        return request(self._names, False, False, True)  # noqa: FBT003 - the fields of the layout


class _GroupsResponse(Response):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 15
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "groups",
            Array(
                ("error_code", Int16),
                ("group", _TEXT),
                ("state", _TEXT),
                ("protocol_type", _TEXT),
                ("protocol", _TEXT),
                (
                    "members",
                    Array(
                        ("member_id", _TEXT),
                        ("client_id", _TEXT),
                        ("client_host", _TEXT),
                        ("metadata", Bytes),
                        ("assignment", Bytes),
                    ),
                ),
                ("rights", Int32),
            ),
        ),
    )


class _GroupsRequest(RequestStruct):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 15
    API_VERSION = 3
    RESPONSE_TYPE = _GroupsResponse
    SCHEMA = Schema(("groups", Array(_TEXT)), ("include_authorized_operations", Boolean))


class GroupRequest(Request[_GroupsRequest]):  # type: ignore[misc] # aiokafka has no types
    """What is known of a consumer group, asked of its coordinator."""

    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request: type[_GroupsRequest]) -> _GroupsRequest:
        """The request as it is sent."""
        return request([self._group], True)  # noqa: FBT003 - a field of the layout


class _ChangeResponse(Response):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 44
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "resources",
            Array(
                ("error_code", Int16),
                ("error_message", _TEXT),
                ("resource_type", Int8),
                ("resource_name", _TEXT),
            ),
        ),
    )


class _ChangeRequest(RequestStruct):  # type: ignore[misc] # aiokafka has no types
    API_KEY = 44
    API_VERSION = 0
    RESPONSE_TYPE = _ChangeResponse
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("resource_type", Int8),
                ("resource_name", _TEXT),
                ("entries", Array(("name", _TEXT), ("operation", Int8), ("value", _TEXT))),
            ),
        ),
        ("validate_only", Boolean),
    )


class ChangeRequest(Request[_ChangeRequest]):  # type: ignore[misc] # aiokafka has no types
    """Set single entries of topics, by the name of the topic."""

    API_KEY = 44

    def __init__(self, changes: Mapping[str, Mapping[str, str]]) -> None:
        self._resources: Sequence[tuple[int, str, list[tuple[str, int, str]]]] = [
            (TOPIC_RESOURCE, topic, [(entry, SET, value) for entry, value in entries.items()])
            for topic, entries in changes.items()
        ]

    def build(self, request: type[_ChangeRequest]) -> _ChangeRequest:
        """The request as it is sent."""
        return request(self._resources, False)  # noqa: FBT003 - a field of the layout
