"""One Hypothesis profile for everybody: the same examples on every machine, and no limit on the wall clock.

A deadline would fail on a busy machine and say nothing about the code. Chance belongs to `make simulate`,
where every run prints the seed that repeats it.
"""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.brokers import broker, kafka_jars, private_broker, topics
from tests.fortress import fortress
from tests.registries import private_registry, registry, registry_here

__all__ = [
    "broker",
    "fortress",
    "kafka_jars",
    "private_broker",
    "private_registry",
    "registry",
    "registry_here",
    "topics",
]


@pytest.fixture(autouse=True)
def _circles_are_searched_as_ever() -> Iterator[None]:
    """A command that runs in this process makes that rare, and what a test leaves would show in another."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests begin first: nobody is left alone with one at the end, and others compute while it waits."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """What thousands of tests are made of stays until the end: no search for circles looks at it again."""
    gc.freeze()


settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.load_profile("ci")
