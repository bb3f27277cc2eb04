"""The shipped slice of the public order log, and the command that makes it again.

    python -m streams.sources.slice FILE OUT

FILE is the whole log (`online_retail.csv.gz`), OUT the slice: all lines of about 500 of its customers, byte
for byte and in the order of the file. A customer is in when a hash of the id says so, so heavy and light
buyers, and those with credits alone, are in it as they are in the log. The same FILE makes the same OUT to
the last byte where zlib is the same: the gzip header carries no time and no name.
"""

import csv
import gzip
import io
import sys
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from streams.errors import Fatal, KairosError
from streams.sources.order_log import COLUMNS, open_text

SLICE = Path(__file__).parent.parent / "data" / "online_retail_slice.csv.gz"
"""The slice that is shipped."""
WANTED, OF_ALL = 500, 4372
"""So many of the log's customers are wanted: the share of the hash that is in."""


def in_slice(customer_id: str) -> bool:
    """Whether a customer belongs to the slice."""
    number = int.from_bytes(
        blake2b(customer_id.encode(), digest_size=8, person=b"kairos-slice").digest(), "big"
    )
    return bool(customer_id) and number % OF_ALL < WANTED


def cut(source: Path, target: Path) -> int:
    """Write the slice of the log `source` to `target` and return its lines; `Fatal` when a file fails."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    lines = 0
    try:
        with open_text(source) as log:
            rows = csv.reader(log)
            if tuple(next(rows, ())) != COLUMNS:
                raise Fatal(f"{source} is not the order log: its first line must be {','.join(COLUMNS)}")
            writer.writerow(COLUMNS)
            for row in rows:
                if in_slice(row[COLUMNS.index("CustomerID")]):
                    writer.writerow(row)
                    lines += 1
        target.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))
    except (OSError, EOFError, UnicodeError, csv.Error, IndexError) as error:
        raise Fatal(f"the slice {target} of {source} cannot be made: {error}") from error
    return lines


def main(argv: Sequence[str]) -> int:
    """Cut the slice; the exit code is 2 when that is not possible, with one line that says why."""
    if len(argv) != 2:
        print("usage: python -m streams.sources.slice FILE OUT", file=sys.stderr)
        return 2
    try:
        lines = cut(Path(argv[0]), Path(argv[1]))
    except KairosError as error:
        print(f"slice: {error}", file=sys.stderr)
        return 2
    print(f"{lines} lines in {argv[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
