"""The arguments by which every command that needs settings is given them."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from streams.configuration.gathering import COMMAND_LINE
from streams.configuration.table import BY_NAME, ENVIRONMENT
from streams.loading.problems import Problem
from streams.settings import Given, Settings, SettingsError, read_settings

FILE_VARIABLE: Final = f"{ENVIRONMENT}SETTINGS"
"""The environment's word for `--file`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--file` and `--set`."""
    parser.add_argument(
        "--file", metavar="FILE", type=Path, help=f"settings as TOML; default: what {FILE_VARIABLE} names"
    )
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        dest="stated",
        action="append",
        default=[],
        help="one setting, as web.port=6067; may be repeated",
    )


def settings_of(
    args: argparse.Namespace,
    overrides: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Given:
    """The settings as `args` and the environment (default: that of the process) say.

    `overrides` are options of a command that stand for a setting, and go before `--set`. Raises
    `SettingsError`.
    """
    environ = os.environ if environ is None else environ
    file = args.file or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    return read_settings(environ, file, {**_stated(args.stated), **(overrides or {})})


def settings_of_environment() -> Settings:
    """The settings where no command line says any. Raises `SettingsError`."""
    return settings_of(argparse.Namespace(file=None, stated=[])).settings


def _stated(words: list[str]) -> dict[str, str]:
    """What `--set` says. A secret is refused there: every user of the machine can read it."""
    problems, found = [], dict[str, str]()
    for word in words:
        name, equals, value = word.partition("=")
        setting = BY_NAME.get(name)
        if not equals:
            problems.append(Problem(COMMAND_LINE, 0, f"--set {name}", "write NAME=VALUE"))
        elif setting is not None and setting.kind.is_secret:
            reason = f"a secret is seen by all here: use {setting.variable} or {setting.variable}_FILE"
            problems.append(Problem(COMMAND_LINE, 0, f"--set {name}", reason))
        else:
            found[name] = value
    if problems:
        raise SettingsError(problems)
    return found
