"""Where a published file comes from, read from the ledger: for `nightpress why` and the report.

Floor 3.
"""

from __future__ import annotations

import difflib
import json
import shlex
from typing import Any

from nightpress.errors import NightpressError
from nightpress.ledger.ledger import Ledger
from nightpress.plugin.sources import STANDING_CAP
from nightpress.project.project import Project
from nightpress.report import figures
from nightpress.storage import tree
from nightpress.storage.snapshots import Snapshots

LINE = 300
"""Characters of one line of a difference."""


def of(ledger: Ledger, row: Any) -> figures.Provenance:
    """The provenance of a final row of `enhancements`."""
    calls = list(
        ledger.rows(
            "SELECT phase, prompt_sha256, tokens_in, tokens_out, cost, outcome FROM calls"
            " WHERE enhancement_id = ? ORDER BY id",
            (row["id"],),
        )
    )
    asked = [call["prompt_sha256"] for call in calls if call["outcome"] == "reply"]
    fingerprint: dict[str, str] = json.loads(row["fingerprint"])
    return figures.Provenance(
        at=row["timestamp"],
        status=row["status"],
        backend=row["backend"],
        asked=row["model_requested"],
        answered=row["model_answered"] or "",
        sha256=row["content_sha256"] or "",
        prompt=asked[-1] if asked else "",
        template=fingerprint.get("generator", ""),
        calls=len(calls),
        tokens_in=sum(call["tokens_in"] for call in calls),
        tokens_out=sum(call["tokens_out"] for call in calls),
        cost=dollars(calls),
        snapshot=row["snapshot_id"] or "",
        restore=restore_command(row),
    )


def analysis(ledger: Ledger, row: Any) -> Any:
    """The call whose reply was the plugin's analysis when the row was made; None: no call was
    (the offline backend analyses itself), or it was pruned."""
    query = (
        "SELECT timestamp, model_answered, tokens_in, tokens_out, cost FROM calls WHERE job = ?"
        " AND phase = 'analysis' AND outcome = 'reply' AND timestamp <= ? ORDER BY id DESC LIMIT 1"
    )
    found = ledger.rows(query, (row["job"].partition("/")[0], row["timestamp"]))
    return next(iter(found), None) if row["backend"] != "offline" else None


def dollars(calls: list[Any]) -> float | None:
    """What calls cost together; None as soon as one that used tokens has no known price."""
    if any(c["cost"] is None and c["tokens_in"] + c["tokens_out"] for c in calls):
        return None
    return float(sum(call["cost"] or 0.0 for call in calls))


def restore_command(row: Any) -> str:
    """The command that brings back what stood before this row; "" if nothing was replaced."""
    if row["status"] != "published" or not row["snapshot_id"]:
        return ""
    slug = row["job"].partition("/")[0]
    return f"doit restore --plugin {shlex.quote(slug)} --snapshot {row['snapshot_id']}"


def sources(ledger: Ledger, row: Any) -> dict[str, str]:
    """path -> sha256 of the files that the document was made from; empty if not on record."""
    fingerprint: dict[str, str] = json.loads(row["fingerprint"])
    return ledger.content(fingerprint.get("content", "")) or {}


def difference(project: Project, snapshots: Snapshots, row: Any) -> list[str]:
    """From what stood before a `published` row to what stands now, as a unified diff; empty if
    no file stood there, or its copy or the file itself is gone (the row and its commands stay)."""
    slug = row["job"].partition("/")[0]
    target = row["target_path"][len(row["plugin_path"]) + 1 :]
    try:
        before = snapshots.read(row["snapshot_id"], target, slug)
        now = tree.read(project.root / row["plugin_path"], target, STANDING_CAP)
    except (NightpressError, OSError):
        return []
    if before is None:
        return []
    old, new = (data.decode("utf-8", "replace").splitlines() for data in (before, now))
    lines = difflib.unified_diff(old, new, "before", "now", lineterm="", n=2)
    return [line[:LINE] for line in lines]
