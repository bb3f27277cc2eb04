"""Every metric of a worker, in one table: name, kind, labels, meaning.

Names have one prefix and end in their base unit (seconds, bytes, records, ratio) and, for counters, in
`_total`. A label is a word of the contract: a topic without its prefix, a partition number, a word of
`streams.journey.words` or `schemas.errors.Reason`. No customer, offset, order or text is ever a label.

    topic                  `purchases`, whatever stands before it on the broker
    partition              a partition of this worker: its series go when the partition goes
    placement, status, ... words of the journey; every known word is there from the start, at 0, unless the
                           meaning says that a series begins when it is first seen

Counts without `partition` are those of the process: they only grow, whatever is assigned to it.
Time is wall time, also where the clock of the journey runs faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from msgspec import Struct

from streams.engine.totals import HELD_SECONDS, SECONDS, STEP_SECONDS, STEPS

PREFIX: Final = "kairos_"


class Kind(StrEnum):
    """What Prometheus calls the type."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(Struct, frozen=True):
    """One metric. `buckets` are the upper bounds of a histogram, without the last, which is infinite."""

    group: str
    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()


Row: TypeAlias = (
    tuple[str, Kind, tuple[str, ...], str] | tuple[str, Kind, tuple[str, ...], str, tuple[float, ...]]
)
"""Name, kind, labels, meaning, buckets."""

_C, _G, _H = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM
_TOPIC: Final = ("topic",)
_PARTITION: Final = ("partition",)
_BOTH: Final = ("topic", "partition")
_NONE: Final[tuple[str, ...]] = ()


def _group(group: str, *rows: Row) -> Iterator[Metric]:
    for row in rows:
        yield Metric(group, *row)


