"""What lies where in the directory of a broker.

broker.json        process, ports and version of the last start (see `record`)
start.lock         held while somebody starts it
data/              Kafka's own log directory, formatted once
broker.properties  written at every start, like log4j2.properties
kafka.log          warnings and errors since the last start, of bounded size; kafka.before.log: until then
console.log        what Java itself said at the last start
tmp/               native codecs, unpacked; emptied at every start
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The paths below `directory`."""

    directory: Path

    @property
    def record(self) -> Path:
        return self.directory / "broker.json"

    @property
    def lock(self) -> Path:
        return self.directory / "start.lock"

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def properties(self) -> Path:
        return self.directory / "broker.properties"

    @property
    def log_settings(self) -> Path:
        return self.directory / "log4j2.properties"

    @property
    def log(self) -> Path:
        return self.directory / "kafka.log"

    @property
    def log_before(self) -> Path:
        return self.directory / "kafka.before.log"

    @property
    def console(self) -> Path:
        return self.directory / "console.log"

    @property
    def scratch(self) -> Path:
        return self.directory / "tmp"

    def data_bytes(self) -> int:
        """What the data takes up on the disk; Kafka's index files are mostly holes."""
        files = (path for path in self.data.rglob("*") if path.is_file()) if self.data.exists() else ()
        return sum(_blocks(path) for path in files)


def _blocks(path: Path) -> int:
    try:
        return path.stat().st_blocks * 512  # a block of stat(2), whatever the file system uses
    except FileNotFoundError:  # Kafka deletes while we look
        return 0
