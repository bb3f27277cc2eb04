"""A real schema registry for tests: `registry` is one for the whole run, shared by all workers.

Never stop or pause it; `private_registry` is one for a test that must. Use subjects of names of your own.
Where Java or its archive are not to be had, whatever asks for it is skipped.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.embedded import java
from streams.embedded.errors import Unavailable
from streams.embedded.lease import leased
from streams.embedded.program import Program, registry_program
from streams.embedded.registry import Registry


@pytest.fixture(scope="session")
def registry_here() -> Program:
    """What every registry needs."""
    program = registry_program()
    try:
        java.executable()
        program.ready()
    except Unavailable as error:
        pytest.skip(f"no schema registry on this machine: {error}")
    return program


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory, registry_here: Program) -> Iterator[Registry]:
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with leased(Registry(shared / "registry", program=registry_here)) as held:
        yield held


@pytest.fixture
def private_registry(tmp_path: Path, registry_here: Program) -> Iterator[Registry]:
    with contextlib.ExitStack() as held:
        yield held.enter_context(leased(Registry(tmp_path / "registry", program=registry_here)))
