"""What the partition tasks of a worker share, and what each of them tells about itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from schemas.topics import outputs
from state.rocks_options import RocksResources
from state.store import Store
from streams.engine.clients import Clients
from streams.engine.clock import Clock
from streams.engine.decides import Decides
from streams.engine.deciding import IN_HAND_MAX, Decider
from streams.engine.failpoints import Failpoints
from streams.engine.journal import Journal
from streams.engine.position import Position
from streams.engine.replay_plan import ReplayPlan
from streams.engine.totals import SECONDS, Distribution, Totals
from streams.inputs.decode import InputDecoder
from streams.journey.step import World
from streams.outputs.wire import Wire

if TYPE_CHECKING:
    from streams.engine.spans import Spans


class Stats(Struct):
    """What a task did, for metrics and health."""

    at_s: float = 0.0
    """`monotonic` of the last commit, or of the last time when there was nothing to commit."""
    number: int = 0
    steps: int = 0
    took_s: float = 0.0
    took: Distribution = field(default_factory=lambda: Distribution(SECONDS))
    """All commits, by the seconds they took."""
    reopened: int = 0
    restored: int = 0
    restoring_since_s: float = 0.0
    """`monotonic` of the begin of the restore that goes on, 0 when none does."""
    unrestored: int = 0
    """Records of the changelog that the store lacks, as of the last look at it."""
    redeciding: bool = False
    newest_ms: int = 0
    """The newest timestamp among the records that were read."""
    current: bool = False
    lag: dict[str, int] = {}
    """Records not yet taken, by input topic."""
    waiting_since_s: dict[str, float] = {}
    """`monotonic` since when the oldest of them waits, by input topic that has any."""


def journey(kit: Kit, store: Store, position: Position, journal: Journal | None) -> Decides:
    """The decisions of the journey."""
    return Decider(
        store,
        kit.world(),
        kit.decoder,
        position,
        prefix=kit.said_under,
        wire=kit.wire,
        journal=journal,
        in_hand_max=kit.in_hand_max,
    )


class Kit(Struct, frozen=True, kw_only=True):
    """What all partition tasks of a worker share."""

    app_id: str
    prefix: str
    partitions: int
    """How many every co-partitioned topic has."""
    inputs: tuple[str, ...]
    """Full names of the co-partitioned input topics."""
    changelog: str
    clients: Clients
    clock: Clock
    decoder: InputDecoder
    wire: Wire
    """Writes outputs."""
    world: Callable[[], World]
    """What holds now; a task takes it between two transactions."""
    state_dir: Path
    resources: RocksResources
    run: Callable[[Callable[[], None]], Awaitable[None]]
    """Runs a slice of work; slices of all partitions stand in one line."""
    slice_ns: Callable[[], int]
    """How long a slice may take, in nanoseconds."""
    member: Callable[[], bool]
    """Whether this worker is known to be a member of the group now."""
    rejoin: Callable[[], Awaitable[None]]
    """Ask for a rebalance: somebody else has what we think is ours."""
    commits: asyncio.Semaphore
    """Bounds the transactions that are being committed at the same time."""
    failpoints: Failpoints
    transactional_id: Callable[[int], str]
    """The id that fences every other writer of a partition."""
    commit_least_s: float = 0.05
    commit_most_s: float = 0.5
    rejected_share_max: float = 0.5
    erased_within_s: float = 86_400.0
    """After an erasure the files of the state are rewritten within this time."""
    current_within_ms: int = 60_000
    """How far behind, in wall time, a partition still counts as current."""
    journal: str | None = None
    """The topic that hears what every transaction was decided from; see `journal`."""
    output_prefix: str | None = None
    """What stands before the names of outputs; None: what stands before those of inputs."""
    readable: Callable[[bytes | None], bool] | None = None
    """Whether the schema of a record's value is known by now; None: no registry has to be asked for any."""
    replay: ReplayPlan | None = None
    """Set when partitions are replayed, instead of lived or before that."""
    spans: Spans | None = None
    """Hears of every transaction that stands, where spans are exported."""
    totals: Totals = field(default_factory=Totals)
    wakeups_max: int = 2_000
    """Due looks of one transaction."""
    restored_at_once: int = 2_000
    """Records of the changelog that are applied at a time: reading what they replace holds the loop."""
    in_hand_max: int = IN_HAND_MAX
    """Decoded records that a partition keeps."""
    decides: Callable[[Kit, Store, Position, Journal | None], Decides] = journey
    """Makes what decides in a live partition."""

    @property
    def said_under(self) -> str:
        """What stands before the names of outputs."""
        return self.prefix if self.output_prefix is None else self.output_prefix

    @property
    def outputs(self) -> tuple[str, ...]:
        """Full names of the co-partitioned topics that it writes to, but for the changelog."""
        said = tuple(it.full_name(self.said_under) for it in outputs().values() if it.co_partitioned)
        return said if self.journal is None else (*said, self.journal)
