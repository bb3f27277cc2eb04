"""The drills in one table: a fault, the alerts that must tell of it, and what the runbook says to do."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.drills import faults
from tests.drills.scene import Scene

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


DRILLS = (
    Drill(
        "killed worker",
        "`kill -9` of one of two workers",
        ("KairosWorkerMissing",),
        "start it again",
        faults.killed_worker,
    ),
    Drill(
        "hung worker",
        "one of two workers stopped by SIGSTOP for good",
        ("KairosWorkerMissing",),
        "`kill -9`, start it again",
        faults.hung_worker,
    ),
    Drill(
        "no worker", "`kill -9` of both workers", ("KairosNoWorker",), "start them again", faults.no_worker
    ),
    Drill(
        "stalled loop",
        "both workers stopped for 3 s of every 6 s by SIGSTOP",
        ("KairosLoopStalls", "KairosEventToOutputBurnsFast", "KairosWakeupLatenessBurnsFast"),
        "give them their processor time back",
        faults.stalling_loop,
    ),
    Drill(
        "lagging worker",
        "both workers have 5 % of a processor, and 1,200 events/s come",
        ("KairosLagGrowing",),
        "give them their processor time back",
        faults.starved_worker,
    ),
    Drill(
        "slow restore",
        "both workers lose their state, are told to fetch one batch at a time and have 17 % of a processor",
        ("KairosRestoreTooLong",),
        "find what slows it (the setting), restart without",
        faults.slow_restore,
    ),
    Drill(
        "rebalances",
        "one worker restarted again and again",
        ("KairosRebalancesOften",),
        "stop what restarts it",
        faults.rebalances,
    ),
    Drill(
        "few file descriptors",
        "the limit of a running worker lowered to a tenth above what it has open (prlimit)",
        ("KairosFileDescriptors",),
        "raise the limit",
        faults.few_files,
    ),
    Drill(
        "fast clock",
        "a worker whose wall clock is 20 s fast (libfaketime)",
        ("KairosClockSkew",),
        "mend the clock, restart it",
        faults.fast_clock,
    ),
    Drill(
        "slow clock",
        "a worker whose wall clock is 90 s slow (libfaketime)",
        ("KairosClockSkew",),
        "mend the clock, restart it",
        faults.slow_clock,
    ),
    Drill(
        "stopped broker",
        "the only broker stopped",
        ("KairosNotMember", "KairosNotReady", "KairosPartitionStuck", "KairosWakeupsOverdue"),
        "start the broker; nothing else",
        faults.stopped_broker,
    ),
    Drill(
        "silent broker",
        "the only broker stopped by SIGSTOP: its connections stay open and nothing is answered",
        ("KairosNotMember", "KairosPartitionStuck", "KairosWakeupsOverdue"),
        "let it go on; nothing else",
        faults.silent_broker,
    ),
    Drill(
        "lost partitions",
        "the broker stopped and one worker killed, so nobody is given its partitions",
        ("KairosPartitionMissing",),
        "start both again",
        faults.worker_and_broker,
    ),
    Drill(
        "full disk",
        "the disk of one worker filled to its last byte",
        ("KairosPartitionReopening",),
        "free the disk; nothing else",
        faults.full_disk,
    ),
    Drill(
        "poison flood",
        "a writer sends nothing but malformed records, 600 a second",
        ("KairosPartitionPaused",),
        "take the writer back; restart with `engine.dead.letter.share.max=1` until it is past, then without",
        faults.poison_flood,
    ),
    Drill(
        "some poison",
        "one in twenty records of each topic is malformed",
        ("KairosDeadLetterShare",),
        "mend the writer",
        faults.some_poison,
    ),
    Drill(
        "wrong partition",
        "one record in a partition that is not that of its key",
        ("KairosWrongPartition",),
        "`kairos dlq replay --reason wrong_partition --yes`",
        faults.wrong_partition,
    ),
    Drill(
        "silent source",
        "no delivery is told of any more; the policy expects one within a minute",
        ("KairosSourceSilent",),
        "the source speaks again; nothing else",
        faults.silent_source,
    ),
    Drill(
        "mass incident",
        "every parcel has an exception, in a policy whose window is a minute",
        ("KairosMassIncident",),
        "stop what causes it; nothing else",
        faults.mass_incident,
    ),
    Drill(
        "two policies",
        "one worker restarted with another policy file",
        ("KairosPolicyDiffers",),
        "give it the same file",
        faults.other_policy,
    ),
    Drill(
        "bad policy",
        "a policy with a mistake on the control topic",
        ("KairosPolicyRefused",),
        "take it back",
        faults.bad_policy,
    ),
    Drill(
        "short stalls",
        "both workers stopped for 2 s of every 20 s by SIGSTOP",
        ("KairosEventToOutputBurnsSlowly", "KairosWakeupLatenessBurnsSlowly"),
        "give them their processor time back",
        faults.short_stalls,
        times=600,
    ),
    Drill(
        "paused and forgotten",
        "everything paused on the control topic",
        ("KairosNothingOpened",),
        "take the pause back",
        faults.everything_paused,
        times=600,
    ),
    Drill(
        "slow redeciding",
        "a new policy comes while both workers have 10 % of a processor, and 450 events/s come",
        ("KairosRedecidingTooLong",),
        "give them their processor time back",
        faults.slow_redeciding,
        times=8_640,
    ),
    Drill(
        "defect",
        "a worker with a mistake in a rule, that one profile in a hundred brings to light",
        ("KairosDecisionFaults",),
        "restart it with the version before",
        faults.defect,
    ),
)
