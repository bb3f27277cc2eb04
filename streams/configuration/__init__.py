"""How settings are read, apart from what they are used for.

In: environment, a TOML file, words of the command line. Out: the value of every setting with where it came
from, or all problems at once. May import `schemas` and `streams.loading`; `streams.settings` is its face.
"""
