"""What Kafka and the registry are made of: every file by name, version and hash.

`kafka_jars.txt` names the jars of Kafka, `registry_archive.txt` the one archive of Apicurio Registry.
A line is `<sha256>  <group>:<artifact>:<version>`, or, of what is no jar,
`<sha256>  <group>:<artifact>:<packaging>:<classifier>:<version>`. No address stands there: where files come
from is a matter of the machine, what they are is a matter of the project. `python -m
streams.embedded.pinning` writes those of Kafka.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

KAFKA = ("org.apache.kafka", "kafka_2.13")
PINS_FILE = Path(__file__).with_name("kafka_jars.txt")
REGISTRY_FILE = Path(__file__).with_name("registry_archive.txt")
JAR = "jar"


@dataclass(frozen=True, order=True)
class Pin:
    """One file, and the only bytes that are accepted for it."""

    group: str
    artifact: str
    version: str
    digest: str
    packaging: str = JAR
    classifier: str = ""

    @property
    def filename(self) -> str:
        classified = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{classified}.{self.packaging}"

    @property
    def coordinate(self) -> str:
        kind = "" if self.packaging == JAR else f"{self.packaging}:{self.classifier}:"
        return f"{self.group}:{self.artifact}:{kind}{self.version}"


def read_pins(path: Path = PINS_FILE) -> tuple[Pin, ...]:
    """The pins of `path`, in its order, which is also the order of the class path."""
    return tuple(_pin(line) for line in path.read_text(encoding="utf-8").splitlines())


def write_pins(pins: Sequence[Pin], path: Path = PINS_FILE) -> None:
    """Write `pins` so that two resolutions of the same jars give the same file."""
    lines = [f"{pin.digest}  {pin.coordinate}\n" for pin in sorted(pins)]
    path.write_text("".join(lines), encoding="utf-8")


def kafka_version(pins: Sequence[Pin]) -> str:
    """The version of Kafka among `pins`."""
    return next(pin.version for pin in pins if (pin.group, pin.artifact) == KAFKA)


def fingerprint(pins: Sequence[Pin]) -> str:
    """One short word for a set of jars: two versions of the project share a cache without mixing jars."""
    return sha256("\n".join(pin.digest for pin in pins).encode()).hexdigest()[:12]


def _pin(line: str) -> Pin:
    digest, coordinate = line.split()
    group, artifact, *kind, version = coordinate.split(":")
    packaging, classifier = kind or (JAR, "")
    return Pin(group, artifact, version, digest, packaging, classifier)
