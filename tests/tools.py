"""Programs that the tests use and pip cannot bring: on the PATH, or where `make tools` puts them."""

import shutil
from pathlib import Path

import pytest

FETCHED = Path(__file__).parents[1] / "build" / "tools" / "usr"


def find(name: str) -> str | None:
    """The path of a program, None where this machine does not have it."""
    return shutil.which(name) or shutil.which(name, path=FETCHED / "bin")


def tool(name: str) -> str:
    """The path of a program; whatever asks for it is skipped without it."""
    found = find(name)
    if found is None:
        pytest.skip(f"no {name} on this machine: `make tools` says why")
    return found
