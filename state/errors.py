"""What stored state can refuse, grouped by who must act.

Nobody but the program is at fault for `MalformedKey`; the rest is for the operator, and the text says what to
do. State that cannot be read is never deleted here: whoever opened it sets it aside and rebuilds it.
"""


class StateError(Exception):
    """Whatever stored state refuses on purpose. Its text is one clear line."""


class MalformedKey(StateError):
    """Bytes that are no key, or an id that makes none. The text names the part that is wrong."""


class Damaged(StateError):
    """Stored bytes that are not what was written: rebuild the state of this partition from its changelog."""


class UnknownVersion(StateError):
    """A record written in a layout that this program does not read, most likely by a newer one.

    `kind` is the kind of record, `version` the version found.
    """

    def __init__(self, kind: str, version: int, oldest: int, newest: int) -> None:
        super().__init__(
            f"a stored {kind} has version {version}, this program reads {oldest} to {newest}: "
            "start the release that wrote it or a later one, nothing was changed"
        )
        self.kind = kind
        self.version = version


class UnknownFormat(StateError):
    """A directory that is not a store of a known format. It was left as it is."""


class StoreInUse(StateError):
    """Another process, or another part of this one, holds the directory."""


class StoreUnavailable(StateError):
    """The storage failed for a reason outside the data: no space, no permission, no free descriptors."""


class StoreClosed(StateError):
    """The store was used after its `close`."""
