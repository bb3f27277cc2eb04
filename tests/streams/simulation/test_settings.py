import pytest

from streams.simulation.settings import POLICIES, paused, setting, settings_of, shop_of

SHOP = shop_of(0)


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_is_valid_and_the_limits_are_its_own(name: str) -> None:
    made = setting(name, SHOP, 1)
    policy = made.world.policies.base
    assert made.limits.offer_gap_ms == policy.caps.offer_gap_ms
    assert made.limits.delivery_feed == policy.deliveries.feed
    assert made.limits.enabled == {word for word, moment in policy.moments.items() if moment.enabled}


def test_a_pause_is_told_to_the_journey_and_to_its_judges() -> None:
    stopped = paused(setting("default", SHOP, 1), "help", 2)
    assert stopped.world.control.paused("", "help", "")
    assert "help" not in stopped.limits.enabled
    assert paused(stopped, None, 3).limits.enabled == frozenset()


def test_a_seed_has_the_same_settings_every_time_and_each_has_a_version_of_its_own() -> None:
    for seed in range(40):
        settings = settings_of(seed)
        assert [s.world.version for s in settings] == [s.world.version for s in settings_of(seed)]
        assert len({s.world.version for s in settings}) == len(settings)
    assert {len(settings_of(seed)) for seed in range(40)} == {1, 2, 3}
