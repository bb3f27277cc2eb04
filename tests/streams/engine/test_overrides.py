"""What is private in Faust and aiokafka and relied upon nevertheless: it must be there, and be as it was.

A new version of either that has changed it fails here, before it fails a partition.
"""

import asyncio
import inspect
import threading
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import aiokafka
import aiokafka.producer.sender
import faust
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.protocol.group import LeaveGroupRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from faust.app.base import BootStrategy
from faust.assignor.partition_assignor import PartitionAssignor
from faust.channels import Channel
from faust.tables.manager import TableManager
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.engine import overrides
from streams.engine.clients import as_parsed
from streams.engine.overrides import GroupThread, Heartbeats, JourneyApp, JourneyTables, PausingListener


def words(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(("package", "version"), [("faust-streaming", "0.15.3"), ("aiokafka", "0.14.0")])
def test_the_versions_are_those_that_were_read(package: str, version: str) -> None:
    assert metadata.version(package) == version


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (TransactionManager.maybe_add_partition_to_txn, ["self", "tp"]),
        (PartitionRecords._consumer_record, ["self", "tp", "record"]),
        (GroupCoordinator._do_heartbeat, ["self"]),
        (GroupCoordinator._do_rejoin_group, ["self", "subscription"]),
        (GroupCoordinator.request_rejoin, ["self"]),
        (AIOKafkaAdminClient._send_request_to_node, ["self", "node_id", "request"]),
        (LeaveGroupRequest, ["group", "member_id"]),
        (driver.AIOKafkaConsumerThread._create_worker_consumer, ["self", "transport"]),
        (driver.AIOKafkaConsumerThread._ensure_consumer, ["self"]),
        (driver.AIOKafkaConsumerThread.on_start, ["self"]),
        (driver.Consumer._new_consumer_thread, ["self"]),
        (driver.ConsumerRebalanceListener.on_partitions_assigned, ["self", "assigned"]),
        (BootStrategy.web_server, ["self"]),
        (TableManager._update_channels, ["self"]),
        (TableManager.on_partitions_revoked, ["self", "revoked"]),
        (TableManager.wait_until_recovery_completed, ["self"]),
        (PartitionAssignor.assign, ["self", "cluster", "member_metadata"]),
        (PartitionAssignor.table_metadata, ["self", "topic"]),
        (faust.App._create_directories, ["self"]),
        (faust.App._stop_consumer, ["self"]),
        (faust.App._stop_fetcher, ["self"]),
        (faust.App.on_rebalance_end, ["self"]),
        (faust.App.on_rebalance_return, ["self"]),
    ],
)
def test_what_is_replaced_or_called_takes_what_it_took(function: Any, expected: list[str]) -> None:
    assert words(function) == expected


def test_the_table_manager_is_told_of_a_rebalance_as_before() -> None:
    assert words(TableManager.on_rebalance) == words(JourneyTables.on_rebalance)


def test_the_wait_between_transactions_is_a_constant_of_the_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    before = 0.02
    monkeypatch.setattr(aiokafka.producer.sender, "BACKOFF_OVERRIDE", before)
    source = inspect.getsource(aiokafka.producer.sender.AddPartitionsToTxnHandler)
    assert "return BACKOFF_OVERRIDE" in source
    overrides.shorten_transaction_backoff()
    assert before > aiokafka.producer.sender.BACKOFF_OVERRIDE > 0


