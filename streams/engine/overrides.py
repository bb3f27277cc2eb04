"""Everything of Faust and aiokafka that is private, or replaced, and used here nevertheless. Nothing else is.

Both are pinned to one version each; `tests/streams/engine/test_overrides.py` fails when another one has
changed what is relied upon.

    aiokafka   the wait between two transactions of one producer, 20 ms, is made shorter: markers of the last
               transaction are mostly written within 3 ms, and this wait was most of the commit's p99
    aiokafka   a group consumer that nobody polls leaves its group: ours is never polled, so it always counts
               as being polled
    aiokafka   heartbeats are watched, because whoever opens a partition anew must know that it still may
    aiokafka   the name by which a group knows its member is asked for, and one that is dead is made to leave
    Faust      the client of the group is closed while it leaves the group; ours is closed after that
    aiokafka   a worker that stops leaves its group first, and works on until others have taken over
    aiokafka   a restore is given records as they were parsed: the object that is made around each one, which
               nobody looks at, took a fifth of its time
    aiokafka   a transaction is ended over partitions to which nothing was written, for its marks alone
    aiokafka   state and members of a group stand in an answer that it hands out as it came
    aiokafka   a consumer learns the partitions of a topic that it is not assigned to
    Faust      partitions of the group consumer are paused before it fetches for the first time: Faust's own
               pause is bookkeeping, and it would prefetch what the partition tasks read for themselves
    Faust      its table manager recovers tables through the group consumer; ours tells the partition tasks
    Faust      the group consumer is made with all of Kafka's settings, of which Faust knows some
    Faust      its web server is replaced by ours, and members learn the address at which that one listens
    Faust      a channel's queue is emptied at every rebalance; ours is not
    Faust      a rebalance ends with its table recovery, of which there is none
    Faust      its assignor leaves out topics that the leader's metadata does not show, as when a broker
               comes back, and then nobody has anything until the metadata is old; ours knows the count
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast

import aiokafka
import aiokafka.consumer.fetcher
import aiokafka.producer.sender
import faust
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.protocol.group import LeaveGroupRequest
from faust.app.base import BootStrategy
from faust.assignor.partition_assignor import PartitionAssignor
from faust.channels import Channel
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.types import ServiceT
from mode.utils.queues import FlowControlEvent, ThrowableQueue
from yarl import URL

from streams.engine.clients import as_parsed

if TYPE_CHECKING:
    from streams.engine.membership import Membership

log = logging.getLogger(__name__)

TRANSACTION_BACKOFF_S: Final = 0.003
SLICES_WAITING_MAX: Final = 4_096
LEFT_WITHIN_S: Final = 1.0
"""How long a group may take to let a worker go that stops."""


def shorten_transaction_backoff() -> None:
    """For all producers of this process."""
    aiokafka.producer.sender.BACKOFF_OVERRIDE = TRANSACTION_BACKOFF_S


class ParsedRecords(PartitionRecords):  # type: ignore[misc] # aiokafka has no types
    """The records of a fetch without an object around each."""

    def __iter__(self) -> Iterator[Any]:
        """The iterator that `__next__` asks: without a call of Python's for each record."""
        return iter(self._records_iterator or ())

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record


def leave_records_as_parsed() -> None:
    """For all consumers of this process that ask for it."""

    def records_of(tp: Any, records: Any, aborted: Any, offset: int, of_key: Any, *others: Any) -> Any:
        kind = ParsedRecords if of_key is as_parsed else PartitionRecords
        return kind(tp, records, aborted, offset, None if of_key is as_parsed else of_key, *others)

    aiokafka.consumer.fetcher.PartitionRecords = records_of


async def end_nothing(producer: Any, partitions: Iterable[Any], *, committed: bool) -> None:
    """A transaction over these partitions without a record: all that it leaves is the mark of its end."""
    await producer.begin_transaction()
    for partition in partitions:
        producer._txn_manager.maybe_add_partition_to_txn(partition)
    if committed:
        await producer.commit_transaction()
    else:
        await producer.abort_transaction()


async def partitions_of(consumer: Any, topic: str) -> list[int]:
    """The partition numbers of a topic, empty when it does not exist."""
    await consumer._client.add_topic(topic)
    return sorted(consumer.partitions_for_topic(topic) or ())


async def leave_group(admin: Any, group: str, member_id: str) -> None:
    """Leave a group in the name of a member that is dead; a group that has none of this name does nothing."""
    node = await admin.find_coordinator(group)
    await admin._send_request_to_node(node, LeaveGroupRequest(group, member_id))


