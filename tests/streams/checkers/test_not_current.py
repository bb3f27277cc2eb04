from dataclasses import replace

import pytest

from schemas.records import FrictionChange, StageChange
from streams.checkers.not_current import NotCurrent
from tests.streams.checkers.cases import Story, T, ended, opened, wrongs


def inferred(to_state: str = "open", *, guess: bool = True) -> tuple[str, FrictionChange]:
    return "journey.friction", FrictionChange(
        customer_id="", sequence=0, flag="shipping_problem", scope="order", from_state="none",
        to_state=to_state, since=T, severity="normal", stale=False, inferred=guess,
        decided_at=T, policy_version="p1",
        catalogue_version="c1",
    )  # fmt: skip


def guessed(*, guess: bool = True) -> tuple[str, StageChange]:
    return "journey.stages", StageChange(
        customer_id="", sequence=0, product_id="lamp", to_stage="usage", since=T, inferred=guess,
        corrected=False, decided_at=T, policy_version="p1", catalogue_version="c1",
    )  # fmt: skip


@pytest.mark.parametrize(("current", "wrong"), [(True, 0), (False, 3)])
def test_nothing_is_opened_or_inferred_while_catching_up(*, current: bool, wrong: int) -> None:
    story = Story()
    story.look(T, opened(T), inferred(), guessed(), current=current)
    assert len(wrongs(NotCurrent, story)) == wrong


def test_use_proves_a_delivery_also_while_catching_up() -> None:
    topic, change = guessed()
    fields = {name: getattr(change, name) for name in change.__struct_fields__}
    proven = StageChange(**fields | {"to_stage": "unboxing"})
    story = Story()
    story.tell(T, story.status(T, "in_transit"), (topic, proven), current=False)
    story.look(T, (topic, proven), current=False)
    assert wrongs(NotCurrent, story) == ["lamp inferred in unboxing while catching up"]


def test_nothing_is_inferred_from_the_silence_of_a_source_that_is_silent_itself() -> None:
    for silent, wrong in ((frozenset[str](), 0), (frozenset({"deliveries"}), 1)):
        story = Story()
        story.look(T, inferred(), inferred(guess=False), inferred("none"))
        story.steps = [replace(story.steps[0], silent=silent)]
        assert len(wrongs(NotCurrent, story)) == wrong


def test_what_is_reported_and_what_ends_is_said_at_once() -> None:
    story = Story()
    story.look(T, opened(T))
    story.look(
        T,
        ended(opened(T), "revoked"),
        inferred(guess=False),
        inferred("none"),
        guessed(guess=False),
        current=False,
    )
    assert wrongs(NotCurrent, story) == []


@pytest.mark.parametrize(("silent", "wrong"), [("deliveries", 0), ("usage", 1)])
def test_a_silent_source_of_usage_stalls_nobody(silent: str, wrong: int) -> None:
    story = Story()
    story.look(T, opened(T, placement="stalled_start"))
    story.steps = [replace(story.steps[0], silent=frozenset({silent}))]
    assert len(wrongs(NotCurrent, story)) == wrong
