"""Topics that are read bit by bit, in any interleaving and with crashes, give one order, each event once."""

import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Profile, Ticket, Usage
from streams.inputs.records import InputRecord
from streams.journey.view import FAR
from streams.replay import sequencing
from streams.replay.order import Reorder, merged, place
from streams.replay.sequencing import Bookmark, Sequencer, Verdict
from streams.sources.source import Event

W = 1_000
KINDS: dict[str, type[Event]] = {"usage": Usage, "tickets": Ticket, "profiles": Profile}
Topics = dict[str, list[Event | None]]
"""What lies on each topic; None cannot be read."""


def event(topic: str, at: int, event_id: str, note: str = "") -> Event:
    if topic == "usage":
        return Usage(event_id, "c", at, type="session", product_id=note or "p")
    if topic == "tickets":
        return Ticket(event_id, "c", at, ticket_id=note or "t", status="new")
    return Profile(event_id, "c", at, locale=note or None)


DRAWN = st.tuples(
    st.sampled_from(list(KINDS)), st.integers(1, 12), st.sampled_from("ab"), st.sampled_from(["", "x"])
)


def lay(drawn: list[tuple[str, int, str, str]], disorder_ms: int, seed: int) -> Topics:
    """On topics, every event up to `disorder_ms` late, some twice, with records between that are none."""
    rng = random.Random(seed)
    found: Topics = {topic: [] for topic in KINDS}
    events = [event(topic, at * 400, *rest) for topic, at, *rest in drawn]
    names = {kind: topic for topic, kind in KINDS.items()}
    for one in sorted([*events, *events[::3]], key=lambda it: it.occurred_at + rng.random() * disorder_ms):
        found[names[type(one)]].append(one)
        if rng.random() < 0.1:
            found[names[type(one)]].append(None)
    return found


def expected(topics: Topics) -> tuple[list[Event], Counter[str]]:
    """What the order of files says of the same."""
    refused: Counter[str] = Counter()
    streams = []
    for topic, events in topics.items():
        reorder = Reorder(W, lambda _, topic=topic: refused.update([topic]))  # type: ignore[misc]
        streams.append(list(reorder.sorted([one for one in events if one is not None])))
        refused[topic] += sum(one is None for one in events)
    return list(merged(streams)), +refused


class Reader:
    """Reads in steps that a seed decides. What it keeps in `committed` survives a crash, nothing else."""

    def __init__(self, topics: Topics, seed: int) -> None:
        self.topics, self.rng = topics, random.Random(seed)
        self.committed: tuple[Bookmark | None, list[Event], Counter[str]] = (None, [], Counter())
        self.crash()

    def crash(self) -> None:
        bookmark, out, refused = self.committed
        self.out, self.refused = list(out), Counter(refused)
        self.sequencer = Sequencer(self.topics, W, bookmark)
        for topic, events in self.topics.items():
            if self.sequencer.position(topic) == len(events):
                self.sequencer.finish(topic, len(events))
        self.sequencer.settle()

    def commit(self) -> None:
        self.committed = self.sequencer.bookmark, list(self.out), Counter(self.refused)

    def read(self) -> None:
        sequencer = self.sequencer
        topic = self.rng.choice(sequencer.wanting())
        for _ in range(self.rng.randint(1, 5)):
            offset = sequencer.position(topic)
            if offset == len(self.topics[topic]):
                sequencer.finish(topic, offset)
                break
            self.offer(InputRecord(topic, 0, offset, None, None, None), self.topics[topic][offset])
        sequencer.settle()

    def offer(self, record: InputRecord, found: Event | None) -> None:
        sequencer = self.sequencer
        if found is None:
            refused = not sequencer.was_read(record)
            sequencer.pass_by(record)
        else:
            refused = sequencer.offer(record, found) is Verdict.TOO_LATE
        self.refused[record.topic] += refused

    def take(self, most: int) -> None:
        while most and self.sequencer.event is not None:
            assert self.sequencer.event.occurred_at < self.sequencer.horizon_ms
            self.out.append(self.sequencer.event)
            self.sequencer.next()
            most -= 1

    def all(self, crash_share: float) -> None:
        while not self.sequencer.exhausted:
            if self.sequencer.wanting():
                self.read()
            self.take(self.rng.randint(0, 6))
            if self.rng.random() < 0.3:
                self.commit()
            if self.rng.random() < crash_share:
                self.crash()


