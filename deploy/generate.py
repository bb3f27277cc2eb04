"""`python -m deploy.generate`: write what is made of tables, rules, dashboards, pages. `--check` compares."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy import metrics, settings
from deploy.grafana import dashboards
from deploy.prometheus import rules

HERE: Final = Path(__file__).parent


def files() -> dict[Path, str]:
    """Every generated file with what belongs in it."""
    grafana = {HERE / "grafana" / name: text for name, text in dashboards.texts().items()}
    return {
        HERE / "prometheus" / "kairos.rules.yml": rules.text(),
        HERE / "SETTINGS.md": settings.page(),
        HERE / "METRICS.md": metrics.page(),
        HERE / "helm" / "kairos" / "values.schema.json": settings.chart_schema(),
        **grafana,
    }


def differing() -> list[Path]:
    """The files that do not hold what they should."""
    return [
        path
        for path, text in files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what differs, or with `--check` say it and end with 1."""
    check = "--check" in (sys.argv[1:] if arguments is None else arguments)
    found = differing()
    for path in found:
        print(f"{'differs' if check else 'written'}: {path.relative_to(HERE.parent)}")
        if not check:
            path.write_text(files()[path], encoding="utf-8")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
