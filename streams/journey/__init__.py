"""The pure core: facts in, decisions out.

In: events (`schemas.records`), the records of one customer (`state.records`), policy, catalogue, a time.
Out: changed records with their next looks, and output records. No Kafka, storage, metrics, logging or clock.
Imports only the standard library, msgspec, the two record modules and itself.
"""
