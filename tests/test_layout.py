"""The layout of the project, kept by a test: who may import what, how long a module may be, what ships."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "state", "streams")
"""In the order of imports: each may import those before it and itself."""

MODULE_LINES_MAX = 500
GENERATED = {"schemas/codecs.py", "schemas/records.py"}
"""Written by a program, so their length says nothing about how many ideas they hold."""

IMPURE = {
    *("secrets", "random", "uuid"),
    *("signal", "sys", "time"),
    *("ctypes", "importlib", "pickle", "shelve", "sqlite3"),
    *("glob", "io", "logging", "os", "pathlib", "shutil", "tempfile"),
    *("http", "select", "socket", "ssl", "urllib"),
    *("asyncio", "concurrent", "multiprocessing", "subprocess", "threading"),
}
"""The part of the standard library that brings chance, the process, code, files, nets and threads."""
CORE_MAY_IMPORT = ("msgspec", "schemas.records", "state.records", "streams.journey")
UNPICKLERS = (
    "pickle",
    "_pickle",
    "cPickle",
    "cloudpickle",
    "dill",
    "joblib",
    "jsonpickle",
    "marshal",
    "shelve",
)
"""Modules whose data is code."""
IMPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input", "exec", "eval"}


def modules(*folders: str) -> list[str]:
    """The Python files below `folders`, as paths from the root of the project."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), module)


def imports(module: str) -> Iterator[str]:
    """The dotted names of the modules that `module` imports, anywhere in it."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            yield node.module or ""


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def called(node: ast.Call) -> str:
    """The last word of what is called: `now` in `datetime.now()`."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def project() -> dict[str, Any]:
    """What `pyproject.toml` says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pinned(lock: str) -> set[str]:
    """The distributions for which `lock` gives a version and a hash."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==\S+ \\\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_those_before_it(package: str) -> None:
    later = (*PACKAGES[PACKAGES.index(package) + 1 :], "tests")
    assert [
        (module, name) for module in modules(package) for name in imports(module) if within(name, later)
    ] == []


def test_the_pure_core_imports_nothing_that_reads_or_writes() -> None:
    def pure(name: str) -> bool:
        top = name.partition(".")[0]
        return within(name, CORE_MAY_IMPORT) or (top in sys.stdlib_module_names and top not in IMPURE)

    core = modules("streams/journey")
    assert core
    assert [(module, name) for module in core for name in imports(module) if not pure(name)] == []


def test_the_pure_core_calls_no_clock_and_no_io() -> None:
    calls = [
        (module, node.lineno, called(node))
        for module in modules("streams/journey")
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call)
    ]
    assert [call for call in calls if call[2] in IMPURE_CALLS] == []


def test_there_is_no_pickle_anywhere() -> None:
    found = [(module, name) for module in modules(*PACKAGES, "deploy") for name in imports(module)]
    assert found
    assert [it for it in found if within(it[1], UNPICKLERS)] == []


def test_a_module_holds_one_idea() -> None:
    lengths = {name: len((ROOT / name).read_bytes().splitlines()) for name in modules(*PACKAGES, "tests")}
    assert {n: lines for n, lines in lengths.items() if lines > MODULE_LINES_MAX and n not in GENERATED} == {}


def test_a_package_says_what_flows_and_holds_nothing_else() -> None:
    for name in modules(*PACKAGES):
        if name.endswith("__init__.py"):
            body = tree(name).body
            text = ast.get_docstring(tree(name)) or ""
            assert len(body) == 1, f"{name}: import from the modules of the package instead"
            assert 1 <= len(text.splitlines()) <= 10, (
                f"{name}: what flows in and out, and what may import what"
            )


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {Path(name).parent for name in modules(*PACKAGES)}
    assert [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
class TestLock:
    def test_does_not_say_where_it_was_made(self, name: str) -> None:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.findall(r"\S*://\S*|--\S*(?:index|host|links)\S*|(?<=\s)/\S+", text) == []

    def test_pins_every_direct_dependency_with_its_hashes(self, name: str) -> None:
        declared = project()["project"]
        extras = declared["optional-dependencies"] if "dev" in name else {}
        wanted = [*declared["dependencies"], *(each for extra in extras.values() for each in extra)]
        assert {re.split(r"[\[<>=]", requirement)[0] for requirement in wanted} - pinned(name) == set()

    def test_keeps_avro_away_from_avro_python3(self, name: str) -> None:
        """Both own the module `avro`: whichever is installed last overwrites the other."""
        assert pinned(name) & {"avro", "avro-python3"} == {"avro-python3"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_data_file_of_a_package_ships(package: str) -> None:
    """Setuptools matches the patterns of `package-data` from the folder of the package, like `glob`."""
    patterns = project()["tool"]["setuptools"]["package-data"].get(package, [])
    shipped = {path for pattern in patterns for path in (ROOT / package).glob(pattern)}
    data = {
        path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert {path.relative_to(ROOT).as_posix() for path in data - shipped if path.suffix != ".py"} == set()
