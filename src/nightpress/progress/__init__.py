"""What a run shows while it goes on: its events as a live screen, plain lines or JSON; its summary.

Listens, and reads the ledgers; nothing here slows a run down or can end it. Imports `pipeline` (for
the events of a run) and what is below it.
"""
