"""What history teaches, offline: priors of the time between purchases, for the catalogue.

In: a history of purchases and returns, from the topic's records in a file or from the public order log.
Out: the catalogue with a prior for each consumable; an evaluation against simpler estimates.
Imports: the contract's records, the loaders of files, the pure core (the estimator that is evaluated is the
one that runs), and numpy, which no other package imports. Nothing in the stream imports this package.
"""
