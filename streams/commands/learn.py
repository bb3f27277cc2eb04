"""`kairos learn`: replenishment priors from history into the catalogue, and how good the estimates are."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from streams.errors import Fatal
from streams.journey.policy import Replenishment
from streams.learning.evaluation import FOLLOWED_DAYS, OURS_NAME, WARM_DAYS, Scores, evaluate
from streams.learning.history import SOURCES, Sale
from streams.learning.into_catalogue import learn, write_catalogue
from streams.loading.catalogue_file import read_products
from streams.loading.policy_file import load_policies

HELP = (
    "learn from history how long consumables last, and write it into the catalogue; or, with --evaluate, "
    "predict that history from its own past and say how good the estimates are"
)

TITLES: Final = {
    "last": "the last gap of each pair of customer and product with three purchases or more",
    "followed": (
        f"every gap that began {WARM_DAYS} days after the history begins or later, "
        f"and {FOLLOWED_DAYS} days before it ends or earlier"
    ),
}
PIPED_COLUMNS: Final = 120
"""Width of tables where no terminal says its own."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `kairos learn`."""
    parser.add_argument(
        "--source",
        choices=list(SOURCES),
        required=True,
        help="what FILE is: the public order log (CSV), or records of journey.purchases (JSON Lines or Avro)",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the history")
    parser.add_argument("--catalogue", metavar="IN", type=Path, help="the catalogue, one product per line")
    parser.add_argument(
        "--out", metavar="OUT", type=Path, help="where to write the catalogue; with --evaluate, the figures"
    )
    parser.add_argument("--evaluate", action="store_true", help="write no catalogue, judge the estimates")
    parser.add_argument("--policy", metavar="FILE", type=Path, help="default: the shipped policy")


def run(args: argparse.Namespace) -> int:
    """Learn, or evaluate; 0 when it is done."""
    if not args.evaluate and not (args.catalogue and args.out):
        raise Fatal("kairos learn needs --catalogue IN and --out OUT, or --evaluate")
    policies = load_policies(args.policy)
    rules = policies.base.replenishment
    sales = SOURCES[args.source](args.file)
    if args.evaluate:
        _evaluate(sales, rules, policies.version, args.out)
    else:
        _learn(sales, rules, args.catalogue, args.out)
    return 0


def _learn(sales: Sequence[Sale], rules: Replenishment, catalogue: Path, out: Path) -> None:
    learned = learn(sales, read_products(catalogue), rules)
    write_catalogue(learned.products, out)
    bases = ", ".join(f"{count} by {basis}" for basis, count in sorted(learned.bases.items()))
    print(f"{out}: {len(learned.products)} products, priors from {learned.gaps} gaps: {bases}")
    print(
        "measured here, for the policy: "
        f"rhythm_weight {learned.rhythm_weight:.2f} ({rules.rhythm_weight} in use), rhythm_mean_log_gap_days "
        f"{learned.rhythm_mean_log_gap_days:.2f} ({rules.rhythm_mean_log_gap_days} in use)"
    )


def _evaluate(sales: Sequence[Sale], rules: Replenishment, version: str, out: Path | None) -> None:
    scores = evaluate(sales, rules)
    if not scores:
        raise Fatal("no customer bought a product on three different days: nothing to evaluate")
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPED_COLUMNS)
    for name, of_set in scores.items():
        console.print(_table(TITLES[name], of_set))
        console.print(_window_line(of_set, rules), highlight=False, soft_wrap=True)
    if out:
        figures = {"policy": version, "sales": len(sales), **{k: _plain(v) for k, v in scores.items()}}
        _write(msgspec.json.format(msgspec.json.encode(figures)) + b"\n", out)


def _table(title: str, scores: Scores) -> Table:
    table = Table(title=f"{scores.gaps} gaps: {title}", title_justify="left")
    table.add_column("prediction")
    for heading in ("MAE, days", "median error, days", "within 25 %", "early", "our MAE against it"):
        table.add_column(heading, justify="right")
    ours = scores.methods[OURS_NAME].mean_absolute_error
    for name, score in scores.methods.items():
        against = "" if name == OURS_NAME else f"{ours / score.mean_absolute_error - 1:+.1%}"
        table.add_row(
            name,
            f"{score.mean_absolute_error:.2f}",
            f"{score.median_absolute_error:.2f}",
            f"{score.within_25_percent:.1%}",
            f"{score.early:.1%}",
            against,
        )
    return table


def _window_line(scores: Scores, rules: Replenishment) -> str:
    return (
        f"{scores.in_window:.1%} of the gaps end in our window from the 25th to the 75th percentile; "
        f"{scores.within_factor:.1%} within a factor of {rules.confidence_factor:g} of the estimate, "
        f"where the confidence says {scores.confidence:.1%}\n"
    )


def _plain(scores: Scores) -> dict[str, object]:
    methods = {name: score._asdict() for name, score in scores.methods.items()}
    return {**scores._asdict(), "methods": methods}


def _write(content: bytes, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise Fatal(f"the figures cannot be written: {error}") from error
