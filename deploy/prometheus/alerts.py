"""One alert per cause that an operator can act upon, each with its section in the runbook.

Thresholds follow the bounds of the engine: 60 s behind, a partition is no longer current and opens nothing;
one that is paused for too many refused records tries again every 30 s; one that failed is opened anew after
at most 5 s. Waiting times are longer than a rolling restart takes.
What a slow worker tells is looked at over a minute, so that a scrape it misses does not begin the wait anew.
"""

from __future__ import annotations

from typing import Final

from deploy.prometheus.rule import Alert, Recording, Severity

_PAGE, _TICKET = Severity.PAGE, Severity.TICKET

ACTIVE: Final = "job:kairos_active_partitions:count"

RECORDINGS: Final = (
    Recording(ACTIVE, 'count by (job) (count by (job, partition) (kairos_partition_info{role="active"}))'),
    Recording(
        "job_topic:kairos_dead_letters:ratio_rate15m",
        "sum by (job, topic) (rate(kairos_dead_letters_total[15m]))\n"
        "/ sum by (job, topic) (rate(kairos_input_records_total[15m]))",
    ),
)

_WHERE: Final = "{{ $labels.instance }}"
_PARTITION: Final = "partition {{ $labels.partition }}"
_VALUE: Final = "{{ $value | humanize }}"
_DURATION: Final = "{{ $value | humanizeDuration }}"

