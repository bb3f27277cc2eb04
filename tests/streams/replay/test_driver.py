"""One partition: events before looks of the same time, reactions, faults, and an end."""

from collections.abc import Iterator

import pytest

from schemas.records import Eligibility, Product, Reply, Usage
from state.errors import StoreUnavailable
from state.memory import MemoryStore
from state.records.parts import Target
from streams.errors import Fatal
from streams.journey.advance import Journey, Work
from streams.journey.catalogue import Catalogue
from streams.journey.control import ControlState
from streams.journey.identity import Identity
from streams.journey.step import At, World
from streams.journey.view import FAR
from streams.loading.policy_file import load_policies
from streams.replay.driver import FAULT_RETRY_MS, Conditions, Fault, Partition, Taken, Whole
from streams.sources.source import Event

START = 1_600_000_000_000


@pytest.fixture(scope="module")
def world() -> World:
    catalogue = Catalogue("1", [Product("p", "1", "things", kind="durable")])
    return World(load_policies(), catalogue, Identity(b"k"), ControlState(), 1)


def usage(at: int, event_id: str = "u", customer_id: str = "c") -> Usage:
    return Usage(event_id, customer_id, at, type="session", product_id="p")


class Scripted:
    """A journey that does what it is told: it sets when to look next, says things, and may fail."""

    def __init__(self, looks: dict[str, int], says: Eligibility | None = None, fails: str = "") -> None:
        self.looks, self.says, self.fails = looks, says, fails
        self.seen: list[tuple[int, str]] = []

    def on_event(self, work: Work, event: Event, at: At) -> None:
        self.seen.append((at.now_ms, event.event_id))
        if event.event_id == self.fails:
            work.records.customer(event.customer_id).brand = "half done"
            work.records.touch_customer(event.customer_id)
            raise ValueError(event.event_id)
        work.records.customer(event.customer_id).due_ms = self.looks.get(event.event_id, 0)
        work.records.touch_customer(event.customer_id)
        if self.says is not None and event.event_id == "u":
            work.outputs.append(("journey.eligibility", self.says))

    def on_wake_up(self, work: Work, customer_id: str, target: Target, at: At) -> None:
        self.seen.append((at.now_ms, "look"))
        if self.fails == "look":
            raise ValueError("look")
        if self.fails != "stuck":
            work.records.customer(customer_id).due_ms = 0
            work.records.touch_customer(customer_id)


def play(world: World, script: Scripted, events: list[Event], until: int, **others: object) -> Partition:
    partition = Partition(world, MemoryStore(), until, **others)  # type: ignore[arg-type]
    partition._journey = script  # type: ignore[assignment]
    partition.run(iter(events))
    return partition


def test_looks_come_after_events_of_the_same_time(world: World) -> None:
    script = Scripted({"a": START + 5})
    play(world, script, [usage(START, "a"), usage(START + 5, "b", "other")], START + 10)
    assert script.seen == [(START, "a"), (START + 5, "b"), (START + 5, "look")]


@pytest.mark.parametrize(("due", "looked"), [(9, True), (10, True), (11, False)])
def test_looks_are_taken_up_to_the_end(world: World, due: int, looked: bool) -> None:
    script = Scripted({"a": START + due})
    play(world, script, [usage(START, "a")], START + 10)
    assert ((START + due, "look") in script.seen) is looked


def test_events_after_the_end_are_not_taken(world: World) -> None:
    script = Scripted({})
    play(world, script, [usage(START, "a"), usage(START + 10, "b"), usage(START + 11, "c")], START + 10)
    assert [name for _, name in script.seen] == ["a", "b"]


def test_a_step_that_fails_is_taken_back_reported_and_left_behind(world: World) -> None:
    faults: list[Fault] = []
    script = Scripted({}, fails="b")
    events: list[Event] = [usage(START, "a"), usage(START + 1, "b"), usage(START + 2, "c")]
    partition = play(world, script, events, START + 10, report=faults.append)
    assert [fault.event for fault in faults] == [events[1]]
    assert [name for _, name in script.seen] == ["a", "b", "c"]
    assert partition.tally.faults == 1
    assert partition._overlay.customer("c").brand == ""


@pytest.mark.parametrize("how", ["look", "stuck"])
def test_a_look_that_fails_or_stays_due_does_not_stop_time(world: World, how: str) -> None:
    script = Scripted({"a": START + 5}, fails=how)
    until = START + 5 + 2 * FAULT_RETRY_MS
    partition = play(world, script, [usage(START, "a")], until)
    assert [at for at, name in script.seen if name == "look"] == [
        START + 5,
        START + 5 + FAULT_RETRY_MS,
        START + 5 + 2 * FAULT_RETRY_MS,
    ]
    assert partition.tally.faults == 3


