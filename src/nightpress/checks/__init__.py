"""Every gate that a draft passes before it is published; pure, explained, and without a model.

`judge` is the whole of it: normalisation, checks, score. docs/checks.md lists the gates.
"""

from __future__ import annotations

from nightpress.checks.document import Document
from nightpress.checks.gate import Check, Context, Gate, Spot, Verdict
from nightpress.checks.near_duplicates import BINS, Neighbours, Sketch, bands, sketches
from nightpress.checks.registry import REGISTRY
from nightpress.checks.secrets import redact
from nightpress.checks.settings import custom, files, problems
from nightpress.checks.verdict import alone, judge

__all__ = [
    "BINS",
    "REGISTRY",
    "Check",
    "Context",
    "Document",
    "Gate",
    "Neighbours",
    "Sketch",
    "Spot",
    "Verdict",
    "alone",
    "bands",
    "custom",
    "files",
    "judge",
    "problems",
    "redact",
    "sketches",
]
