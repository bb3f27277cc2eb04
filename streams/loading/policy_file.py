"""Reads a policy file (TOML) into a `PolicySet`, or says everything that is wrong with it at once.

A file is laid over the shipped default: it states its version and only what differs, so that a new number of
a new release never breaks an old file. Overrides are judged as what they resolve to, alone and together.

The version of the result is the file's own with a hash of the resolved numbers, so that two files that differ
never share a version, and a change of the shipped default shows in every record that was decided under it.
"""

import re
import tomllib
from functools import cache
from hashlib import blake2b
from importlib import resources
from pathlib import Path as FilePath
from typing import Any, Final

import msgspec
from msgspec import Struct

from streams.journey.policy_set import DIMENSIONS, PolicySet, Tree, merge
from streams.loading.policy_overrides import Overrides, judge_all, read_overrides
from streams.loading.policy_shape import Path, Report, read_tree, write_path
from streams.loading.problems import LoadError, Problem, shown

SHIPPED: Final = "default_policy.toml"
EXAMPLE: Final = "spring-2"
HASH_BYTES: Final = 6
FILE_BYTES_MAX: Final = 16 * 1024 * 1024

_VERSION: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class PolicyError(LoadError):
    """A policy that cannot be used as it is; `errors` says each file, field path and reason."""


class PolicyFile(Struct, frozen=True, kw_only=True):
    """A valid policy file. `base` is the shipped default under `stated`, what the file itself says."""

    version: str
    stated: Tree
    base: Tree
    overrides: Overrides

    def policies(self) -> PolicySet:
        """What the core asks."""
        return PolicySet(self.version, self.base, self.overrides)


def load_policies(path: FilePath | None = None) -> PolicySet:
    """The policies of a file, or of the shipped default. Raises PolicyError."""
    return read_policy(path).policies()


def read_policy(path: FilePath | None = None) -> PolicyFile:
    """A valid policy file; None is the shipped default. Raises PolicyError with every problem."""
    if path is None:
        return policy_of_text(shipped_text(), SHIPPED)
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        text = content.decode()
    except OSError as error:
        raise _only(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _only(str(path), f"is not UTF-8 at byte {error.start}") from error
    if len(content) > FILE_BYTES_MAX:
        raise _only(str(path), f"is larger than {FILE_BYTES_MAX} bytes")
    return policy_of_text(text, str(path))


def shipped_text() -> str:
    """The shipped default, as it is written."""
    return resources.files("streams.journey").joinpath(SHIPPED).read_text(encoding="utf-8")


def policy_of_text(text: str, name: str) -> PolicyFile:
    """A valid policy of TOML text; `name` stands in its problems. Raises PolicyError with every problem."""
    problems: list[Problem] = []

    def report(path: Path, reason: str) -> None:
        problems.append(Problem(name, 0, write_path(path), reason))

    raw = _parse(text, name)
    version = _read_version(raw, report)
    written = {dimension: raw.pop(dimension, {}) for dimension in DIMENSIONS}
    tree = read_tree(raw, report)
    base, stated = (tree, Tree()) if name == SHIPPED else (merge(_shipped(), tree), tree)
    overrides = read_overrides(written, report)
    judge_all(base, overrides, report)
    if problems:
        raise PolicyError(list(dict.fromkeys(problems)))
    full = f"{version}+{_hash(base, overrides)}"
    return PolicyFile(version=full, stated=stated, base=base, overrides=overrides)


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _only(name, f"is not TOML: {error}") from error
    except RecursionError as error:
        raise _only(name, "is not TOML that can be read: nested too deep") from error


@cache
def _shipped() -> Tree:
    """The tree of the shipped default, which a test keeps free of problems. Nobody changes it."""
    return policy_of_text(shipped_text(), SHIPPED).base


def _read_version(raw: dict[str, Any], report: Report) -> str:
    version = raw.pop("version", None)
    if version is None:
        report(("version",), f'missing: name this policy, as in version = "{EXAMPLE}"')
    elif not isinstance(version, str) or not _VERSION.fullmatch(version):
        report(("version",), f"must be text of 1 to 64 letters, digits, dots, - and _, not {shown(version)}")
    return str(version)


def _hash(base: Tree, overrides: Overrides) -> str:
    resolved = {"base": base, "overrides": overrides}
    return blake2b(msgspec.json.encode(resolved, order="deterministic"), digest_size=HASH_BYTES).hexdigest()


def _only(name: str, reason: str) -> PolicyError:
    return PolicyError([Problem(name, 0, "", reason)])
