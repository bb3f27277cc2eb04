"""What `Broker` promises, over a fake that starts fast; `test_broker.py` has the same from a real one."""

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from streams.embedded import record
from streams.embedded.broker import Broker, State
from streams.embedded.errors import NotStarted, PortTaken
from streams.embedded.jars import Jars
from streams.embedded.processes import find
from tests.streams.embedded.fakes import PINS, FakeLauncher, FakeRepository


class Brokers:
    """Makes brokers over the fake, and ends what a test left running."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.made: list[Broker] = []

    def __call__(self, launcher: FakeLauncher, port: int | None = None) -> Broker:
        jars = Jars(self.directory / "cache", PINS, FakeRepository())
        broker = Broker(self.directory / "kafka", port=port, jars=jars, launcher=launcher)
        self.made.append(broker)
        return broker


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[Brokers]:
    made = Brokers(tmp_path)
    yield made
    for broker in made.made:
        broker.kill()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_start_returns_when_the_broker_serves_and_not_when_it_listens(brokers: Brokers) -> None:
    broker = brokers(FakeLauncher("late"))
    broker.start()
    assert broker.status().state is State.RUNNING


def test_a_start_of_a_running_broker_leaves_it_as_it_is(brokers: Brokers) -> None:
    launcher = FakeLauncher()
    brokers(launcher).start()
    pid = brokers(launcher).status().pid
    brokers(launcher).start()
    assert brokers(launcher).status().pid == pid
    assert len(launcher.started) == 1


def test_two_starts_at_once_make_one_broker(brokers: Brokers) -> None:
    launcher = FakeLauncher("late")
    twins = [brokers(launcher), brokers(launcher)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Broker.start, twins))
    assert len(launcher.started) == 1
    assert twins[0].bootstrap == twins[1].bootstrap


def test_a_port_that_is_taken_is_said_before_anything_starts(brokers: Brokers, taken: int) -> None:
    launcher = FakeLauncher()
    with pytest.raises(PortTaken, match=f"port {taken} of 127.0.0.1 is taken"):
        brokers(launcher, taken).start()
    assert launcher.started == []


def test_a_running_broker_does_not_change_its_port(brokers: Brokers) -> None:
    brokers(FakeLauncher()).start()
    with pytest.raises(PortTaken, match="stop it to change the port"):
        brokers(FakeLauncher(), 1024).start()


def test_a_port_that_is_lost_while_starting_is_replaced(brokers: Brokers) -> None:
    launcher = FakeLauncher("ends: java.net.BindException: Address already in use", "serve")
    broker = brokers(launcher)
    broker.start()
    assert len(launcher.started) == 2
    assert broker.status().state is State.RUNNING


def test_ports_that_are_lost_again_and_again_end_in_an_error(brokers: Brokers) -> None:
    launcher = FakeLauncher("ends: java.net.BindException: Address already in use")
    with pytest.raises(PortTaken, match="took a port of Kafka"):
        brokers(launcher).start()
    assert len(launcher.started) == 3


def test_a_broker_that_ends_before_it_is_ready_is_an_error_with_its_reason(brokers: Brokers) -> None:
    with pytest.raises(NotStarted, match=r"ended .*ERROR No meta\.properties found"):
        brokers(FakeLauncher("ends: ERROR No meta.properties found")).start()


def test_a_broker_that_lacks_the_port_of_its_clients_is_not_ready(brokers: Brokers) -> None:
    with pytest.raises(NotStarted, match="was not ready within 1 s"):
        brokers(FakeLauncher("deaf")).start(timeout_s=1)


def test_a_running_broker_that_is_silent_is_not_ended_by_a_start(brokers: Brokers) -> None:
    broker = brokers(FakeLauncher())
    broker.start()
    broker.pause()
    with pytest.raises(NotStarted, match="was not ready within 0 s"):
        broker.start(timeout_s=0)
    assert broker.exists


def test_a_broker_that_is_never_ready_is_ended_and_said(brokers: Brokers) -> None:
    broker = brokers(FakeLauncher("never"))
    with pytest.raises(NotStarted, match="was not ready within 0 s"):
        broker.start(timeout_s=0)
    assert broker.status().state is State.STOPPED


def test_a_stopped_broker_starts_at_its_address_again(brokers: Brokers) -> None:
    broker = brokers(FakeLauncher())
    broker.start()
    address = broker.bootstrap
    assert broker.stop()
    assert broker.status().state is State.STOPPED
    broker.start()
    assert broker.bootstrap == address


def test_a_broker_that_does_not_stop_in_good_order_is_killed(brokers: Brokers) -> None:
    broker = brokers(FakeLauncher("stubborn"))
    broker.start()
    assert broker.stop(timeout_s=0)
    assert not broker.exists


def test_a_paused_broker_is_there_and_not_ready_until_it_goes_on(brokers: Brokers) -> None:
    broker = brokers(FakeLauncher())
    broker.start()
    broker.pause()
    assert broker.status().state is State.SILENT
    broker.resume()
    assert broker.status().state is State.RUNNING


def test_a_paused_broker_can_be_stopped(brokers: Brokers) -> None:
    broker = brokers(FakeLauncher())
    broker.start()
    broker.pause()
    assert broker.stop()
    assert not broker.exists


def test_a_process_with_the_number_of_an_earlier_broker_is_left_alone(brokers: Brokers) -> None:
    broker = brokers(FakeLauncher())
    broker.start()
    broker.kill()
    known, me = record.read(broker.layout.record), find(os.getpid())
    assert known is not None
    assert me is not None
    earlier = msgspec.structs.replace(known, process=type(me)(me.pid, known.process.started))
    record.write(broker.layout.record, earlier)
    assert broker.stop() is False
    broker.kill()
    with pytest.raises(NotStarted, match="no Kafka runs"):
        broker.pause()


def test_what_was_never_started_has_no_address(brokers: Brokers) -> None:
    broker = brokers(FakeLauncher())
    assert broker.status().state is State.STOPPED
    assert broker.stop() is False
    with pytest.raises(NotStarted, match="no Kafka was ever started"):
        _ = broker.bootstrap


def test_a_record_that_is_damaged_counts_as_none(brokers: Brokers) -> None:
    broker = brokers(FakeLauncher())
    broker.start()
    broker.kill()
    broker.layout.record.write_bytes(b'{"process":')
    broker.start()
    assert broker.status().state is State.RUNNING


def test_all_listeners_are_on_the_loopback_interface(brokers: Brokers) -> None:
    launcher = FakeLauncher()
    brokers(launcher).start()
    listeners = launcher.started[0]["listeners"].split(",")
    assert [listener.partition("://")[0] for listener in listeners] == ["CLIENTS", "INTERNAL", "CONTROLLER"]
    assert all("://127.0.0.1:" in listener for listener in listeners)
