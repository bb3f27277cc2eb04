"""`python -m tests.bench.table`: the engine's figures beside their targets, as the table of BENCHMARKS.md."""

from __future__ import annotations

import json
import operator
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

BENCH: Final = Path("build/bench.json")
SIGNS: Final[dict[str, Callable[[float, float], bool]]] = {"at least": operator.ge, "at most": operator.le}

Row = tuple[str, str, str, str, float]
"""What, where it stands in the file, unit, sign, target."""
HELD: Final = "engine.held/held-1000000"
LIVE: Final = "engine.live/12_partitions"

ROWS: Final[tuple[Row, ...]] = (
    ("engine job, events", "engine.count/engine/events_per_s", "/s", "at least", 50_000),
    ("engine job, times plain Faust", "engine.count/times_plain", "x", "at least", 25),
    ("full job, one process, events", "engine.journey/1_process/events_per_s", "/s", "at least", 10_000),
    ("restore, records", f"{HELD}/restore_records_per_s", "/s", "at least", 200_000),
    ("warm restart after kill -9", "engine.held/warm_restart/at_once/to_ready_s", "s", "at most", 2),
    ("event to eligibility, p99", f"{LIVE}/event_to_eligibility_ms/p99", "ms", "at most", 500),
    ("wake-up lateness, p99", f"{LIVE}/wakeup_lateness_ms/p99", "ms", "at most", 300),
    ("state of 1 M customers", f"{HELD}/state_mb", "MB", "at most", 2_048),
    ("memory of its worker, at most", f"{HELD}/peak_memory_mb", "MB", "at most", 800),
    ("cost of an event, 1 M to 10 k customers", "engine.held/cost_of_most_to_fewest", "x", "at most", 1.5),
    (
        "longest piece of work that a 1,000-line order makes",
        f"{LIVE}/with_large_orders/longest_slice_ms",
        "ms",
        "at most",
        50,
    ),
)

ALSO: Final[tuple[tuple[str, str, str], ...]] = (
    ("engine job, events and looks", "engine.count/engine/steps_per_s", "/s"),
    ("the same in a plain Faust agent", "engine.count/plain/events_per_s", "/s"),
    ("the same in a tuned Faust agent", "engine.count/tuned/events_per_s", "/s"),
    ("engine job, processor per event", "engine.count/engine/cpu_us_per_event", "us"),
    ("plain Faust, processor per event", "engine.count/plain/cpu_us_per_event", "us"),
    ("tuned Faust, processor per event", "engine.count/tuned/cpu_us_per_event", "us"),
    ("full job, one process, events and looks", "engine.journey/1_process/steps_per_s", "/s"),
    ("full job, one process, processor per step", "engine.journey/1_process/cpu_us_per_step", "us"),
    ("full job, two processes, events", "engine.journey/2_process/events_per_s", "/s"),
    ("the same core in a Faust agent", "engine.journey/faust/events_per_s", "/s"),
    ("the same core in a Faust agent, processor per step", "engine.journey/faust/cpu_us_per_step", "us"),
    ("full job, times the same core in Faust", "engine.journey/times_faust", "x"),
    ("restore of 1 M customers to ready", f"{HELD}/restore_to_ready_s", "s"),
    ("warm restart after the session ended", "engine.held/warm_restart/after_the_session/to_ready_s", "s"),
    (
        "a 1,000-line order's longest piece of work, processor",
        f"{LIVE}/with_large_orders/longest_slice_cpu_ms",
        "ms",
    ),
    (
        "longest piece of work without such orders, by the wall",
        f"{LIVE}/longest_slice_ms",
        "ms",
    ),
)

OF_PARTITIONS: Final = (
    ("most_events_per_s", "most events/s"),
    ("events_per_s", "events/s"),
    ("event_to_eligibility_ms/p50", "to eligibility p50 ms"),
    ("event_to_eligibility_ms/p99", "p99"),
    ("wakeup_lateness_ms/p50", "lateness p50 ms"),
    ("wakeup_lateness_ms/p99", "p99"),
    ("wakeups_per_s", "wake-ups/s"),
    ("transactions_per_s", "transactions/s"),
    ("cpu_share", "of a core"),
    ("memory_mb", "MB"),
    ("sockets", "sockets"),
    ("descriptors", "descriptors"),
)


def found(figures: Any, path: str) -> Any:
    """What stands there, None where nothing does."""
    for name in path.split("/"):
        figures = figures.get(name) if isinstance(figures, dict) else None
    return figures


def lines(figures: dict[str, Any]) -> Iterator[str]:
    """All tables."""
    yield "| what | target | measured | |"
    yield "|---|---|---|---|"
    for what, path, unit, sign, target in ROWS:
        value = found(figures, path)
        if value is not None:
            verdict = "met" if SIGNS[sign](value, target) else f"missed by {_missed(value, target)}"
            yield f"| {what} | {sign} {target:,} {unit} | **{value:,} {unit}** | {verdict} |"
    yield ""
    yield "| also | |"
    yield "|---|---|"
    for what, path, unit in ALSO:
        value = found(figures, path)
        if value is not None:
            yield f"| {what} | {value:,} {unit} |"
    yield ""
    yield f"| partitions | {' | '.join(title for _, title in OF_PARTITIONS)} |"
    yield f"|---|{'---|' * len(OF_PARTITIONS)}"
    live = {name: it for name, it in figures.get("engine.live", {}).items() if name.endswith("_partitions")}
    for name, of in sorted(live.items(), key=lambda it: int(it[0].split("_")[0])):
        values = (found(of, path) for path, _ in OF_PARTITIONS)
        cells = " | ".join("-" if value is None else f"{value:,}" for value in values)
        yield f"| {name.split('_')[0]} | {cells} |"


def _missed(value: float, target: float) -> str:
    return f"{100 * abs(value - target) / target:.0f} %"


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else BENCH
    sys.stdout.write("\n".join(lines(json.loads(path.read_text("utf-8")))) + "\n")
