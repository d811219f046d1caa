"""The disk: how nightpress reads and writes it, whatever it is that is read or written.

One module a way, used by its name: `atomic` (files that are whole or not there), `tree` (what
others wrote, read without following anything), `mirror` and `snapshots` (copies of a plugin),
`sqlite`, `hrana` and `libsql` (databases, on this machine and over HTTP), `index` (what has not
moved), `git`, `run_lock`, `room` (for what is about to arrive), `obstacle` (to what is to be
written). Knows nothing of documents.

May import: fingerprint, text, lazy, clock, loopback, model, errors, voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.storage.hrana import Hrana, Patience
    from nightpress.storage.index import LOCK, UNORDERED, Index, UpToDate, newest, sign
    from nightpress.storage.libsql import Database, Fields, Rows, SharedStore, Transaction
    from nightpress.storage.obstacle import Obstacle
    from nightpress.storage.refusals import (
        AnswerTooLarge,
        Constraint,
        Denied,
        HranaError,
        NoTable,
    )
    from nightpress.storage.room import Room, Slot
    from nightpress.storage.run_lock import ProjectLock
    from nightpress.storage.snapshots import DISPLACED, Snapshot, Snapshots
    from nightpress.storage.sqlite import Connection, Row, Store, reading
    from nightpress.storage.stamp import RACY_NS
    from nightpress.storage.tree import Entry, Notice, parts_of, with_parents
else:
    __getattr__ = lazy.attach(
        __name__,
        {
            "hrana": ["Hrana", "Patience"],
            "index": ["Index", "LOCK", "UpToDate", "UNORDERED", "newest", "sign"],
            "libsql": ["Database", "Fields", "Rows", "SharedStore", "Transaction"],
            "obstacle": ["Obstacle"],
            "refusals": ["AnswerTooLarge", "Constraint", "Denied", "HranaError", "NoTable"],
            "room": ["Room", "Slot"],
            "run_lock": ["ProjectLock"],
            "snapshots": ["DISPLACED", "Snapshot", "Snapshots"],
            "sqlite": ["Connection", "Row", "Store", "reading"],
            "stamp": ["RACY_NS"],
            "tree": ["Entry", "Notice", "parts_of", "with_parents"],
        },
    )

__all__ = [
    "DISPLACED",
    "LOCK",
    "RACY_NS",
    "UNORDERED",
    "AnswerTooLarge",
    "Connection",
    "Constraint",
    "Database",
    "Denied",
    "Entry",
    "Fields",
    "Hrana",
    "HranaError",
    "Index",
    "NoTable",
    "Notice",
    "Obstacle",
    "Patience",
    "ProjectLock",
    "Room",
    "Row",
    "Rows",
    "SharedStore",
    "Slot",
    "Snapshot",
    "Snapshots",
    "Store",
    "Transaction",
    "UpToDate",
    "atomic",
    "git",
    "index",
    "mirror",
    "newest",
    "obstacle",
    "parts_of",
    "private",
    "reading",
    "room",
    "run_lock",
    "sign",
    "snapshots",
    "sqlite",
    "stamp",
    "tree",
    "with_parents",
]
