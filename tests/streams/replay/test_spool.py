"""Outputs are sorted by customer and sequence in bounded memory."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.replay import spool
from streams.replay.spool import Spool, merged_records

ids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=4)


@given(st.lists(st.tuples(ids, st.integers(1, 10**12)), max_size=40, unique=True), st.integers(1, 400))
def test_any_records_come_out_in_order_whatever_the_size_of_runs(
    tmp_path_factory: pytest.TempPathFactory, keys: list[tuple[str, int]], run_bytes_max: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    kept = Spool(folder, run_bytes_max)
    for customer_id, sequence in keys:
        kept.add("stages", customer_id, sequence, [customer_id, sequence])
    found = list(merged_records(kept.close().get("stages", [])))
    other = Spool(folder / "one")
    for customer_id, sequence in sorted(keys):
        other.add("stages", customer_id, sequence, [customer_id, sequence])
    assert found == list(merged_records(other.close().get("stages", [])))
    assert len(found) == len(keys)


def test_an_id_that_begins_like_another_does_not_mix_with_it(tmp_path: Path) -> None:
    kept = Spool(tmp_path)
    for customer_id, sequence in (("ab", 1), ("a", 2), ("a", 10), ("a", 1)):
        kept.add("stages", customer_id, sequence, f"{customer_id}{sequence}")
    assert list(merged_records(kept.close()["stages"])) == [b'"a1"\n', b'"a2"\n', b'"a10"\n', b'"ab1"\n']


def test_more_runs_than_can_be_open_are_merged_in_rounds(tmp_path: Path) -> None:
    kept = Spool(tmp_path, 1)
    many = 3 * spool.RUNS_OPEN_MAX
    for number in reversed(range(many)):
        kept.add("stages", "c", number, number)
    assert len(kept.close()["stages"]) == many
    assert list(merged_records(kept.runs["stages"])) == [b"%d\n" % number for number in range(many)]


def test_a_topic_without_records_has_none(tmp_path: Path) -> None:
    assert Spool(tmp_path).close() == {}
    assert list(merged_records([])) == []
