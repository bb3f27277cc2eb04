"""Dead letters: what they are, what would become of them now, and sending them back once.

    dead-letter topic -> Letter -> judged with the schemas of now -> its topic and a marker, in a transaction

Imports: inputs and the clients of the engine; nothing imports this but `streams.commands`.
"""
