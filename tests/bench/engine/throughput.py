"""Events per second: the trivial job and the journey, in the engine and in ordinary Faust agents."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any, Final

import msgspec
from msgspec import Struct

from schemas.topics import journey_inputs
from streams.engine.clock import wall_ms
from tests.bench.engine import counting, plain
from tests.bench.engine.ground import Ground
from tests.bench.engine.lives import lay_lives
from tests.bench.engine.runner import Runner, cpu_us, rate, running
from tests.bench.engine.samples import Sample

PARTITIONS: Final = 4
START_WITHIN_S: Final = 90.0
WARM_S: Final = 2.0


class Size(Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int = 3
    seconds: float = 12.0
    """Of one contestant in one round."""
    count_events: int = 1_200_000
    count_customers: int = 10_000
    lives: int = 2_000
    """Customers whose whole lives the journey decides."""
    plain_lives: int = 100


Figures = dict[str, Any]


def events_of(sample: Sample) -> int:
    """What is counted per second."""
    return sample.events


def steps_of(sample: Sample) -> int:
    """With the looks."""
    return sample.steps


def measure_count(ground: Ground, size: Size) -> Figures:
    """(a) The engine's own cost: against plain Faust, and against tuned Faust."""
    prefix = "count."
    ground.make_topics(ground.settings("count-topics", prefix, "unused"), PARTITIONS)
    topic = prefix + counting.INPUT
    records = counting.events(topic, size.count_events, size.count_customers, PARTITIONS, wall_ms())
    laid = ground.lay(records)
    contestants: dict[str, Callable[[int], Runner]] = {
        "engine": lambda number: kairos(ground, "count", prefix, f"count-{number}"),
        "plain": lambda number: faust_agent(ground, "count", prefix, f"faust-count-{number}", (topic,)),
        "tuned": lambda number: faust_agent(ground, "tuned", prefix, f"faust-tuned-{number}", (topic,)),
    }
    found: dict[str, dict[str, list[float]]] = {
        name: {"events_per_s": [], "steps_per_s": [], "cpu_us_per_event": []} for name in contestants
    }
    for number in range(size.rounds):
        for name, make in contestants.items():
            samples = _measured([make(number)], size.seconds, laid)
            found[name]["events_per_s"].append(rate(samples, events_of, warm_s=WARM_S))
            found[name]["steps_per_s"].append(rate(samples, steps_of, warm_s=WARM_S))
            found[name]["cpu_us_per_event"].append(cpu_us(samples, events_of))
    middle = {
        name: {what: round(median(values), 1) for what, values in one.items()} for name, one in found.items()
    }
    engine = middle["engine"]
    return {
        "partitions": PARTITIONS,
        "events_laid": laid,
        "customers": size.count_customers,
        **middle,
        "rounds": {name: [round(it) for it in one["events_per_s"]] for name, one in found.items()},
        **{
            f"times_{name}": round(engine["events_per_s"] / middle[name]["events_per_s"], 1)
            for name in ("plain", "tuned")
        },
        **{
            f"processor_{name}_to_engine": round(
                middle[name]["cpu_us_per_event"] / engine["cpu_us_per_event"], 1
            )
            for name in ("plain", "tuned")
        },
    }


def measure_journey(ground: Ground, size: Size, processes: tuple[int, ...] = (1, 2)) -> Figures:
    """(b), (h) The journey with its wake-ups, in one process and in two, against the same core in Faust."""
    prefix, few = "lives.", "few."
    for name, lives in ((prefix, size.lives), (few, size.plain_lives)):
        ground.make_topics(ground.settings(f"{name}topics", name, "unused"), PARTITIONS)
        lay_lives(ground, name, lives, PARTITIONS)
    contestants: dict[str, Callable[[int], list[Runner]]] = {
        f"{count}_process": lambda number, count=count: [  # type: ignore[misc] # mypy knows no such default
            kairos(ground, "past", prefix, f"journey-{count}-{number}", f"-{place}") for place in range(count)
        ]
        for count in processes
    }
    inputs = tuple(topic.full_name(few) for topic in journey_inputs())
    contestants["faust"] = lambda number: [
        faust_agent(ground, "journey", few, f"faust-journey-{number}", inputs)
    ]
    found: dict[str, dict[str, list[float]]] = {
        name: {"events_per_s": [], "steps_per_s": [], "cpu_us_per_step": []} for name in contestants
    }
    for number in range(size.rounds):
        for name, make in contestants.items():
            samples = _measured(make(number), 10 * size.seconds, None)
            found[name]["events_per_s"].append(rate(samples, events_of, warm_s=WARM_S))
            found[name]["steps_per_s"].append(rate(samples, steps_of, warm_s=WARM_S))
            found[name]["cpu_us_per_step"].append(cpu_us(samples, steps_of))
    middle = {
        name: {what: round(median(values)) for what, values in one.items()} for name, one in found.items()
    }
    return {
        "partitions": PARTITIONS,
        "lives": size.lives,
        **middle,
        "rounds": {name: [round(it) for it in one["events_per_s"]] for name, one in found.items()},
        "times_faust": round(middle["1_process"]["events_per_s"] / middle["faust"]["events_per_s"], 1),
        "two_to_one": round(
            middle.get("2_process", middle["1_process"])["events_per_s"]
            / middle["1_process"]["events_per_s"],
            2,
        ),
    }


def kairos(
    ground: Ground, job: str, prefix: str, application: str, place: str = "", **others: object
) -> Runner:
    """A worker of an application of its own, with its changelog made."""
    settings = ground.settings(application, prefix, f"state-{application}{place}", **others)
    if not place or place == "-0":
        ground.make_topics(settings, PARTITIONS)
    return Runner(application + place, "tests.bench.engine.kairos", [job], settings, ground.directory)


def faust_agent(ground: Ground, job: str, prefix: str, name: str, inputs: tuple[str, ...]) -> Runner:
    """An ordinary agent."""
    plan = plain.Plan(ground.bootstrap, name, prefix, PARTITIONS, str(ground.directory), inputs)
    path = ground.directory / f"{name}.plan"
    path.write_bytes(msgspec.json.encode(plan))
    return Runner(name, "tests.bench.engine.plain", [job, str(path)], {}, ground.directory)


def _measured(runners: list[Runner], seconds: float, until: int | None) -> list[Sample]:
    """The samples of one contestant, summed over its processes, for so long, or until it did everything."""
    with running(*runners):
        for runner in runners:
            runner.wait(lambda sample: sample.events > 0, START_WITHIN_S)
        ends_at = time.monotonic() + seconds
        done, still_since = -1, time.monotonic()
        while time.monotonic() < ends_at:
            time.sleep(0.2)
            now = sum(runner.samples()[-1].events for runner in runners)
            if now != done:
                done, still_since = now, time.monotonic()
            if done == until or time.monotonic() - still_since > 2 * WARM_S:
                break
        many = [runner.samples() for runner in runners]
        begun_s = max(next(it.at_s for it in samples if it.events) for samples in many)
        return [it for it in summed(many) if it.at_s >= begun_s]


def summed(many: list[list[Sample]]) -> list[Sample]:
    """One list of samples out of those of several processes, at the times of the first."""
    first, *others = many
    for sample in first:
        for other in others:
            now = next((it for it in reversed(other) if it.at_s <= sample.at_s), None)
            if now is not None:
                for name in ("cpu_s", "events", "looks", "outputs", "transactions", "working"):
                    setattr(sample, name, getattr(sample, name) + getattr(now, name))
    return first
