"""A collector for the client library of Prometheus: reads a worker when it is scraped, and keeps nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from streams.engine.totals import Distribution
from streams.metrics.declared import METRICS, PREFIX, Kind, Metric
from streams.metrics.now import Now, Watched
from streams.metrics.readers import READERS, Sample

FAMILIES = {Kind.COUNTER: CounterMetricFamily, Kind.GAUGE: GaugeMetricFamily}


class WorkerCollector(Collector):
    """All metrics of one worker, in the order of the declaration."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def collect(self) -> Iterable[Family]:
        """As they are now."""
        now = Now(self._watched)
        return [_family(metric, READERS[metric.name](now)) for metric in METRICS if metric.name in READERS]


def page(watched: Watched) -> bytes:
    """What Prometheus is answered."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(WorkerCollector(watched))
    ProcessCollector(namespace=PREFIX.rstrip("_"), registry=registry)
    return generate_latest(registry)


def _family(metric: Metric, samples: Iterable[Sample]) -> Family:
    family: Family
    if metric.kind is Kind.HISTOGRAM:
        histogram = family = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
        for labels, value in samples:
            assert isinstance(value, Distribution)
            histogram.add_metric(labels, _cumulative(value), value.total)
        return family
    plain = family = FAMILIES[metric.kind](metric.name, metric.meaning, labels=metric.labels)
    for labels, value in samples:
        assert not isinstance(value, Distribution)
        plain.add_metric(labels, value)
    return family


def _cumulative(distribution: Distribution) -> list[tuple[str, float]]:
    """As Prometheus has it: how many lay up to each bound."""
    bounds = [*(format(bound, "g") for bound in distribution.bounds), "+Inf"]
    return list(zip(bounds, accumulate(distribution.counts), strict=True))
