"""Histories that can be replayed: where input events come from when there is no Kafka.

In: files of a shop (a public order log), and a seed. Out: a `Source`: input events in the order of a replay,
a catalogue, counts, and a responder that answers back. What no file says is made up by keyed hashes and
marked in the `source` of every such event. Imports: `schemas.records`, `streams.errors` and itself.
"""
