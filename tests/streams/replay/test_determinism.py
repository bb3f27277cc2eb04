"""The same history gives the same bytes, whatever else is different."""

from pathlib import Path

import msgspec
import pytest

from streams.replay.prepare import Options
from tests.streams.replay.conftest import SEED, replayed


def options(few: Path, **others: object) -> Options:
    return msgspec.structs.replace(Options(path=few, shop_seed=SEED, check=False), **others)


def test_a_replay_says_something(clean: dict[str, bytes]) -> None:
    counts = {topic: data.count(b"\n") for topic, data in clean.items()}
    assert counts["eligibility"] > 50
    assert counts["stages"] > 100
    assert counts["decisions"] > 20
    assert counts["customers"] == 24
    assert counts["dead-letters"] == 0


def test_two_runs_are_identical(few: Path, clean: dict[str, bytes], tmp_path: Path) -> None:
    assert replayed(options(few), tmp_path) == clean


@pytest.mark.parametrize("seed", [1, 2])
def test_order_within_a_minute_and_repeats_change_nothing(
    few: Path, clean: dict[str, bytes], tmp_path: Path, seed: int
) -> None:
    assert replayed(options(few, shuffle=seed, repeat_share=0.05), tmp_path) == clean


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing(few: Path, clean: dict[str, bytes], tmp_path: Path) -> None:
    assert replayed(options(few), tmp_path, processes=2) == clean


def test_the_store_changes_nothing(few: Path, clean: dict[str, bytes], tmp_path: Path) -> None:
    assert replayed(options(few, state=tmp_path / "state"), tmp_path) == clean


def test_letting_go_of_all_records_after_every_step_changes_nothing(
    few: Path, clean: dict[str, bytes], tmp_path: Path
) -> None:
    assert replayed(options(few, in_hand_steps=1), tmp_path) == clean


def test_the_size_of_sorted_runs_changes_nothing(few: Path, clean: dict[str, bytes], tmp_path: Path) -> None:
    assert replayed(options(few, run_bytes_max=5_000), tmp_path) == clean


def test_another_seed_is_another_history(few: Path, clean: dict[str, bytes], tmp_path: Path) -> None:
    assert replayed(options(few, shop_seed=8), tmp_path)["eligibility"] != clean["eligibility"]


def test_records_of_a_customer_are_numbered_without_gaps(clean: dict[str, bytes]) -> None:
    counted: dict[str, list[int]] = {}
    for topic in ("eligibility", "holdout", "stages", "friction", "decisions"):
        for line in clean[topic].splitlines():
            record = msgspec.json.decode(line)
            counted.setdefault(record["customer_id"], []).append(record["sequence"])
    assert counted
    for customer_id, numbers in counted.items():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), customer_id


def test_files_are_sorted_by_customer_and_sequence(clean: dict[str, bytes]) -> None:
    for data in clean.values():
        records = [msgspec.json.decode(line) for line in data.splitlines()]
        order = [(record["customer_id"], record["sequence"]) for record in records]
        assert order == sorted(order)
