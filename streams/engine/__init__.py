"""The core on Kafka: exactly once, in batches, one partition at a time.

    records, due wake-ups -> deciding -> transaction (outputs, changelog, dead letters, offsets) -> store

Everything with partition number p is one unit of work, state and fencing: a `PartitionTask`, which lives on
through rebalances that do not take p away. Membership, worker, table and web are Faust's (`membership`);
fetching, transactions, state and restore are here, because per record Faust cannot keep the promise.
What is private in Faust and aiokafka and is touched nevertheless stands in `overrides` alone.
Imports: everything below it; nothing imports this but `streams.web`, `streams.dlq`,
`streams.commands` and the composition root.
"""
