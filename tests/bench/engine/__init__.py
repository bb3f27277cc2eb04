"""What the engine costs on a real Kafka: every contestant is a process of its own, on the same broker.

    ground (broker, topics, records) -> runner (a process that tells what it did) -> samples -> figures

Contestants take turns, so that a machine that is busy for a while is busy for all of them.
"""
