from streams.simulation.chance import BOUNDARIES, DAY, SECOND, chance, pause


def test_the_same_seed_and_names_draw_the_same_numbers() -> None:
    assert [chance(1, "a", 2).random() for _ in range(2)] == [chance(1, "a", 2).random()] * 2
    assert len({chance(seed, name).random() for seed in (1, 2) for name in ("a", "b")}) == 4


def test_pauses_hit_boundaries_exactly_and_one_millisecond_beside_them() -> None:
    rng = chance(1, "pauses")
    pauses = {pause(rng) for _ in range(4_000)}
    near = [boundary for boundary in BOUNDARIES if boundary <= 40 * DAY]
    assert {boundary + by_ms for boundary in near for by_ms in (-1, 0, 1)} <= pauses


def test_a_pause_keeps_its_bounds() -> None:
    rng = chance(1, "short")
    pauses = [pause(rng, DAY) for _ in range(500)]
    assert min(pauses) >= SECOND
    assert max(pauses) <= DAY + 1
