"""The long form: rounds of another seed each, until enough of everything has happened.

Every round is a run of its own on a broker of its own, judged before the next one begins; the first in which
anything is wrong is the last. After the first, a round draws from kinds of which there was not yet enough.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from streams.engine.failpoints import PLACES
from tests.chaos.report import failed
from tests.chaos.run import Wanted

BROKER_KILLS: Final = ("kill -9 of the broker", "stop while the broker is gone")
ZOMBIES: Final = ("frozen beyond its session",)
OFTEN: Final = 5
GOALS: Final[Mapping[str, int]] = {
    "events": 1_000_000,
    "kills of workers": 60,
    "zombies": 10,
    "kills of the broker": 10,
    "rebalances": 30,
    **{f"crash at {place}": OFTEN for place in PLACES},
}
"""How often each must have happened before a long run means anything."""
SUMMED: Final = ("faults", "skipped", "exits", "load", "violations")
COUNTED: Final = (
    *("events", "poison", "outputs", "letters", "transactions", "openings", "wake_ups", "steps"),
    *("rebalances", "missing", "twice", "unequal"),
)
Report = dict[str, Any]


def rounds(wanted: Wanted, at_most: int, run: Callable[[Wanted], Report]) -> Iterator[Report]:
    """Their reports: until all goals are met, one is wrong, or there were so many."""
    reports: list[Report] = []
    for number in range(at_most):
        directory = wanted.directory / f"round-{number + 1}"
        faults = scarce(reports, wanted.faults)
        said = run(replace(wanted, directory=directory, seed=wanted.seed + number, faults=faults))
        reports.append(said)
        yield said
        if failed(said) or not lacking(counts(reports)):
            return


def counts(reports: Sequence[Report]) -> dict[str, int]:
    """How often each of the goals came to pass. A crash at a named place is no kill."""
    faults = _sum(reports, "faults")
    found = {
        "events": sum(said["events"] for said in reports),
        "kills of workers": _sum(reports, "exits")["killed -9"],
        "zombies": sum(faults[name] for name in ZOMBIES),
        "kills of the broker": sum(faults[name] for name in BROKER_KILLS),
        "rebalances": sum(said["rebalances"] for said in reports),
    }
    return {name: found.get(name, faults[name]) for name in GOALS}


def lacking(found: Mapping[str, int]) -> dict[str, int]:
    """What is still to happen, and how often."""
    return {name: goal - found[name] for name, goal in GOALS.items() if found[name] < goal}


def scarce(reports: Sequence[Report], kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Those kinds of which there was not yet enough, each as often as it is lacking, up to a bound.

    All of them once when only events are lacking, and in the first round.
    """
    happened, left = _sum(reports, "faults"), lacking(counts(reports))
    short = {name: OFTEN - happened[name] for name in kinds}
    for goal, names in (("zombies", ZOMBIES), ("kills of the broker", BROKER_KILLS)):
        for name in names:
            short[name] = max(short[name], left.get(goal, 0))
    if not reports:
        return kinds
    return tuple(name for name in kinds for _ in range(min(short[name], OFTEN))) or kinds


def total(reports: Sequence[Report]) -> Report:
    """All rounds as one report, each of them within it."""
    found = counts(reports)
    longest: dict[str, float] = {}
    for said in reports:
        for name, pause_ms in said["longest_pause_ms"].items():
            longest[name] = max(longest.get(name, 0.0), pause_ms)
    return {
        "seeds": [said["seed"] for said in reports],
        "seconds": sum(said["seconds"] for said in reports),
        "counts": {name: {"wanted": goal, "found": found[name]} for name, goal in GOALS.items()},
        "counts_reached": not lacking(found),
        **{name: dict(_sum(reports, name)) for name in SUMMED},
        **{name: sum(said[name] for said in reports) for name in COUNTED},
        "longest_pause_ms": longest,
        "violation_texts": [text for said in reports for text in said["violation_texts"]],
        "problems": [f"seed {said['seed']}: {text}" for said in reports for text in said["problems"]],
        "rounds": list(reports),
    }


def shown(said: Report) -> str:
    """For a person: what was wanted and came, and whether anything is wrong."""
    lines = [f"{len(said['rounds'])} rounds, {said['seconds']:g} s", ""]
    for name, count in said["counts"].items():
        short = "" if count["found"] >= count["wanted"] else "  NOT REACHED"
        lines.append(f"{name:<46}{count['found']:>10} of {count['wanted']:>9}{short}")
    lines += ["", *(f"{name:<46}{said[name]:>10}" for name in COUNTED)]
    lines += [f"{'violations':<46}{sum(said['violations'].values()):>10}", ""]
    lines.append("all counts reached" if said["counts_reached"] else "COUNTS NOT REACHED")
    lines += [f"WRONG  {text}" for text in (*said["problems"], *said["violation_texts"])]
    return "\n".join(lines)


def _sum(reports: Sequence[Report], name: str) -> Counter[str]:
    return sum((Counter(said[name]) for said in reports), Counter[str]())
