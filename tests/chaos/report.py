"""A result as JSON and as a table to read."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from tests.chaos.run import Result

SHOWN_MAX: Final = 40


def share(values: Sequence[float], of: float) -> float:
    """The value below which a share of them lies; 0 for none."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(of * len(ordered)))], 1) if ordered else 0.0


def spread(values: Sequence[float]) -> dict[str, float]:
    """The usual three."""
    return {"p50": share(values, 0.5), "p99": share(values, 0.99), "max": share(values, 1.0)}


def longest_pauses(result: Result) -> dict[str, float]:
    """By fault, the longest time for which any partition stood still that the fault has a part in."""
    longest = dict.fromkeys(result.faults, 0.0)
    for span in result.spans:
        for verdict in result.verdicts:
            for from_ms, pause_ms in zip(verdict.paused_from_ms, verdict.pauses_ms, strict=True):
                if from_ms <= span.until_ms and from_ms + pause_ms >= span.from_ms:
                    longest[span.fault] = max(longest.get(span.fault, 0.0), round(pause_ms, 1))
    return longest


def report(result: Result, pause_max_s: float | None = None) -> dict[str, Any]:
    """Everything as plain data. A fault that held a partition up for more than `pause_max_s` is a problem."""
    verdicts = result.verdicts
    violations: Counter[str] = Counter()
    for verdict in verdicts:
        violations.update(verdict.violations)
    problems = [*result.problems]
    problems += [f"partition {it.partition}: {text}" for it in verdicts for text in it.problems]
    longest = longest_pauses(result)
    if pause_max_s is not None:
        problems += [
            f"a partition stood still for {ms} ms: {name}"
            for name, ms in longest.items()
            if ms > pause_max_s * 1000
        ]

    def total(name: str) -> int:
        return sum(getattr(it, name) for it in verdicts)

    counts = ("events", "poison", "outputs", "letters", "transactions", "openings", "wake_ups", "steps")
    lateness = [ms for it in verdicts for ms in it.lateness_ms]
    return {
        "seed": result.plan.seed,
        "seconds": result.plan.seconds,
        "speed": result.plan.speed,
        "faults": result.faults,
        "skipped": result.skipped,
        "exits": result.exits,
        "load": result.load,
        "rebalances": result.rebalances,
        **{name: total(name) for name in counts},
        "slices_not_current": total("not_current"),
        "missing": total("missing"),
        "twice": total("twice"),
        "unequal": total("unequal"),
        "wake_up_lateness_ms": spread(lateness),
        "pauses_ms": {str(it.partition): spread(it.pauses_ms) for it in verdicts},
        "longest_pause_ms": longest,
        "violations": dict(violations),
        "violation_texts": [text for it in verdicts for text in it.violation_texts][:SHOWN_MAX],
        "problems": problems,
    }


def failed(said: dict[str, Any]) -> bool:
    """Whether anything is wrong."""
    return bool(said["missing"] or said["twice"] or said["unequal"] or said["violations"] or said["problems"])


def table(said: dict[str, Any]) -> str:
    """For a person."""
    lines = [f"chaos, seed {said['seed']}, {said['seconds']:g} s", ""]
    for title in ("faults", "skipped", "exits", "load", "violations"):
        if said[title]:
            lines += [title, *(f"  {name:<44}{count:>10}" for name, count in sorted(said[title].items())), ""]
    for name in ("events", "poison", "outputs", "letters", "transactions", "openings", "wake_ups",
                 "rebalances", "missing", "twice", "unequal"):  # fmt: skip
        lines.append(f"{name:<46}{said[name]:>10}")
    late = said["wake_up_lateness_ms"]
    lines.append(
        f"{'wake-ups late, ms: p50, p99, max':<46}{late['p50']:>10}{late['p99']:>10}{late['max']:>10}"
    )
    for fault, pause_ms in sorted(said["longest_pause_ms"].items()):
        lines.append(f"{'longest pause, ms: ' + fault:<62}{pause_ms:>14}")
    for number, pause in said["pauses_ms"].items():
        name = f"pauses of partition {number}, ms: p50, p99, max"
        lines.append(f"{name:<46}{pause['p50']:>10}{pause['p99']:>10}{pause['max']:>10}")
    lines += ["", *(f"WRONG  {text}" for text in said["problems"][:SHOWN_MAX])]
    lines += [f"WRONG  {text}" for text in said["violation_texts"]]
    return "\n".join(lines)
