"""Gathers what is stated about the settings: in a file, in the environment, then on the command line.

The later one wins, but all are judged: a mistake that happens to be covered today would come to light on the
day when the cover is removed. An empty variable of the environment counts as not set, as containers often
have it.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from streams.configuration.kinds import NotAllowed
from streams.configuration.table import ENVIRONMENT, FILE_SUFFIX, SECTIONS, TABLE, Setting
from streams.embedded.places import CACHE_VARIABLE
from streams.loading.problems import Problem, did_you_mean, shown

FILE_BYTES_MAX: Final = 1 << 20
SECRET_BYTES_MAX: Final = 1 << 16
COMMAND_LINE: Final = "command line"
IN_ENVIRONMENT: Final = "environment"
DEPTH_MAX: Final = 8

_OF_THE_MACHINE: Final = frozenset({CACHE_VARIABLE})
"""No settings of a worker, but like one: whoever keeps jars elsewhere has mistyped nothing."""
_NEAR: Final = 0.8
"""So alike must a variable be to a known one before it is taken for a mistake."""
_SERVICE_LINK: Final = re.compile(r".*(_SERVICE_HOST|_SERVICE_PORT(_\w+)?|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
"""Variables that Kubernetes adds for a service by its name, and a service may well be named `kairos`."""
_SERVICE_PORT: Final = re.compile(r"(tcp|udp|sctp)://.*")


class Stated(NamedTuple):
    """What was stated: the value (None: it is not allowed), who stated it, and its name there."""

    value: object
    source: str
    field: str


Gathered = dict[str, Stated]
"""By the full name of the setting."""


def gather(
    environ: Mapping[str, str], file: Path | None, overrides: Mapping[str, str], problems: list[Problem]
) -> Gathered:
    """Everything that is stated, the last word of each; what is wrong is added to `problems`."""
    found: Gathered = {}
    if file is not None:
        found |= _Level(str(file), problems, file.parent).read(_file_values(file, problems))
    found |= _Level(IN_ENVIRONMENT, problems).read(_variables(environ, problems))
    found |= _Level(COMMAND_LINE, problems).read(_overrides(overrides, problems))
    return found


class _Raw(NamedTuple):
    """A value before it is read. `in_file`: it is the path of a file that holds the value."""

    setting: Setting
    in_file: bool
    field: str
    value: object


class _Level:
    """One source of values; `folder` is given where values have types and paths begin there."""

    def __init__(self, source: str, problems: list[Problem], folder: Path | None = None) -> None:
        self._source = source
        self._problems = problems
        self._folder = folder

    def read(self, values: Iterator[_Raw]) -> Gathered:
        found: Gathered = {}
        for raw in values:
            name = raw.setting.full_name
            if name in found:
                self._report(raw.field, f"is stated twice: also as {found[name].field}")
            else:
                found[name] = Stated(self._value(raw), self._source, raw.field)
        return found

    def _value(self, raw: _Raw) -> object:
        """The value, None when there is none that is allowed."""
        kind = raw.setting.kind
        try:
            if raw.in_file:
                return self._secret(raw)
            if self._folder is None:
                return kind.from_text(str(raw.value))
            value = kind.from_toml(raw.value)
            return self._folder / value if isinstance(value, Path) else value
        except NotAllowed:
            given = "the value" if kind.is_secret else shown(raw.value)
            self._report(raw.field, f"{given} is not allowed: {kind.allowed}")
            return None

    def _secret(self, raw: _Raw) -> object:
        """A secret from its file, without the line feed that editors put at the end."""
        if not isinstance(raw.value, str):
            self._report(raw.field, "must be the path of a file")
            return None
        path = (self._folder or Path()) / Path(raw.value).expanduser()
        try:
            with path.open("rb") as file:
                text = file.read(SECRET_BYTES_MAX).decode().removesuffix("\n").removesuffix("\r")
            return raw.setting.kind.from_text(text)
        except (OSError, ValueError) as error:
            if isinstance(error, NotAllowed):
                reason = f"does not hold what is allowed: {raw.setting.kind.allowed}"
            elif isinstance(error, OSError):
                reason = f"cannot be read: {error.strerror}"
            else:
                reason = "is not UTF-8"
            self._report(raw.field, f"{path} {reason}")
            return None

    def _report(self, field: str, reason: str) -> None:
        self._problems.append(Problem(self._source, 0, field, reason))


def _names(of: Callable[[Setting], str], suffix: str) -> dict[str, tuple[Setting, bool]]:
    """Every name of a setting in one source, and whether it names a file with the value."""
    plain = {of(setting): (setting, False) for setting in TABLE}
    return plain | {of(setting) + suffix: (setting, True) for setting in TABLE if setting.kind.is_secret}


VARIABLES: Final = _names(lambda setting: setting.variable, FILE_SUFFIX.replace(".", "_").upper())
KEYS: Final = _names(lambda setting: setting.full_name, FILE_SUFFIX)


def _variables(environ: Mapping[str, str], problems: list[Problem]) -> Iterator[_Raw]:
    for variable, text in sorted(environ.items()):
        if not variable.startswith(ENVIRONMENT) or not text or _is_service_link(variable, text):
            continue
        if variable in _OF_THE_MACHINE:
            continue
        if variable in VARIABLES:
            yield _Raw(*VARIABLES[variable], variable, text)
        elif hint := _hint(variable):
            problems.append(Problem(IN_ENVIRONMENT, 0, variable, f"no such setting{hint}"))


def _hint(variable: str) -> str | None:
    """What to say of an unknown variable, None when it may belong to somebody else."""
    in_section = variable.startswith(tuple(f"{ENVIRONMENT}{section.upper()}_" for section in SECTIONS))
    hint = did_you_mean(variable, VARIABLES, 0.6 if in_section else _NEAR)
    return hint or (": see `kairos config`" if in_section else None)


def _is_service_link(variable: str, text: str) -> bool:
    return bool(_SERVICE_LINK.fullmatch(variable) or _SERVICE_PORT.fullmatch(text))


def _overrides(overrides: Mapping[str, str], problems: list[Problem]) -> Iterator[_Raw]:
    for name, value in overrides.items():
        if name in KEYS:
            yield _Raw(*KEYS[name], name, value)
        else:
            problems.append(Problem(COMMAND_LINE, 0, name, f"no such setting{did_you_mean(name, KEYS)}"))


def _file_values(path: Path, problems: list[Problem]) -> Iterator[_Raw]:
    for name, value in _flat(_toml(path, problems)):
        if name in KEYS:
            yield _Raw(*KEYS[name], name, value)
        elif value != {} or name not in SECTIONS:
            reason = f"no such setting{did_you_mean(name, KEYS)}"
            problems.append(Problem(str(path), 0, name, reason))


def _flat(table: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """The values of a file with their full names, whether their dots are in quotes or not."""
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < DEPTH_MAX:
            yield from _flat(value, f"{name}.", depth + 1)
        else:
            yield name, value


def _toml(path: Path, problems: list[Problem]) -> Mapping[str, Any]:
    reason = ""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        if len(content) <= FILE_BYTES_MAX:
            return tomllib.loads(content.decode())
        reason = f"is larger than {FILE_BYTES_MAX} bytes"
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        reason = f"is not UTF-8 at byte {error.start}"
    except tomllib.TOMLDecodeError as error:
        reason = f"is not TOML: {error}"
    except RecursionError:
        reason = "is not TOML that can be read: nested too deep"
    problems.append(Problem(str(path), 0, "", reason))
    return {}


def source_of(found: Gathered, name: str) -> str:
    """Where the value of a setting comes from, for people."""
    stated = found.get(name)
    if stated is None:
        return "default"
    return f"{stated.source}: {stated.field}" if stated.source == IN_ENVIRONMENT else stated.source


def place_of(found: Gathered, names: Sequence[str]) -> tuple[str, str]:
    """Source and field of the first of `names` that is stated, for a problem of several settings."""
    stated = next((found[name] for name in names if name in found), None)
    return ("settings", names[0]) if stated is None else (stated.source, stated.field)
