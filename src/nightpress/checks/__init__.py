"""Every gate that a draft passes before it is published; pure, explained, and without a model.

`judge` is the whole of it: normalisation, checks, score. docs/checks.md lists the gates.

May import: plugin, ledger, storage, fingerprint, text, lazy, clock, loopback, model, errors, voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightpress import lazy

if TYPE_CHECKING:
    from nightpress.checks.baseline import Told
    from nightpress.checks.claimed import Market, SourceFinding
    from nightpress.checks.codeblocks import ASKS, QUIET
    from nightpress.checks.document import Document
    from nightpress.checks.gate import Check, Context, Gate, Spot, Verdict
    from nightpress.checks.mentions import called
    from nightpress.checks.near_duplicates import BINS, Neighbours, Sketch, bands, sketches
    from nightpress.checks.registry import REGISTRY
    from nightpress.checks.secrets import is_called_by, redact
    from nightpress.checks.settings import custom, files, problems
    from nightpress.checks.trigger import Measured, Skill
    from nightpress.checks.verdict import Begun, alone, begin, complete, errors, judge
else:
    __getattr__ = lazy.attach(
        __name__,
        {
            "baseline": ["Told"],
            "claimed": ["Market", "SourceFinding"],
            "codeblocks": ["ASKS", "QUIET"],
            "document": ["Document"],
            "gate": ["Check", "Context", "Gate", "Spot", "Verdict"],
            "mentions": ["called"],
            "near_duplicates": ["BINS", "Neighbours", "Sketch", "bands", "sketches"],
            "registry": ["REGISTRY"],
            "secrets": ["is_called_by", "redact"],
            "settings": ["custom", "files", "problems"],
            "trigger": ["Measured", "Skill"],
            "verdict": ["Begun", "alone", "begin", "complete", "errors", "judge"],
        },
    )

__all__ = [
    "ASKS",
    "BINS",
    "QUIET",
    "REGISTRY",
    "Begun",
    "Check",
    "Context",
    "Document",
    "Gate",
    "Market",
    "Measured",
    "Neighbours",
    "Sketch",
    "Skill",
    "SourceFinding",
    "Spot",
    "Told",
    "Verdict",
    "alone",
    "author",
    "bands",
    "baseline",
    "begin",
    "behaviour",
    "called",
    "cited",
    "claimed",
    "codeblocks",
    "complete",
    "custom",
    "document",
    "errors",
    "files",
    "form",
    "gate",
    "grounding",
    "is_called_by",
    "judge",
    "metadata",
    "normalise",
    "paths",
    "problems",
    "redact",
    "regression",
    "safety",
    "score",
    "secrets",
    "settings",
    "sketches",
    "source_findings",
    "substance",
    "trigger",
    "units",
]