async def group_now(admin: Any, group: str) -> tuple[str, int]:
    """The state of a group, in Kafka's word, and how many members it has."""
    (answer,) = await admin.describe_consumer_groups([group])
    _error, _name, state, _type, _protocol, members = answer.groups[0][:6]
    return str(state), len(members)


class Heartbeats:
    """When the group's coordinator answered last. Read from any thread."""

    def __init__(self, session_timeout_s: float) -> None:
        self._session_timeout_s = session_timeout_s
        self._answered_at = 0.0

    def answered(self) -> None:
        """It knows us now."""
        self._answered_at = monotonic()

    def member(self) -> bool:
        """Whether it must still know us."""
        return monotonic() - self._answered_at < self._session_timeout_s

    def watch(self, consumer: Any, known_as: Callable[[str], None]) -> None:
        """Hear of every answer to this consumer, of joining the group as well, and under which name."""
        coordinator = consumer._coordinator
        heartbeat, join = coordinator._do_heartbeat, coordinator._do_rejoin_group

        async def watched_heartbeat() -> bool:
            known = bool(await heartbeat())
            if known:
                self.answered()
            return known

        async def watched_join(subscription: Any) -> bool:
            joined = bool(await join(subscription))
            if joined:
                self.answered()
                known_as(coordinator.member_id)
            return joined

        coordinator._do_heartbeat = watched_heartbeat
        coordinator._do_rejoin_group = watched_join


class PausingListener(driver.ConsumerRebalanceListener):
    """Pauses what is assigned before anybody can fetch it."""

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        partitions = list(assigned)
        if partitions:
            self._thread._ensure_consumer().pause(*partitions)
        await super().on_partitions_assigned(partitions)


class GroupThread(driver.AIOKafkaConsumerThread):
    """The thread of the group consumer, which does membership and nothing else."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        app = cast("JourneyApp", self.app)
        self._assignor = app.assignor
        consumer = aiokafka.AIOKafkaConsumer(
            **app.group_options,
            group_id=app.conf.id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        consumer._subscription._fetch_count += 1
        return consumer

    async def on_start(self) -> None:
        await super().on_start()
        known_as = cast("JourneyApp", self.app).membership.known_as
        cast("GroupConsumer", self.consumer).heartbeats.watch(self._consumer, known_as)

    def close(self) -> None:
        """Nothing: `on_thread_stop` leaves the group, and then closes the client.

        Faust's does both at once and from another thread. Where the client was closed first, everybody waited
        until the session of a worker was over that was long gone.
        """

    async def on_thread_stop(self) -> None:
        """Leave the group, also when the client does not end because a rebalance is on its way."""
        ended = asyncio.ensure_future(super().on_thread_stop())
        await self._leave(ended)
        if not ended.done():  # a broker that hangs: without connections nothing waits for it any more
            closing = asyncio.ensure_future(self._ensure_consumer()._client.close())
            await asyncio.wait({closing}, timeout=LEFT_WITHIN_S)

    async def leave(self) -> bool:
        """Leave the group while everything else goes on; whether it was left. From the loop of the worker."""
        coordinator = None if self._consumer is None else self._consumer._coordinator
        if coordinator is None:
            return False
        leaving = asyncio.run_coroutine_threadsafe(self._leave(coordinator.close()), self.thread_loop)
        await asyncio.wait({asyncio.wrap_future(leaving)}, timeout=2 * LEFT_WITHIN_S)
        return bool(coordinator.generation <= 0)

    async def _leave(self, ending: Awaitable[None]) -> None:
        """Wait for what leaves the group; leave it without, when that takes too long."""
        await asyncio.wait({asyncio.ensure_future(ending)}, timeout=LEFT_WITHIN_S)
        coordinator = None if self._consumer is None else self._consumer._coordinator
        if coordinator is not None and coordinator.generation > 0:
            leaving = asyncio.ensure_future(coordinator._maybe_leave_group())
            await asyncio.wait({leaving}, timeout=LEFT_WITHIN_S)

    async def rejoin(self) -> None:
        """Ask for a rebalance."""
        asyncio.run_coroutine_threadsafe(self._request_rejoin(), self.thread_loop)

    async def _request_rejoin(self) -> None:
        self._ensure_consumer()._coordinator.request_rejoin()


class GroupConsumer(driver.Consumer):
    """Faust's consumer over that thread."""

    RebalanceListener = PausingListener

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heartbeats = Heartbeats(self.app.conf.broker_session_timeout)

    def _new_consumer_thread(self) -> GroupThread:
        return GroupThread(self, loop=self.loop, beacon=self.beacon)

    async def rejoin(self) -> None:
        """Ask for a rebalance."""
        await cast("GroupThread", self._thread).rejoin()

    async def leave(self) -> bool:
        """Leave the group while everything else goes on; whether it was left."""
        return await cast("GroupThread", self._thread).leave()


