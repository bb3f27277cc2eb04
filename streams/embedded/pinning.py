"""`python -m streams.embedded.pinning 4.3.1`: resolve that version of Kafka anew and write `kafka_jars.txt`.

The logging backend is resolved apart from Kafka: log4j's own dependency management names an old
`kafka-clients` (it can log to Kafka), and a joint resolution would put that beside a new broker.
"""

import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from streams.embedded.maven import context
from streams.embedded.pins import KAFKA, Pin, write_pins

if TYPE_CHECKING:
    from jgo.maven import Artifact, MavenContext

LOG_API = ("org.apache.logging.log4j", "log4j-api")
LOG_BINDING = ("org.apache.logging.log4j", "log4j-slf4j-impl")
"""For the API of slf4j 1, which Kafka uses; `log4j-slf4j2-impl` would stay silent."""

RUNTIME = ("compile", "runtime")


def resolve(maven: "MavenContext", version: str) -> Iterator["Artifact"]:
    """Every artifact that `kafka.Kafka` needs at run time, with the log binding that fits its log4j."""
    kafka = maven.create_dependency(":".join((*KAFKA, version)))
    _, needed = maven.resolver.resolve([kafka])
    artifacts = [kafka.artifact, *(each.artifact for each in needed if each.scope in RUNTIME)]
    yield from artifacts
    log4j = next(each.version for each in artifacts if (each.groupId, each.artifactId) == LOG_API)
    yield maven.project(*LOG_BINDING).at_version(log4j).artifact()


def pins(version: str) -> list[Pin]:
    """The pins of Kafka `version`, from freshly fetched jars."""
    with TemporaryDirectory() as folder:
        maven = context(Path(folder))
        return [
            Pin(each.groupId, each.artifactId, each.version, sha256(each.resolve().read_bytes()).hexdigest())
            for each in resolve(maven, version)
        ]


if __name__ == "__main__":
    write_pins(pins(sys.argv[1]))
