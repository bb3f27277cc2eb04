"""Fetching jars with `jgo`, from where the user's own jgo settings say, else from its default.

Kept in one module because `jgo` belongs to an extra: it is imported when a jar is missing, and never before.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from streams.embedded.errors import INSTALL, Unavailable
from streams.embedded.pins import Pin

if TYPE_CHECKING:
    from jgo.maven import MavenContext

TIMEOUT_S = 60


def context(folder: Path) -> "MavenContext":
    """A resolver that keeps what it fetches in `folder`, and asks the user's own repositories first."""
    try:
        from jgo.config import GlobalSettings  # noqa: PLC0415 - of an extra
        from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415 - of an extra
        from jgo.maven import MavenContext  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise Unavailable(f"an embedded Kafka needs jgo, which is not installed: {INSTALL}") from error
    settings = GlobalSettings.load()
    return MavenContext(
        repo_cache=folder,
        local_repos=[settings.repo_cache],  # what a Java developer has fetched before is not fetched again
        remote_repos={**settings.repositories, "central": MAVEN_CENTRAL_URL},
        timeout=TIMEOUT_S,
    )


def fetch(pin: Pin, folder: Path) -> Path:
    """The file of `pin`, fetched into `folder`; its bytes are not judged here."""
    component = context(folder).project(pin.group, pin.artifact).at_version(pin.version)
    artifact = component.artifact(classifier=pin.classifier, packaging=pin.packaging)
    try:
        return artifact.resolve()
    except OSError as error:  # of the network, or of the disk: its text can be long, its name says enough
        kind = type(error).__name__
        raise Unavailable(f"{pin.coordinate} cannot be fetched ({kind}): is this machine online?") from error
    except RuntimeError as error:
        raise Unavailable(f"{pin.coordinate} cannot be fetched: {error}") from error
