"""The topics on the broker: what should be there, what is, and what to do about it.

In: the registry of `schemas`, settings, and what the broker says. Out: a plan, a pure function of these, and
the same questions asked at a worker's start. Only `kafka` and `requests` talk to a broker.
"""
