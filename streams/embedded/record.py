"""What is written down about a broker, so that another process can find, judge and stop it.

The file stays when the broker has ended: whether it runs is asked of the system, by number and start time,
and the ports are kept for the next start.
"""

from pathlib import Path

import msgspec

from streams.embedded.processes import ProcessId
from streams.embedded.settings import Ports


class Record(msgspec.Struct, frozen=True):
    """The last start of the broker of a directory."""

    process: ProcessId
    ports: Ports
    version: str


def read(path: Path) -> Record | None:
    """What `path` says; nothing when no broker was started there, or when what stands there is no record."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None


def write(path: Path, record: Record) -> None:
    """Write it in one step: a reader sees the old or the new one."""
    incoming = path.with_suffix(".incoming")
    incoming.write_bytes(msgspec.json.encode(record))
    incoming.replace(path)
