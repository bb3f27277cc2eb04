"""What tests of the state share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from state.store import Store
from tests.state.stores import MAKERS


@pytest.fixture(params=list(MAKERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of every kind."""
    opened = MAKERS[request.param](tmp_path / "state")
    yield opened
    opened.close()
