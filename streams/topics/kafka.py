"""Asks the broker about topics, creates them and changes their entries. Decides nothing.

aiokafka says why a broker cannot be reached in its log only, so the log is listened to while a connection is
made, and what it says becomes the error.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TransactionalIdAuthorizationFailed,
    for_code,
)
from aiokafka.protocol.admin import CreateAclsRequest, CreateTopicsRequest, DescribeConfigsRequest

from streams.errors import Fatal, Retryable
from streams.topics.existing import Cluster, Existing, Refused
from streams.topics.plan import New
from streams.topics.requests import (
    RIGHTS,
    TOPIC_RESOURCE,
    ChangeRequest,
    GroupRequest,
    TopicsRequest,
    rights_of,
)
from streams.topics.rights import Acl, Resource

LOGGER: Final = "aiokafka"
REASON_CHARS_MAX: Final = 300
UNKNOWN_TOPIC: Final = 3
ALREADY_THERE: Final = 36
NO_RIGHT: Final = (29, 30, 31)
"""Of the topic, of the group, of the cluster."""
LITERAL: Final = 3
PREFIXED: Final = 4
ALLOW: Final = 3
RESOURCES: Final = {
    Resource.TOPIC: TOPIC_RESOURCE,
    Resource.GROUP: 3,
    Resource.TRANSACTIONAL_ID: 5,
}
NUMBERS: Final = {name: number for number, name in RIGHTS.items()}
"""Kafka's numbers of patterns, permissions, resources and operations."""


class Unreachable(Fatal):
    """No broker answers, or none lets this user in."""


