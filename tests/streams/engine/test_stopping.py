"""A worker that is told to stop is gone within its bound, whatever its broker does."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from streams.embedded.broker import Broker
from tests.brokers import Topics
from tests.streams.web.workers import PARTITIONS, create_topics, get, until, worker

BOUND_S = 6.0
AT_ONCE_S = 0.3
pytestmark = [pytest.mark.broker, pytest.mark.slow]


@contextlib.contextmanager
def at_work(topics: Topics, folder: Path) -> Iterator[tuple[str, Callable[[], float]]]:
    """A worker that has all partitions: its address, and what stops it and says how long that took."""
    create_topics(topics)
    with contextlib.ExitStack() as held:
        bound = {
            "KAIROS_ENGINE_STOP_TIMEOUT_MS": str(int(BOUND_S * 1000)),
            "KAIROS_KAFKA_SESSION_TIMEOUT_MS": "6000",
        }
        address = held.enter_context(worker(topics, folder, 0, **bound))
        until(lambda: bool(address()) and get(f"{address()}/readyz")[0] == 200, "the worker is ready")
        assert len(get(f"{address()}/partitions")[2]) == PARTITIONS

        def stopped() -> float:
            told_s = monotonic()
            held.close()
            return monotonic() - told_s

        yield address(), stopped


def test_it_leaves_at_once_while_all_is_well(broker: Broker, topics: Topics, tmp_path: Path) -> None:
    with at_work(topics, tmp_path) as (_, stopped):
        assert stopped() < BOUND_S


def test_it_works_on_until_another_has_taken_over(broker: Broker, topics: Topics, tmp_path: Path) -> None:
    create_topics(topics)
    beats = {"KAIROS_KAFKA_HEARTBEAT_INTERVAL_MS": "3000", "KAIROS_KAFKA_SESSION_TIMEOUT_MS": "20000"}

    def working(address: str) -> int:
        return [it["phase"] for it in get(f"{address}/partitions")[2]].count("working")

    with worker(topics, tmp_path, 1, **beats) as stays:
        with worker(topics, tmp_path, 0, **beats) as goes:
            until(lambda: bool(stays()) and bool(goes()), "both serve their pages")
            until(lambda: working(stays()) > 0 and working(goes()) > 0, "each works")
        # the first of the two beats after which the other learns of it can be 3 s away
        until(lambda: working(stays()) == PARTITIONS, "the other has all", AT_ONCE_S)


@pytest.mark.parametrize("how", ["pause", "kill"])
def test_without_its_broker_it_lives_is_not_ready_and_leaves_in_time(
    private_broker: Callable[..., Any], tmp_path: Path, how: str
) -> None:
    alone: Broker = private_broker()
    with at_work(Topics(alone.bootstrap, "alone."), tmp_path) as (address, stopped):
        getattr(alone, how)()
        try:
            until(lambda: get(f"{address}/readyz")[0] == 503, "it is not ready")
            assert get(f"{address}/healthz")[0] == 200
            assert stopped() < BOUND_S
        finally:
            if how == "pause":
                alone.resume()
