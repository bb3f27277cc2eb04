"""Where a process listens, as Linux tells."""

from ipaddress import ip_address
from pathlib import Path

LISTEN = "0A"
MAPPED = "0000000000000000FFFF0000"
"""How the table of IPv6 begins an address that is one of IPv4."""


def listening_beyond_loopback(pid: int) -> list[str]:
    """The addresses at which other machines could reach the process `pid`."""
    found = listening(pid)
    assert found, f"{pid} listens nowhere"
    return [address for address in found if not ip_address(address).is_loopback]


def listening(pid: int) -> list[str]:
    """All addresses at which the process listens."""
    sockets = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()}
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]
    ]
    return [
        _address(row[1].partition(":")[0])
        for row in rows
        if row[3] == LISTEN and f"socket:[{row[9]}]" in sockets
    ]


def _address(hexadecimal: str) -> str:
    """Words of four bytes, each as the processor keeps it."""
    digits = hexadecimal.removeprefix(MAPPED)
    words = [bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8)]
    return str(ip_address(b"".join(words)))
