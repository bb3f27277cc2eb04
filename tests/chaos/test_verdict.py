from streams.engine.commit import Output
from streams.engine.journal import VERSION, Line, Slice, Taken
from streams.inputs.records import InputRecord
from tests.chaos.kafka import Read
from tests.chaos.verdict import Verdict, _compare, _taken_once

WANTED = [Output("out", b"k", value) for value in (b"1", b"2", b"3")]


def fresh() -> Verdict:
    return Verdict(0, lateness_ms=[], pauses_ms=[], problems=[], violations={}, violation_texts=[])


def compared(*values: bytes) -> tuple[int, int, int]:
    verdict = fresh()
    found = [Read(offset, 0, b"k", value, ()) for offset, value in enumerate(values)]
    _compare(verdict, "out", WANTED, found)
    assert bool(verdict.problems) == (verdict.missing + verdict.twice + verdict.unequal > 0)
    return verdict.missing, verdict.twice, verdict.unequal


def test_records_that_are_lost_repeated_or_moved_are_counted() -> None:
    assert compared(b"1", b"2", b"3") == (0, 0, 0)
    assert compared(b"1", b"3") == (1, 0, 0)
    assert compared(b"1", b"2", b"2", b"3") == (0, 1, 0)
    assert compared(b"1", b"3", b"2") == (0, 0, 1)
    assert compared(b"1", b"2", b"4") == (1, 1, 0)


def taken(*runs: tuple[int, int]) -> list[str]:
    verdict = fresh()
    slices = tuple(Slice(1, True, (), (), (Taken("in", first, count),)) for first, count in runs)
    inputs = {"in": [InputRecord("in", 0, offset, 1, b"k", b"v") for offset in range(5)]}
    _taken_once(verdict, [Line(VERSION, "1-1", 1, slices)], inputs)
    return verdict.problems


def test_an_input_that_is_taken_twice_or_never_is_named() -> None:
    assert taken((0, 2), (2, 3)) == []
    assert taken((0, 2), (1, 4)) == ["in offset 1 was taken where 2 was next"]
    assert taken((0, 2), (3, 2)) == ["in offset 3 was taken where 2 was next"]
    assert taken((0, 4)) == ["in was taken to 4 of 5"]