class GroupTransport(driver.Transport):
    """Faust's transport with that consumer."""

    Consumer = GroupConsumer


class _KnownCount:
    """A cluster in which every topic of the group has at least the partitions that it is known to have."""

    def __init__(self, cluster: Any, count: int) -> None:
        self._cluster = cluster
        self._count = count

    def partitions_for_topic(self, topic: str) -> set[int]:
        """Its partition numbers."""
        return self._cluster.partitions_for_topic(topic) or set(range(self._count))


class JourneyAssignor(PartitionAssignor):
    """Faust's assignor, which a gap in the leader's metadata does not make forget the inputs."""

    partitions: int = 0
    """How many every co-partitioned topic has; 0 until it is known."""

    def assign(self, cluster: Any, member_metadata: Any) -> Any:
        """Who gets what."""
        known = _KnownCount(cluster, self.partitions) if self.partitions else cluster
        return super().assign(known, member_metadata)


class GroupBoot(BootStrategy):
    """No producer of Faust's: each partition has its own."""

    enable_kafka_producer = False

    def web_server(self) -> Iterable[ServiceT]:
        """Our own, before the group is joined; it ends after the group was left."""
        server = cast("JourneyApp", self.app).pages
        return [] if server is None else [server]


class SliceChannel(Channel[Any]):
    """A channel whose queue nobody empties: what waits in it is awaited by a partition task."""

    @property
    def queue(self) -> ThrowableQueue[Any]:
        """The queue, under a flow control of its own that never closes."""
        if self._queue is None:
            open_flow = FlowControlEvent(initially_suspended=False)
            open_flow.resume()
            self._queue = ThrowableQueue(
                maxsize=SLICES_WAITING_MAX, flow_control=open_flow, clear_on_resume=False
            )
        return self._queue


class JourneyTables(TableManager):
    """Tells who is assigned what; recovers nothing itself.

    `assigned` is called with the active and the standby partition numbers, `prepared` is awaited before the
    first subscription.
    """

    prepared: Callable[[], Awaitable[None]]
    assigned: Callable[[set[int], set[int]], None]
    input_topics: frozenset[str]

    async def on_start(self) -> None:
        await cast("JourneyApp", self.app).membership.bury()
        await self.prepared()
        if not self.should_stop:
            await self._update_channels()

    async def on_stop(self) -> None:
        for table in self.values():
            await table.stop()

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Nothing: partitions that stay work on, the others are told when the new assignment is known."""

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        self._recovery_started.set()
        active = {tp.partition for tp in assigned if tp.topic in self.input_topics}
        standby = {tp.partition for tp in assigned if tp.topic in self._changelogs} - active
        self.assigned(active, standby)

    async def wait_until_recovery_completed(self) -> bool:
        return False


class JourneyApp(faust.App):
    """The Faust application over that boot strategy. `group_options` are those of the group's client."""

    BootStrategy = GroupBoot
    group_options: Mapping[str, Any]
    membership: Membership
    before_leaving: Callable[[], Awaitable[None]]
    """Awaited when the worker stops, before it leaves its group."""
    pages: ServiceT | None = None

    def reached_at(self, url: URL) -> None:
        """Other members are told that this one's pages are there. Before the group is joined."""
        self.conf.canonical_url = url

    def owners(self, changelog: str) -> dict[int, str]:
        """The address of the member that has each partition, as of the last rebalance."""
        return {
            number: url
            for url, topics in self.assignor.table_metadata(changelog).items()
            for number in topics.get(changelog, ())
        }

    def _create_directories(self) -> None:
        """With all parents, which Faust leaves to others."""
        self.conf.datadir.mkdir(parents=True, exist_ok=True)

    def on_rebalance_return(self) -> None:
        """A rebalance ends here: there is no recovery of Faust's after it, which would end it."""
        super().on_rebalance_return()
        self.on_rebalance_end()

    async def _stop_consumer(self) -> None:
        await self.before_leaving()
        await super()._stop_consumer()

    async def _stop_fetcher(self) -> None:
        """There is none to stop: nothing is fetched through the group."""
