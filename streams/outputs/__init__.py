"""What goes out besides the records that the core itself says.

In: records of the state. Out: records of the contract, such as the snapshot of a customer.
Imports: `schemas`, `state`, the words of `streams.journey`. Pure: no clock, no files, no Kafka.
"""
