"""Records as a worker says them, for tests of those who read them."""

from msgspec.structs import replace

from schemas.records import Check, Eligibility, FrictionChange, StageChange

AT_MS = 1_300_000_000_000
DAY_MS = 86_400_000


def eligibility(sequence: int, status: str = "opened", **what: object) -> Eligibility:
    opened = Eligibility(
        eligibility_id="e1",
        status=status,
        customer_id="c1",
        sequence=sequence,
        product_id="p1",
        stage="care",
        placement="next_step",
        move="offer",
        message_class="marketing",
        candidate="p2",
        opens_at=AT_MS,
        send_by=AT_MS + 7 * DAY_MS,
        answer_until=AT_MS + 21 * DAY_MS,
        send_windows=(),
        channels=("email",),
        avoid_channels=(),
        checks=(Check("personalised", "pass", ("owns=p1", f"delivered_at={AT_MS} event=x")),),
        decline_options=("no",),
        reason="moment_came",
        escalate_to_human=False,
        decided_at=AT_MS,
        policy_version="p",
        catalogue_version="c",
    )
    return replace(opened, **what)


def stage(sequence: int, to: str, **what: object) -> StageChange:
    said = StageChange(
        customer_id="c1",
        sequence=sequence,
        product_id="p1",
        to_stage=to,
        since=AT_MS,
        inferred=False,
        corrected=False,
        decided_at=AT_MS,
        policy_version="p",
        catalogue_version="c",
    )
    return replace(said, **what)


def friction(sequence: int, flag: str, to: str, **what: object) -> FrictionChange:
    said = FrictionChange(
        customer_id="c1",
        sequence=sequence,
        flag=flag,
        scope="order",
        scope_id="o1",
        from_state="none" if to == "open" else "open",
        to_state=to,
        since=AT_MS,
        severity="normal",
        stale=False,
        inferred=False,
        decided_at=AT_MS,
        policy_version="p",
        catalogue_version="c",
    )
    return replace(said, **what)
