"""History in, outputs and a summary out: the journey in virtual time. Nothing here knows Kafka.

In: events of files or of a source, a policy, a catalogue. Out: output topics as files, dead letters, a tally.
The time is that of the events, in a total order, so the same history always gives the same bytes: the oracle
for live runs, the tool for backfills, and the base of policy diffs and audits.
Imports: `schemas`, `state`, the other packages of `streams`. Commands import it, and `streams.engine`, which
replays topics with the same driver.
"""
