"""A history on topics says what the same history as files says, whatever happens to who replays it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from schemas.records import OrderLine, Purchase
from streams.embedded.broker import Broker
from streams.engine.failpoints import PLACES
from tests.brokers import Topics
from tests.streams.engine.histories import UNREADABLE, Heard, Shop, kairos, produce, send, shop
from tests.streams.replay.conftest import few

__all__ = ["few"]

WITHIN_S = 60
KILLS = int(os.environ.get("REPLAY_KILLS", "3"))
"""How often a replay is killed; `make kills` asks for many."""
HITS: Final = (8, 14) if KILLS < 10 else (2, 4)
"""How often a place is passed before the kill, at least and at most.

With many kills seldom, or the history ends before them; with few often, or before it says much."""
SHORT = {"KAIROS_ENGINE_COMMIT_INTERVAL_MIN_MS": "1", "KAIROS_ENGINE_COMMIT_INTERVAL_MAX_MS": "10"}
"""Many transactions, so that there is much between which to die."""


@pytest.fixture(scope="module")
def history(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shop(few, tmp_path_factory.mktemp("shop"))


def letters(history: Shop) -> list[tuple[str, bytes]]:
    return sorted([("too_late_for_replay", history.too_late), ("truncated", UNREADABLE)])


def expected(history: Shop) -> dict[str, bytes]:
    return {name: data for name, data in history.said.items() if name != "dead-letters"}


def eventually(met: Callable[[], bool]) -> None:
    until = time.monotonic() + WITHIN_S
    while not met():
        assert time.monotonic() < until
        time.sleep(0.2)


@pytest.mark.broker
@pytest.mark.slow
def test_a_history_on_topics_says_what_it_says_as_files(
    history: Shop, broker: Broker, topics: Topics, tmp_path: Path
) -> None:
    produce(topics, history)
    prefix = topics.name("said.")
    with kairos(topics, tmp_path / "a", "replay", "--kafka", "--output-prefix", prefix) as process:
        assert process.wait(WITHIN_S) == 0
    heard = Heard(broker.bootstrap, prefix).listen()
    assert heard.lines() == expected(history)
    assert heard.letters() == letters(history)
    assert heard.decoded("eligibility")
    text = (tmp_path / "a.log").read_text()
    assert f"{len(history.events):,} events" in text
    assert "1 truncated" in text
    assert Heard(broker.bootstrap, topics.prefix).listen().records == {}


@pytest.mark.broker
@pytest.mark.slow
def test_a_worker_that_is_killed_and_another_that_goes_on_say_no_more_and_no_less(
    history: Shop, broker: Broker, topics: Topics, tmp_path: Path
) -> None:
    produce(topics, history)
    prefix = topics.name("said.")
    words = ("replay", "--kafka", "--output-prefix", prefix)
    dies = {"KAIROS_FAILPOINTS": "after_commit=crash@9", **SHORT}
    fails = {"KAIROS_FAILPOINTS": "after_acknowledged=fail@6,after_store=fail@13", **SHORT}
    with (
        kairos(topics, tmp_path / "a", *words, **dies) as one,
        kairos(topics, tmp_path / "b", *words, **fails) as other,
    ):
        assert one.wait(WITHIN_S) == -9
        assert other.wait(WITHIN_S) == 0
    heard = Heard(broker.bootstrap, prefix).listen()
    assert heard.lines() == expected(history)
    assert heard.letters() == letters(history)
    assert f"{len(history.events):,} events" in (tmp_path / "b.log").read_text()


@pytest.mark.broker
@pytest.mark.slow
def test_a_replay_that_is_killed_again_and_again_says_no_more_and_no_less(
    history: Shop, broker: Broker, topics: Topics, tmp_path: Path
) -> None:
    produce(topics, history)
    prefix = topics.name("said.")
    words = ("replay", "--kafka", "--output-prefix", prefix)
    chance = random.Random(KILLS)
    for number in range(KILLS):
        place = PLACES[number % len(PLACES)]
        times = 1 if place in ("after_restore", "after_fence", "after_tail") else chance.randint(*HITS)
        dies = {"KAIROS_FAILPOINTS": f"{place}=crash@{times}", **SHORT}
        with kairos(topics, tmp_path / f"a{number % 2}", *words, **dies) as process:
            assert process.wait(WITHIN_S) == -9, f"it was over after {number} of {KILLS} kills"
    before = Heard(broker.bootstrap, prefix).listen().decoded("stages")
    with kairos(topics, tmp_path / "a0", *words) as process:
        assert process.wait(WITHIN_S) == 0
    heard = Heard(broker.bootstrap, prefix).listen()
    assert heard.lines() == expected(history)
    assert heard.letters() == letters(history)
    assert 0 < len(before) < len(heard.decoded("stages")), "it was killed in the middle"


@pytest.mark.broker
@pytest.mark.slow
def test_a_shadow_that_begins_with_the_past_marks_it_opens_nothing_in_it_and_goes_live_behind_it(
    history: Shop, broker: Broker, topics: Topics, tmp_path: Path
) -> None:
    produce(topics, history)
    heard = Heard(broker.bootstrap, topics.name("beside."))
    customers = expected(history)["customers"].splitlines()
    words = ("worker", "--backfill", "--shadow", "--output-prefix", heard.prefix)
    with kairos(topics, tmp_path / "a", *words):
        eventually(lambda: len(heard.listen().decoded("customers", marked=True)) == len(customers))
        past = {name: heard.decoded(name, marked=True) for name in ("stages", "friction", "decisions")}
        customer_id = msgspec.json.decode(customers[0])["customer_id"]
        send(topics, bought_now(customer_id, history.products[0].product_id))
        eventually(lambda: bool(heard.listen().decoded("stages", marked=False)))
    heard.listen()
    assert {name: heard.decoded(name, marked=True) for name in past} == past
    assert all(past.values())
    assert heard.decoded("eligibility", marked=True) == []
    assert {it.customer_id for it in heard.decoded("stages", marked=False)} == {customer_id}
    assert {it.reason for it in past["decisions"]} >= {"before_live"}
    assert heard.letters() == letters(history)
    said = [
        it for name in ("eligibility", *past) for it in heard.decoded(name) if it.customer_id == customer_id
    ]
    assert sorted(it.sequence for it in said) == list(range(1, len(said) + 1))
    assert Heard(broker.bootstrap, topics.prefix).listen().records == {}


def bought_now(customer_id: str, product_id: str) -> Purchase:
    line = OrderLine(line_id="1", product_id=product_id, quantity=1)
    now_ms = int(time.time() * 1000)
    return Purchase("now", customer_id, now_ms, type="order_placed", order_id="now", lines=(line,))
