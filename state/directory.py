"""The directory of a store on disk: which format it has, and how it is put out of the way.

    <directory>/KAIROS_FORMAT   the format, a decimal number and a line feed
    <directory>/*               the files of the store

The format is a file of its own and not a value inside, so that a directory of another program or of a later
release is refused before anything in it was touched. Nothing is deleted here.
"""

import glob
from itertools import count
from pathlib import Path
from typing import Final

from state.errors import Damaged, StoreUnavailable, UnknownFormat

FORMAT: Final = 1
FORMAT_FILE: Final = "KAIROS_FORMAT"
_UNFINISHED: Final = FORMAT_FILE + ".new"


def prepare(directory: Path) -> None:
    """Make sure that a directory is there and has the present format; parents are created.

    UnknownFormat: it is something else. Damaged: a store without its root. StoreUnavailable: no access.
    """
    try:
        if directory.exists() and not directory.is_dir():
            raise UnknownFormat(f"{directory} is a file: name another directory for state")
        directory.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in directory.iterdir()}
        if names <= {_UNFINISHED}:
            _write_format(directory)
        else:
            _refuse_unknown(directory, names)
    except OSError as error:
        raise StoreUnavailable(f"{directory} cannot be used: {error}") from error


def set_aside(directory: Path) -> Path:
    """Rename a directory that cannot be used, and return where it is now, for whoever looks into it."""
    names = (directory.with_name(f"{directory.name}.aside-{number}") for number in count(1))
    return directory.rename(next(path for path in names if not path.exists()))


def set_aside_of(directory: Path) -> list[Path]:
    """What was set aside in favour of a directory."""
    return sorted(directory.parent.glob(f"{glob.escape(directory.name)}.aside-*"))


def _write_format(directory: Path) -> None:
    """Leave the format file complete or not at all."""
    unfinished = directory / _UNFINISHED
    unfinished.write_text(f"{FORMAT}\n", encoding="ascii")
    unfinished.replace(directory / FORMAT_FILE)


def _refuse_unknown(directory: Path, names: set[str]) -> None:
    if FORMAT_FILE not in names:
        raise UnknownFormat(f"{directory} holds files that are no state of Kairos: name an empty directory")
    found = (directory / FORMAT_FILE).read_bytes()[:32]
    if found.strip() != str(FORMAT).encode():
        raise UnknownFormat(
            f"{directory} has state format {found!r}, this program reads {FORMAT}: start the release that "
            "wrote it, or move the directory away to have it rebuilt from the changelog"
        )
    if "CURRENT" not in names and any(name.endswith(".sst") for name in names):
        raise Damaged(f"{directory} holds tables but not the file CURRENT: move it away to have it rebuilt")
