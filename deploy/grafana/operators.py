"""For who operates Kairos: is the promise kept, what stands still, what comes in, what it costs."""

from __future__ import annotations

from typing import Final

from deploy.grafana.asking import HOUR, buckets, grown, now, quantile, quantiles, rate, series, share
from deploy.grafana.views import Kind, Section, Unit, View
from deploy.prometheus.alerts import ACTIVE
from deploy.prometheus.objectives import OBJECTIVES

SECTIONS: Final = (
    Section(
        "Now",
        (
            View(
                "Alerts",
                "Alerts that fire; each has a section in the runbook.",
                Unit.COUNT,
                {"firing": 'count(ALERTS{alertname=~"Kairos.*",alertstate="firing"}) or vector(0)'},
                Kind.NUMBER,
                4,
                bad_above=1,
            ),
            View(
                "Workers",
                "Workers that answer.",
                Unit.COUNT,
                {"workers": f"count({series('kairos_build_info')})"},
                Kind.NUMBER,
                4,
            ),
            View(
                "Ready",
                "Workers whose /readyz says so.",
                Unit.COUNT,
                {"ready": f"sum({series('kairos_ready')})"},
                Kind.NUMBER,
                4,
            ),
            View(
                "Partitions at work",
                "Partitions that some worker has.",
                Unit.COUNT,
                {"{{job}}": f'{ACTIVE}{{job=~"$job"}}'},
                Kind.NUMBER,
                4,
            ),
            View(
                "Lag",
                "How long the oldest record that is not yet taken waits.",
                Unit.SECONDS,
                {"lag": f"max({series('kairos_input_lag_seconds')})"},
                Kind.NUMBER,
                4,
                bad_above=60,
            ),
            View(
                "Overdue",
                "How long the oldest overdue wake-up waits.",
                Unit.SECONDS,
                {"overdue": f"max({series('kairos_wakeup_overdue_seconds')})"},
                Kind.NUMBER,
                4,
                bad_above=30,
            ),
        ),
    ),
    Section(
        "Promises",
        (
            *(
                View(
                    f"Budget spent: {objective.name.replace('_', ' ')}",
                    f"Share of {objective.what}; at most {1 - objective.good:.0%} may be, over thirty days.",
                    Unit.SHARE,
                    {
                        window: f'{objective.bad(window)}{{job=~"$job"}}'
                        for window in ("5m", "1h", "6h", "3d")
                    },
                    span=12,
                    bad_above=round(1 - objective.good, 4),
                )
                for objective in OBJECTIVES
            ),
            View(
                "Event to output",
                "From the timestamp of a record to the commit of what was decided upon it.",
                Unit.SECONDS,
                quantiles("kairos_event_to_output_seconds"),
                span=6,
            ),
            View(
                "Event to output, all of it",
                "The same, as how many took how long.",
                Unit.SECONDS,
                buckets("kairos_event_to_output_seconds"),
                Kind.HEAT,
                6,
            ),
            View(
                "Wake-up lateness",
                "From the time at which a wake-up was due to the commit of what was decided upon it.",
                Unit.SECONDS,
                quantiles("kairos_wakeup_lateness_seconds"),
                span=6,
            ),
            View(
                "Wake-up lateness, all of it",
                "The same, as how many took how long.",
                Unit.SECONDS,
                buckets("kairos_wakeup_lateness_seconds"),
                Kind.HEAT,
                6,
            ),
        ),
    ),
    Section(
        "Flow",
        (
            View(
                "In",
                "Records decided upon and committed.",
                Unit.PER_SECOND,
                {"{{topic}}": rate("kairos_input_records_total", "topic")},
                Kind.STACKED,
            ),
            View(
                "Out",
                "Records written.",
                Unit.PER_SECOND,
                {"{{topic}}": rate("kairos_output_records_total", "topic")},
                Kind.STACKED,
            ),
            View(
                "Wake-ups",
                "Wake-ups taken, by what came of them.",
                Unit.PER_SECOND,
                {"{{result}}": rate("kairos_wakeups_taken_total", "result")},
                Kind.STACKED,
            ),
            View(
                "Lag in records",
                "Records that are not yet taken.",
                Unit.COUNT,
                {"{{topic}}": now("sum", "kairos_input_lag_records", "topic")},
            ),
            View(
                "Lag in seconds",
                "How long the oldest of them waits; beyond 60 s nothing is opened.",
                Unit.SECONDS,
                {"{{topic}}": now("max", "kairos_input_lag_seconds", "topic")},
                bad_above=60,
            ),
            View(
                "Wake-ups to come",
                "Those that are still to come, and those that are overdue.",
                Unit.COUNT,
                {
                    "pending": now("sum", "kairos_wakeups_pending", "job"),
                    "overdue": now("sum", "kairos_wakeups_overdue", "job"),
                },
            ),
        ),
    ),
    Section(
        "Inputs",
        (
            View(
                "Dead letters by reason",
                "Records refused in an hour.",
                Unit.COUNT,
                {"{{topic}} {{reason}}": f"{grown('kairos_dead_letters_total', 'topic, reason')} > 0"},
                Kind.STACKED,
            ),
            View(
                "Share refused",
                "Of each topic, over 15 minutes.",
                Unit.SHARE,
                {"{{topic}}": 'job_topic:kairos_dead_letters:ratio_rate15m{job=~"$job"}'},
                bad_above=0.01,
            ),
            View(
                "Late and repeated",
                "Events that came an hour late or were sent twice: they say how a source is.",
                Unit.PER_SECOND,
                {
                    "late {{topic}}": rate("kairos_late_events_total", "topic"),
                    "repeated {{topic}}": rate("kairos_repeated_events_total", "topic"),
                },
            ),
            View(
                "Since a source spoke",
                "From no partition has anything been heard for so long.",
                Unit.SECONDS,
                {"{{topic}}": now("min", "kairos_source_silence_seconds", "topic")},
                span=12,
            ),
            View(
                "Silent sources",
                "Partitions in which nothing is inferred from a source's silence.",
                Unit.COUNT,
                {"{{topic}}": now("sum", "kairos_silent_source_partitions", "topic")},
                span=12,
            ),
        ),
    ),
    Section(
        "Partitions",
        (
            View(
                "What they do",
                "Partitions by role and phase.",
                Unit.COUNT,
                {"{{role}} {{phase}}": now("sum", "kairos_partitions", "role, phase")},
                Kind.STACKED,
            ),
            View(
                "Age of the last commit",
                "By partition; it counts while there is lag.",
                Unit.SECONDS,
                {"{{partition}}": now("max", "kairos_last_commit_age_seconds", "partition")},
                bad_above=60,
            ),
            View(
                "Not current",
                "Partitions of which some input was not read to near its end: they open nothing.",
                Unit.COUNT,
                {"not current": f"count({series('kairos_partition_current')} == 0) or vector(0)"},
                bad_above=1,
            ),
            View(
                "Transactions",
                "Of a commit, the slowest partitions.",
                Unit.SECONDS,
                {
                    "p99 of {{partition}}": "topk(5, "
                    + quantile(0.99, "kairos_transaction_seconds", "partition")
                    + ")",
                    "p50 of all": quantile(0.5, "kairos_transaction_seconds"),
                },
            ),
            View(
                "Batch sizes",
                "Records and wake-ups of one transaction.",
                Unit.COUNT,
                quantiles("kairos_transaction_steps"),
            ),
            View(
                "Opened anew and fenced",
                "In an hour: failures of partitions, and partitions that another worker took.",
                Unit.COUNT,
                {
                    "opened anew {{partition}}": (
                        f"{grown('kairos_partition_reopened_total', 'partition')} > 0"
                    ),
                    "fenced": grown("kairos_fenced_total", "job"),
                },
            ),
            View(
                "Rebalances",
                "Assignments that workers were told in an hour, and those that the group does not know.",
                Unit.COUNT,
                {
                    "{{instance}}": grown("kairos_rebalances_total", "instance"),
                    "not members": f"count({series('kairos_group_member')} == 0) or vector(0)",
                },
            ),
            View(
                "Restoring",
                "Records of the changelog that local states lack, and records applied per second.",
                Unit.COUNT,
                {
                    "remaining": now("sum", "kairos_restore_remaining_records", "job"),
                    "applied per second": rate("kairos_restored_records_total"),
                },
            ),
            View(
                "Restoring for",
                "How long the restores that go on take by now.",
                Unit.SECONDS,
                {"{{partition}}": f"{now('max', 'kairos_restore_elapsed_seconds', 'partition')} > 0"},
                bad_above=300,
            ),
        ),
    ),
    Section(
        "State",
        (
            View(
                "Local state",
                "On disk, by worker.",
                Unit.BYTES,
                {"{{instance}}": now("sum", "kairos_state_bytes", "instance")},
            ),
            View(
                "Memory of RocksDB",
                "By worker, shared caches apart.",
                Unit.BYTES,
                {"{{instance}}": now("sum", "kairos_state_memory_bytes", "instance")},
            ),
            View(
                "Cache hits",
                "Share of records that were in hand while deciding.",
                Unit.SHARE,
                {
                    "hits": share(
                        rate("kairos_cache_lookups_total", "job", 'result="hit"'),
                        rate("kairos_cache_lookups_total"),
                    )
                },
            ),
        ),
    ),
    Section(
        "Processes",
        (
            View(
                "Loop stalls",
                "How much later than it had asked for a task was run again: 99 of 100.",
                Unit.SECONDS,
                {"{{instance}}": quantile(0.99, "kairos_loop_stall_seconds", "instance")},
                bad_above=1,
            ),
            View(
                "Decisions",
                "Of one record or wake-up, and of the slices that hold the loop.",
                Unit.SECONDS,
                {
                    "decision p50": quantile(0.5, "kairos_decision_seconds"),
                    "decision p99": quantile(0.99, "kairos_decision_seconds"),
                    "slice p99": quantile(0.99, "kairos_slice_seconds"),
                },
            ),
            View(
                "Faults",
                "In an hour: decisions that failed by a mistake of Kairos, and log lines that were too many.",
                Unit.COUNT,
                {
                    "decision faults": grown("kairos_decision_faults_total", "job"),
                    "suppressed lines": grown("kairos_log_suppressed_lines_total", "job", "", HOUR),
                },
            ),
            View(
                "Memory",
                "That the processes have.",
                Unit.BYTES,
                {"{{instance}}": now("sum", "kairos_process_resident_memory_bytes", "instance")},
                span=6,
            ),
            View(
                "CPU",
                "Cores in use.",
                Unit.COUNT,
                {"{{instance}}": rate("kairos_process_cpu_seconds_total", "instance")},
                span=6,
            ),
            View(
                "File descriptors",
                "Share of what a process may have open.",
                Unit.SHARE,
                {
                    "{{instance}}": series("kairos_process_open_fds")
                    + " / "
                    + series("kairos_process_max_fds")
                },
                span=6,
                bad_above=0.8,
            ),
            View(
                "Clocks",
                "How far a worker's clock is from that of Prometheus, and behind its own inputs.",
                Unit.SECONDS,
                {
                    "{{instance}}": f"abs({series('kairos_clock_timestamp_seconds')}"
                    f" - timestamp({series('kairos_clock_timestamp_seconds')}))",
                    "{{instance}} behind inputs": series("kairos_clock_behind_seconds"),
                },
                span=6,
                bad_above=5,
            ),
            View(
                "What runs",
                "Workers by version.",
                Unit.COUNT,
                {"{{version}}, Python {{python}}": now("count", "kairos_build_info", "version, python")},
                Kind.BARS,
                12,
            ),
            View(
                "What is decided under",
                "Workers by policy, catalogue and the hash of all of it: one line where all agree.",
                Unit.COUNT,
                {
                    "{{policy}}, catalogue {{catalogue}}, {{world}}": now(
                        "count", "kairos_policy_info", "policy, catalogue, world"
                    )
                },
                Kind.BARS,
                12,
            ),
        ),
    ),
)
