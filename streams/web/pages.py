"""All pages of a worker, over what is inside of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from msgspec import Struct
from yarl import URL

from streams.engine.clock import Clock
from streams.engine.partitions import Partitions
from streams.engine.worlds import Worlds
from streams.inputs.partition import PARTITIONERS
from streams.metrics.loop import watch
from streams.metrics.now import Watched
from streams.settings import Settings
from streams.web.customers import PATH, CustomerPages, Places
from streams.web.forwarding import Forwarder
from streams.web.health import HEALTH, PARTITIONS, READY, PartitionsPage, Readiness, healthz
from streams.web.metrics import METRICS, MetricsPage
from streams.web.server import WebServer

Owners = Callable[[], Mapping[int, str]]
"""The address of the worker that has each partition, as of the last rebalance."""

NOWHERE: Final = ""


class Watching(Struct, frozen=True):
    """How a worker is watched."""

    readiness: Readiness
    watched: Watched


def server(
    settings: Settings,
    partitions: Partitions,
    worlds: Worlds,
    clock: Clock,
    owners: Owners,
    listens: Callable[[URL], None],
    watching: Watching,
) -> WebServer:
    """The server of one worker. `listens` is told the address at which others reach it."""
    partitioner = PARTITIONERS[settings.engine.partitioner]
    here = NOWHERE

    def partition_of(customer_id: str) -> int | None:
        key = customer_id.encode("utf-8", "surrogateescape")
        return None if partitions.count is None else partitioner(key, partitions.count)

    def worker_of(number: int) -> str | None:
        found = owners().get(number)
        return None if found == here else found

    def told(url: URL) -> None:
        nonlocal here
        here = str(url)
        listens(url)

    customers = CustomerPages(
        Places(
            partition_of=partition_of,
            tasks=lambda: partitions.tasks,
            worker_of=worker_of,
            world=lambda: worlds.world,
            clock=clock,
        ),
        Forwarder(settings.web.token),
    )
    routes = (
        (PATH, customers.get),
        (PARTITIONS, PartitionsPage(lambda: partitions.tasks).get),
        (HEALTH, healthz),
        (READY, watching.readiness.get),
        (METRICS, MetricsPage(watching.watched).get),
    )
    beside = partial(watch, watching.watched.totals.loop_stall)
    return WebServer(settings.web, routes, told, customers.close, beside)
