"""What a worker tells about itself: one table of metrics, counted while it works, read when it is asked.

    commits, tasks, loop -> plain counts -> collector (at scrape time) -> `/metrics`

`declared` names every metric; the page, the reference and their tests are made from it.
Imports: the engine and what is below it; nothing imports this but `streams.web`, `streams.commands` and the
composition root. What the engine counts while it works is plain data of its own.
"""
