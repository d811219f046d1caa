"""Every plugin and document as it stands, with its history, for the report's table.

What a page can hold is bounded: the newest differences up to `DIFFS` bytes, and of each document
the last attempts and the first findings; `nightpress why PATH` has the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from nightpress.ledger.ledger import Ledger
from nightpress.plan.catalog import Catalog
from nightpress.plan.state import Item
from nightpress.project.project import Project
from nightpress.report import provenance
from nightpress.report.figures import STATES, AttemptRow, Bin, DocumentRow, PluginRow, Sizes
from nightpress.storage.snapshots import Snapshots

ATTEMPTS = 5
FINDINGS = 10
DIFFS = 1_500_000
"""Bytes of differences that a report holds."""
DIFF_LINES = 160
LINE = 300
BIN = 2_000
"""Bytes that one bar of the histogram spans."""


def plugins(project: Project, catalog: Catalog) -> list[PluginRow]:
    """Every plugin, those that need the user first."""
    documents: dict[str, list[DocumentRow]] = {slug: [] for slug in catalog.slugs}
    names: dict[str, str] = {}
    for item in catalog.items.values():
        documents.setdefault(item.slug, []).append(_document(project, item))
        names[item.slug] = item.plugin_name or item.slug
    _add_differences(project, documents)
    found = [
        PluginRow(slug, names.get(slug, slug), _worst(own), tuple(own))
        for slug, own in documents.items()
    ]
    return sorted(found, key=lambda p: (STATES.index(p.state), p.name.lower(), p.slug))


def _worst(documents: Sequence[DocumentRow]) -> str:
    states = [document.state for document in documents]
    return min(states, key=STATES.index) if states else "failed"


def _document(project: Project, item: Item) -> DocumentRow:
    decision = item.decision
    said = tuple(reason.text for reason in decision.reasons)
    blank = DocumentRow(item.id, item.type, item.target, decision.action, said, item.size)
    if not project.has_ledger:
        return blank
    ledger = project.ledger
    rows = ledger.last([item.id]).get(item.id, [])
    if not rows:
        return blank
    last = rows[0]
    done = next((row for row in rows if row["status"] in ("published", "adopted")), None)
    findings = json.loads(last["findings"])
    return replace(
        blank,
        state=_state(decision.action, last["status"]),
        size_before=_size_before(ledger, item.id),
        score=done["score_after"] if done else None,
        score_before=done["score_before"] if done else None,
        tries=_tries(ledger, item.id),
        last=last["timestamp"],
        attempts=tuple(_attempts(ledger, item.id)),
        findings=tuple(findings[:FINDINGS]),
        findings_left_out=max(0, len(findings) - FINDINGS),
        provenance=provenance.of(ledger, done) if done else None,
    )


def _state(action: str, last: str) -> str:
    """What the plan says; where it will be tried again, how the last attempt ended."""
    return last if action == "make" and last in ("failed", "refused", "deferred") else action


def _size_before(ledger: Ledger, job: str) -> int | None:
    """Bytes that stood there before us; None: no file did."""
    query = (
        "SELECT status, bytes_before, bytes_after FROM enhancements WHERE job = ?"
        " AND status IN ('published', 'adopted') ORDER BY id LIMIT 1"
    )
    for row in ledger.rows(query, (job,)):
        size = row["bytes_after"] if row["status"] == "adopted" else row["bytes_before"]
        return None if size is None else int(size)
    return None


def _tries(ledger: Ledger, job: str) -> int:
    (row,) = ledger.rows("SELECT count(*) AS n FROM enhancements WHERE job = ?", (job,))
    return int(row["n"])


def _attempts(ledger: Ledger, job: str) -> Iterator[AttemptRow]:
    query = "SELECT * FROM enhancements WHERE job = ? ORDER BY id DESC LIMIT ?"
    for row in ledger.rows(query, (job, ATTEMPTS)):
        said = row["error_message"] or "; ".join(json.loads(row["reasons"]))
        yield AttemptRow(
            row["timestamp"], row["status"], row["model_answered"] or row["model_requested"],
            row["processing_time_seconds"] or 0.0, row["tokens_in"] + row["tokens_out"],
            said[:LINE],
        )  # fmt: skip


# --- differences ---


def _add_differences(project: Project, documents: dict[str, list[DocumentRow]]) -> None:
    """Against what stood before, of the documents published last, as many as there is room for."""
    snapshots = Snapshots(project.state / "snapshots")
    places = [
        (document.provenance.at, slug, place)
        for slug, own in documents.items()
        for place, document in enumerate(own)
        if document.provenance is not None and document.provenance.status == "published"
    ]
    room = DIFFS
    for _, slug, place in sorted(places, reverse=True):
        job = documents[slug][place].job
        row = next(r for r in project.ledger.last([job])[job] if r["status"] == "published")
        lines = provenance.difference(project, snapshots, row)[:DIFF_LINES]
        room -= sum(len(line) for line in lines)
        if room < 0:
            return
        documents[slug][place] = replace(documents[slug][place], diff=tuple(lines))


# --- sizes ---


def sizes(found: Sequence[PluginRow], window: tuple[int, int]) -> Sizes:
    """The histogram of documents that are of our making or adopted."""
    done = [d for p in found for d in p.documents if d.provenance is not None]
    befores = [d.size_before for d in done if d.size_before is not None]
    afters = [d.size for d in done if d.size]
    least, most = window
    top = min(max([*befores, *afters, most + BIN]), 3 * most) // BIN * BIN + BIN
    bins = []
    for low in range(0, top, BIN):
        high = low + BIN if low + BIN < top else 1 << 62
        counts = [sum(low <= size < high for size in side) for side in (befores, afters)]
        bins.append(Bin(low, low + BIN, *counts))
    return Sizes(
        window, tuple(bins), len(done),
        sum(least <= size <= most for size in befores),
        sum(least <= size <= most for size in afters),
    )  # fmt: skip
