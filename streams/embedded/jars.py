"""The jars in the user's cache: fetched once, judged by their hashes, and looked at before every start.

A folder is named after the hashes of all its jars and appears complete by one rename, so a crash while
fetching leaves no folder, and two projects on different versions do not meet. Hashing 45 MB at every start
would cost a third of a second: a stamp of sizes and times, written after the hashes were right, tells what
must be hashed again. A jar that is damaged is fetched anew; if that fails, nothing starts.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from tempfile import mkdtemp

from streams.embedded.errors import Unavailable
from streams.embedded.maven import fetch
from streams.embedded.pins import Pin, fingerprint, kafka_version, read_pins
from streams.embedded.places import cache_directory, locked

Fetch = Callable[[Pin, Path], Path]
"""Bring one jar into a folder and say where it is."""

FETCHED_AT_ONCE = 4
STAMP = "verified.json"
LOCK_TIMEOUT_S = 300.0
"""A first fetch over a slow line; everybody else waits for it."""


@dataclass(frozen=True)
class Jars:
    """The jars of one Kafka, below `cache`."""

    cache: Path
    pins: tuple[Pin, ...]
    fetch: Fetch = fetch

    @property
    def version(self) -> str:
        return kafka_version(self.pins)

    @property
    def folder(self) -> Path:
        return self.cache / f"kafka-{self.version}-{fingerprint(self.pins)}"

    @property
    def here(self) -> bool:
        """Whether they were fetched before."""
        return self.folder.exists()

    def ready(self) -> Sequence[Path]:
        """Paths of all jars, whole and as pinned, in the order of the class path; fetches what is not."""
        with locked(self.cache / "jars.lock", LOCK_TIMEOUT_S):
            unsure = self._unsure()
            wrong = [pin for pin in unsure if not is_pinned(pin, self.folder / pin.filename)]
            if wrong:
                self._replace(wrong)
            if unsure:
                self._write_stamp()
        return [self.folder / pin.filename for pin in self.pins]

    def _unsure(self) -> Sequence[Pin]:
        """The jars that are missing, or look different from when their hashes were right."""
        stamp = self._stamp()
        looks = {pin: _look(self.folder / pin.filename) for pin in self.pins}
        return [pin for pin, look in looks.items() if look is None or look != stamp.get(pin.filename)]

    def _replace(self, wrong: Sequence[Pin]) -> None:
        """Fetch `wrong` beside the folder, and move them in only when every one of them is right."""
        self.cache.mkdir(parents=True, exist_ok=True)
        aside = Path(mkdtemp(prefix="fetching-", dir=self.cache))
        try:
            with ThreadPoolExecutor(FETCHED_AT_ONCE) as pool:
                fetched = list(pool.map(lambda pin: judged(pin, self.fetch(pin, aside)), wrong))
            self._move_in(wrong, fetched, aside)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _move_in(self, pins: Sequence[Pin], fetched: Sequence[Path], aside: Path) -> None:
        target = self.folder if self.folder.exists() else aside / "complete"
        target.mkdir(exist_ok=True)
        for pin, path in zip(pins, fetched, strict=True):
            incoming = target / f"{pin.filename}.incoming"
            shutil.copyfile(path, incoming)
            incoming.replace(target / pin.filename)
        for outdated in target.glob("*.jsa"):  # archives of the jars as they were, see `archive`
            outdated.unlink()
        if target != self.folder:
            target.rename(self.folder)

    def _stamp(self) -> dict[str, list[int]]:
        try:
            stamp = json.loads((self.folder / STAMP).read_bytes())
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def _write_stamp(self) -> None:
        looks = {pin.filename: _look(self.folder / pin.filename) for pin in self.pins}
        incoming = self.folder / f"{STAMP}.incoming"
        incoming.write_text(json.dumps(looks), encoding="utf-8")
        incoming.replace(self.folder / STAMP)


def kafka_jars() -> Jars:
    """The jars of the Kafka that this project is tested with, in this user's cache."""
    return Jars(cache_directory(), read_pins())


def _look(path: Path) -> list[int] | None:
    """What tells cheaply whether a file is still the one that was hashed; nothing when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def is_pinned(pin: Pin, path: Path) -> bool:
    """Whether `path` holds the bytes that `pin` names."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest() == pin.digest
    except OSError:
        return False


def judged(pin: Pin, path: Path) -> Path:
    """`path`, which holds the bytes that `pin` names. Raises `Unavailable` for any others."""
    if not is_pinned(pin, path):
        raise Unavailable(
            f"what was fetched as {pin.coordinate} is something else: its sha256 is not {pin.digest}"
        )
    return path
