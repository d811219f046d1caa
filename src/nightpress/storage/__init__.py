"""The disk: how nightpress reads and writes it, whatever it is that is read or written.

One module a way, used by its name: `atomic` (files that are whole or not there), `tree` (what
others wrote, read without following anything), `mirror` and `snapshots` (copies of a plugin),
`sqlite` and `hrana` (databases, on this machine and over HTTP), `index` (what has not moved),
`git`, `run_lock`. Knows nothing of documents; stands on the words alone.
"""

from __future__ import annotations

__all__ = [
    "atomic",
    "git",
    "hrana",
    "index",
    "mirror",
    "run_lock",
    "snapshots",
    "sqlite",
    "tree",
]
