"""Growth: the state of an application that was stopped becomes that of another, with more partitions.

    old changelog -> restored, partition by partition -> every record to where its customer now lies
    catalogue, control, customers -> as they are

Where a customer lies follows from the partition count, so a count never changes; growth is another
application, on topics of its own, which begins where the old one ended. What was said and when, what is open,
how often a customer was written to, ids and counts: all of it goes on, and nothing is decided twice, because
the old one has decided all that its inputs hold, and the new one reads inputs of its own.
Imports: streams.engine, streams.topics and below.
"""
