import os
import threading
from pathlib import Path

import pytest

from streams.embedded.broker import Broker
from tests.chaos.rebalances import (
    KB_PER_REBALANCE_MAX,
    MORE_FILES_MAX,
    MORE_THREADS_MAX,
    Size,
    grown,
    measure,
    size_of,
)

REBALANCES = 8
FILES_MAX = 150
"""A few rebalances say little of growth, but a leak of clients or stores shows at once."""
THREADS_MAX = 6 + min(32, (os.cpu_count() or 1) + 4)
"""Those of the loop's pool come one by one, as many as Python allows; of others there are four."""


def sizes(*, kb: float = 0, files: float = 0, threads: float = 0) -> list[tuple[int, Size]]:
    """After each of 90 rebalances, with so much more each time, and a warming up that means nothing."""
    warm = [(n, Size(n * 10_000, n * 10, n)) for n in range(30)]
    return warm + [
        (n, Size(int(300_000 + kb * n), int(60 + files * n), int(8 + threads * n))) for n in range(30, 90)
    ]


def test_a_worker_that_keeps_its_size_is_flat_however_it_warmed_up() -> None:
    assert grown(sizes()).flat
    assert grown(sizes(kb=KB_PER_REBALANCE_MAX)).flat
    assert grown(sizes()).rebalances == 89


def test_memory_files_and_threads_that_grow_are_seen() -> None:
    assert grown(sizes(kb=KB_PER_REBALANCE_MAX + 1)).memory_kb_per_rebalance == KB_PER_REBALANCE_MAX + 1
    assert not grown(sizes(kb=KB_PER_REBALANCE_MAX + 1)).flat
    assert not grown(sizes(files=(MORE_FILES_MAX + 1) / 30)).flat
    assert not grown(sizes(threads=(MORE_THREADS_MAX + 1) / 30)).flat


def test_the_size_of_a_process_is_what_the_kernel_says() -> None:
    before = size_of(os.getpid())
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    with Path(__file__).open(encoding="utf-8"):
        after = size_of(os.getpid())
    ends.set()
    thread.join()
    assert after.threads == before.threads + 1
    assert after.files == before.files + 1
    assert after.memory_kb > 10_000


@pytest.mark.broker
@pytest.mark.slow
def test_a_worker_that_others_come_and_go_beside_keeps_its_files_and_threads(
    broker: Broker, tmp_path: Path
) -> None:
    said = measure(tmp_path, REBALANCES, broker=broker)
    assert said["rebalances"] >= REBALANCES
    assert max(it["threads"] for it in said["sizes"]) <= THREADS_MAX, said
    assert max(it["files"] for it in said["sizes"]) < FILES_MAX, said
