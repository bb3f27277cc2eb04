"""Chance depends on seed and names alone."""

from streams.sources.chance import Chance, Draws


def shares(draws: Draws, count: int) -> list[float]:
    return [draws.share() for _ in range(count)]


def test_the_same_names_draw_the_same_whatever_was_drawn_before() -> None:
    chance = Chance("test", 1)
    first = shares(chance.of("parcel", "a"), 40)
    shares(chance.of("parcel", "b"), 3)
    assert shares(chance.of("parcel", "a"), 40) == first


def test_seed_generator_and_every_name_matter() -> None:
    draws = [
        Chance("test", 1).of("a", "bc"),
        Chance("test", 2).of("a", "bc"),
        Chance("other", 1).of("a", "bc"),
        Chance("test", 1).of("ab", "c"),
        Chance("test", 1).of("a", "bc", ""),
    ]
    assert len({tuple(shares(draw, 4)) for draw in draws}) == len(draws)


def test_draws_go_on_after_the_first_hash_is_used_up() -> None:
    drawn = shares(Chance("test", 1).of("long"), 1000)
    assert len(set(drawn)) == 1000
    assert all(0 <= share < 1 for share in drawn)
    assert 0.45 < sum(drawn) / 1000 < 0.55


def test_between_reaches_both_ends_and_nothing_beyond() -> None:
    draws = Chance("test", 1).of("between")
    assert {draws.between(3, 5) for _ in range(200)} == {3, 4, 5}
    assert {draws.early(3, 5) for _ in range(200)} == {3, 4, 5}


def test_early_is_most_often_near_its_beginning() -> None:
    draws = Chance("test", 1).of("early")
    drawn = [draws.early(0, 99) for _ in range(1000)]
    assert sum(value < 25 for value in drawn) > 400 > sum(value >= 50 for value in drawn)


def test_the_source_of_made_up_events_names_generator_and_seed() -> None:
    assert Chance("surroundings", 7).source == "made-up:surroundings:7"
