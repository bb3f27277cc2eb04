"""A whole history from end to end: the public order log with what is made up around it, if a path is given.

Without one, the slice that is shipped. Memory is looked at while the replay goes on: it must not grow with
the length of the history, only with the customers whose state is held.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from streams.loading.policy_file import load_policies
from streams.replay import summary
from streams.replay.outputs import write_outputs
from streams.replay.prepare import Options, prepare
from streams.replay.run import peak_rss_bytes, replay_all
from streams.sources.slice import SLICE

SEED = 7


def measure_log(log: Path | None, processes: int) -> dict[str, Any]:
    """Seconds, steps and memory of a replay with its outputs written."""
    with TemporaryDirectory(prefix="kairos-bench-") as folder:
        return _measured(log or SLICE, processes, Path(folder))


def _measured(path: Path, processes: int, folder: Path) -> dict[str, Any]:
    begun = time.perf_counter()
    setup = prepare(Options(path=path, shop_seed=SEED, check=False), load_policies(), folder)
    done = replay_all(setup, processes)
    replayed = time.perf_counter() - begun
    files = write_outputs(folder / "out", [one.runs for one in done], "jsonl")
    seconds = time.perf_counter() - begun
    tally = summary.total(done)
    cpu_s = sum(one.cpu_s for one in done)
    return {
        "log": path.name,
        "processes": processes,
        "customers": tally.customers,
        "events": tally.events.total(),
        "steps": tally.steps,
        "outputs": tally.outputs.total(),
        "output_bytes": sum(path.stat().st_size for path in files.values()),
        "seconds": round(seconds, 1),
        "seconds_without_outputs": round(replayed, 1),
        "steps_per_s": round(tally.steps / seconds),
        "steps_per_cpu_s": round(tally.steps / cpu_s),
        "looks_silent_or_stale_share": round((tally.silent + tally.stale) / max(1, tally.wake_ups), 4),
        "faults": tally.faults,
        "peak_rss_mb": round(max([peak_rss_bytes(), *(one.peak_rss_bytes for one in done)]) / 2**20),
        "rss_mb_by_quarter_of_each_partition": [[size >> 20 for size in one.rss_bytes] for one in done],
    }
