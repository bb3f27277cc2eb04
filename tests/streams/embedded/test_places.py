import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams.embedded.errors import InUse
from streams.embedded.places import cache_directory, data_directory, locked


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_cache_is_where_the_variable_says(elsewhere: Path) -> None:
    assert cache_directory({"KAIROS_CACHE_DIR": "/x/y", "XDG_CACHE_HOME": "/z"}) == Path("/x/y")


@pytest.mark.parametrize(
    ("platform", "cache", "data"),
    [
        ("linux", ".cache/kairos", ".local/share/kairos/kafka"),
        ("darwin", "Library/Caches/kairos", "Library/Application Support/kairos/kafka"),
    ],
)
def test_files_lie_where_the_platform_keeps_a_users_own(
    platform: str, cache: str, data: str, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_directory({}) == elsewhere / cache
    assert data_directory({}) == elsewhere / data


def test_on_linux_the_user_may_keep_them_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_directory({"XDG_CACHE_HOME": "/c"}) == Path("/c/kairos")
    assert data_directory({"XDG_DATA_HOME": "/d"}) == Path("/d/kairos/kafka")


def test_a_lock_is_held_by_one_and_free_afterwards(tmp_path: Path) -> None:
    taken = pytest.raises(InUse, match="another process has held")
    with locked(tmp_path / "lock", 0), taken, locked(tmp_path / "lock", 0):
        pass
    with locked(tmp_path / "lock", 0):
        pass


def test_a_lock_is_free_when_its_holder_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    program = (
        "import sys, signal, os; from pathlib import Path; from streams.embedded.places import locked\n"
        "with locked(Path(sys.argv[1]), 0): os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(lock)], check=False, env=dict(os.environ))
    assert ended.returncode < 0
    with locked(lock, 0):
        pass
