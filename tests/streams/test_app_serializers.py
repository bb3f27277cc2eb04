"""Faust can read pickles; of what it does here, nothing goes through a codec of its own."""

from pathlib import Path
from typing import Any

import pytest
from faust.serializers import codecs

from streams.app import create
from streams.settings import load_settings

PLAIN = {None, "json", "raw"}


@pytest.fixture
def app(tmp_path: Path) -> Any:
    return create(load_settings({"KAIROS_STATE_DIR": str(tmp_path)})).app


def test_nothing_is_read_or_written_by_pickle(app: Any) -> None:
    tables = list(app.tables.values())
    topics = [*app.topics, *(table.changelog_topic for table in tables)]
    assert tables
    assert len(topics) > len(tables)
    serializers = [app.conf.key_serializer, app.conf.value_serializer]
    for it in (*tables, *topics):
        serializers += [it.key_serializer, it.value_serializer]
    assert set(serializers) <= PLAIN
    assert "pickle" in codecs.codecs, "whoever names it gets it, so nobody may"


def test_faust_serves_no_pages_of_its_own(app: Any) -> None:
    assert app.conf.web_enabled is False
    started = list(app.boot_strategy.web_server())
    assert started == [app.pages]
