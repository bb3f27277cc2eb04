"""What one run of the chaos suite is made of: a plan, which every process of the run is given as a file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from schemas.records import Product
from schemas.topics import journey_inputs, outputs
from streams.engine.clock import ScaledClock
from streams.engine.worlds import world_of
from streams.journey.identity import Identity
from streams.journey.step import World
from streams.loading.policy_file import load_policies
from streams.simulation.made_up_shop import Shop

DAY_MS: Final = 86_400_000
IDENTITY: Final = "a key for made-up customers"
RECORD_BYTES_MAX: Final = 1_114_112
"""What the broker takes on an input: more than Kairos does, so that something can be too large for it."""
LETTER_BYTES_MAX: Final = RECORD_BYTES_MAX + 65_536
BEHIND_MS: Final = 1_500
"""Wall time that a partition may be behind and still be current: short, so that faults make a difference."""


class Plan(Struct, frozen=True, kw_only=True):
    """One run. Times are of the journey, but for `seconds` and `began_ms`, which are of the wall."""

    directory: str
    bootstrap: str
    name: str
    seed: int
    seconds: float
    partitions: int
    workers: int
    events_per_s: float
    start_ms: int
    began_ms: int
    speed: float
    poison_share: float = 0.02
    session_timeout_ms: int = 4_000

    @property
    def prefix(self) -> str:
        """Before every topic's name."""
        return f"{self.name}."

    @property
    def changelog(self) -> str:
        """The topic of the state."""
        return f"{self.name}-customers-changelog"

    @property
    def journal(self) -> str:
        """The topic that says what every transaction was decided from."""
        return f"{self.name}-journal"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Full names of the co-partitioned inputs."""
        return tuple(topic.full_name(self.prefix) for topic in journey_inputs())

    @property
    def outputs(self) -> tuple[str, ...]:
        """Full names of the co-partitioned outputs."""
        return tuple(topic.full_name(self.prefix) for topic in outputs().values() if topic.co_partitioned)

    @property
    def clock(self) -> ScaledClock:
        """The clock that all processes of the run share."""
        return ScaledClock(self.start_ms, self.began_ms, self.speed)

    @property
    def path(self) -> Path:
        """Where the plan lies."""
        return Path(self.directory) / "plan.json"

    def write(self) -> Path:
        """Put it where processes of the run find it."""
        self.path.write_bytes(msgspec.json.encode(self))
        return self.path


def read_plan(path: Path) -> Plan:
    """The plan in a file."""
    return msgspec.json.decode(path.read_bytes(), type=Plan)


def shop_of(plan: Plan) -> Shop:
    """What is sold in this run."""
    return Shop(plan.seed % 16)


def products_of(plan: Plan) -> tuple[Product, ...]:
    """The products of the run, without what no worker takes: a relation to nothing."""
    products = shop_of(plan).products
    known = {product.product_id for product in products}
    return tuple(
        msgspec.structs.replace(it, relations=tuple(r for r in it.relations if r.product_id in known))
        for it in products
    )


def world(plan: Plan) -> World:
    """What a worker knows besides the customer."""
    return world_of(load_policies(None), products_of(plan), (), Identity(IDENTITY.encode()))


def environment(plan: Plan, state: Path, *, web_port: int, client_id: str) -> dict[str, str]:
    """The settings of one worker."""

    def instant(at_ms: int) -> str:
        return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()

    given: dict[str, Any] = {
        "KAFKA_BOOTSTRAP_SERVERS": plan.bootstrap,
        "KAFKA_CLIENT_ID": client_id,
        "KAFKA_SESSION_TIMEOUT_MS": plan.session_timeout_ms,
        "KAFKA_HEARTBEAT_INTERVAL_MS": plan.session_timeout_ms // 8,
        "ENGINE_APPLICATION_ID": plan.name,
        "ENGINE_TOPIC_PREFIX": plan.prefix,
        "ENGINE_IDENTITY_KEY": IDENTITY,
        "ENGINE_CLOCK": "scaled",
        "ENGINE_CLOCK_START": instant(plan.start_ms),
        "ENGINE_CLOCK_BEGAN": instant(plan.began_ms),
        "ENGINE_CLOCK_SPEED": plan.speed,
        "ENGINE_CURRENT_THRESHOLD_MS": BEHIND_MS,
        "ENGINE_DEAD_LETTER_SHARE_MAX": 0.5,
        "STATE_DIR": state,
        "WEB_PORT": web_port,
        "JOURNAL": plan.journal,
    }
    return {f"KAIROS_{name}": str(value) for name, value in given.items()}
