"""A disk of its own, small enough to be filled, where this machine lets us have one: as root on Linux."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BALLAST: Final = "ballast"


@contextmanager
def small_disk(directory: Path, size: str) -> Iterator[bool]:
    """A file system of that size in a directory, for a while; whether there is one."""
    mounted = _ran("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(directory))
    try:
        yield mounted
    finally:
        if mounted:
            _ran("umount", "--lazy", str(directory))


def fill(directory: Path) -> Path:
    """Take all the room that is left; the file that has it."""
    ballast = directory / BALLAST
    with ballast.open("wb", buffering=0) as data:
        try:
            while True:
                data.write(bytes(4096))
        except OSError:
            return ballast


def _ran(*words: str) -> bool:
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
