import socket
from pathlib import Path

import pytest

from streams.embedded.errors import PortTaken
from streams.embedded.ports import FIRST, LAST, choose, free

OUTGOING_FIRST = 32_768
"""Where Linux begins to take ports for outgoing connections; other systems begin higher."""


def test_ports_lie_below_those_that_clients_are_given() -> None:
    assert LAST < OUTGOING_FIRST
    chosen = choose(Path("here"), None)
    assert all(FIRST <= port < LAST for port in (chosen.clients, chosen.internal, chosen.controller))


def test_no_port_is_given_twice() -> None:
    chosen = choose(Path("here"), None)
    assert len({chosen.clients, chosen.internal, chosen.controller}) == 3


def test_a_given_port_is_the_clients_and_of_nobody_else() -> None:
    first = choose(Path("here"), None).clients
    chosen = choose(Path("here"), first)
    assert chosen.clients == first
    assert first not in {chosen.internal, chosen.controller}


def test_a_port_that_is_taken_is_passed_over() -> None:
    first = choose(Path("here"), None).clients
    with socket.create_server(("127.0.0.1", first)):
        assert not free(first)
        assert choose(Path("here"), None).clients != first
        with pytest.raises(PortTaken, match=f"port {first} "):
            choose(Path("here"), first)
