"""Many seeds on several processes, added up."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any, Final

from streams.checkers.history import Violation
from streams.checkers.judge import CHECKERS, UNIQUE_IDS
from streams.simulation.harness import Outcome, run_seed
from streams.simulation.properties import ANY_ORDER
from streams.simulation.runner import BOUNDED, EXTRA_LOOKS, RAISES, STUCK

CHUNK: Final = 25
"""Seeds that a process takes at a time."""
FAILED_MAX: Final = 5
"""Failing seeds that a summary names for each judgement."""
JUDGEMENTS: Final = (
    *(checker.name for checker in CHECKERS),
    UNIQUE_IDS,
    EXTRA_LOOKS,
    STUCK,
    BOUNDED,
    RAISES,
    ANY_ORDER,
)
"""Everything that a seed is judged by."""


@dataclass(slots=True)
class Summary:
    """What all seeds showed together."""

    first_seed: int = 0
    seeds: int = 0
    steps: int = 0
    events: int = 0
    wake_ups: int = 0
    silent_wake_ups: int = 0
    said: int = 0
    seconds: float = 0.0
    violations: dict[str, int] = field(default_factory=lambda: dict.fromkeys(JUDGEMENTS, 0))
    failed: dict[str, dict[int, Violation]] = field(default_factory=dict)
    """For each judgement that failed, some seeds with their first violation."""

    def add(self, outcome: Outcome) -> None:
        """Add one seed."""
        self.seeds += 1
        for name in ("steps", "events", "wake_ups", "silent_wake_ups", "said"):
            setattr(self, name, getattr(self, name) + getattr(outcome, name))
        for name, number in Counter(violation.checker for violation in outcome.violations).items():
            self.violations[name] = self.violations.get(name, 0) + number
        for violation in outcome.violations:
            seeds = self.failed.setdefault(violation.checker, {})
            if outcome.seed in seeds or len(seeds) < FAILED_MAX:
                seeds.setdefault(outcome.seed, violation)

    @property
    def clean(self) -> bool:
        """Whether nothing was violated."""
        return not any(self.violations.values())

    def plain(self) -> dict[str, Any]:
        """Plain data for JSON, with rates per second."""
        seconds = max(self.seconds, 1e-9)
        rates = {
            "seeds_per_second": round(self.seeds / seconds, 1),
            "steps_per_second": round(self.steps / seconds, 1),
        }
        failed = {
            name: [{"command": command(seed, name), **asdict(violation)} for seed, violation in seeds.items()]
            for name, seeds in self.failed.items()
        }
        plain = {name: getattr(self, name) for name in ("first_seed", *COUNTED)}
        return plain | rates | {"violations": self.violations, "failed": failed}


COUNTED: Final = ("seeds", "steps", "events", "wake_ups", "silent_wake_ups", "said", "seconds")


def run_seeds(first_seed: int, seeds: int, processes: int, progress: Callable[[Summary], None]) -> Summary:
    """Run `seeds` seeds from `first_seed` on; `progress` is called after every chunk with the sum so far."""
    summary = Summary(first_seed)
    start = perf_counter()
    for outcomes in _chunks(first_seed, seeds, processes):
        for outcome in outcomes:
            summary.add(outcome)
        summary.seconds = round(perf_counter() - start, 3)
        progress(summary)
    return summary


def _chunks(first_seed: int, seeds: int, processes: int) -> Iterator[list[Outcome]]:
    ends = first_seed + seeds
    chunks = [range(seed, min(seed + CHUNK, ends)) for seed in range(first_seed, ends, CHUNK)]
    if processes <= 1:
        yield from map(_run, chunks)
        return
    with ProcessPoolExecutor(processes) as pool:
        running = [pool.submit(_run, chunk) for chunk in chunks]
        for future in running:
            yield future.result()


def command(seed: int, checker: str) -> str:
    """The command that shows a violation again."""
    return f"python -m streams.simulation --seed {seed} --checker {checker} --verbose"


def _run(seeds: range) -> list[Outcome]:
    """The outcomes of a chunk, without scripts and histories, which nobody asks for."""
    outcomes = [run_seed(seed) for seed in seeds]
    for outcome in outcomes:
        outcome.script, outcome.history = [], []
    return outcomes


def processes_here() -> int:
    """Processes that this machine runs at once."""
    return os.cpu_count() or 1
