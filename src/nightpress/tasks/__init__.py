"""doit's side: the chapters of dodo.py, the session, the reporter, and doit's own state.

`dodo.py` imports this one name: `config()` is its DOIT_CONFIG, and each other name in `__all__`
is a chapter, a function that makes the doit tasks of one `task_` function there. A chapter's
module is imported when the chapter is asked for. Nothing here runs, or writes, before doit does.
Alone in nightpress this wing imports doit.

May import: report, progress, pipeline, plan, vault, project, quota, backends, checks, plugin,
ledger, storage, fingerprint, text, lazy, clock, loopback, model, errors, voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.tasks.chapters.build import adopt, analyse, enhance, snapshot
    from nightpress.tasks.chapters.maintenance import audit, prune, restore
    from nightpress.tasks.chapters.manifests import manifests, validate
    from nightpress.tasks.chapters.plan import plan
    from nightpress.tasks.chapters.report import explore, report
    from nightpress.tasks.chapters.review import apply, reject, review
    from nightpress.tasks.chapters.vault import (
        archive,
        backup,
        backups,
        drill,
        forget_backups,
        verify_vault,
    )
    from nightpress.tasks.dodo import config

__all__ = [
    "adopt", "analyse", "apply", "archive", "audit", "backup", "backups", "config", "drill",
    "enhance", "explore", "forget_backups", "manifests", "plan", "prune", "reject", "report",
    "restore", "review", "snapshot", "validate", "verify_vault",
]  # fmt: skip

_known = lazy.attach(
    __name__,
    {
        "dodo": ["config"],
        "chapters.build": ["snapshot", "analyse", "enhance", "adopt"],
        "chapters.maintenance": ["restore", "audit", "prune"],
        "chapters.manifests": ["manifests", "validate"],
        "chapters.plan": ["plan"],
        "chapters.report": ["report", "explore"],
        "chapters.review": ["review", "apply", "reject"],
        "chapters.vault": [
            "backup", "backups", "drill", "verify_vault", "archive", "forget_backups",
        ],
    },
)  # fmt: skip


def __getattr__(name: str) -> object:
    try:
        return _known(name)
    except AttributeError:
        from nightpress.tasks.dodo import unknown

        raise unknown(name) from None
