"""The faults of the drills: each is made for real where its block begins, and mended as the runbook says."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from schemas.framing import encode
from schemas.records import Control
from tests.drills.load import CUSTOMERS
from tests.drills.scene import PREFIX, Scene, Worker, until

NEVER_AGAIN = 10**9
YESTERDAY_S = 170.0
"""A day and three hours, divided by 600, and a little."""
DEFECT = Path(__file__).parent / "defect"


@contextlib.contextmanager
def killed_worker(scene: Scene) -> Iterator[None]:
    scene.workers[1].kill()
    yield
    scene.workers[1].start()


@contextlib.contextmanager
def hung_worker(scene: Scene) -> Iterator[None]:
    scene.workers[1].send(signal.SIGSTOP)
    yield
    scene.workers[1].kill()
    scene.workers[1].start()


@contextlib.contextmanager
def no_worker(scene: Scene) -> Iterator[None]:
    for worker in scene.workers:
        worker.kill()
    yield
    for worker in scene.workers:
        worker.start()


def _stopping(workers: list[Worker], stopped_s: float, running_s: float) -> Callable[[], None]:
    """One round of taking processors away and giving them back."""

    def step() -> None:
        for worker in workers:
            worker.send(signal.SIGSTOP)
        time.sleep(stopped_s)
        for worker in workers:
            worker.send(signal.SIGCONT)
        time.sleep(running_s)

    return step


@contextlib.contextmanager
def stalling_loop(scene: Scene) -> Iterator[None]:
    with scene.meanwhile(_stopping(scene.workers, 3.0, 3.0)):
        yield


@contextlib.contextmanager
def _starved(scene: Scene, per_s: int, running_s: float) -> Iterator[None]:
    """More customers come, and the workers run for so long after each 0.12 s in which they do not."""
    scene.load.traffic.per_s = per_s
    with scene.meanwhile(_stopping(scene.workers, 0.12, running_s)):
        yield
    scene.load.traffic.per_s = 20


def starved_worker(scene: Scene) -> AbstractContextManager[None]:
    return _starved(scene, 400, 0.006)


@contextlib.contextmanager
def slow_restore(scene: Scene) -> Iterator[None]:
    for worker in scene.workers:
        worker.kill()
        subprocess.run(["/bin/rm", "-rf", str(worker.state)], check=True)
        worker.start(KAIROS_KAFKA_MAX_PARTITION_FETCH_BYTES="1", KAIROS_KAFKA_FETCH_MAX_BYTES="1")
    until(lambda: all(worker.answers for worker in scene.workers), 60.0, "the workers have begun")
    with scene.meanwhile(_stopping(scene.workers, 0.1, 0.02)):
        yield
    for worker in scene.workers:
        worker.kill()
        worker.start()


@contextlib.contextmanager
def rebalances(scene: Scene) -> Iterator[None]:
    def step() -> None:
        scene.workers[1].restart()
        scene.until_ready()

    with scene.meanwhile(step):
        yield


@contextlib.contextmanager
def few_files(scene: Scene) -> Iterator[None]:
    scene.workers[0].limit_files(int(scene.workers[0].open_files * 1.1))
    yield
    scene.workers[0].limit_files(None)


@contextlib.contextmanager
def fast_clock(scene: Scene) -> Iterator[None]:
    scene.workers[1].restart(**scene.skewed("+20s"))
    yield
    scene.workers[1].restart()


@contextlib.contextmanager
def slow_clock(scene: Scene) -> Iterator[None]:
    scene.workers[1].restart(**scene.skewed("-90s"))
    yield
    scene.workers[1].restart()


@contextlib.contextmanager
def stopped_broker(scene: Scene) -> Iterator[None]:
    scene.broker.stop()
    yield
    scene.broker.start()


@contextlib.contextmanager
def silent_broker(scene: Scene) -> Iterator[None]:
    scene.broker.pause()
    yield
    scene.broker.resume()


@contextlib.contextmanager
def worker_and_broker(scene: Scene) -> Iterator[None]:
    scene.broker.stop()
    scene.workers[1].kill()
    yield
    scene.broker.start()
    scene.workers[1].start()


@contextlib.contextmanager
def full_disk(scene: Scene) -> Iterator[None]:
    ballast = scene.disk / "ballast"
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 65_536)
            file.flush()
    yield
    ballast.unlink()


@contextlib.contextmanager
def poison_flood(scene: Scene) -> Iterator[None]:
    scene.load.traffic.per_s, scene.load.traffic.bad_share = 200, 1.0
    yield
    scene.load.traffic.per_s, scene.load.traffic.bad_share = 20, 0.0
    for worker in scene.workers:
        worker.restart(KAIROS_ENGINE_DEAD_LETTER_SHARE_MAX="1")
    scene.until_past()
    for worker in scene.workers:
        worker.restart()


@contextlib.contextmanager
def some_poison(scene: Scene) -> Iterator[None]:
    scene.load.traffic.bad_share = 0.05
    yield
    scene.load.traffic.bad_share = 0.0


@contextlib.contextmanager
def wrong_partition(scene: Scene) -> Iterator[None]:
    scene.load.traffic.wrong_partition = True
    yield
    command = [sys.executable, "-m", "streams.cli", "dlq", "replay", "--reason", "wrong_partition", "--yes"]
    where = ["--prefix", PREFIX, "--bootstrap-server", scene.broker.bootstrap]
    application = ["--set", "engine.application.id=drill"]
    subprocess.run([*command, *where, *application], check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def silent_source(scene: Scene) -> Iterator[None]:
    scene.load.traffic.deliveries = False
    yield
    scene.load.traffic.deliveries = True


@contextlib.contextmanager
def mass_incident(scene: Scene) -> Iterator[None]:
    scene.load.traffic.delivery_status = "exception"
    yield
    scene.load.traffic.delivery_status = "delivered"


@contextlib.contextmanager
def other_policy(scene: Scene) -> Iterator[None]:
    scene.workers[1].restart(KAIROS_FILES_POLICY=str(scene.policy("other")))
    yield
    scene.workers[1].restart()


@contextlib.contextmanager
def bad_policy(scene: Scene) -> Iterator[None]:
    scene.load.say_control("drill", encode(Control("drill", "policy", policy="version = 7\n")))
    yield
    scene.load.say_control("drill", None)


@contextlib.contextmanager
def short_stalls(scene: Scene) -> Iterator[None]:
    with scene.meanwhile(_stopping(scene.workers, 2.0, 18.0)):
        yield


@contextlib.contextmanager
def everything_paused(scene: Scene) -> Iterator[None]:
    scene.load.traffic.customers = NEVER_AGAIN  # to somebody new something may be said
    time.sleep(YESTERDAY_S)
    scene.load.say_control("drill-pause", encode(Control("drill-pause", "pause")))
    yield
    scene.load.say_control("drill-pause", None)
    scene.load.traffic.customers = CUSTOMERS


@contextlib.contextmanager
def slow_redeciding(scene: Scene) -> Iterator[None]:
    with _starved(scene, 150, 0.013):
        newer = scene.policy("newer").read_text("utf-8")
        scene.load.say_control("drill", encode(Control("drill", "policy", policy=newer)))
        yield
    scene.load.say_control("drill", None)


@contextlib.contextmanager
def defect(scene: Scene) -> Iterator[None]:
    scene.workers[0].restart(PYTHONPATH=str(DEFECT))
    yield
    scene.workers[0].restart()
