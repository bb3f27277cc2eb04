"""The composition root: settings become a Faust application, and everything in it is wired together here.

    settings -> clients, world, decoder -> Faust app (membership, agent, table) -> partition tasks

`kairos worker` runs it, and so does Faust itself: `faust -A streams.app worker` finds `app`, made from the
environment when it is first asked for.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from functools import cache, partial
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import Struct
from yarl import URL

from schemas.records import Product
from schemas.topics import CATALOGUE, CONTROL, journey_inputs
from state.rocks_options import RocksResources
from state.store import Store
from streams import collecting
from streams.cli import DISTRIBUTION
from streams.client_options import (
    client_options,
    consumer_options,
    fetching_options,
    producer_options,
)
from streams.configuration.arguments import settings_of_environment
from streams.engine.clients import Clients
from streams.engine.clock import Clock, clock_of
from streams.engine.decides import Decides
from streams.engine.failpoints import VARIABLE, Failpoints
from streams.engine.journal import VARIABLE as JOURNAL
from streams.engine.journal import Journal
from streams.engine.kit import Kit, journey
from streams.engine.membership import Membership
from streams.engine.overrides import (
    GroupConsumer,
    GroupTransport,
    JourneyApp,
    JourneyAssignor,
    JourneyTables,
    leave_records_as_parsed,
    shorten_transaction_backoff,
)
from streams.engine.partitions import Partitions
from streams.engine.position import Position
from streams.engine.replay_plan import ReplayPlan
from streams.engine.slices import RunSlice, through_agent
from streams.engine.table import CustomerTable, customers_table
from streams.engine.totals import Totals
from streams.engine.worlds import Worlds
from streams.errors import Fatal
from streams.inputs.decode import InputDecoder
from streams.inputs.partition import PARTITIONERS
from streams.journey.identity import Identity
from streams.journey.step import World
from streams.loading.catalogue_file import read_products
from streams.loading.policy_file import load_policies
from streams.metrics.now import Watched
from streams.outputs.wire import wire
from streams.registry.cache import SchemaCache, schema_cache
from streams.settings import Settings
from streams.sparing import left_out
from streams.topics.start import check_inputs
from streams.web import pages
from streams.web.health import Readiness

if TYPE_CHECKING:
    from streams.engine.spans import Spans

log = logging.getLogger(__name__)

COMMITS_MAX: Final = 4
"""Transactions that a worker commits at the same time."""
HANDED_OVER_SHARE: Final = 0.25
"""Of the time to stop: so long others may take to take over what this worker works on meanwhile."""
IDENTITY: Final = b"kairos"
"""The key of ids where none is set: for trials only, since who knows it can recompute them."""


class Mode(Struct, frozen=True, kw_only=True):
    """What a worker does beside or before living; see `streams.beside`."""

    output_prefix: str | None = None
    replay: ReplayPlan | None = None
    identity: bytes | None = None
    """The key of ids, where it is not that of the settings."""
    decides: Callable[[Kit, Store, Position, Journal | None], Decides] = journey
    """What decides in a live partition."""


class Worker(Struct, frozen=True, kw_only=True):
    """A Faust application and what is inside of it, for who starts it, watches it or asks it."""

    app: JourneyApp
    settings: Settings
    mode: Mode
    clock: Clock
    clients: Clients
    partitions: Partitions
    worlds: Worlds
    schemas: SchemaCache | None
    """What is known of the schema registry, where one is used."""
    spans: Spans | None
    """What exports spans, where there is a collector."""
    totals: Totals
    resources: RocksResources
    failures: list[BaseException]
    """Why it ended by itself; empty when it was asked to end."""


def create(
    settings: Settings, clock: Clock | None = None, checked: int | None = None, mode: Mode | None = None
) -> Worker:
    """The application of these settings. Nothing is connected yet. Fatal, LoadError: what cannot be used.

    `checked` is the partition count of the inputs, where that was asked already.
    """
    collecting.rarely()
    shorten_transaction_backoff()
    leave_records_as_parsed()
    mode = mode or Mode()
    clients = Clients(
        client_options(settings), consumer=fetching_options(settings), producer=producer_options(settings)
    )
    schemas = schema_cache(settings)
    worlds = _worlds(settings, clients, mode, schemas)
    app = _faust_app(settings)
    failures: list[BaseException] = []
    crash = _crash(app, failures)
    worker = Worker(
        app=app,
        settings=settings,
        mode=mode,
        clock=clock or clock_of(settings),
        clients=clients,
        partitions=Partitions(crash, settings.engine.stop_timeout_ms / 1000 / 2),
        worlds=worlds,
        schemas=schemas,
        spans=_spans(settings, worlds),
        totals=Totals(),
        resources=RocksResources(settings.state.memory_bytes, settings.state.memory_bytes * 3 // 8),
        failures=failures,
    )
    _into_faust(worker, partial(_prepare, worker, through_agent(app), checked, crash))
    return worker


def _into_faust(worker: Worker, prepared: Callable[[], Awaitable[None]]) -> None:
    """Give Faust's application what it asks for: topics, table, pages, and what to do when."""
    app, settings, partitions, worlds = worker.app, worker.settings, worker.partitions, worker.worlds
    topics = _inputs(settings)
    tables = cast("JourneyTables", app.tables)
    tables.prepared = prepared
    tables.assigned = partitions.assign
    tables.input_topics = frozenset(topics)
    for name in topics:
        app.topics.add(app.topic(name, value_type=bytes, key_type=bytes, internal=False, acks=False))
    customers_table(app, partitions, PARTITIONERS[settings.engine.partitioner])
    owners, watching = partial(app.owners, settings.changelog_topic), _watching(worker)
    app.pages = pages.server(settings, partitions, worlds, worker.clock, owners, app.reached_at, watching)

    @app.on_before_shutdown.connect
    async def _stop(*_: Any, **__: Any) -> None:
        worlds.end()
        if worker.schemas is not None:
            await worker.schemas.close()

    async def _before_leaving() -> None:
        if partitions.tasks and not worker.failures and await _consumer(app).leave():
            within_s = HANDED_OVER_SHARE * settings.engine.stop_timeout_ms / 1000
            await partitions.hand_over(within_s, app.membership.state)
        await partitions.stop()
        if worker.spans is not None:
            await asyncio.to_thread(worker.spans.close)

    app.before_leaving = _before_leaving


