import re
from pathlib import Path

from streams.embedded.pins import PINS_FILE, Pin, kafka_version, read_pins, write_pins


def test_every_jar_is_pinned_by_name_version_and_hash_and_by_no_address() -> None:
    lines = PINS_FILE.read_text(encoding="utf-8").splitlines()
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[0-9a-f]{64}  [\w.-]+:[\w.-]+:[\w.-]+", line)] == []


def test_all_of_kafka_is_of_one_version() -> None:
    """Log4j's dependency management names an old `kafka-clients`: beside a new broker it does not start."""
    pins = read_pins()
    assert {pin.version for pin in pins if pin.group == "org.apache.kafka"} == {kafka_version(pins)}


def test_no_jar_is_there_twice() -> None:
    names = [pin.artifact for pin in read_pins()]
    assert sorted(set(names)) == sorted(names)


def test_kafka_finds_somewhere_to_log_to() -> None:
    versions = {pin.artifact: pin.version for pin in read_pins()}
    assert versions["slf4j-api"].startswith("1.")
    assert versions["log4j-slf4j-impl"] == versions["log4j-core"] == versions["log4j-api"]


def test_pins_are_read_as_they_were_written(tmp_path: Path) -> None:
    pins = (Pin("a.b", "c", "1.0", "0" * 64), Pin("a.b", "d", "2", "f" * 64))
    write_pins(pins[::-1], tmp_path / "pins.txt")
    assert read_pins(tmp_path / "pins.txt") == pins
