"""The contract: what may stand on a topic, byte for byte.

In: the Avro schema files and `topics.toml` of this folder, written by people.
Out: records, codecs and topic descriptions for everything else.
Imports: nothing of `state` or `streams`. Always import from the module (`from schemas.records import Usage`).
"""
