"""Where things lie on a user's machine, and how two processes take turns there.

Jars are the same for every project of a user, so they lie in the user's cache, which may be thrown away. The
data of the broker that the command starts lies with the user's data and not below the working directory: who
started it in one folder must find and stop it from every other one.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from streams.embedded.errors import InUse, Unavailable

try:
    import fcntl
except ImportError:  # pragma: no cover - not on Windows
    fcntl = None  # type: ignore[assignment]

CACHE_VARIABLE = "KAIROS_CACHE_DIR"
LOCK_POLL_S = 0.05


def cache_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Where fetched files are kept: `KAIROS_CACHE_DIR`, else where this platform keeps a user's caches."""
    if chosen := environment.get(CACHE_VARIABLE):
        return Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "kairos"
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kairos"


def data_directory(environment: Mapping[str, str] = os.environ, program: str = "kafka") -> Path:
    """Where the command keeps its broker, or its registry, when no directory is given."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "kairos" / program
    return Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "kairos" / program


@contextlib.contextmanager
def locked(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock file `path`; the kernel frees it when its holder dies, so no crash leaves it locked."""
    if fcntl is None:
        raise Unavailable("an embedded Kafka runs on Linux and macOS only")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        deadline = time.monotonic() + timeout_s
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise InUse(f"another process has held {path} for {timeout_s:.0f} s")
            time.sleep(LOCK_POLL_S)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
