"""How often Python looks for objects that only hold each other.

Records, events and outputs hold no circles: their counts of references free them. The search for circles
finds next to nothing, but as it comes by default, with every 700 new lists, it walks what a working set
holds in hand over and over, which is a seventh of the time of a long replay.
"""

import atexit
import gc
from typing import Final

THRESHOLDS: Final = (200_000, 10, 50)
"""New containers that stay before the youngest are searched, and how often until the older ones are."""


def what_was_closed() -> None:
    """Search the youngest now: a Kafka client that was closed is held by circles of its own alone."""
    gc.collect(0)


def rarely() -> None:
    """From now on, in this process; and at its end not at all, since its memory goes back as a whole."""
    gc.set_threshold(*THRESHOLDS)
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
