"""What happens, in the order in which it happens: inputs, journey, outputs, and the tools around them.

In: records of the input topics, from files or from Kafka.
Out: records of the output topics: eligibility, stages, friction, decisions, snapshots, dead letters.
Imports: `schemas` and `state`. `streams.journey` is the pure core: it imports the standard library without
clock, IO, logging and chance, msgspec, the records of `schemas` and `state`, and itself.
"""
