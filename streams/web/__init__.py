"""The worker's own HTTP server: what is known of a customer now, and how the worker is. It changes nothing.

    request -> access -> the open store of the partition -> explanation, or the worker that has the partition

Imports: engine and replay; nothing imports this but `streams.commands` and the composition root.
"""
