"""The vault: everything comes back from it on a bare machine.

Verbs: `backup`, `restore_all`, `snapshots`. Each takes a `Place`: a Turso (libSQL) database, or a
SQLite file on this machine, which is not off-site.
"""

from nightpress.vault.backup import BackupResult, backup
from nightpress.vault.inventory import Snapshot, choose, parts, snapshots
from nightpress.vault.local import LocalPlace
from nightpress.vault.place import Absent, Damaged, Place, Refused, VaultError
from nightpress.vault.restore import RestoreResult, restore_all
from nightpress.vault.source import Plugin, Progress, Source

__all__ = [
    "Absent",
    "BackupResult",
    "Damaged",
    "LocalPlace",
    "Place",
    "Plugin",
    "Progress",
    "Refused",
    "RestoreResult",
    "Snapshot",
    "Source",
    "VaultError",
    "backup",
    "choose",
    "parts",
    "restore_all",
    "snapshots",
]
