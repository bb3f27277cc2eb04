"""A real Kafka on this machine, from its own jars, with nothing installed before, and a schema registry.

In: pinned jars (fetched once into the user's cache), a Java runtime from a wheel, a directory for the data.
Out: one running broker (`broker.Broker`), or registry (`registry.Registry`), that clients reach on the
loopback interface alone.
Imports nothing of the journey; the extra `embedded` brings what it needs.
"""
