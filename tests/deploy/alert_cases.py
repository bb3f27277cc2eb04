"""For every alert: series with which it fires, and series so near to them that nobody would want to be told.

Series are written as promtool has them: `a+bxn` begins at a and grows by b, n times, `_` is no sample.
Samples are `every` so far apart; the alert is looked at `at` a time. What fires says `says`.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Case(Struct, frozen=True, kw_only=True):
    """`labels` are those of the alert that fires, None when none does."""

    alert: str
    what: str
    series: Mapping[str, str]
    at: str
    every: str = "30s"
    labels: Mapping[str, str] | None = None
    says: str = ""


def fires(
    alert: str,
    series: Mapping[str, str],
    at: str,
    labels: Mapping[str, str],
    says: str,
    *,
    what: str = "fires",
    every: str = "30s",
) -> Case:
    return Case(alert=alert, what=what, series=series, at=at, every=every, labels=labels, says=says)


def quiet(alert: str, what: str, series: Mapping[str, str], at: str, *, every: str = "30s") -> Case:
    return Case(alert=alert, what=what, series=series, at=at, every=every)


ON: Final = 'job="kairos",instance="a:6066"'
ALSO: Final = 'job="kairos",instance="b:6066"'
JOB: Final = {"job": "kairos"}
WORKER: Final = {"job": "kairos", "instance": "a:6066"}
PARTITION: Final = {"job": "kairos", "partition": "3"}
TOPIC: Final = {"job": "kairos", "topic": "purchases"}
ACTIVE: Final = 'role="active",phase="working"'


def one(metric: str, values: str, labels: str = "") -> dict[str, str]:
    return {f"{metric}{{{','.join(filter(None, (ON, labels)))}}}": values}


def histogram(metric: str, every: str, good: str) -> dict[str, str]:
    """What is within a second, and all of it."""
    return {**one(f"{metric}_count", every), **one(f"{metric}_bucket", good, 'le="1.0"')}


def burning(metric: str, name: str, what: str) -> tuple[Case, ...]:
    """An objective of which 1 % may be bad."""
    fast, slowly = f"{name}BurnsFast", f"{name}BurnsSlowly"
    return (
        fires(fast, histogram(metric, "0+100x130", "0+80x130"), "1h", JOB, f"20% are {what}, not 1%"),
        fires(
            fast,
            histogram(metric, "0+100x130", "0+93x130"),
            "1h",
            JOB,
            f"7% are {what}, not 1%",
            what="fires for a slower burn by its longer windows",
        ),
        quiet(
            fast, "as much as a working day can wait for", histogram(metric, "0+100x130", "0+95x130"), "1h"
        ),
        quiet(fast, "is over for half an hour", histogram(metric, "0+100x130", "0+0x60 100+100x70"), "1h5m"),
        quiet(fast, "too few to speak of a share", histogram(metric, "0+1x90", "0+0x90"), "45m"),
        fires(slowly, histogram(metric, "0+100x400", "0+95x400"), "3h", JOB, f"5% are {what}, not 1%"),
        quiet(slowly, "within the budget", histogram(metric, "0+1000x400", "0+991x400"), "3h"),
    )


OBJECTIVES: Final = (
    *burning(
        "kairos_wakeup_lateness_seconds", "KairosWakeupLateness", "wake-ups that came 1 s late or later"
    ),
    *burning(
        "kairos_event_to_output_seconds", "KairosEventToOutput", "events decided upon after more than 1 s"
    ),
)

WORKERS: Final = (
    fires(
        "KairosWorkerMissing", one("up", "1x3 0x9"), "4m", WORKER, "a:6066 does not answer when it is scraped"
    ),
    quiet("KairosWorkerMissing", "misses one scrape", one("up", "1 1 0 1 1 0 1 1"), "3m"),
    quiet("KairosWorkerMissing", "another job", {'up{job="node",instance="a:9100"}': "0x9"}, "4m"),
    fires("KairosNoWorker", {'up{job="node"}': "1x9"}, "3m", {}, "no worker answers when it is scraped"),
    quiet("KairosNoWorker", "one is left", one("kairos_build_info", "1x9", 'version="1"'), "3m"),
    fires("KairosNotReady", one("kairos_ready", "0x20"), "6m", WORKER, "a:6066 runs and is not ready"),
    quiet("KairosNotReady", "restores for four minutes", one("kairos_ready", "0x8 1x9"), "5m"),
    fires(
        "KairosNotMember",
        one("kairos_group_member", "1 0x9"),
        "3m",
        WORKER,
        "a:6066 is not known to the group's coordinator: it may not reach its brokers",
    ),
    quiet("KairosNotMember", "rejoins within a minute", one("kairos_group_member", "1 0 0 1x9"), "3m"),
    fires(
        "KairosRebalancesOften",
        one("kairos_rebalances_total", "0+1x40"),
        "20m",
        WORKER,
        "a:6066 was assigned partitions 30 times in 15 minutes",
    ),
    quiet(
        "KairosRebalancesOften",
        "a rolling restart",
        one("kairos_rebalances_total", "0x20 1 2 3 4 4x20"),
        "20m",
    ),
    fires(
        "KairosLoopStalls",
        histogram("kairos_loop_stall_seconds", "0+120x20", "0+119x20"),
        "10m",
        WORKER,
        "the loop of a:6066 stood still for more than a second, again and again",
    ),
    quiet(
        "KairosLoopStalls",
        "once",
        histogram("kairos_loop_stall_seconds", "0+120x10 1201+120x10", "0+120x10 1200+120x10"),
        "10m",
    ),
    fires(
        "KairosClockSkew",
        one("kairos_clock_timestamp_seconds", "6+30x9"),
        "3m",
        WORKER,
        "the clock of a:6066 is off by 6s",
        what="fires when it is ahead of the clock of Prometheus",
    ),
    fires(
        "KairosClockSkew",
        one("kairos_clock_timestamp_seconds", "-90+30x9"),
        "3m",
        WORKER,
        "the clock of a:6066 is off by 1m 30s",
        what="fires when it is behind the clock of Prometheus",
    ),
    fires(
        "KairosClockSkew",
        one("kairos_clock_behind_seconds", "61x9"),
        "3m",
        WORKER,
        "the clock of a:6066 is off by 1m 1s",
        what="fires when it is behind its own inputs",
    ),
    quiet(
        "KairosClockSkew",
        "as far as a slow scrape",
        {**one("kairos_clock_timestamp_seconds", "5+30x9"), **one("kairos_clock_behind_seconds", "60x9")},
        "3m",
    ),
    fires(
        "KairosFileDescriptors",
        {**one("kairos_process_open_fds", "810x20"), **one("kairos_process_max_fds", "1000x20")},
        "6m",
        WORKER,
        "a:6066 has 81% of its file descriptors open",
    ),
    quiet(
        "KairosFileDescriptors",
        "four fifths",
        {**one("kairos_process_open_fds", "800x20"), **one("kairos_process_max_fds", "1000x20")},
        "6m",
    ),
)

PARTITIONS: Final = (
    fires(
        "KairosPartitionMissing",
        {
            **one("kairos_partition_info", "1x40", f'partition="0",{ACTIVE}'),
            **one("kairos_partition_info", "1x10 stale", f'partition="1",{ACTIVE}'),
        },
        "10m",
        JOB,
        "1 partitions are worked on by nobody",
    ),
    quiet(
        "KairosPartitionMissing",
        "moves to another worker",
        {
            **one("kairos_partition_info", "1x10 stale", f'partition="1",{ACTIVE}'),
            f'kairos_partition_info{{{ALSO},partition="1",{ACTIVE}}}': "_x11 1x30",
        },
        "10m",
    ),
    fires(
        "KairosPartitionStuck",
        {
            **one("kairos_last_commit_age_seconds", "0+30x20", 'partition="3"'),
            **one("kairos_input_lag_records", "7x20", 'partition="3",topic="purchases"'),
        },
        "4m",
        PARTITION,
        "partition 3 has work and committed nothing for 4m 0s",
    ),
    fires(
        "KairosPartitionStuck",
        {
            **one("kairos_last_commit_age_seconds", "0+30x20", 'partition="3"'),
            **one("kairos_input_lag_records", "0x20", 'partition="3",topic="purchases"'),
            **one("kairos_wakeups_overdue", "1x20", 'partition="3"'),
        },
        "4m",
        PARTITION,
        "partition 3 has work and committed nothing for 4m 0s",
        what="fires also where only wake-ups wait, since a broker that is away tells of no input",
    ),
    quiet(
        "KairosPartitionStuck",
        "nothing to do",
        {
            **one("kairos_last_commit_age_seconds", "0+30x20", 'partition="3"'),
            **one("kairos_input_lag_records", "0x20", 'partition="3",topic="purchases"'),
        },
        "4m",
    ),
    quiet(
        "KairosPartitionStuck",
        "behind and at work",
        {
            **one("kairos_last_commit_age_seconds", "60x20", 'partition="3"'),
            **one("kairos_input_lag_records", "9000x20", 'partition="3",topic="purchases"'),
        },
        "4m",
    ),
    fires(
        "KairosPartitionPaused",
        one("kairos_partition_info", "_ 1 stale _ 1 stale _ 1", 'partition="3",role="active",phase="paused"'),
        "3m",
        PARTITION,
        "partition 3 stands still: too much of its input is refused",
        what="fires and goes on while it tries again in between",
    ),
    quiet(
        "KairosPartitionPaused",
        "was paused three minutes ago",
        one("kairos_partition_info", "1 stale _x9", 'partition="3",role="active",phase="paused"'),
        "3m",
    ),
    fires(
        "KairosPartitionReopening",
        one("kairos_partition_reopened_total", "0+1x40", 'partition="3"'),
        "15m",
        PARTITION,
        "partition 3 failed and was opened anew 20 times in 10 minutes",
    ),
    quiet(
        "KairosPartitionReopening",
        "a broker restarts",
        one("kairos_partition_reopened_total", "0x15 1 2 3 3x30", 'partition="3"'),
        "15m",
    ),
    fires(
        "KairosRestoreTooLong",
        one("kairos_restore_elapsed_seconds", "0+30x20", 'partition="3"'),
        "7m",
        PARTITION,
        "partition 3 has been restored for 7m 0s",
    ),
    quiet(
        "KairosRestoreTooLong",
        "takes less than five minutes",
        one("kairos_restore_elapsed_seconds", "0+30x8 0x20", 'partition="3"'),
        "5m",
    ),
    fires(
        "KairosLagGrowing",
        one("kairos_input_lag_seconds", "0+20x40", 'partition="3",topic="purchases"'),
        "10m",
        {**TOPIC, **PARTITION},
        "purchases in partition 3 is 6m 40s behind and falls further behind",
    ),
    fires(
        "KairosLagGrowing",
        one("kairos_input_lag_seconds", "0+20x14 stale 300+20x40", 'partition="3",topic="purchases"'),
        "10m",
        {**TOPIC, **PARTITION},
        "purchases in partition 3 is 6m 20s behind and falls further behind",
        what="fires also where a scrape is missed",
    ),
    quiet(
        "KairosLagGrowing",
        "catches up",
        one("kairos_input_lag_seconds", "900-20x40", 'partition="3",topic="purchases"'),
        "10m",
    ),
    quiet(
        "KairosLagGrowing",
        "is still current",
        one("kairos_input_lag_seconds", "20+1x40", 'partition="3",topic="purchases"'),
        "10m",
    ),
    fires(
        "KairosWakeupsOverdue",
        one("kairos_wakeup_overdue_seconds", "0+30x20", 'partition="3"'),
        "5m",
        PARTITION,
        "the oldest wake-up of partition 3 is overdue for 5m 0s",
    ),
    quiet(
        "KairosWakeupsOverdue",
        "half a minute",
        one("kairos_wakeup_overdue_seconds", "30x20", 'partition="3"'),
        "5m",
    ),
)


def refused(letters: str, records: str, reason: str = "malformed") -> dict[str, str]:
    return {
        **one("kairos_dead_letters_total", letters, f'topic="purchases",reason="{reason}"'),
        **one("kairos_input_records_total", records, 'topic="purchases"'),
    }


def active(count: int) -> dict[str, str]:
    """Partitions that are worked on."""
    found = (one("kairos_partition_info", "1x60", f'partition="{n}",{ACTIVE}') for n in range(count))
    return {name: values for series in found for name, values in series.items()}


INPUTS: Final = (
    fires("KairosDeadLetterShare", refused("0+2x60", "0+100x60"), "20m", TOPIC, "2% of purchases is refused"),
    quiet("KairosDeadLetterShare", "one in a hundred", refused("0+9x60", "0+1000x60"), "20m"),
    quiet("KairosDeadLetterShare", "twenty in all", refused("0 0 0 0 0 1+1x19 20x60", "0+2x99"), "20m"),
    fires(
        "KairosWrongPartition",
        refused("0 0 0 1 1 1", "0+9x9", "wrong_partition"),
        "2m",
        TOPIC,
        "a writer of purchases puts customers into partitions that are not theirs",
    ),
    quiet("KairosWrongPartition", "refused for another reason", refused("0+9x9", "0+9x9"), "2m"),
    fires(
        "KairosSourceSilent",
        {**active(3), **one("kairos_silent_source_partitions", "2x60", 'topic="deliveries"')},
        "12m",
        {"job": "kairos", "topic": "deliveries"},
        "deliveries is silent for longer than the policy expects",
    ),
    quiet(
        "KairosSourceSilent",
        "few customers in one of three partitions",
        {**active(3), **one("kairos_silent_source_partitions", "1x60", 'topic="deliveries"')},
        "12m",
    ),
)

DAY: Final = "0+1x330 330x60"
"""An opening every five minutes for a day and more, then none for three hours."""
OPENED: Final = 'placement="refill",status="opened",arm="treatment"'

JOURNEY: Final = (
    fires(
        "KairosMassIncident",
        one("kairos_mass_incident_partitions", "1x9", 'flag="shipping_problem"'),
        "2m",
        {"job": "kairos", "flag": "shipping_problem"},
        "so many customers have shipping_problem at once that help for it is held back",
    ),
    quiet(
        "KairosMassIncident",
        "none",
        one("kairos_mass_incident_partitions", "0x9", 'flag="shipping_problem"'),
        "2m",
    ),
    fires(
        "KairosNothingOpened",
        one("kairos_eligibilities_total", DAY, OPENED),
        "31h",
        JOB,
        "nothing was opened for three hours, unlike yesterday",
        every="5m",
    ),
    quiet(
        "KairosNothingOpened",
        "one in three hours",
        one("kairos_eligibilities_total", "0+1x330 330x20 331x60", OPENED),
        "31h",
        every="5m",
    ),
    quiet(
        "KairosNothingOpened",
        "a night as every night",
        one("kairos_eligibilities_total", "0+1x20 20x80 20+1x210 230x80", OPENED),
        "31h",
        every="5m",
    ),
    fires(
        "KairosPolicyRefused",
        one("kairos_policy_problems", "2x20"),
        "6m",
        JOB,
        "the newest policy, catalogue or control is not taken: 2 problems",
    ),
    quiet("KairosPolicyRefused", "mended within minutes", one("kairos_policy_problems", "2x8 0x20"), "6m"),
    fires(
        "KairosPolicyDiffers",
        {
            **one("kairos_policy_info", "1x60", 'world="one"'),
            f'kairos_policy_info{{{ALSO},world="two"}}': "1x60",
        },
        "11m",
        JOB,
        "the workers decide under 2 different policies or catalogues",
    ),
    quiet(
        "KairosPolicyDiffers",
        "all follow a new one",
        {
            **one("kairos_policy_info", "1x4 stale", 'world="one"'),
            f'kairos_policy_info{{{ALSO},world="two"}}': "1x60",
            **one("kairos_policy_info", "_x5 1x60", 'world="two"'),
        },
        "11m",
    ),
    fires(
        "KairosRedecidingTooLong",
        one("kairos_redeciding_partitions", "2x400"),
        "25h",
        JOB,
        "2 partitions have held records to a new policy or catalogue for a day",
        every="5m",
    ),
    quiet(
        "KairosRedecidingTooLong",
        "done before the day is over",
        one("kairos_redeciding_partitions", "2x280 0x99"),
        "25h",
        every="5m",
    ),
    fires(
        "KairosDecisionFaults",
        one("kairos_decision_faults_total", "0 0 1 1 1"),
        "2m",
        JOB,
        "a decision failed by a mistake of Kairos; its record is among the dead letters",
    ),
    quiet("KairosDecisionFaults", "none lately", one("kairos_decision_faults_total", "3x9"), "2m"),
)

CASES: Final = (*OBJECTIVES, *WORKERS, *PARTITIONS, *INPUTS, *JOURNEY)