ALERTS: Final = (
    # workers
    Alert(
        "KairosWorkerMissing",
        'up{job=~".*kairos.*"} == 0',
        "1m",
        _PAGE,
        f"{_WHERE} does not answer when it is scraped",
    ),
    Alert("KairosNoWorker", "absent(kairos_build_info)", "2m", _PAGE, "no worker answers when it is scraped"),
    Alert("KairosNotReady", "kairos_ready == 0", "5m", _PAGE, f"{_WHERE} runs and is not ready"),
    Alert(
        "KairosNotMember",
        "kairos_group_member == 0",
        "2m",
        _PAGE,
        f"{_WHERE} is not known to the group's coordinator: it may not reach its brokers",
    ),
    Alert(
        "KairosRebalancesOften",
        "increase(kairos_rebalances_total[15m]) > 5",
        "1m",
        _TICKET,
        f"{_WHERE} was assigned partitions {_VALUE} times in 15 minutes",
    ),
    Alert(
        "KairosLoopStalls",
        "increase(kairos_loop_stall_seconds_count[10m])\n"
        '- ignoring (le) increase(kairos_loop_stall_seconds_bucket{le=~"1(\\\\.0)?"}[10m]) > 2',
        "0s",
        _TICKET,
        f"the loop of {_WHERE} stood still for more than a second, again and again",
    ),
    Alert(
        "KairosClockSkew",
        "abs(kairos_clock_timestamp_seconds - timestamp(kairos_clock_timestamp_seconds)) > 5\n"
        "or kairos_clock_behind_seconds > 60",
        "2m",
        _PAGE,
        f"the clock of {_WHERE} is off by {_DURATION}",
    ),
    Alert(
        "KairosFileDescriptors",
        "kairos_process_open_fds / kairos_process_max_fds > 0.8",
        "5m",
        _TICKET,
        f"{_WHERE} has {{{{ $value | humanizePercentage }}}} of its file descriptors open",
    ),
    # partitions
    Alert(
        "KairosPartitionMissing",
        f"max_over_time({ACTIVE}[1d]) - {ACTIVE} > 0",
        "3m",
        _PAGE,
        f"{_VALUE} partitions are worked on by nobody",
    ),
    Alert(
        "KairosPartitionStuck",
        "max by (job, partition) (kairos_last_commit_age_seconds) > 60\n"
        "and (sum by (job, partition) (kairos_input_lag_records) > 0\n"
        "  or sum by (job, partition) (kairos_wakeups_overdue) > 0)",
        "1m",
        _PAGE,
        f"{_PARTITION} has work and committed nothing for {_DURATION}",
    ),
    Alert(
        "KairosPartitionPaused",
        'max by (job, partition) (max_over_time(kairos_partition_info{phase="paused"}[2m])) > 0',
        "1m",
        _PAGE,
        f"{_PARTITION} stands still: too much of its input is refused",
    ),
    Alert(
        "KairosPartitionReopening",
        "sum by (job, partition) (increase(kairos_partition_reopened_total[10m])) > 4",
        "1m",
        _TICKET,
        f"{_PARTITION} failed and was opened anew {_VALUE} times in 10 minutes",
    ),
    Alert(
        "KairosRestoreTooLong",
        "max by (job, partition) (max_over_time(kairos_restore_elapsed_seconds[1m])) > 0",
        "5m",
        _PAGE,
        f"{_PARTITION} has been restored for {_DURATION}",
    ),
    Alert(
        "KairosLagGrowing",
        "max by (job, topic, partition) (max_over_time(kairos_input_lag_seconds[1m])) > 60\n"
        "and max by (job, topic, partition) (deriv(kairos_input_lag_seconds[10m])) > 0",
        "5m",
        _PAGE,
        f"{{{{ $labels.topic }}}} in {_PARTITION} is {_DURATION} behind and falls further behind",
    ),
    Alert(
        "KairosWakeupsOverdue",
        "max by (job, partition) (max_over_time(kairos_wakeup_overdue_seconds[1m])) > 30",
        "2m",
        _PAGE,
        f"the oldest wake-up of {_PARTITION} is overdue for {_DURATION}",
    ),
    # inputs
    Alert(
        "KairosDeadLetterShare",
        "job_topic:kairos_dead_letters:ratio_rate15m > 0.01\n"
        "and sum by (job, topic) (increase(kairos_dead_letters_total[15m])) > 20",
        "2m",
        _TICKET,
        "{{ $value | humanizePercentage }} of {{ $labels.topic }} is refused",
    ),
    Alert(
        "KairosWrongPartition",
        'sum by (job, topic) (increase(kairos_dead_letters_total{reason="wrong_partition"}[15m])) > 0',
        "0s",
        _PAGE,
        "a writer of {{ $labels.topic }} puts customers into partitions that are not theirs",
    ),
    Alert(
        "KairosSourceSilent",
        f"sum by (job, topic) (kairos_silent_source_partitions) > on (job) group_left () 0.5 * {ACTIVE}",
        "10m",
        _TICKET,
        "{{ $labels.topic }} is silent for longer than the policy expects",
    ),
    # the journey
    Alert(
        "KairosMassIncident",
        "sum by (job, flag) (kairos_mass_incident_partitions) > 0",
        "1m",
        _PAGE,
        "so many customers have {{ $labels.flag }} at once that help for it is held back",
    ),
    Alert(
        "KairosNothingOpened",
        'sum by (job) (increase(kairos_eligibilities_total{status="opened"}[3h])) == 0\n'
        'and sum by (job) (increase(kairos_eligibilities_total{status="opened"}[3h] offset 1d)) > 20',
        "15m",
        _TICKET,
        "nothing was opened for three hours, unlike yesterday",
    ),
    Alert(
        "KairosPolicyRefused",
        "max by (job) (kairos_policy_problems) > 0",
        "5m",
        _TICKET,
        f"the newest policy, catalogue or control is not taken: {_VALUE} problems",
    ),
    Alert(
        "KairosPolicyDiffers",
        "count by (job) (count by (job, world) (kairos_policy_info)) > 1",
        "10m",
        _TICKET,
        f"the workers decide under {_VALUE} different policies or catalogues",
    ),
    Alert(
        "KairosRedecidingTooLong",
        "sum by (job) (kairos_redeciding_partitions) > 0",
        "1d",
        _TICKET,
        f"{_VALUE} partitions have held records to a new policy or catalogue for a day",
    ),
    Alert(
        "KairosDecisionFaults",
        "sum by (job) (increase(kairos_decision_faults_total[15m])) > 0",
        "0s",
        _TICKET,
        "a decision failed by a mistake of Kairos; its record is among the dead letters",
    ),
)
"""In the order of the runbook."""
