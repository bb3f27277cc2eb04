"""A program that behaves like a broker as far as `Broker` looks at one, and starts in a tenth of a second.

`python fake_kafka.py <mode> <port of clients> <internal port>` listens on loopback and answers every request
as Kafka answers Metadata.
"""

import contextlib
import select
import signal
import socket
import struct
import sys

PLACE_OF_CORRELATION = 4


def answer(connection: socket.socket, *, in_service: bool) -> None:
    """Read one request and say whether a broker is in service."""
    (size,) = struct.unpack(">i", connection.recv(4, socket.MSG_WAITALL))
    request = connection.recv(size, socket.MSG_WAITALL)
    (correlation,) = struct.unpack_from(">i", request, PLACE_OF_CORRELATION)
    body = struct.pack(">iii", correlation, 0, int(in_service))
    connection.sendall(struct.pack(">i", len(body)) + body)


def serve(mode: str, clients: int, internal: int) -> None:
    """Answer for ever: `serve` at once, `late` from the third time on, `never`; `stubborn` bears SIGTERM.

    `deaf` opens no port for clients, as Kafka does when another program was faster.
    """
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asked = 0
    ports = (internal,) if mode == "deaf" else (internal, clients)
    servers = [socket.create_server(("127.0.0.1", port)) for port in ports]
    while True:
        for server in select.select(servers, [], [])[0]:
            connection, _ = server.accept()
            asked += 1
            with connection, contextlib.suppress(OSError, struct.error):
                answer(connection, in_service=mode != "never" and (mode != "late" or asked >= 3))


if __name__ == "__main__":
    if sys.argv[1].startswith("ends: "):
        sys.exit(sys.argv[1].removeprefix("ends: "))
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