class TopicsClient:
    """A connection for questions about topics. `options` are those of `streams.client_options`."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = dict(options)
        self._client: Any = None
        self._controller = 0

    async def __aenter__(self) -> Self:
        """Connect. Raises `Unreachable`."""
        self._client = AIOKafkaClient(**self._options)
        with _listening() as said:
            try:
                await self._client.bootstrap()
            except (KafkaError, OSError, TimeoutError) as error:
                await self._client.close()
                servers = ", ".join(self._options["bootstrap_servers"])
                reason = (said[-1] if said else str(error))[:REASON_CHARS_MAX]
                hint = "see kafka.bootstrap.servers and kafka.security.protocol in `kairos config`"
                raise Unreachable(f"no Kafka answers at {servers}: {reason}; {hint}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def read(self, names: Sequence[str]) -> Cluster:
        """The topics among `names` that are there, without their configs."""
        answer = await self._ask(TopicsRequest(names))
        self._controller = answer.controller_id
        found: dict[str, Existing] = {}
        refused: list[Refused] = []
        for code, name, _, partitions, rights in answer.topics:
            if code in NO_RIGHT:
                refused.append(Refused(name, "DESCRIBE"))
            elif code != UNKNOWN_TOPIC:
                _raise_for(code, name)
                replicas = min(len(partition[4]) for partition in partitions)
                found[name] = Existing(
                    partitions=len(partitions), replicas=replicas, rights=rights_of(rights)
                )
        refused.sort(key=lambda it: names.index(it.topic))
        return Cluster(brokers=len(answer.brokers), topics=found, refused=tuple(refused))

    async def with_configs(self, cluster: Cluster) -> Cluster:
        """The same, with the configs in effect of every topic."""
        if not cluster.topics:
            return cluster
        asked = [(TOPIC_RESOURCE, name, None) for name in cluster.topics]
        answer = await self._ask(DescribeConfigsRequest(asked))
        found = dict(cluster.topics)
        refused = list(cluster.refused)
        for code, message, _, name, entries in answer.resources:
            if code in NO_RIGHT:
                refused.append(Refused(name, "DESCRIBE_CONFIGS"))
            else:
                _raise_for(code, name, message)
                configs = {entry[0]: entry[1] for entry in entries if entry[1] is not None}
                found[name] = msgspec.structs.replace(found[name], configs=configs)
        return msgspec.structs.replace(cluster, topics=found, refused=tuple(refused))

    async def create(self, topics: Mapping[str, New]) -> dict[str, str]:
        """Create topics; returns those that could not be, and why. One that is there by now is no error."""
        answers = await self._creation(topics, validate_only=False)
        return {
            name: _reason(code, message, "CREATE")
            for name, code, message in answers
            if code not in (0, ALREADY_THERE)
        }

    async def already_there(self, topics: Mapping[str, New]) -> list[str]:
        """Those that the controller knows already, whatever other brokers say; creates none."""
        answers = await self._creation(topics, validate_only=True)
        return [name for name, code, _ in answers if code == ALREADY_THERE]

    async def change(self, changes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """Set entries of topics; returns those that could not be, and why."""
        if not changes:
            return {}
        answer = await self._ask(ChangeRequest(changes), self._controller)
        return {
            name: _reason(code, message, "ALTER_CONFIGS")
            for code, message, _, name in answer.resources
            if code
        }

    async def lacking(self, group: str, transactional_id: str) -> tuple[Refused, ...]:
        """The rights of a worker beside those on topics that this user does not have."""
        found = []
        if await self._may_not_join(group):
            found.append(Refused(f"group {group}", "READ"))
        refused, _ = await self._coordinator(CoordinationType.TRANSACTION, transactional_id)
        if refused:
            found.append(Refused(f"transactional id {transactional_id}", "WRITE"))
        return tuple(found)

    async def grant(self, acls: Sequence[Acl], principal: str, host: str) -> None:
        """Allow all of it, to `principal` from `host`. Fatal: one of them was refused."""
        for acl in acls:
            pattern = PREFIXED if acl.prefixed else LITERAL
            right = NUMBERS[acl.operation]
            request = CreateAclsRequest(
                RESOURCES[acl.resource], acl.name, pattern, principal, host, right, ALLOW
            )
            ((code, message),) = (await self._ask(request)).creation_responses
            if code:
                reason = _reason(code, message, "ALTER on the cluster")
                raise Fatal(f"{acl.operation} on {acl.resource} {acl.name} is not granted: {reason}")

    async def _may_not_join(self, group: str) -> bool:
        refused, node = await self._coordinator(CoordinationType.GROUP, group)
        if refused or node is None:
            return refused
        ((code, *_, bits),) = (await self._ask(GroupRequest(group), node)).groups
        rights = rights_of(bits)
        return code in NO_RIGHT or (not code and rights is not None and "READ" not in rights)

    async def _coordinator(self, kind: CoordinationType, name: str) -> tuple[bool, int | None]:
        """Whether this user may not even ask; and who coordinates, None while nobody does."""
        try:
            return False, await self._client.coordinator_lookup(kind, name)
        except (GroupAuthorizationFailedError, TransactionalIdAuthorizationFailed):
            return True, None
        except (KafkaError, OSError, TimeoutError):
            return False, None

    async def _creation(
        self, topics: Mapping[str, New], *, validate_only: bool
    ) -> list[tuple[str, int, str | None]]:
        if not topics:
            return []
        asked: list[tuple[str, int, int, list[Any], list[tuple[str, str]]]] = [
            (name, new.partitions, new.replicas, [], list(new.configs.items()))
            for name, new in topics.items()
        ]
        request = CreateTopicsRequest(asked, self._options["request_timeout_ms"], validate_only=validate_only)
        return list((await self._ask(request, self._controller)).topic_errors)

    async def _ask(self, request: Any, node: int | None = None) -> Any:
        try:
            return await self._client.send(self._client.get_random_node() if node is None else node, request)
        except (KafkaError, OSError, TimeoutError) as error:
            raise Retryable(f"Kafka did not answer: {error!r}") from error


def _reason(code: int, message: str | None, right: str) -> str:
    if code in NO_RIGHT:
        return f"no right {right}"
    return f"{for_code(code).__name__}: {message or for_code(code).description}"


def _raise_for(code: int, name: str, message: str | None = None) -> None:
    if code:
        raise Fatal(f"{name}: {_reason(code, message, '')}")


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What the client logs meanwhile."""
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    logger, listener = logging.getLogger(LOGGER), Listener(logging.WARNING)
    level = logger.level
    logger.addHandler(listener)
    logger.setLevel(
        min(logger.getEffectiveLevel(), logging.WARNING)
    )  # whoever silenced it still wants the reason
    try:
        yield said
    finally:
        logger.setLevel(level)
        logger.removeHandler(listener)
