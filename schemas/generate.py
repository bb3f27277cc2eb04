"""Writes the Python of the contract from the `.avsc` files: `python -m schemas.generate`.

With `--check` nothing is written, and the exit code is 1 when a generated file is not what it should be. Ruff
formats what is written, so it must be installed; whoever uses the generated files needs neither.
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from schemas.fingerprint import fingerprint
from schemas.model import FOLDER, contract, documents
from schemas.write_codecs import codecs_source
from schemas.write_records import records_source


def sources() -> Mapping[Path, str]:
    """Path and formatted source of every generated file."""
    records = contract()
    fingerprints = {name: fingerprint(schema) for name, schema in documents().items()}
    return {
        FOLDER / "records.py": formatted(records_source(records)),
        FOLDER / "codecs.py": formatted(codecs_source(records, fingerprints)),
    }


def formatted(source: str) -> str:
    """`source` as Ruff formats it."""
    for command in (["check", "--select", "I", "--fix-only", "--quiet"], ["format"]):
        line = [
            sys.executable,
            "-m",
            "ruff",
            *command,
            "--config",
            "line-length=110",
            "--stdin-filename",
            "x.py",
            "-",
        ]
        source = subprocess.run(line, input=source, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return source


def drifted() -> list[Path]:
    """The generated files that are not what the contract says."""
    return [path for path, source in sources().items() if not path.exists() or path.read_text() != source]


def main() -> int:
    """Write the files, or check them; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on a difference")
    if parser.parse_args().check:
        for path in (stale := drifted()):
            print(f"{path} is not what the contract says: run python -m schemas.generate", file=sys.stderr)
        return int(bool(stale))
    for path, source in sources().items():
        path.write_text(source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
