"""Which ports a broker gets when nobody names one.

They lie below the range from which systems take ports for outgoing connections. Inside it, a client that
knocks at a broker which was just killed can be given the broker's own port: it then talks to itself, and the
broker cannot come back. The first candidate follows from the directory, so a broker mostly keeps its address.
"""

import socket
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from zlib import crc32

from streams.embedded.errors import PortTaken
from streams.embedded.settings import HOST, Ports

FIRST, LAST = 20_000, 32_000
STRIDE = 7
"""Coprime to the size of the range: every port is a candidate once."""


def choose(directory: Path, clients: int | None) -> Ports:
    """Three free ports; `clients` when it is given, else candidates that follow from `directory`."""
    return Ports(*free_ports(directory, clients, 3))


def free_ports(directory: Path, first: int | None, count: int) -> list[int]:
    """So many free ports; `first` when it is given, else candidates that follow from `directory`."""
    if first is not None and not free(first):
        raise PortTaken(f"port {first} of {HOST} is taken by another program: choose another one")
    found = (port for port in _candidates(directory) if port != first and free(port))
    return [*([] if first is None else [first]), *islice(found, count - (first is not None))]


def all_free(ports: Ports) -> bool:
    """Whether nobody listens on any of `ports`."""
    return all(free(port) for port in (ports.clients, ports.internal, ports.controller))


def free(port: int) -> bool:
    """Whether a broker could listen on `port` now; what lingers of past connections does not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _candidates(directory: Path) -> Iterator[int]:
    size = LAST - FIRST
    start = crc32(str(directory.resolve()).encode())
    yield from (FIRST + (start + step * STRIDE) % size for step in range(size))
    raise PortTaken(f"no port of {HOST} between {FIRST} and {LAST} is free")
