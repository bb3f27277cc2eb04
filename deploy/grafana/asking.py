"""The questions that views ask, in PromQL. All are asked of the applications that the reader chose."""

from __future__ import annotations

from typing import Final

CHOSEN: Final = 'job=~"$job"'
RATE: Final = "$__rate_interval"
HOUR: Final = "1h"
RANGE: Final = "$__range"


def series(metric: str, where: str = "") -> str:
    """A metric of the chosen applications."""
    return f"{metric}{{{CHOSEN}{',' if where else ''}{where}}}"


def rate(metric: str, by: str = "job", where: str = "") -> str:
    """A counter, per second."""
    return f"sum by ({by}) (rate({series(metric, where)}[{RATE}]))"


def grown(metric: str, by: str, where: str = "", window: str = HOUR) -> str:
    """How much a counter grew in a window."""
    return f"sum by ({by}) (increase({series(metric, where)}[{window}]))"


def now(how: str, metric: str, by: str, where: str = "") -> str:
    """A gauge, by `max`, `sum` or another operator."""
    return f"{how} by ({by}) ({series(metric, where)})"


def quantile(share: float, histogram: str, by: str = "job") -> str:
    """The value that `share` of a histogram stays below."""
    return f"histogram_quantile({share:g}, {rate(f'{histogram}_bucket', f'le, {by}')})"


def quantiles(histogram: str, by: str = "job") -> dict[str, str]:
    """The middle and the tail."""
    return {f"p{share * 100:g}": quantile(share, histogram, by) for share in (0.5, 0.9, 0.99)}


def buckets(histogram: str) -> dict[str, str]:
    """All of a histogram, for a heat map."""
    return {"{{le}}": rate(f"{histogram}_bucket", "le")}


def share(part: str, whole: str) -> str:
    """Part of a whole; nothing where the whole is nothing."""
    return f"{part} / ({whole} > 0)"
