"""What checkers find in a replay is what they find in its history."""

from pathlib import Path

import msgspec

from schemas.records import Eligibility, Product, Usage
from state.records.parts import Target
from streams.checkers.history import History, Step
from streams.checkers.judge import judge
from streams.journey.step import At
from streams.loading.policy_file import load_policies
from streams.replay.driver import Taken
from streams.replay.judged import JudgedSteps
from streams.simulation.settings import limits_of

NOW = 1_600_000_000_000


def offer(customer_id: str, sequence: int) -> Eligibility:
    """An offer about something that was never bought."""
    return Eligibility(
        eligibility_id=f"{customer_id}-{sequence}", status="opened", customer_id=customer_id,
        sequence=sequence, product_id="p", placement="upgrade", move="offer", message_class="marketing",
        candidate="q", relation="upgrade", opens_at=NOW, send_by=NOW + 9, answer_until=NOW + 9,
        send_windows=(), channels=("email",), avoid_channels=(), checks=(), decline_options=("no",),
        reason="moment_came", escalate_to_human=False, decided_at=NOW, policy_version="p",
        catalogue_version="c",
    )  # fmt: skip


def steps(customer_id: str) -> list[Taken]:
    usage = Usage("u", customer_id, NOW, type="session", product_id="p")
    said = (("journey.eligibility", offer(customer_id, 1)),)
    return [
        Taken(At(NOW), customer_id, usage, Target(), ()),
        Taken(At(NOW + 1), customer_id, None, Target("p"), ()),
        Taken(At(NOW + 2), customer_id, None, Target("p"), said),
    ]


def test_violations_survive_the_way_over_the_disk(tmp_path: Path) -> None:
    limits, products = limits_of(load_policies().base), [Product("p", "1", "things", kind="durable")]
    judged = JudgedSteps(tmp_path, products, limits)
    history = []
    for taken in (*steps("a"), *steps("b")):
        judged.observe(taken)
        history.append(
            Step(taken.at.now_ms, taken.customer_id, taken.event, taken.at.current, limits, taken.said)
        )
    by_customer = [
        violation
        for name in ("a", "b")
        for violation in judge(History([it for it in history if it.customer_id == name], products))
    ]
    found = list(judged.judge())
    assert "early_offers" in {violation.checker for violation in found}
    key = msgspec.json.encode
    assert sorted(map(key, found)) == sorted(map(key, by_customer))
    assert list(tmp_path.iterdir()) == []
