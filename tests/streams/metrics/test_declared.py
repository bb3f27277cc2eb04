"""The one table of metrics: what a name must be, that each is read, and that it names nobody."""

import re

import pytest

from deploy import generate, metrics
from streams.metrics.declared import BY_NAME, METRICS, PREFIX, Kind, Metric
from streams.metrics.readers import READERS

NO_UNIT = {
    *("kairos_partitions", "kairos_customers", "kairos_wakeups_pending", "kairos_wakeups_overdue"),
    *("kairos_ready", "kairos_group_member", "kairos_partition_current", "kairos_policy_problems"),
    *("kairos_process_open_fds", "kairos_process_max_fds"),
}
"""Numbers of things that their name says, and 0 or 1."""
UNITS = ("seconds", "bytes", "records", "steps", "ratio", "partitions")
LABELS = {
    *("topic", "partition", "reason", "placement", "status", "arm", "flag", "state", "stage", "result"),
    *("role", "phase", "policy", "catalogue", "world", "version", "python"),
}
"""Each is a word or a number of the contract: whoever adds one says why nobody's secret is in it."""


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
class TestEveryMetric:
    def test_has_the_prefix_and_its_unit(self, metric: Metric) -> None:
        assert re.fullmatch(PREFIX + r"[a-z_]+", metric.name)
        assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER)
        if metric.kind is not Kind.COUNTER and metric.name not in NO_UNIT:
            assert metric.name.endswith(("_info", *(f"_{unit}" for unit in UNITS)))

    def test_has_bounds_that_rise_if_it_is_a_histogram(self, metric: Metric) -> None:
        assert bool(metric.buckets) is (metric.kind is Kind.HISTOGRAM)
        assert list(metric.buckets) == sorted(set(metric.buckets))

    def test_has_labels_that_name_nobody(self, metric: Metric) -> None:
        assert set(metric.labels) <= LABELS

    def test_says_what_it_is(self, metric: Metric) -> None:
        assert re.fullmatch(r"[A-Z0-9].*\.", metric.meaning)


def test_every_metric_is_declared_once_and_read_once() -> None:
    assert len(BY_NAME) == len(METRICS)
    read_by_the_library = {name for name in BY_NAME if name.startswith("kairos_process_")}
    assert READERS.keys() == BY_NAME.keys() - read_by_the_library


def test_the_reference_is_made_from_the_declaration() -> None:
    text = (generate.HERE / "METRICS.md").read_text(encoding="utf-8")
    assert text == metrics.page(), "run `python -m deploy.generate`"
