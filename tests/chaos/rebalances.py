"""`python -m tests.chaos.rebalances`: does a worker keep its size while others come and go beside it?

One worker stays, two come and go: partitions move away from it and back. After each rebalance its memory, its
descriptors and threads are read. The first third is for warming up: caches fill. What the last third has more
than the second is growth, told per rebalance.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any, Final

import msgspec
from msgspec import Struct

from streams.embedded.broker import Broker
from tests.chaos.kafka import make_topics
from tests.chaos.load import send_catalogue
from tests.chaos.run import Wanted, broker_in, plan_of
from tests.chaos.scene import Scene, until
from tests.chaos.workers import Worker, end_with_all

log = logging.getLogger(__name__)

HOURS_MAX_S: Final = 3_600.0
"""Load is there for as long, at most."""
READY_WITHIN_S: Final = 300.0
SMALL: Final = {"KAIROS_STATE_MEMORY_BYTES": str(64 << 20)}
"""Caches of the one that stays: small, so that they are full before growth is judged."""
KB_PER_REBALANCE_MAX: Final = 100.0
MORE_FILES_MAX: Final = 4
MORE_THREADS_MAX: Final = 1


class Size(Struct, frozen=True):
    """How much of the machine a process has."""

    memory_kb: int
    files: int
    threads: int


class Grown(Struct, frozen=True):
    """What a worker has more at the end."""

    rebalances: int
    memory_kb_per_rebalance: float
    files: int
    threads: int

    @property
    def flat(self) -> bool:
        """Whether it keeps its size."""
        return (
            self.memory_kb_per_rebalance <= KB_PER_REBALANCE_MAX
            and self.files <= MORE_FILES_MAX
            and self.threads <= MORE_THREADS_MAX
        )


def size_of(pid: int) -> Size:
    """What the kernel says of a process."""
    process = Path("/proc") / str(pid)
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines() if ":" in line)
    files = sum(1 for _ in (process / "fd").iterdir())
    return Size(int(status["VmRSS"].split()[0]), files, int(status["Threads"]))


def grown(sizes: Sequence[tuple[int, Size]]) -> Grown:
    """Of sizes after so many rebalances: the last third against the one before it."""
    third = len(sizes) // 3
    before, after = sizes[third : 2 * third], sizes[2 * third :]

    def middle(part: Sequence[tuple[int, Size]], name: str) -> float:
        return float(median(getattr(size, name) for _, size in part))

    apart = max(1.0, float(median(at for at, _ in after)) - float(median(at for at, _ in before)))
    return Grown(
        rebalances=sizes[-1][0],
        memory_kb_per_rebalance=round((middle(after, "memory_kb") - middle(before, "memory_kb")) / apart, 1),
        files=int(middle(after, "files") - middle(before, "files")),
        threads=int(middle(after, "threads") - middle(before, "threads")),
    )


async def watched(scene: Scene, wanted: int) -> list[tuple[int, Size]]:
    """The sizes of the first worker, while so many rebalances pass."""
    stays = scene.workers[0]
    sizes: list[tuple[int, Size]] = []
    pid = stays.pid or 0
    if not await scene.all_work(READY_WITHIN_S):
        raise RuntimeError("the worker did not begin to work")
    coming = [asyncio.create_task(_come_and_go(scene, worker)) for worker in scene.extra]
    try:
        while (passed := scene.rebalances()) < wanted:
            before = passed
            if not await until(lambda before=before: scene.rebalances() > before, READY_WITHIN_S):  # type: ignore[misc]
                raise RuntimeError(f"no rebalance within {READY_WITHIN_S} s")
            if stays.pid != pid:
                raise RuntimeError("the worker that was to stay has ended")
            sizes.append((scene.rebalances(), size_of(pid)))
            log.info("after %s rebalances: %s", *sizes[-1])
    finally:
        for task in coming:
            task.cancel()
    return sizes


async def _come_and_go(scene: Scene, worker: Worker) -> None:
    """Come, work, go; in good order mostly, and sometimes by a kill."""
    while True:
        await worker.start()
        before = scene.rebalances()
        await until(lambda before=before: scene.rebalances() > before, READY_WITHIN_S)  # type: ignore[misc]
        await asyncio.sleep(scene.chance.uniform(0.5, 1.5))
        await (worker.kill() if scene.chance.random() < 0.2 else worker.stop())


async def _run(directory: Path, broker: Broker, rebalances: int, rate: float) -> dict[str, Any]:
    wanted = Wanted(directory=directory, seconds=HOURS_MAX_S, seed=5, events_per_s=rate, days=30.0)
    plan = plan_of(wanted, broker)
    await make_topics(plan)
    await send_catalogue(plan)
    scene = Scene(plan, broker, [Worker(plan, 0)], [Worker(plan, 1), Worker(plan, 2)])
    load = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.load", str(plan.write())), stdout=asyncio.subprocess.DEVNULL
    )
    began = monotonic()
    try:
        await scene.workers[0].start(**SMALL)
        sizes = await watched(scene, rebalances)
    finally:
        load.kill()
        await asyncio.gather(*(worker.kill() for worker in scene.all_workers))
        await load.wait()
    found = grown(sizes)
    return {
        **msgspec.to_builtins(found),
        "flat": found.flat,
        "seconds": round(monotonic() - began, 1),
        "first": msgspec.to_builtins(sizes[0][1]),
        "last": msgspec.to_builtins(sizes[-1][1]),
        "sizes": [{"after": at, **msgspec.to_builtins(size)} for at, size in sizes],
    }


def measure(
    directory: Path, rebalances: int, rate: float = 2.0, broker: Broker | None = None
) -> dict[str, Any]:
    """On a broker of its own, or on this one."""
    with broker_in(directory, broker) as at_work:
        return asyncio.run(_run(directory, at_work, rebalances, rate))


def main(argv: Sequence[str]) -> int:
    """Measure, write, show."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.rebalances", description=__doc__)
    parser.add_argument("--rebalances", type=int, default=200)
    parser.add_argument(
        "--rate",
        type=float,
        default=2.0,
        help="events a second, about: few, so that it is not the state that grows",
    )
    parser.add_argument("--keep", type=Path, help="a folder for logs and state, which is left as it is")
    parser.add_argument("--out", type=Path, default=Path("build/rebalances.json"))
    args = parser.parse_args(argv)
    end_with_all()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger(__name__).setLevel(logging.INFO)
    log.setLevel(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="kairos-rebalances-", ignore_cleanup_errors=True) as made:
        said = measure(args.keep or Path(made), args.rebalances, args.rate)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    shown = {name: value for name, value in said.items() if name != "sizes"}
    sys.stdout.write(json.dumps(shown, indent=1) + "\n")
    return int(not said["flat"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
