"""Whether a broker serves: asked in Kafka's own protocol, because a log line or an open port proves nothing.

A Metadata request (version 4, no topics) is answered with the brokers that are in service. A broker that
still recovers, or that the controller has fenced, is not among them.
"""

import socket
import struct

from streams.embedded.settings import HOST

METADATA = 3
VERSION = 4
TIMEOUT_S = 1.0
ANSWER_BYTES_MAX = 1 << 16

_NO_CLIENT_ID = -1
_REQUEST = struct.pack(">hhihib", METADATA, VERSION, 1, _NO_CLIENT_ID, 0, 0)


def serves(port: int) -> bool:
    """Whether the broker that listens on `port` counts itself among the brokers in service."""
    try:
        with socket.create_connection((HOST, port), TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">i", len(_REQUEST)) + _REQUEST)
            (size,) = struct.unpack(">i", _read(connection, 4))
            answer = _read(connection, min(size, ANSWER_BYTES_MAX))
    except (OSError, EOFError, struct.error):
        return False
    _correlation, _throttle_ms, brokers = struct.unpack_from(">iii", answer)
    return bool(brokers > 0)


def _read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise EOFError
        received += part
    return received
