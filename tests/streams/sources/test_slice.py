"""The shipped slice is a part of the log and can be made again."""

import gzip
from pathlib import Path

import pytest

from streams.sources.slice import SLICE, cut, in_slice, main
from tests.streams.sources.conftest import WriteLog
from tests.streams.sources.rows import row

BYTES_MAX = 700_000


def test_it_is_small_and_says_whose_it_is() -> None:
    assert SLICE.stat().st_size < BYTES_MAX
    readme = (SLICE.parent / "README.txt").read_text(encoding="utf-8")
    assert "10.1057/dbm.2012.17" in readme
    assert "CC BY 4.0" in readme


def test_cutting_the_slice_again_leaves_it_as_it_is(tmp_path: Path) -> None:
    lines = cut(SLICE, tmp_path / "again.csv.gz")
    assert gzip.decompress((tmp_path / "again.csv.gz").read_bytes()) == gzip.decompress(SLICE.read_bytes())
    assert lines == 48_671


def test_the_same_log_gives_the_same_bytes_at_any_time_and_place(tmp_path: Path, write_log: WriteLog) -> None:
    log = write_log([row("1", "22423", 1, customer=str(customer)) for customer in range(12_000, 12_100)])
    cut(log, tmp_path / "one.gz")
    cut(log, tmp_path / "other.gz")
    one = (tmp_path / "one.gz").read_bytes()
    assert one == (tmp_path / "other.gz").read_bytes()
    assert one[3:8] == bytes(5)  # no name in the header, and no time


def test_all_lines_of_a_customer_are_in_or_none_and_byte_for_byte(
    tmp_path: Path, write_log: WriteLog
) -> None:
    customers = [str(customer) for customer in range(12_000, 12_100)]
    rows = [row(f"{n}{c}", "22423", n + 1, customer=c) for n in range(2) for c in customers]
    log = write_log([*rows, row("9", "22423", 1, customer="")])
    cut(log, tmp_path / "slice.csv.gz")
    _header, *lines = gzip.decompress((tmp_path / "slice.csv.gz").read_bytes()).splitlines()
    wanted = [line for line in log.read_bytes().splitlines()[1:] if in_slice(line.split(b",")[6].decode())]
    assert lines == wanted
    assert 0 < len(lines) < len(rows)


def test_the_command_says_what_it_did_or_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(SLICE), str(tmp_path / "out.csv.gz")]) == 0
    assert "48671 lines" in capsys.readouterr().out
    assert main([str(tmp_path / "missing.csv"), str(tmp_path / "out.csv.gz")]) == 2
    assert "cannot be made" in capsys.readouterr().err
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
