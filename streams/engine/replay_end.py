"""How a replay ends: at one time for all partitions, with every customer as they stand then.

By default the end is the time of the newest event of all partitions, which nobody knows before all are read.
So a partition that has taken its events says when the newest was, waits until all have said so, and then only
takes the looks between its last event and the end. Nobody leads: each finds out by reading the positions of
the others in the changelog.

Customers are said once, as they stand at the end: before that it would depend on where transactions end.
"""

from __future__ import annotations

import logging
from typing import Final

from schemas.records import CustomerSnapshot
from state import keys
from state.layouts import Codecs
from state.store import Store
from streams.engine.clients import Clients
from streams.engine.peers import positions_of_all
from streams.engine.position import Stage
from streams.errors import Fatal
from streams.outputs.snapshot import snapshot

log = logging.getLogger(__name__)

CUSTOMERS_MAX: Final = 500
"""Records of the store that are walked over at a time when customers are said."""


async def end_of_all(clients: Clients, changelog: str, partitions: int, world: int) -> int | None:
    """When the newest event of all happened; None while some partitions still take theirs.

    Fatal: another partition was replayed under another world than this.
    """
    found = await positions_of_all(clients, changelog, partitions)
    replays = {number: it.replayed for number, it in found.items() if it.replayed is not None}
    behind = [
        number
        for number in range(partitions)
        if number not in replays or replays[number].stage < Stage.WAITING
    ]
    if behind:
        log.debug("waiting for partitions %s", behind)
        return None
    if any(it.world != world for it in found.values()):
        raise Fatal("partitions were replayed under different policies, catalogues or control records")
    return max(it.newest_ms for it in replays.values())


def some_customers(store: Store, after: bytes, at_ms: int) -> tuple[list[CustomerSnapshot], bytes]:
    """Customers behind a key as they stand at a time, and the key to go on from: empty after the last."""
    found = store.scan(keys.RECORDS, after or None, CUSTOMERS_MAX)
    decode, said = Codecs().customer.decode, []
    for key, value in found:
        customer_id, target = keys.decode_record(key)
        if not any(target):
            said.append(snapshot(customer_id, decode(value), at_ms))
    return said, b"" if len(found) < CUSTOMERS_MAX else found[-1][0]
