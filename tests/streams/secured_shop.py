"""An application on the fortress, and programs that come to it as one of its users."""

import os
import subprocess
import sys
from typing import Final

from streams.settings import Settings, load_settings
from tests.fortress import Fortress

PARTITIONS: Final = "2"


class Shop:
    """An application on the fortress, with its topics, and settings of it for each user."""

    def __init__(self, fortress: Fortress, name: str) -> None:
        self.fortress = fortress
        self.name = name
        self._names = {
            "KAIROS_ENGINE_TOPIC_PREFIX": f"{name}.",
            "KAIROS_ENGINE_APPLICATION_ID": f"{name}-app",
        }

    def environ(self, user: str) -> dict[str, str]:
        return self.fortress.environ(user) | self._names

    def settings(self, user: str, **more: str) -> Settings:
        return load_settings(self.environ(user) | more)

    def apply(self) -> None:
        """Make its topics."""
        applied = self.run("admin", "topics", "apply", "--partitions", PARTITIONS, "--yes")
        assert applied.returncode == 0, applied.stderr

    def run(self, user: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """`kairos` as that user."""
        command = [sys.executable, "-m", "streams.cli", *words]
        environ = os.environ | self.environ(user)
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
