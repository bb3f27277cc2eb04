import pytest

from schemas.records import Decision
from streams.checkers.withheld import REPEATS_MAX, WITHIN_MS, Withheld
from tests.streams.checkers.cases import HOUR, Story, T, wrongs


def withheld(reason: str, product_id: str = "drill", scope: str = "item") -> tuple[str, Decision]:
    return "journey.decisions", Decision(
        customer_id="", sequence=0, scope=scope, product_id=product_id, placement="next_step", move="offer",
        reason=reason, decided_at=T, policy_version="p1", catalogue_version="c1",
    )  # fmt: skip


def test_one_reason_for_each_moment_and_step_is_right() -> None:
    story = Story()
    story.look(T, withheld("offer_gap"), withheld("offer_gap", "lamp"))
    story.look(T + HOUR, withheld("friction"))
    assert wrongs(Withheld, story) == []


def test_two_reasons_in_one_step_are_wrong() -> None:
    story = Story()
    story.look(T, withheld("offer_gap"), withheld("crowded_out"))
    assert wrongs(Withheld, story) == ["next_step of drill is withheld twice in one step, now as crowded_out"]


@pytest.mark.parametrize("scope", ["episode", "parcel"])
def test_two_episodes_of_friction_and_two_parcels_share_their_ids(scope: str) -> None:
    story = Story()
    story.look(T, withheld("paused", scope=scope), withheld("agent_holds", scope=scope))
    assert wrongs(Withheld, story) == []


@pytest.mark.parametrize(("apart_ms", "wrong"), [(HOUR, 1), (WITHIN_MS, 0)])
def test_reasons_that_come_and_go_are_wrong(apart_ms: int, wrong: int) -> None:
    story = Story()
    for number in range(REPEATS_MAX):
        story.look(T + number * apart_ms, withheld("friction", scope="episode"))
    assert len(wrongs(Withheld, story)) == wrong


@pytest.mark.parametrize(("catching_up", "wrong"), [(True, 0), (False, 1)])
def test_a_partition_that_falls_behind_again_and_again_may_say_so(*, catching_up: bool, wrong: int) -> None:
    story = Story()
    for number in range(REPEATS_MAX):
        at = T + number * HOUR
        story.look(at, withheld("catching_up"), current=not catching_up)
        story.look(at + HOUR // 2, withheld("friction"))
    assert len({what.split(" as ")[1] for what in wrongs(Withheld, story)}) == 2 * wrong
