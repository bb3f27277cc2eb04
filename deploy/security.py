"""`make sbom` and `make audit`: what is shipped, compared with the lock, and what is known to be wrong in it.

An audit that could ask nobody is no audit: it ends with 2, and says so, where pip-audit itself is content.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
LOCK: Final = ROOT / "requirements.lock"
WITHIN_S: Final = 600
FOUND, UNASKED = 1, 2
SHOWN_MAX: Final = 3


def main(words: Sequence[str]) -> int:
    """Do what the first word says."""
    match words:
        case ["sbom", path]:
            return sbom(json.loads(Path(path).read_bytes()), LOCK.read_text(encoding="utf-8"), path)
        case ["audit", program]:
            command = [program, "--require-hashes", "--disable-pip", "-r", str(LOCK), "--format", "json"]
            said = subprocess.run(  # noqa: S603 - of the Makefile
                command, capture_output=True, text=True, timeout=WITHIN_S, check=False
            )
            return audit(said.stdout, said.stderr)
    sys.stderr.write("python -m deploy.security sbom FILE | audit PROGRAM\n")
    return UNASKED


def locked(text: str) -> dict[str, str]:
    """The dependencies of a lock file."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def sbom(found: Mapping[str, Any], lock: str, path: str) -> int:
    """Whether a bill holds what the lock names, no more and no less."""
    parts = {it["name"].lower().replace("_", "-"): it["version"] for it in found["components"]}
    wanted = locked(lock)
    if parts != wanted:
        differing = sorted(parts.items() ^ wanted.items())
        print(f"{path} is not what requirements.lock names: {differing}")
        return FOUND
    unknown = sorted(it["name"] for it in found["components"] if not it.get("licenses"))
    print(
        f"{path}: {len(parts)} components, those of requirements.lock; without a licence: {unknown or 'none'}"
    )
    return 0


def audit(said: str, error: str) -> int:
    """What pip-audit found, or that it could not ask."""
    try:
        parts = json.loads(said)["dependencies"]
    except (ValueError, KeyError):
        print(f"not audited: {error.strip().splitlines()[-1] if error.strip() else 'pip-audit said nothing'}")
        return UNASKED
    wrong = [(it, one) for it in parts for one in it.get("vulns", ())]
    for it, one in wrong:
        fixed = ", ".join(one["fix_versions"]) or "no version yet"
        print(f"{it['name']} {it['version']}: {one['id']}, mended in {fixed}")
    unasked = [it["name"] for it in parts if "skip_reason" in it]
    if unasked:
        some = ", ".join(unasked[:SHOWN_MAX])
        count = f"{len(unasked)} of {len(parts)} dependencies ({some}, ...)"
        print(f"not audited: the service of known vulnerabilities did not answer for {count}")
    if wrong:
        return FOUND
    if unasked or not parts:
        return UNASKED
    print(f"{len(parts)} dependencies without a known vulnerability")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
