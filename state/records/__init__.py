"""What is remembered: one small customer record, one record per owned item, one per open order.

An event loads the customer and the items and the order that it names, so its cost does not grow with what
the customer owns. Each record has two halves: *facts*, built only from minimum, maximum, last writer and the
k smallest or newest of a set, so that any order and any repetition of the same events ends in the same facts;
and *said*, what the outputs told so far, whose difference to what holds now is what is told next.
"""