def test_looks_that_change_only_the_next_look_are_silent(world: World) -> None:
    partition = play(world, Scripted({"a": START + 5}), [usage(START, "a")], START + 10)
    assert (partition.tally.effective, partition.tally.silent, partition.tally.stale) == (0, 1, 0)


def eligibility() -> Eligibility:
    return Eligibility(
        eligibility_id="e", status="opened", customer_id="c", sequence=1, placement="help", move="help",
        message_class="service", opens_at=START, send_by=START + 9, answer_until=START + 9, send_windows=(),
        channels=(), avoid_channels=(), checks=(), decline_options=(), reason="moment_came",
        escalate_to_human=False, decided_at=START, policy_version="p", catalogue_version="c",
    )  # fmt: skip


def test_reactions_are_events_at_their_own_time(world: World) -> None:
    def responder(opened: Eligibility) -> Iterator[Event]:
        for after in (3, 11):
            yield Reply(f"reply-{after}", opened.customer_id, START + after, intent="yes")

    taken: list[Taken] = []
    script = Scripted({}, eligibility())
    partition = play(
        world,
        script,
        [usage(START), usage(START + 4, "later")],
        START + 10,
        responder=responder,
        observers=[taken.append],
    )
    assert [name for _, name in script.seen] == ["u", "reply-3", "later"]
    assert (partition.tally.reactions, partition.tally.after_the_end) == (1, 1)
    assert [len(step.said) for step in taken] == [1, 0, 0]


def test_the_journey_itself_keeps_this_contract() -> None:
    assert {name for name in dir(Scripted) if name.startswith("on_")} <= set(dir(Journey))


class Cautious:
    """A feed of which only what lies before its horizon is certain."""

    def __init__(self, events: list[Event], horizons: list[int]) -> None:
        self.events, self.horizons = list(events), list(horizons)
        self.event: Event | None = None
        self.horizon_ms = 0

    def next(self) -> None:
        certain = self.events and self.events[0].occurred_at < self.horizon_ms
        self.event = self.events.pop(0) if certain else None

    def more(self) -> bool:
        """Move the horizon on; what then lies before it is the next event."""
        if not self.horizons:
            return False
        self.horizon_ms = self.horizons.pop(0)
        if self.event is None:
            self.next()
        return True


def test_what_becomes_certain_bit_by_bit_is_taken_in_the_same_order(world: World) -> None:
    events: list[Event] = [usage(START, "a"), usage(START + 5, "b", "other"), usage(START + 9, "c")]
    script = Scripted({"a": START + 5, "c": START + 10})
    whole = Scripted({"a": START + 5, "c": START + 10})
    play(world, whole, events, START + 10)
    partition = Partition(world, MemoryStore(), START + 10)
    partition._journey = script  # type: ignore[assignment]
    feed = Cautious(events, [*range(START, START + 11), FAR])
    answers = [partition.advance(feed)]
    while feed.more():
        answers.append(partition.advance(feed))
    assert script.seen == whole.seen
    assert answers == [False] * (len(answers) - 1) + [True]


def test_a_pause_ends_between_two_steps_and_another_one_goes_on(world: World) -> None:
    events: list[Event] = [usage(START, "a"), usage(START + 5, "b", "other"), usage(START + 9, "c")]
    script, store = Scripted({"a": START + 5, "c": START + 10}), MemoryStore()
    feed, conditions, rounds = Whole(iter(events)), Conditions(), 0
    while True:
        partition = Partition(world, store, START + 10)
        partition._journey = script  # type: ignore[assignment]
        partition.go_on(conditions)
        pauses = iter([False, True])
        rounds += 1
        if partition.advance(feed, lambda pauses=pauses: next(pauses)):  # type: ignore[misc]
            break
        conditions = partition.conditions
    assert rounds > 5
    assert [name for _, name in script.seen] == ["a", "b", "look", "c", "look"]
    assert conditions.known == 2


@pytest.mark.parametrize("error", [StoreUnavailable("full"), Fatal("no")])
def test_what_is_no_fault_of_a_step_stops_the_replay(world: World, error: Exception) -> None:
    class Broken(Scripted):
        def on_event(self, work: Work, event: Event, at: At) -> None:
            raise error

    with pytest.raises(type(error)):
        play(world, Broken({}), [usage(START, "a")], START + 10)
