"""A schema registry with the Confluent API: schemas by their ids, and the contract under its subjects.

In: the settings of `registry`, ids in what producers send, the contract of `schemas`.
Out: a `SchemaSource` that decoders ask (`cache`), ids of our own schemas for outputs (`subjects`), and what
of the contract is registered, missing or broken (`comparing`).
Imports `schemas`, `streams.settings` and the errors; the engine and the commands import it.
"""
