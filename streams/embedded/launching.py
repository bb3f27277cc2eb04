"""Starting Kafka's two programs: the one that formats a directory once, and the broker itself."""

import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from streams.embedded import archive, java
from streams.embedded.errors import NotStarted
from streams.embedded.jars import Jars
from streams.embedded.layout import Layout
from streams.embedded.processes import detach
from streams.embedded.settings import as_text, log_settings

FORMAT = "kafka.tools.StorageTool"
BROKER = "kafka.Kafka"
REASON_BYTES_MAX = 64 << 10
TELLING = ("FATAL", "ERROR", "Caused by", "Exception", "Error")
"""Words of a line of Kafka's log that may say why it ended; the last such line is the deepest cause."""


SCRAM = "SCRAM-SHA-512"


def launch(
    layout: Layout,
    properties: Mapping[str, str],
    jars: Jars,
    java_options: Sequence[str] = (),
    users: Mapping[str, str] | None = None,
) -> int:
    """Start the broker of `layout`, formatting the directory if it is new; the number of its process.

    `java_options` win over those for a fast start. A new directory knows `users` with their passwords, for
    SCRAM, where the properties ask for it.
    """
    java.executable()  # a missing runtime is said before 45 MB are fetched for it
    paths = jars.ready()
    _prepare(layout, properties)
    options = [*_options(layout), *archive.options(jars, layout), *java_options]
    if not layout.data.exists():
        _format(layout, properties, java.command(options, paths, [FORMAT]), users or {})
    return detach(java.command(options, paths, [BROKER, str(layout.properties)]), layout.console)


def reason(layout: Layout) -> str:
    """The line of the last start that tells best why it ended; empty when nothing does."""
    lines = [*_tail(layout.log), *_tail(layout.console)]
    return next((line for line in reversed(lines) if any(word in line for word in TELLING)), "")


def _prepare(layout: Layout, properties: Mapping[str, str]) -> None:
    """Write what the broker reads at its start, and clear away what the last one left."""
    shutil.rmtree(layout.scratch, ignore_errors=True)
    layout.scratch.mkdir(parents=True)
    if layout.log.exists():
        layout.log.replace(layout.log_before)
    _write(layout.properties, properties)
    _write(layout.log_settings, log_settings(layout.log))


def _format(
    layout: Layout, properties: Mapping[str, str], program: Sequence[str], users: Mapping[str, str]
) -> None:
    """Give the directory a cluster id and users; aside and then renamed, so no half-formatted one exists.

    The arguments stand in a file, since every user of the machine can read those of a process.
    """
    aside = layout.directory / "data.incoming"
    shutil.rmtree(aside, ignore_errors=True)
    settings = layout.directory / "format.properties"
    _write(settings, {**properties, "log.dirs": str(aside)})
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    told = [f"--add-scram={SCRAM}=[name={name},password={word}]" for name, word in users.items()]
    arguments = layout.directory / "format.arguments"
    _write_private(arguments, "\n".join(["format", f"--cluster-id={cluster}", f"--config={settings}", *told]))
    with layout.console.open("wb") as console:
        done = subprocess.run(  # noqa: S603 - our own Java
            [*program, f"@{arguments}"],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise NotStarted(f"{layout.data} cannot be formatted for Kafka: {reason(layout)}")
    settings.unlink()
    arguments.unlink()
    aside.rename(layout.data)


def _options(layout: Layout) -> Sequence[str]:
    """Where logs go, and where native codecs unpack themselves: a killed process cannot clear that up."""
    return (f"-Dlog4j2.configurationFile={layout.log_settings}", f"-Djava.io.tmpdir={layout.scratch}")


def _write(path: Path, properties: Mapping[str, str]) -> None:
    _write_private(path, as_text(properties))


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read: what tests and trials set may hold a password."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _tail(path: Path) -> list[str]:
    try:
        return path.read_bytes()[-REASON_BYTES_MAX:].decode(errors="replace").splitlines()
    except OSError:
        return []
