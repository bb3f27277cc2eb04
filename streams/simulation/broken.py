"""Runs the variants that are broken on purpose, and tells which judgement catches each of them.

A variant is caught when, on one of a few seeds, a judgement fails that holds for the unbroken journey on the
same seed.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Final

from streams.simulation.broken_variants import SHOWN_BY, VARIANTS, Variant
from streams.simulation.harness import Outcome, run_seed

SEEDS_MAX: Final = 60
"""So many seeds are tried before a variant counts as not caught."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a variant was caught: by which judgements, on which seed, or by none on all of them."""

    variant: str
    caught_by: tuple[str, ...]
    seed: int | None
    seeds_tried: int

    @property
    def caught(self) -> bool:
        """Whether any judgement noticed."""
        return bool(self.caught_by)


def try_variant(variant: Variant, seeds: int = SEEDS_MAX) -> Verdict:
    """Run a variant on its own seed, then on others, until it is caught."""
    first = SHOWN_BY.get(variant.name, 0)
    tried = (first, *(seed for seed in range(seeds) if seed != first))
    for number, seed in enumerate(tried, start=1):
        broken = _judgements(run_seed(seed, variant.make))
        if found := broken - unbroken(seed):
            return Verdict(variant.name, tuple(sorted(found)), seed, number)
    return Verdict(variant.name, (), None, len(tried))


@cache
def unbroken(seed: int) -> frozenset[str]:
    """The judgements that fail without any help; none, as long as the journey is right."""
    return _judgements(run_seed(seed))


def _judgements(outcome: Outcome) -> frozenset[str]:
    return frozenset(violation.checker for violation in outcome.violations)


def try_all(processes: int, progress: Callable[[Verdict], None]) -> list[Verdict]:
    """Try all variants; `progress` is called with each verdict."""
    if processes <= 1:
        return [_told(try_variant(variant), progress) for variant in VARIANTS]
    with ProcessPoolExecutor(processes) as pool:
        running = [pool.submit(_try_by_name, variant.name) for variant in VARIANTS]
        return [_told(future.result(), progress) for future in running]


def _told(verdict: Verdict, progress: Callable[[Verdict], None]) -> Verdict:
    progress(verdict)
    return verdict


def _try_by_name(name: str) -> Verdict:
    """A variant holds functions that no process can be sent; its name can."""
    return try_variant(next(variant for variant in VARIANTS if variant.name == name))
