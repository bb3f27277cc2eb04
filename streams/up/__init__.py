"""Everything on this machine with one command: Kafka, topics, workers, sample traffic, and a view of it.

    kept (how far the last run came) -> Kafka -> topics, catalogue -> workers
    history, reactions -> traffic -> inputs -> [workers] -> outputs -> board -> view
                               ^------------------------------------- reactions

The workers are ordinary ones on a scaled clock, and the view knows only what the topics say.
Imports: everything below `streams.commands`, which alone imports this.
"""
