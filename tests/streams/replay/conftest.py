"""A few customers of the shipped slice, with what is made up around them."""

import csv
import gzip
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.loading.policy_file import load_policies
from streams.replay.outputs import Format, write_outputs
from streams.replay.prepare import Options, prepare
from streams.replay.run import Done, replay_all
from streams.sources.slice import SLICE

CUSTOMERS = 24
LINES_MAX = 40
SEED = 7

Replay = Callable[..., dict[str, bytes]]


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of `CUSTOMERS` customers with few orders each."""
    with gzip.open(SLICE, "rt", encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    lines = Counter(row[6] for row in rows)
    wanted = set(sorted(customer for customer, count in lines.items() if 8 < count <= LINES_MAX)[:CUSTOMERS])
    path = tmp_path_factory.mktemp("log") / "few.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([head, *(row for row in rows if row[6] in wanted)])
    return path


def replayed(options: Options, folder: Path, processes: int = 1, form: Format = "jsonl") -> dict[str, bytes]:
    """The output files of a replay, by topic."""
    work = folder / "work"
    work.mkdir(parents=True)
    done = replay_all(prepare(options, load_policies(), work), processes)
    written = write_outputs(folder / "out", [one.runs for one in done], form)
    shutil.rmtree(work)
    return {topic: path.read_bytes() for topic, path in written.items()}


def done(options: Options, folder: Path) -> list[Done]:
    """What each partition says of itself."""
    folder.mkdir(parents=True)
    return replay_all(prepare(options, load_policies(), folder), 1)


@pytest.fixture(scope="session")
def clean(few: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the plain replay of these customers says."""
    return replayed(Options(path=few, shop_seed=SEED, check=False), tmp_path_factory.mktemp("clean"))
