"""Every metric, for operators: `METRICS.md`, from the declaration in the code."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from streams.metrics.declared import METRICS, Metric

HEAD: Final = """\
# Metrics

Every metric of a worker, once. `python -m deploy.generate` makes this page of
[the table in the code](../streams/metrics/declared.py).

Every worker process serves `GET /metrics` at its own address (`web.host`, `web.port`); with `web.token` set,
Prometheus shows it (`authorization: credentials_file`). `kairos worker --processes N` is N processes with N
pages, on `web.port` and the ports behind it. Each has partitions of its own, as workers on several machines
have, so each is a target of its own: a dead one is seen as `up == 0`, and none speaks for another. Sum over
`instance`.

- Names end in their unit: seconds, bytes, records, steps (a record or a wake-up), ratio (0 to 1). Time is
  wall time.
- Labels are words of the contract, never a customer, an offset, an order or text. `topic` is a name without
  its prefix. `arm` is `treatment` or `holdout`.
- Series of a partition are those of its worker and go when it goes; a counter that begins anew elsewhere is a
  reset, which `rate` bears. Until the new worker has taken it over, 30 s at most, both show it, the old one
  with the role `gone`. All other counters belong to the process and only grow.
- A series is there from the start, at 0, for every known word, so that `increase` sees the first of its kind.
  Where it begins when it is first seen, its meaning says so.
- Counts are of what was committed. What was decided and thrown away is in none but the times of decisions.
"""


def page() -> str:
    """The whole page."""
    return "\n".join((HEAD, *_sections()))


def _sections() -> Iterator[str]:
    for group, metrics in groupby(METRICS, lambda metric: metric.group):
        yield f"## {group}\n\n| metric | type | labels | meaning |\n|---|---|---|---|"
        yield from map(_row, metrics)
        yield ""


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    bounds = ", ".join(format(bound, "g") for bound in metric.buckets)
    if bounds:
        bounds = f" Bounds: {bounds}."
    return f"| `{metric.name}` | {metric.kind.value} | {labels} | {metric.meaning}{bounds} |"
