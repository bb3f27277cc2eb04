"""What is remembered of a customer, an owned item and an open order, and where it is kept.

In: facts that `streams.journey` folded from events.
Out: the same facts, their bytes, their keys and the next time at which someone must be looked at.
Imports: `schemas`; never `streams`.
"""
