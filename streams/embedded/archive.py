"""Kafka's classes as Java keeps them once loaded and checked: mapped at a start, they save 40 % of its time.

The runtime of the wheel brings no such archive and the jars none either, so it is made here, once per cache:
a broker that finds none lists the classes that it loads, and `python -m streams.embedded.archive DIR` makes
the archive of that list when the broker has ended. This takes seconds of a processor and nobody waits for it.
Java itself refuses an archive of other jars or of another Java, and then starts without.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from streams.embedded import java
from streams.embedded.errors import InUse
from streams.embedded.jars import Jars, kafka_jars
from streams.embedded.layout import Layout
from streams.embedded.places import locked
from streams.embedded.processes import detach

MODULE = "streams.embedded.archive"
NAME = "classes.jsa"
LIST = "classes.txt"
LEAST_URGENT = 19
MAKING_TIMEOUT_S = 120


def options(jars: Jars, layout: Layout) -> Sequence[str]:
    """What to tell a broker of `layout`: use the archive, or list your classes for it."""
    archive = jars.folder / NAME
    if archive.exists():
        return (f"-XX:SharedArchiveFile={archive}",)
    return (f"-XX:DumpLoadedClassList={layout.scratch / LIST}",)


def make_later(layout: Layout) -> None:
    """Make the archive from what the broker of `layout` listed, if it did, in a process of its own."""
    if (layout.scratch / LIST).exists():
        detach([sys.executable, "-m", MODULE, str(layout.directory)], layout.directory / "archive.log")


def make(jars: Jars, layout: Layout) -> None:
    """Make the archive, unless there is one or somebody else is at it."""
    classes = layout.scratch / LIST
    if classes.exists():
        with contextlib.suppress(InUse), locked(jars.cache / "archive.lock", 0):
            if not (jars.folder / NAME).exists():
                _make(jars, classes)


def _make(jars: Jars, classes: Path) -> None:
    incoming = jars.folder / f"{NAME}.incoming"
    incoming.unlink(missing_ok=True)
    how = ["-Xshare:dump", f"-XX:SharedClassListFile={classes}", f"-XX:SharedArchiveFile={incoming}"]
    command = java.command(how, jars.ready())
    subprocess.run(command, check=True, timeout=MAKING_TIMEOUT_S)  # noqa: S603 - our own Java
    incoming.replace(jars.folder / NAME)


if __name__ == "__main__":
    os.nice(LEAST_URGENT)
    make(kafka_jars(), Layout(Path(sys.argv[1])))