@settings(max_examples=150)
@given(st.lists(DRAWN, max_size=60), st.integers(0, 2**32), st.sampled_from([0, W, 3 * W]))
def test_any_interleaving_and_any_crash_end_in_the_order_of_files(
    drawn: list[tuple[str, int, str, str]], seed: int, disorder_ms: int
) -> None:
    topics = lay(drawn, disorder_ms, seed)
    events, refused = expected(topics)
    if disorder_ms <= W:
        unique = {
            (*place(one)[:3], repr(one)): one for one in (event(it[0], it[1] * 400, *it[2:]) for it in drawn)
        }
        assert events == sorted(unique.values(), key=place)
    for crash_share in (0.0, 0.3):
        reader = Reader(topics, seed)
        reader.all(crash_share)
        assert reader.out == events
        assert +reader.refused == refused
        assert reader.sequencer.newest_ms == max((one.occurred_at for one in events), default=0)
        low = {topic: mark.low for topic, mark in reader.sequencer.bookmark.lines.items()}
        assert low == {topic: len(found) for topic, found in topics.items()}


def given_to(sequencer: Sequencer, topic: str, offset: int, one: Event) -> Verdict:
    verdict = sequencer.offer(InputRecord(topic, 0, offset, None, None, None), one)
    sequencer.settle()
    return verdict


@pytest.mark.parametrize(("later", "certain"), [(W, False), (W + 1, True)])
def test_an_event_is_certain_when_every_topic_is_later_by_more_than_the_disorder(
    later: int, certain: bool
) -> None:
    sequencer = Sequencer(("usage", "tickets"), W)
    given_to(sequencer, "usage", 0, event("usage", 5_000, "a"))
    given_to(sequencer, "usage", 1, event("usage", 9_000, "b"))
    assert sequencer.event is None
    given_to(sequencer, "tickets", 0, event("tickets", 5_000 + later, "a"))
    assert (sequencer.event is not None) is certain


def test_a_finished_topic_holds_nobody_up() -> None:
    sequencer = Sequencer(("usage", "tickets"), W)
    given_to(sequencer, "usage", 0, event("usage", 5_000, "a"))
    given_to(sequencer, "usage", 1, event("usage", 6_001, "b"))
    sequencer.finish("tickets", 0)
    sequencer.settle()
    assert sequencer.event == event("usage", 5_000, "a")
    assert sequencer.horizon_ms == 5_001


def test_looks_go_no_further_than_the_newest_event_until_the_end_is_known() -> None:
    sequencer = Sequencer(("usage",), W)
    given_to(sequencer, "usage", 0, event("usage", 5_000, "a"))
    sequencer.finish("usage", 1)
    sequencer.settle()
    sequencer.next()
    assert (sequencer.exhausted, sequencer.horizon_ms) == (True, 5_001)
    sequencer.close()
    assert sequencer.horizon_ms == FAR


def test_a_topic_far_ahead_is_not_read_on_while_another_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sequencing, "AHEAD_MAX", 3)
    sequencer = Sequencer(("usage", "tickets"), W)
    wanted: dict[int, list[str]] = defaultdict(list)
    for offset in range(4):
        wanted[offset] = sequencer.wanting()
        given_to(sequencer, "usage", offset, event("usage", 5_000 * (offset + 1), "a"))
    assert wanted[0] == wanted[2] == ["usage", "tickets"]
    assert wanted[3] == ["tickets"]
