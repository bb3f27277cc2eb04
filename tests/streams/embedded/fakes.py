"""What a broker needs from outside, faked: a launcher that starts `fake_kafka.py`, and jars from memory."""

import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from streams.embedded.jars import Jars
from streams.embedded.layout import Layout
from streams.embedded.pins import KAFKA, Pin
from streams.embedded.processes import detach

PROGRAM = Path(__file__).with_name("fake_kafka.py")


class FakeLauncher:
    """Starts the fake in the first of `modes`, then in the next; the last one stays."""

    def __init__(self, *modes: str) -> None:
        self._modes = modes or ("serve",)
        self.started: list[Mapping[str, str]] = []
        """The properties of every start."""

    def __call__(self, layout: Layout, properties: Mapping[str, str], jars: Jars) -> int:
        mode = self._modes[min(len(self.started), len(self._modes) - 1)]
        self.started.append(properties)
        clients, internal, _ = (listener.split(":")[-1] for listener in properties["listeners"].split(","))
        return detach([sys.executable, "-S", str(PROGRAM), mode, clients, internal], layout.console)


def pin(artifact: str, content: bytes) -> Pin:
    return Pin("group", artifact, "1", sha256(content).hexdigest())


CONTENTS = {"first-1.jar": b"first", "second-1.jar": b"second", "kafka_2.13-4.jar": b"kafka"}
PINS = (
    pin("first", b"first"),
    pin("second", b"second"),
    Pin(*KAFKA, "4", sha256(b"kafka").hexdigest()),
)


class FakeRepository:
    """Brings jars as `maven.fetch` does, from memory, and counts."""

    def __init__(self, contents: Mapping[str, bytes] = CONTENTS) -> None:
        self.contents = dict(contents)
        self.fetched: list[str] = []

    def __call__(self, wanted: Pin, folder: Path) -> Path:
        self.fetched.append(wanted.artifact)
        path = folder / wanted.filename
        path.write_bytes(self.contents[wanted.filename])
        return path
