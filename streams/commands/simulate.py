"""`kairos simulate`: made-up customers from seeds, run through the journey and judged."""

from streams.simulation.arguments import HELP, configure, run

__all__ = ["HELP", "configure", "run"]
