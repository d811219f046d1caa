"""What there is to do and why: a project's plugins gathered, and decided.

Read it in this order: `catalog` (all plugins; those that have not moved come from the index),
`gather` (one plugin: everything read once, into one value), `state` (that value), `decide` and
`staleness` (pure: up to date, or what to do with its reasons). Beside them: `appraise` and
`judge` (what a decision may need to know of texts), `history` (what is known from before),
`agreement` (lock file, ledger, index).

May import: project, quota, backends, checks, plugin, ledger, storage, fingerprint, text, lazy,
clock, loopback, model, errors, voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.plan.alone import Judged
    from nightpress.plan.appraise import Appraiser
    from nightpress.plan.catalog import Catalog
    from nightpress.plan.check import counts, plugin_anatomy
    from nightpress.plan.gather import Gatherer
    from nightpress.plan.parcel import Parcel
    from nightpress.plan.state import Item, PluginState, TargetState
    from nightpress.plan.triggers import Triggers
    from nightpress.plan.unmoved import Environ
else:
    __getattr__ = lazy.attach(
        __name__,
        {
            "appraise": ["Appraiser"],
            "catalog": ["Catalog"],
            "alone": ["Judged"],
            "check": ["counts", "plugin_anatomy"],
            "gather": ["Gatherer"],
            "parcel": ["Parcel"],
            "state": ["Item", "PluginState", "TargetState"],
            "triggers": ["Triggers"],
            "unmoved": ["Environ"],
        },
    )

__all__ = [
    "Appraiser",
    "Catalog",
    "Environ",
    "Gatherer",
    "Item",
    "Judged",
    "Parcel",
    "PluginState",
    "TargetState",
    "Triggers",
    "agreement",
    "appraise",
    "away",
    "bundle",
    "catalog",
    "changes",
    "check",
    "content",
    "counts",
    "decide",
    "followed",
    "history",
    "in_part",
    "judge",
    "near_duplicates",
    "newcomers",
    "plugin_anatomy",
    "scope",
    "sections",
    "size",
    "source",
    "split",
    "staleness",
    "telling",
    "triggers",
    "unmoved",
]
