"""Files that people write, read whole, checked whole, and handed to the core as plain immutable data.

In: a policy (TOML), a catalogue (JSON Lines or Avro), control records (JSON Lines).
Out: a `PolicySet`, a `Catalogue`, a `ControlState`; or every problem of the file at once.
Imports: `schemas`, `streams.errors`, the shapes of `streams.journey`, and itself. Never imported by the core.
"""
