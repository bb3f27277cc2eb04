"""The address on which a worker listens, and the one under which other workers reach it."""

from __future__ import annotations

import errno
import logging
import socket
from ipaddress import ip_address
from typing import Final

from yarl import URL

from streams.errors import Fatal

log = logging.getLogger(__name__)

PORTS_TRIED_MAX: Final = 64
"""Workers on one machine that find a port each when all were told the same."""
BACKLOG: Final = 128


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens at `port`, at the next one that is free, or for 0 at any.

    Fatal: no such host is on this machine, or all those ports are taken.
    """
    for number in range(port, min(port + PORTS_TRIED_MAX, 65_536) if port else 1):
        try:
            found = _listening(host, number)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            raise Fatal(f"web.host {host}, port {number} cannot be listened on: {error.strerror}") from error
        if number != port:
            log.warning("port %s is taken, so the pages of this worker are at port %s", port, number)
        return found
    raise Fatal(f"web.port {port} is taken, and so are the {PORTS_TRIED_MAX} behind it: set another, or 0")


def _listening(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(BACKLOG)
    except OSError:
        found.close()
        raise
    return found


def reached_at(host: str, advertised: str | None, port: int) -> URL:
    """Where others find a worker that listens there; one that listens everywhere has its machine's name."""
    name = advertised or (socket.gethostname() if _is_everywhere(host) else host)
    return URL.build(scheme="http", host=name.strip("[]"), port=port)


def _is_everywhere(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False
