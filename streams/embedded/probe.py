"""Whether a broker serves: asked in Kafka's own protocol, because a log line or an open port proves nothing.

A Metadata request (version 4, no topics) is answered with the brokers that are in service. A broker that
still recovers, or that the controller has fenced, is not among them.
"""

import socket
import struct

from streams.embedded.settings import HOST

METADATA = (3, 4)
API_VERSIONS = (18, 0)
"""Key and version of the requests."""
CORRELATION = 1
NO_CLIENT_ID = -1
NO_TOPICS = struct.pack(">ib", 0, 0)
TIMEOUT_S = 1.0
ANSWER_BYTES_MAX = 1 << 16


def serves(port: int) -> bool:
    """Whether the broker behind the plain listener at `port` counts itself among the brokers in service."""
    answer = _asked(port, METADATA, NO_TOPICS)
    if len(answer) < 8:
        return False
    _throttle_ms, brokers = struct.unpack_from(">ii", answer)
    return bool(brokers > 0)


def speaks_kafka(port: int) -> bool:
    """Whether Kafka, and no other program, listens at `port`; asked before a client has to name itself."""
    return bool(_asked(port, API_VERSIONS, b""))


def listens(port: int) -> bool:
    """Whether anybody listens at `port`."""
    try:
        socket.create_connection((HOST, port), TIMEOUT_S).close()
    except OSError:
        return False
    return True


def _asked(port: int, api: tuple[int, int], body: bytes) -> bytes:
    """What is answered at `port`, behind the head; nothing when it is no answer to this request."""
    request = struct.pack(">hhih", *api, CORRELATION, NO_CLIENT_ID) + body
    try:
        with socket.create_connection((HOST, port), TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            (size,) = struct.unpack(">i", _read(connection, 4))
            answer = _read(connection, min(max(size, 0), ANSWER_BYTES_MAX))
    except (OSError, EOFError):
        return b""
    return answer[4:] if answer.startswith(struct.pack(">i", CORRELATION)) else b""


def _read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise EOFError
        received += part
    return received