METRICS: Final = (
    *_group(
        "Inputs and outputs",
        ("kairos_input_records_total", _C, _TOPIC, "Records decided upon and committed, refused ones too."),
        ("kairos_output_records_total", _C, _TOPIC, "Records written, dead letters too."),
        ("kairos_input_lag_records", _G, _BOTH, "Records of a topic that are not yet taken, as last known."),
        (
            "kairos_input_lag_seconds",
            _G,
            _BOTH,
            "How long the oldest record of a topic that is not yet taken waits; 0 when none does.",
        ),
        (
            "kairos_dead_letters_total",
            _C,
            ("topic", "reason"),
            "Records refused, by the reason in their header.",
        ),
        (
            "kairos_late_events_total",
            _C,
            _TOPIC,
            "Events written to Kafka more than an hour after they happened.",
        ),
        (
            "kairos_repeated_events_total",
            _C,
            _TOPIC,
            "Events whose id was among some 65 thousand last ones of this worker. They change nothing.",
        ),
        (
            "kairos_source_silence_seconds",
            _G,
            _TOPIC,
            "Since a source spoke last, in any partition of this worker; begins when it was heard.",
        ),
        (
            "kairos_silent_source_partitions",
            _G,
            _TOPIC,
            "Partitions in which a source is silent beyond its expected interval, so nothing is inferred.",
        ),
    ),
    *_group(
        "Time",
        (
            "kairos_event_to_output_seconds",
            _H,
            _NONE,
            "From the timestamp of an event's record to the commit of what was decided upon it.",
            SECONDS,
        ),
        (
            "kairos_wakeup_lateness_seconds",
            _H,
            _NONE,
            "From the time at which a wake-up was due to the commit of what was decided upon it.",
            SECONDS,
        ),
        ("kairos_wakeups_pending", _G, _PARTITION, "Wake-ups that are still to come, overdue ones too."),
        (
            "kairos_wakeups_overdue",
            _G,
            _PARTITION,
            "Wake-ups that are due and not yet taken, counted up to 1000.",
        ),
        (
            "kairos_wakeup_overdue_seconds",
            _G,
            _PARTITION,
            "How long the oldest overdue wake-up waits; 0 when none.",
        ),
        (
            "kairos_wakeups_taken_total",
            _C,
            ("result",),
            "Wake-ups taken: looked, or stale when something before them in the same batch had moved them.",
        ),
        (
            "kairos_clock_timestamp_seconds",
            _G,
            _NONE,
            "The wall clock of this worker, to be compared with others.",
        ),
        (
            "kairos_clock_behind_seconds",
            _G,
            _NONE,
            "How far this worker's clock is behind the newest time in its inputs and its state; else 0.",
        ),
    ),
    *_group(
        "Transactions",
        (
            "kairos_transaction_seconds",
            _H,
            _PARTITION,
            "Of a commit, with the wait for its turn in this process.",
            SECONDS,
        ),
        (
            "kairos_last_commit_age_seconds",
            _G,
            _PARTITION,
            "Since the last commit, or since it was last seen that there is nothing to commit.",
        ),
        ("kairos_transaction_steps", _H, _NONE, "Records and wake-ups of one transaction.", STEPS),
        (
            "kairos_decision_seconds",
            _H,
            _NONE,
            "Of one record or wake-up, taken as the mean of the slice it was decided in.",
            STEP_SECONDS,
        ),
        ("kairos_slice_seconds", _H, _NONE, "Of a slice of decisions, which holds the loop.", HELD_SECONDS),
        (
            "kairos_decision_faults_total",
            _C,
            _NONE,
            "Decisions that failed by a mistake of Kairos and were taken back.",
        ),
    ),
    *_group(
        "Partitions",
        (
            "kairos_partitions",
            _G,
            ("role", "phase"),
            "Partitions of this worker by what they are to do and do now.",
        ),
        (
            "kairos_partition_info",
            _G,
            ("partition", "role", "phase"),
            "1 for what a partition is to do and does now.",
        ),
        ("kairos_partition_current", _G, _PARTITION, "1 while every input of it was read to near its end."),
        ("kairos_partition_reopened_total", _C, _PARTITION, "Times it was opened anew after a failure."),
        ("kairos_rebalances_total", _C, _NONE, "Assignments that this worker was told."),
        (
            "kairos_fenced_total",
            _C,
            _NONE,
            "Times another worker took over a partition that was worked on here.",
        ),
        ("kairos_group_member", _G, _NONE, "1 while the group's coordinator knows this worker."),
        ("kairos_ready", _G, _NONE, "1 while `/readyz` says so."),
    ),
    *_group(
        "State",
        ("kairos_restored_records_total", _C, _PARTITION, "Records of the changelog that were applied."),
        (
            "kairos_restore_remaining_records",
            _G,
            _PARTITION,
            "Records of the changelog that the local state lacks, while it is restored or stands by; else 0.",
        ),
        (
            "kairos_restore_elapsed_seconds",
            _G,
            _PARTITION,
            "Since the restore that goes on began; 0 when none does.",
        ),
        ("kairos_state_bytes", _G, _PARTITION, "Of the local state on disk."),
        ("kairos_state_memory_bytes", _G, _NONE, "Of memory that RocksDB takes for all partitions."),
        ("kairos_customers", _G, _PARTITION, "Customers that are known."),
        (
            "kairos_cache_lookups_total",
            _C,
            ("result",),
            "Records asked for while deciding: hit when in hand, miss when read from the local state.",
        ),
    ),
    *_group(
        "Journey",
        (
            "kairos_eligibilities_total",
            _C,
            ("placement", "status", "arm"),
            "Permissions opened, moved and ended; arm is treatment, or holdout, which is never sent.",
        ),
        (
            "kairos_eligibility_ends_total",
            _C,
            ("status", "reason", "arm"),
            "Ends of permissions by reason; a series begins when it is first seen.",
        ),
        (
            "kairos_withheld_total",
            _C,
            ("placement", "reason"),
            "Moments that could have been and were not; a series begins when it is first seen.",
        ),
        (
            "kairos_friction_changes_total",
            _C,
            ("flag", "state"),
            "Friction flags, by the state that they came to.",
        ),
        ("kairos_stage_changes_total", _C, ("stage",), "Owned items, by the stage that they came to."),
        (
            "kairos_mass_incident_partitions",
            _G,
            ("flag",),
            "Partitions in which so many customers have a flag that help for it is held back.",
        ),
        (
            "kairos_holdout_ratio",
            _G,
            _NONE,
            "Share of customers in the holdout, as the policy says for everybody.",
        ),
        (
            "kairos_policy_info",
            _G,
            ("policy", "catalogue", "world"),
            "1 for what is decided under; world is a hash of policy, catalogue and control.",
        ),
        (
            "kairos_policy_problems",
            _G,
            _NONE,
            "Problems for which the newest policy, catalogue or control is not taken.",
        ),
        (
            "kairos_redeciding_partitions",
            _G,
            _NONE,
            "Partitions that still hold records to a new policy or catalogue.",
        ),
    ),
    *_group(
        "Process",
        ("kairos_build_info", _G, ("version", "python"), "1 for what runs."),
        (
            "kairos_loop_stall_seconds",
            _H,
            _NONE,
            "How much later than it had asked for a task was run again; asked four times a second.",
            HELD_SECONDS,
        ),
        (
            "kairos_log_suppressed_lines_total",
            _C,
            _NONE,
            "Lines of Kafka clients that were not logged, being too many.",
        ),
        ("kairos_process_resident_memory_bytes", _G, _NONE, "Memory that the process has."),
        ("kairos_process_virtual_memory_bytes", _G, _NONE, "Address space that the process has."),
        ("kairos_process_cpu_seconds_total", _C, _NONE, "CPU time that the process used."),
        ("kairos_process_open_fds", _G, _NONE, "File descriptors that the process has open."),
        ("kairos_process_max_fds", _G, _NONE, "File descriptors that it may have open."),
        ("kairos_process_start_time_seconds", _G, _NONE, "When the process began, seconds since the epoch."),
    ),
)
"""Every metric, in the order of the reference."""

BY_NAME: Final[Mapping[str, Metric]] = {metric.name: metric for metric in METRICS}
