"""Apicurio Registry in the user's cache: one archive, fetched once, judged by its hash, and unpacked.

The folder is named after the hash and appears complete by one rename, so a crash leaves none.
"""

import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from streams.embedded.jars import LOCK_TIMEOUT_S, Fetch, judged
from streams.embedded.maven import fetch
from streams.embedded.pins import REGISTRY_FILE, Pin, fingerprint, read_pins
from streams.embedded.places import cache_directory, locked

MAIN = "quarkus-run.jar"


@dataclass(frozen=True)
class Program:
    """One version of the registry, below `cache`."""

    cache: Path
    pin: Pin
    fetch: Fetch = fetch

    @property
    def version(self) -> str:
        return self.pin.version

    @property
    def folder(self) -> Path:
        return self.cache / f"registry-{self.version}-{fingerprint([self.pin])}"

    @property
    def here(self) -> bool:
        """Whether it was fetched before."""
        return self.folder.exists()

    def ready(self) -> Path:
        """What Java is to run; fetched and unpacked where it is not here. Raises `Unavailable`."""
        with locked(self.cache / "registry.lock", LOCK_TIMEOUT_S):
            if not self.here:
                self._unpack()
        return self.folder / MAIN

    def _unpack(self) -> None:
        aside = Path(mkdtemp(prefix="fetching-", dir=self.cache))
        try:
            archive = judged(self.pin, self.fetch(self.pin, aside))
            with tarfile.open(archive) as content:
                content.extractall(aside / "complete", filter="data")
            (aside / "complete").rename(self.folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def registry_program() -> Program:
    """The registry that this project is tested with, in this user's cache."""
    (pin,) = read_pins(REGISTRY_FILE)
    return Program(cache_directory(), pin)
