"""`python -m tests.bench`: measure the hot paths, and write what was measured as JSON.

Short by default; `--long` measures with more, `--log FILE` replays the whole public order log, `--profile`
only prints where the core spends its time. Parts that are not measured again keep the figures that they had.
"""

import argparse
import json
import os
import platform
import sys
import timeit
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from streams import collecting
from tests.bench import codecs, core, counted, store, whole_log
from tests.bench.engine import parts as engine

ENGINE = "engine."
PARTS = ("core", "growth", "log", "codecs", "store", "counting", *(ENGINE + name for name in engine.PARTS))


def main(argv: Sequence[str]) -> int:
    """Measure; 0 whatever comes out, since a figure says nothing on a busy machine."""
    args = _parser().parse_args(argv)
    collecting.rarely()
    if args.profile:
        core.profile(2_000 if args.long else 200)
        return 0
    args.out.parent.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = json.loads(args.out.read_text("utf-8")) if args.out.exists() else {}
    figures |= {"python": platform.python_version(), "cores": os.cpu_count()}
    figures["loop_ns"] = round(loop_ns(), 1)
    for part in args.part or PARTS:
        load = os.getloadavg()[0]
        measured = _measure(part, args)
        figures[part] = {"long": args.long, "load_before_and_after": [load, os.getloadavg()[0]], **measured}
        print(json.dumps({part: figures[part]}, indent=1), flush=True)
        args.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def loop_ns() -> float:
    """One turn of an empty loop: a busy or slow machine shows here, so that figures can be compared."""
    return 1_000 * min(timeit.repeat("for _ in range(100_000): pass", number=1, repeat=9)) * 10


def _measure(part: str, args: argparse.Namespace) -> Any:
    match part:
        case "core":
            return core.measure_core(2_000 if args.long else 300)
        case "growth":
            return core.measure_growth(4_000 if args.long else 1_000)
        case "log":
            return whole_log.measure_log(args.log, args.processes)
        case _ if part.startswith(ENGINE):
            return engine.measure(part.removeprefix(ENGINE), long=args.long)
        case "codecs":
            return {name: round(figure, 2) for name, figure in codecs.figures().items()}
        case "counting":
            return counted.measure(1_000 if args.long else 200)
        case _:
            return store.measure(20_000 if args.long else 2_000)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--long", action="store_true", help="more of everything")
    parser.add_argument("--log", type=Path, metavar="FILE", help="the whole public order log")
    parser.add_argument("--processes", type=int, default=1, help="for the log")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this; may be repeated")
    parser.add_argument("--profile", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
