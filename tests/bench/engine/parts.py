"""The parts of the engine's benches, each on a broker of its own, in a short form and in a long one."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.bench.engine import holding, live, throughput
from tests.bench.engine.ground import Ground, ground

SHORT: Final = throughput.Size(rounds=1, seconds=6, count_events=200_000, lives=150, plain_lives=20)
SHORT_HELD: Final = holding.Size(customers=(1_000, 10_000), events=2_000, rounds=1)
SHORT_LIVE: Final = live.Size(wakeups=20_000, partitions=(12,), seconds=8, burst=4_000, large_orders=1)

Measure = Callable[[Ground], dict[str, Any]]

PARTS: Final[dict[str, tuple[Measure, Measure]]] = {
    "count": (
        partial(throughput.measure_count, size=SHORT),
        partial(throughput.measure_count, size=throughput.Size()),
    ),
    "journey": (
        partial(throughput.measure_journey, size=SHORT),
        partial(throughput.measure_journey, size=throughput.Size()),
    ),
    "held": (
        partial(holding.measure_holding, size=SHORT_HELD),
        partial(holding.measure_holding, size=holding.Size()),
    ),
    "live": (
        partial(live.measure_live, size=SHORT_LIVE),
        partial(live.measure_live, size=live.Size()),
    ),
}
"""By name: the short form and the long one."""


def measure(part: str, *, long: bool) -> dict[str, Any]:
    """The figures of one part."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic's leader is news for a moment
    with (
        tempfile.TemporaryDirectory(prefix="kairos-bench-", ignore_cleanup_errors=True) as scratch,
        ground(Path(scratch)) as here,
    ):
        return PARTS[part][long](here)
