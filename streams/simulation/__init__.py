"""Made-up customers from a seed, their histories run through the journey and judged by the checkers.

In: a seed, a policy. Out: events of customers who behave like people and like adversaries, the outputs of the
journey, violations, and a summary as JSON.
Imports: everything but `streams.engine`; nothing imports this package but `streams.commands.simulate`.
Begin at `streams.simulation.harness`.
"""