def _fetched(of_key: Any) -> list[Any]:
    """Two records in one batch, as the fetcher has them unpacked."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1_000)
    for offset in range(2):
        builder.append(offset, 1_000, b"k%d" % offset, b"v%d" % offset, [("h", b"1")])
    records = MemoryRecords(bytes(builder.build()))
    tp = aiokafka.TopicPartition("t", 3)
    made = aiokafka.consumer.fetcher.PartitionRecords(tp, records, [], 0, of_key, None, True, 0)
    return list(made)


def test_a_consumer_that_asks_for_it_is_given_records_as_they_were_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind = aiokafka.consumer.fetcher.PartitionRecords
    monkeypatch.setattr(aiokafka.consumer.fetcher, "PartitionRecords", kind)
    overrides.leave_records_as_parsed()
    usual, parsed = _fetched(None), _fetched(as_parsed)
    assert all(isinstance(it, aiokafka.ConsumerRecord) for it in usual)
    assert not any(isinstance(it, aiokafka.ConsumerRecord) for it in parsed)
    facts = [(it.key, it.value, it.offset) for it in usual]
    assert [(it.key, it.value, it.offset) for it in parsed] == facts == [(b"k0", b"v0", 0), (b"k1", b"v1", 1)]


def test_a_consumer_that_is_being_polled_is_never_idle() -> None:
    async def idle_s() -> tuple[float, float]:
        state = SubscriptionState()
        state._last_fetch_ended -= 1_000
        before = state.fetcher_idle_time
        state._fetch_count += 1
        return before, state.fetcher_idle_time

    before, polled = asyncio.run(idle_s())
    assert before >= 1_000
    assert polled == 0


def test_the_queue_of_a_channel_is_made_when_it_is_asked_for() -> None:
    assert isinstance(inspect.getattr_static(Channel, "queue"), property)
    assert "_queue" in inspect.getsource(Channel.__init__)


def test_the_group_consumer_makes_its_listener_of_a_class_that_can_be_named() -> None:
    assert driver.Consumer.RebalanceListener is driver.ConsumerRebalanceListener
    assert "RebalanceListener" in inspect.getsource(driver.AIOKafkaConsumerThread.__post_init__)
    assert issubclass(PausingListener, driver.ConsumerRebalanceListener)


def test_faust_stops_its_group_before_its_tables() -> None:
    source = inspect.getsource(faust.App.on_stop)
    assert source.index("_stop_consumer") < source.index("_producer_flush")


def test_faust_pauses_by_bookkeeping_alone_so_that_ours_is_needed() -> None:
    assert "_consumer" not in inspect.getsource(Consumer.pause_partitions)


class Coordinator:
    member_id = "worker-1"

    def __init__(self) -> None:
        self.answers = [True, False]

    async def _do_heartbeat(self) -> bool:
        return self.answers.pop(0)

    async def _do_rejoin_group(self, subscription: Any) -> bool:
        return True


class GroupClient:
    def __init__(self) -> None:
        self._coordinator: Any = Coordinator()


def test_heartbeats_tell_whether_the_group_still_knows_us() -> None:
    client, heartbeats = GroupClient(), Heartbeats(session_timeout_s=10.0)
    names: list[str] = []
    heartbeats.watch(client, names.append)
    assert not heartbeats.member()
    assert asyncio.run(client._coordinator._do_heartbeat())
    assert heartbeats.member()
    heartbeats._answered_at -= 11
    assert not asyncio.run(client._coordinator._do_heartbeat())
    assert not heartbeats.member()
    assert names == []
    assert asyncio.run(client._coordinator._do_rejoin_group(None))
    assert heartbeats.member()
    assert names == ["worker-1"]


class Group:
    """As much of a table manager as a rebalance needs."""

    def __init__(self) -> None:
        self.input_topics = frozenset({"usage", "tickets"})
        self._changelogs = {"changelog": None}
        self.told: list[tuple[set[int], set[int]]] = []
        self._recovery_started = threading.Event()

    def assigned(self, active: set[int], standby: set[int]) -> None:
        self.told.append((active, standby))


def test_a_changelog_without_its_inputs_is_a_standby() -> None:
    group: Any = Group()
    assigned = {TP("usage", 0), TP("tickets", 0), TP("changelog", 0), TP("changelog", 3)}
    asyncio.run(JourneyTables.on_rebalance(group, assigned, set(), assigned))
    assert group.told == [({0}, {3})]


def test_a_rebalance_ends_when_the_group_consumer_has_told_of_it(caplog: pytest.LogCaptureFixture) -> None:
    assert "self.app.on_rebalance_return()" in inspect.getsource(Consumer.on_partitions_assigned)
    app = JourneyApp("rebalanced", broker="kafka://127.0.0.1:1", store="memory://")
    app.sensors.add(app.monitor)
    seen = []
    for happens in (app.on_rebalance_start, app.on_rebalance_return):
        happens()
        seen.append(app.rebalancing)
    assert seen == [True, False]
    assert caplog.messages == []


class LeftBehind:
    """The coordinator of a client that ended; `generation` says whether it has left its group."""

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.left = 0

    async def _maybe_leave_group(self) -> None:
        self.left += 1


@pytest.mark.parametrize(("generation", "left"), [(17, 1), (-1, 0)])
def test_a_worker_that_stops_leaves_its_group_if_its_client_has_not(
    generation: int, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ended(_: object) -> None:
        """A client that ends amid a rebalance."""

    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "on_thread_stop", ended)
    thread = GroupThread.__new__(GroupThread)
    coordinator = LeftBehind(generation)
    thread._consumer = SimpleNamespace(_coordinator=coordinator)
    asyncio.run(thread.on_thread_stop())
    assert coordinator.left == left


def test_the_client_of_a_group_is_closed_by_its_own_thread_alone() -> None:
    assert "self._consumer._client.close()" in inspect.getsource(driver.AIOKafkaConsumerThread.close)
    assert "await self._consumer.stop()" in inspect.getsource(driver.AIOKafkaConsumerThread.on_thread_stop)
    thread = GroupThread.__new__(GroupThread)
    thread._consumer = SimpleNamespace(_closed=False)
    thread.close()
    assert not thread._consumer._closed


def test_aiokafka_leaves_a_group_once_and_by_its_generation() -> None:
    source = inspect.getsource(GroupCoordinator._maybe_leave_group)
    assert "if self.generation > 0" in source
    assert "LeaveGroupRequest(self.group_id, self.member_id)" in source
    assert "self.reset_generation()" in source
