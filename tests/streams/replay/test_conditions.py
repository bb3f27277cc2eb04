"""Silence of a source and a mass incident, in virtual time."""

import pytest

from schemas.records import FrictionChange
from streams.journey.identity import Identity
from streams.journey.policy import MassIncident
from streams.journey.words import Flag
from streams.replay import incident
from streams.replay.incident import Incidents, Raised
from streams.replay.silence import Silence

HOUR = 3_600_000
NOBODY = Identity(b"k")
RULES = MassIncident(share=0.1, customers_min=20, window_ms=HOUR, look_again_ms=HOUR)


def raised(
    customer_id: str, at: int, to_state: str = "open", flag: str = "shipping_problem"
) -> FrictionChange:
    return FrictionChange(
        customer_id=customer_id,
        sequence=1,
        flag=flag,
        scope="customer",
        from_state="none",
        to_state=to_state,
        since=at,
        severity="normal",
        stale=False,
        inferred=False,
        decided_at=at,
        policy_version="p",
        catalogue_version="c",
    )


def test_a_source_is_stale_when_its_silence_is_as_long_as_it_may_be() -> None:
    silence = Silence({"deliveries": 100})
    silence.heard("deliveries", 1_000)
    assert silence.stale(1_099) == frozenset()
    assert silence.stale(1_100) == {"deliveries"}
    assert silence.stale(1_101) == {"deliveries"}
    silence.heard("deliveries", 1_200)
    assert silence.stale(1_200) == frozenset()


def test_a_source_that_never_spoke_is_not_stale_and_others_are_not_watched() -> None:
    silence = Silence({"deliveries": 100})
    silence.heard("usage", 1_000)
    assert silence.stale(10**12) == frozenset()


def incidents(customers: int, known: int, rules: MassIncident = RULES) -> Incidents:
    found = Incidents(rules, NOBODY)
    for number in range(customers):
        found.raised(raised(f"c{number}", 1_000 + number), known)
    return found


def test_a_flag_is_held_when_more_than_the_share_get_it() -> None:
    assert incidents(3, 30).held(2_000, 30) == frozenset()
    assert incidents(4, 30).held(2_000, 30) == {Flag.SHIPPING_PROBLEM}


def test_too_few_customers_make_no_incident() -> None:
    assert incidents(10, 19).held(2_000, 19) == frozenset()
    assert incidents(10, 20).held(2_000, 20) == {Flag.SHIPPING_PROBLEM}


def test_one_customer_with_many_flags_is_one_customer() -> None:
    found = Incidents(RULES, NOBODY)
    for number in range(50):
        found.raised(raised("c", 1_000 + number), 30)
    assert found.held(2_000, 30) == frozenset()


def test_only_flags_that_open_count() -> None:
    found = Incidents(RULES, NOBODY)
    for number in range(50):
        found.raised(raised(f"c{number}", 1_000, "cooling_off"), 30)
    assert found.held(2_000, 30) == frozenset()


def test_an_incident_begins_once_and_ends_when_its_window_has_passed() -> None:
    found = Incidents(RULES, NOBODY)
    assert [found.raised(raised(f"c{number}", 1_000 + number), 30) for number in range(5)] == [
        *(False, False, False),
        *(True, False),
    ]
    assert found.held(1_000 + HOUR, 30) == {Flag.SHIPPING_PROBLEM}
    assert found.held(1_001 + HOUR, 30) == frozenset()


def test_a_customer_who_gets_the_flag_again_counts_from_then_on() -> None:
    found = incidents(4, 30)
    found.raised(raised("c0", 5_000), 30)
    assert found.held(1_001 + HOUR - 1, 30) == {Flag.SHIPPING_PROBLEM}
    assert found.held(1_001 + HOUR, 30) == frozenset()


def test_an_incident_ends_when_they_are_no_longer_more_than_the_share() -> None:
    found = incidents(4, 30)
    assert found.held(2_000, 39) == {Flag.SHIPPING_PROBLEM}
    assert found.held(2_000, 40) == frozenset()


def test_so_many_customers_as_are_remembered_are_an_incident_whatever_share_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(incident, "CUSTOMERS_MAX", 4)
    noted: dict[Raised, int | None] = {}
    found = Incidents(RULES, NOBODY, noted.__setitem__)
    assert [found.raised(raised(f"c{number}", number), 1_000) for number in range(5)] == [
        *(False, False, False),
        *(True, False),
    ]
    assert list(noted.values()) == [None, 1, 2, 3, 4]
    assert found.held(HOUR, 1_000) == {Flag.SHIPPING_PROBLEM}
    assert found.held(HOUR + 1, 1_000) == frozenset()
