"""What a replay on Kafka refuses, remembers and passes on, without a broker."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from aiokafka.errors import IllegalOperation, ProducerFenced

from schemas.records import Control
from state.store import Batch
from streams.beside import apart
from streams.engine import position as positions
from streams.engine.commit import Commit, Output
from streams.engine.failpoints import Failpoints
from streams.engine.position import Position, Replayed, Stage
from streams.engine.replay_plan import ReplayPlan, refuse_replayed
from streams.engine.replay_world import world_of
from streams.engine.transaction import Fenced, Transactions
from streams.errors import Fatal
from streams.inputs.decode import FUTURE_MS
from streams.journey.catalogue import Catalogue
from streams.journey.control import ControlState
from streams.journey.identity import Identity
from streams.journey.step import World
from streams.loading.policy_file import load_policies
from streams.replay.sequencing import Bookmark, LineMark
from streams.replay.tally import Tally
from streams.settings import load_settings

LIVE = Position({"journey.usage": 7})
BEGAN = 1_700_000_000_000


def replayed(stage: Stage = Stage.EVENTS, *, live_after: bool = False) -> Position:
    return Position(replayed=Replayed({"journey.usage": 7}, BEGAN, live_after, stage))


def plan(*, live_after: bool = False) -> ReplayPlan:
    return ReplayPlan(disorder_ms=1, live_after=live_after, done=lambda number, tally: None)


class TestNames:
    def test_are_all_apart_from_the_live_ones(self) -> None:
        live = load_settings({"KAIROS_KAFKA_TRANSACTIONAL_ID_PREFIX": "live"})
        beside = apart(live, "other", "other.")
        assert beside.transactional_id(3) == "other-3"
        assert beside.changelog_topic == "other-customers-changelog"
        assert beside.state.dir == live.state.dir / "other"
        assert beside.engine.topic_prefix == live.engine.topic_prefix

    def test_of_the_live_application_are_refused(self) -> None:
        live = load_settings({})
        with pytest.raises(Fatal, match="is the live application"):
            apart(live, live.engine.application_id, "other.")
        with pytest.raises(Fatal, match="stands before the live topics"):
            apart(live, "other", live.engine.topic_prefix)


class TestState:
    @pytest.mark.parametrize("stage", list(Stage))
    def test_of_a_replay_is_gone_on_with_and_never_lived_on(self, stage: Stage) -> None:
        assert plan().wanted(replayed(stage))
        with pytest.raises(Fatal, match="is that of a replay"):
            refuse_replayed(replayed(stage))

    @pytest.mark.parametrize("stage", list(Stage))
    def test_of_a_backfill_is_lived_on_once_it_is_done(self, stage: Stage) -> None:
        position = replayed(stage, live_after=True)
        assert plan(live_after=True).wanted(position) is (stage is not Stage.DONE)
        if stage is Stage.DONE:
            refuse_replayed(position)
        else:
            with pytest.raises(Fatal, match="go on with --backfill"):
                refuse_replayed(position)

    def test_that_lives_is_not_backfilled_again_and_never_replayed(self) -> None:
        assert not plan(live_after=True).wanted(LIVE)
        refuse_replayed(LIVE)
        for position in (LIVE, replayed(live_after=True)):
            with pytest.raises(Fatal, match="an application id of its own"):
                plan().wanted(position)
        with pytest.raises(Fatal, match="an application id of its own"):
            plan(live_after=True).wanted(replayed())

    def test_that_is_none_is_replayed_or_lived(self) -> None:
        assert plan().wanted(None)
        assert plan(live_after=True).wanted(None)
        refuse_replayed(None)

    def test_comes_back_from_its_bytes(self) -> None:
        tally = Tally(faults=2, events=Counter({"usage": 3}), ends=Counter({("help", "expired"): 1}))
        bookmark = Bookmark({"journey.usage": LineMark(3, 5, 9)}, 5, 4, "e", b"payload")
        ends = {"journey.usage": 9}
        there = Replayed(ends, BEGAN, False, Stage.WAITING, bookmark=bookmark, counts=tally.counts())
        position = positions.decode(positions.encode(Position(replayed=there, held=(3,))))
        back = position.replayed
        assert back is not None
        assert Tally.of_counts(back.counts) == tally
        assert (back.bookmark, back.stage, position.held) == (bookmark, Stage.WAITING, (3,))


def test_a_backfill_goes_live_behind_everything_that_it_can_hold_whatever_was_said_before() -> None:
    said = [Control("a", "live_from", brand="b", at=5), Control("p", "pause", brand="b")]
    world = World(load_policies(), Catalogue("1", ()), Identity(b"k"), ControlState(said), 9)
    position = replayed(live_after=True)
    assert position.replayed is not None
    made = world_of(world, plan(live_after=True), position.replayed)
    for brand in ("", "b"):
        assert made.control.live_from_ms(made.policies.base, brand, "help", "p") == BEGAN + FUTURE_MS + 1
    assert made.control.paused("b", "help", "p")
    assert made.version not in (0, world.version)
    plain = replayed().replayed
    assert plain is not None
    assert world_of(world, plan(), plain) is world


def test_a_policy_that_is_tried_goes_before_that_of_the_control_topic_and_is_another_world() -> None:
    world = World(load_policies(), Catalogue("1", ()), Identity(b"k"), ControlState(), 9)
    tried = msgspec.structs.replace(plan(), policies=load_policies())
    there = replayed().replayed
    assert there is not None
    made = world_of(world, tried, there)
    assert made.policies is tried.policies
    assert made.version != world.version
    assert world_of(world, tried, there).version == made.version


class LosesItsTransaction:
    """A producer that learns after its first batch that it was fenced, or that something else is wrong."""

    def __init__(self, why: Exception | None) -> None:
        self.why, self.sent = why, 0

    def create_batch(self) -> Any:
        return self

    def append(self, **_: object) -> bool:
        return True

    def record_count(self) -> int:
        return 1

    async def begin_transaction(self) -> None: ...

    async def send_batch(self, *_: object, **__: object) -> asyncio.Future[None]:
        self.sent += 1
        if self.sent > 1:
            raise IllegalOperation("Can't send messages while not in transaction")
        future = asyncio.get_running_loop().create_future()
        if self.why is None:
            future.set_result(None)
        else:
            future.set_exception(self.why)
        return future


@pytest.mark.parametrize(
    ("why", "word"), [(ProducerFenced(), "another worker's now"), (None, "ended while it was written")]
)
def test_a_transaction_that_ends_while_it_is_written_says_why(why: Exception | None, word: str) -> None:
    async def commit() -> None:
        producer: Any = LosesItsTransaction(why)
        transactions = Transactions(producer, 0, changelog="c", group="g", failpoints=Failpoints())
        await transactions.commit(Commit([Output("t", b"k", b"v")], [], Batch(), Position(), 1), 0)

    expected: Callable[[], Any] = lambda: asyncio.run(commit())  # noqa: E731
    with pytest.raises(Exception, match=word) as raised:
        expected()
    assert isinstance(raised.value, Fenced) is (why is not None)
