"""Judges of a finished history: what was told, step by step, and what was said upon it.

In: steps (an input event or a look, its time, whether the partition was current, the records said), the
products of the catalogue and the limits of the policy.
Out: violations of what must always hold.
Imports: `schemas.records` and the standard library. Never `streams.journey` or `state`: a checker that shared
code with what it judges would share its mistakes. Begin at `streams.checkers.judge`.
"""