def _inputs(settings: Settings) -> tuple[str, ...]:
    """Full names of the co-partitioned input topics."""
    return tuple(topic.full_name(settings.engine.topic_prefix) for topic in journey_inputs())


async def _prepare(
    worker: Worker, run: RunSlice, checked: int | None, crash: Callable[[BaseException], None]
) -> None:
    """Before the group is joined: inputs are there, catalogue and control are read."""
    settings, worlds = worker.settings, worker.worlds
    count = await check_inputs(settings) if checked is None else checked
    cast("JourneyAssignor", worker.app.assignor).partitions = count
    worker.partitions.use(_kit(worker, run, await _decoder(settings, worker.schemas, count), count))
    following = asyncio.create_task(worlds.run(), name="worlds")
    following.add_done_callback(_crash_with(crash))
    ready = asyncio.create_task(worlds.ready.wait())
    await asyncio.wait({ready, following}, return_when=asyncio.FIRST_COMPLETED)


def _kit(worker: Worker, run: RunSlice, decoder: InputDecoder, count: int) -> Kit:
    """What the partition tasks share."""
    settings, engine, mode, schemas = worker.settings, worker.settings.engine, worker.mode, worker.schemas
    app, partitions, worlds = worker.app, worker.partitions, worker.worlds
    return Kit(
        app_id=engine.application_id,
        prefix=engine.topic_prefix,
        partitions=count,
        inputs=_inputs(settings),
        changelog=settings.changelog_topic,
        clients=worker.clients,
        clock=worker.clock,
        decoder=decoder,
        world=_frozen(worlds) if mode.replay and not mode.replay.live_after else worlds.now,
        state_dir=settings.state.dir,
        resources=worker.resources,
        run=run,
        slice_ns=lambda: partitions.slice_ns(engine.slice_budget_ms),
        member=_consumer(app).heartbeats.member,
        rejoin=_consumer(app).rejoin,
        commits=asyncio.Semaphore(COMMITS_MAX),
        failpoints=Failpoints.of(os.environ.get(VARIABLE, "")),
        transactional_id=settings.transactional_id,
        commit_least_s=engine.commit_interval_min_ms / 1000,
        commit_most_s=engine.commit_interval_max_ms / 1000,
        rejected_share_max=engine.dead_letter_share_max,
        erased_within_s=settings.state.max_compaction_lag_ms / 1000,
        current_within_ms=engine.current_threshold_ms,
        journal=os.environ.get(JOURNAL) or None,
        output_prefix=mode.output_prefix,
        replay=mode.replay,
        totals=worker.totals,
        spans=worker.spans,
        wakeups_max=engine.wakeups_per_batch_max,
        restored_at_once=settings.state.restore_batch_records,
        in_hand_max=max(1, settings.state.cache_entries // count),
        decides=mode.decides,
        wire=wire(engine.wire_format, {} if schemas is None else schemas.outputs, worlds.identity),
        readable=None if schemas is None else schemas.readable,
    )


def _watching(worker: Worker) -> pages.Watching:
    """What pages tell of a worker besides its customers."""
    settings, mode, partitions, worlds = worker.settings, worker.mode, worker.partitions, worker.worlds
    checks = () if worker.schemas is None else (worker.schemas.problem,)
    age_max_s, prefix = settings.web.ready_commit_age_max_ms / 1000, settings.engine.topic_prefix

    def member() -> bool:
        return bool(partitions.rebalances) and _consumer(worker.app).heartbeats.member()

    readiness = Readiness(partitions, worlds, member, age_max_s, checks)
    watched = Watched(
        partitions=partitions,
        worlds=worlds,
        totals=worker.totals,
        clock=worker.clock,
        version=metadata.version(DISTRIBUTION),
        input_prefix=prefix,
        output_prefix=prefix if mode.output_prefix is None else mode.output_prefix,
        member=member,
        ready=lambda: not readiness.problems(),
        state_memory=worker.resources.used_bytes,
        suppressed=left_out,
    )
    return pages.Watching(readiness, watched)


def _faust_app(settings: Settings) -> JourneyApp:
    """Faust's own part: membership and agents; topics, web and tables are ours."""
    kafka, engine = settings.kafka, settings.engine
    app = JourneyApp(
        engine.application_id,
        broker=[URL(f"kafka://{server}") for server in kafka.bootstrap_servers],
        store="memory://",
        datadir=settings.state.dir / "faust",
        Table=CustomerTable,
        TableManager=JourneyTables,
        PartitionAssignor=JourneyAssignor,
        table_standby_replicas=engine.standby_replicas,
        broker_session_timeout=kafka.session_timeout_ms / 1000,
        broker_heartbeat_interval=kafka.heartbeat_interval_ms / 1000,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        canonical_url=f"http://{settings.web.host}:{settings.web.port}",
        stream_wait_empty=False,
        worker_redirect_stdouts=False,
        loghandlers=[],
    )
    app.group_options = {**client_options(settings), **consumer_options(settings)}
    app.membership = Membership(engine.application_id, settings.state.dir, Clients(client_options(settings)))
    app.transport = GroupTransport([URL(f"kafka://{server}") for server in kafka.bootstrap_servers], app)
    return app


async def _decoder(settings: Settings, schemas: SchemaCache | None, partitions: int) -> InputDecoder:
    """What decodes inputs, once what is known of the registry is there."""
    engine = settings.engine
    if schemas is not None:
        await schemas.open(engine.topic_prefix, with_outputs=engine.wire_format == "confluent")
    return InputDecoder(
        prefix=engine.topic_prefix,
        source=schemas,
        partitions=partitions,
        partitioner=PARTITIONERS[engine.partitioner],
    )


def _frozen(worlds: Worlds) -> Callable[[], World]:
    """The world as it is when it is first asked for."""
    return cache(worlds.now)


def _worlds(settings: Settings, clients: Clients, mode: Mode, schemas: SchemaCache | None) -> Worlds:
    prefix, secret = settings.engine.topic_prefix, settings.engine.identity_key
    key = mode.identity or (None if secret is None else secret.reveal().encode())
    if key is None:
        log.warning("no identity key is set: whoever knows the default can recompute ids. Set identity.key")
    file = settings.files.catalogue
    products: tuple[Product, ...] = () if file is None else read_products(file)
    return Worlds(
        clients,
        InputDecoder(prefix=prefix, source=schemas),
        (prefix + CATALOGUE, prefix + CONTROL),
        load_policies(settings.files.policy),
        Identity(key or IDENTITY),
        products,
    )


def _spans(settings: Settings, worlds: Worlds) -> Spans | None:
    endpoint = settings.tracing.otlp_endpoint
    if endpoint is None:
        return None
    try:
        from streams.engine.spans import Spans  # noqa: PLC0415 - an extra brings what it needs
    except ImportError as error:
        raise Fatal(
            f"tracing.otlp.endpoint needs the extra: pip install '{DISTRIBUTION}[tracing]' ({error})"
        ) from error
    version = metadata.version(DISTRIBUTION)
    return Spans(endpoint, settings.engine.application_id, version, worlds.identity.logged_key)


def _consumer(app: JourneyApp) -> GroupConsumer:
    return cast("GroupConsumer", app.consumer)


def _crash(app: JourneyApp, failures: list[BaseException]) -> Callable[[BaseException], None]:
    """Ends the worker for an error that nobody else would see."""

    def crash(error: BaseException) -> None:
        failures.append(error)
        log.critical("the worker stops: %s", error)
        app.loop.create_task(app.crash(error))

    return crash


def _crash_with(crash: Callable[[BaseException], None]) -> Callable[[asyncio.Task[None]], None]:
    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            crash(error)

    return ended


def __getattr__(name: str) -> Any:
    """`app`, for Faust's own command line, from the environment."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = create(settings_of_environment()).app
    globals()["app"] = made
    return made
