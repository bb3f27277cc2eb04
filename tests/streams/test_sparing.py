import logging
from collections.abc import Iterator

import pytest

from streams.sparing import KINDS_MAX, SAID_MAX, WITHIN_S, Sparing, left_out

AWAY = "Unable connect to node with id %s: %s"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Heard(logging.Handler):
    def __init__(self, sparing: Sparing) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.addFilter(sparing)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def heard(clock: Clock) -> Iterator[Heard]:
    handler, root = Heard(Sparing("aiokafka", clock=clock)), logging.getLogger()
    client = logging.getLogger("aiokafka")
    level = client.level
    client.setLevel(logging.NOTSET)  # a command that ran in this process before may have silenced it
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    client.setLevel(level)


def away(times: int, name: str = "aiokafka.client") -> None:
    for number in range(times):
        logging.getLogger(name).error(AWAY, number, "refused")


def test_what_a_client_repeats_is_said_a_few_times(heard: Heard) -> None:
    away(1_000)
    assert heard.lines == [AWAY % (number, "refused") for number in range(SAID_MAX)]
    with_it = left_out()
    logging.getLogger().removeHandler(heard)
    assert with_it - left_out() == 1_000 - SAID_MAX  # handlers of others may count as well


def test_after_a_while_it_is_said_again_with_how_often_it_was_left_out(heard: Heard, clock: Clock) -> None:
    away(1_000)
    clock.now = WITHIN_S - 0.001
    away(1)
    assert len(heard.lines) == SAID_MAX
    clock.now = WITHIN_S
    away(1)
    assert heard.lines[-1] == f"{AWAY % (0, 'refused')} [and {1_001 - SAID_MAX} more like it before]"


def test_what_is_new_is_always_said(heard: Heard) -> None:
    away(1_000)
    logging.getLogger("aiokafka.client").error("Topic %s not found", "purchases")
    logging.getLogger("aiokafka.client").warning(AWAY, 1, "another level")
    away(1, "aiokafka.consumer")
    assert len(heard.lines) == SAID_MAX + 3


def test_other_loggers_are_left_alone(heard: Heard) -> None:
    away(10, "aiokafkaesque")
    away(10, "streams.engine.task")
    assert len(heard.lines) == 20


def test_what_it_remembers_is_bounded(clock: Clock) -> None:
    sparing = Sparing("aiokafka", clock=clock)
    for number in range(3 * KINDS_MAX):
        line = logging.LogRecord("aiokafka", logging.ERROR, "", 0, f"{number} is new", None, None)
        assert sparing.filter(line)
    assert len(sparing._said) <= KINDS_MAX
