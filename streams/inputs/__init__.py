"""The input edge: what came from a topic becomes an event, or is refused with a reason.

In: the bytes, key, partition and timestamp of a record.
Out: an event of `schemas.records`, the removal of a compacted key, or a rejection and its dead letter.
Imports: `schemas` and `streams.errors`. Nothing here reads a clock or keeps state of a customer.
"""
