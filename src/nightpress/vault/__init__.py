"""The vault: everything comes back from it on a bare machine.

Verbs: `backup`, `restore_all`, `snapshots`, `verify`, `drill`, `forget`, `archive`. Each takes a
`Place`: a Turso (libSQL) database, or a SQLite file on this machine, which is not off-site.

May import: project, quota, backends, checks, plugin, ledger, storage, fingerprint, text, lazy,
clock, loopback, model, errors, voice.
"""

from nightpress.vault.archive import ArchiveResult, archive
from nightpress.vault.backup import BackupResult, backup
from nightpress.vault.drill import DrillResult, drill
from nightpress.vault.inventory import VaultSnapshot, choose, parts, snapshots
from nightpress.vault.place import (
    NOT_OFF_SITE,
    Absent,
    Damaged,
    LocalPlace,
    Place,
    Refused,
    RemotePlace,
    VaultError,
    named_vault,
    project_vault,
    shared_vault,
)
from nightpress.vault.replies import Paid
from nightpress.vault.restore import RestoreResult, content_of, file_of, restore_all
from nightpress.vault.retention import ForgetResult, Policy, collect_garbage, forget, pick
from nightpress.vault.source import Plugin, Progress, Source
from nightpress.vault.verify import VerifyResult, verify

__all__ = [
    "NOT_OFF_SITE",
    "Absent",
    "ArchiveResult",
    "BackupResult",
    "Damaged",
    "DrillResult",
    "ForgetResult",
    "LocalPlace",
    "Paid",
    "Place",
    "Plugin",
    "Policy",
    "Progress",
    "Refused",
    "RemotePlace",
    "RestoreResult",
    "Source",
    "VaultError",
    "VaultSnapshot",
    "VerifyResult",
    "archive",
    "backup",
    "choose",
    "collect_garbage",
    "content_of",
    "drill",
    "file_of",
    "forget",
    "named_vault",
    "parts",
    "pick",
    "project_vault",
    "replies",
    "restore_all",
    "shared_vault",
    "snapshots",
    "verify",
]
