"""The drills: each fault is made for real, and ends with the steps of the runbook."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from schemas.framing import encode
from schemas.records import Control
from tests.drills.load import CUSTOMERS
from tests.drills.scene import PREFIX, Scene, Worker, until

NEVER_AGAIN = 10**9
YESTERDAY_S = 170.0
"""A day and three hours, divided by 600, and a little."""
DEFECT = Path(__file__).parent / "defect"
Fault = Callable[[Scene], AbstractContextManager[None]]
"""Made where the block begins, mended where it ends."""


@dataclass(frozen=True)
class Drill:
    """A fault, the alerts that must tell of it, and what the runbook says to do."""

    name: str
    fault: str
    alerts: tuple[str, ...]
    steps: str
    run: Fault
    times: int = 0
    """By how much the times of the rules are divided, where they are hours and days; 0: as everywhere."""


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


DRILLS = (
    Drill(
        "killed worker",
        "`kill -9` of one of two workers",
        ("KairosWorkerMissing",),
        "start it again",
        killed_worker,
    ),
    Drill(
        "hung worker",
        "one of two workers stopped by SIGSTOP for good",
        ("KairosWorkerMissing",),
        "`kill -9`, start it again",
        hung_worker,
    ),
    Drill("no worker", "`kill -9` of both workers", ("KairosNoWorker",), "start them again", no_worker),
    Drill(
        "stalled loop",
        "both workers stopped for 3 s of every 6 s by SIGSTOP",
        ("KairosLoopStalls", "KairosEventToOutputBurnsFast", "KairosWakeupLatenessBurnsFast"),
        "give them their processor time back",
        stalling_loop,
    ),
    Drill(
        "lagging worker",
        "both workers have 5 % of a processor, and 1,200 events/s come",
        ("KairosLagGrowing",),
        "give them their processor time back",
        starved_worker,
    ),
    Drill(
        "slow restore",
        "both workers lose their state, are told to fetch one batch at a time and have 17 % of a processor",
        ("KairosRestoreTooLong",),
        "find what slows it (the setting), restart without",
        slow_restore,
    ),
    Drill(
        "rebalances",
        "one worker restarted again and again",
        ("KairosRebalancesOften",),
        "stop what restarts it",
        rebalances,
    ),
    Drill(
        "few file descriptors",
        "the limit of a running worker lowered to a tenth above what it has open (prlimit)",
        ("KairosFileDescriptors",),
        "raise the limit",
        few_files,
    ),
    Drill(
        "fast clock",
        "a worker whose wall clock is 20 s fast (libfaketime)",
        ("KairosClockSkew",),
        "mend the clock, restart it",
        fast_clock,
    ),
    Drill(
        "slow clock",
        "a worker whose wall clock is 90 s slow (libfaketime)",
        ("KairosClockSkew",),
        "mend the clock, restart it",
        slow_clock,
    ),
    Drill(
        "stopped broker",
        "the only broker stopped",
        ("KairosNotMember", "KairosNotReady", "KairosPartitionStuck", "KairosWakeupsOverdue"),
        "start the broker; nothing else",
        stopped_broker,
    ),
    Drill(
        "silent broker",
        "the only broker stopped by SIGSTOP: its connections stay open and nothing is answered",
        ("KairosNotMember", "KairosPartitionStuck", "KairosWakeupsOverdue"),
        "let it go on; nothing else",
        silent_broker,
    ),
    Drill(
        "lost partitions",
        "the broker stopped and one worker killed, so nobody is given its partitions",
        ("KairosPartitionMissing",),
        "start both again",
        worker_and_broker,
    ),
    Drill(
        "full disk",
        "the disk of one worker filled to its last byte",
        ("KairosPartitionReopening",),
        "free the disk; nothing else",
        full_disk,
    ),
    Drill(
        "poison flood",
        "a writer sends nothing but malformed records, 600 a second",
        ("KairosPartitionPaused",),
        "take the writer back; restart with `engine.dead.letter.share.max=1` until it is past, then without",
        poison_flood,
    ),
    Drill(
        "some poison",
        "one in twenty records of each topic is malformed",
        ("KairosDeadLetterShare",),
        "mend the writer",
        some_poison,
    ),
    Drill(
        "wrong partition",
        "one record in a partition that is not that of its key",
        ("KairosWrongPartition",),
        "`kairos dlq replay --reason wrong_partition --yes`",
        wrong_partition,
    ),
    Drill(
        "silent source",
        "no delivery is told of any more; the policy expects one within a minute",
        ("KairosSourceSilent",),
        "the source speaks again; nothing else",
        silent_source,
    ),
    Drill(
        "mass incident",
        "every parcel has an exception, in a policy whose window is a minute",
        ("KairosMassIncident",),
        "stop what causes it; nothing else",
        mass_incident,
    ),
    Drill(
        "two policies",
        "one worker restarted with another policy file",
        ("KairosPolicyDiffers",),
        "give it the same file",
        other_policy,
    ),
    Drill(
        "bad policy",
        "a policy with a mistake on the control topic",
        ("KairosPolicyRefused",),
        "take it back",
        bad_policy,
    ),
    Drill(
        "short stalls",
        "both workers stopped for 2 s of every 20 s by SIGSTOP",
        ("KairosEventToOutputBurnsSlowly", "KairosWakeupLatenessBurnsSlowly"),
        "give them their processor time back",
        short_stalls,
        times=600,
    ),
    Drill(
        "paused and forgotten",
        "everything paused on the control topic",
        ("KairosNothingOpened",),
        "take the pause back",
        everything_paused,
        times=600,
    ),
    Drill(
        "slow redeciding",
        "a new policy comes while both workers have 10 % of a processor, and 450 events/s come",
        ("KairosRedecidingTooLong",),
        "give them their processor time back",
        slow_redeciding,
        times=8_640,
    ),
    Drill(
        "defect",
        "a worker with a mistake in a rule, that one profile in a hundred brings to light",
        ("KairosDecisionFaults",),
        "restart it with the version before",
        defect,
    ),
)
