"""Every plugin and document as it stands, with its history, for the report's table.

What a page can hold is bounded: the newest differences up to `DIFFS` bytes, and of each document
the last attempts and the first findings; `nightpress why PATH` has the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import asdict, replace

from nightpress.ledger import Ledger, RecordedAttempt, attempts, reviews
from nightpress.model import STANDING, Status, said
from nightpress.plan import Catalog, Item, size, source
from nightpress.project import Project
from nightpress.report import provenance
from nightpress.report.figures import (
    STATE_WORDS,
    UNUSABLE,
    AttemptRow,
    Bin,
    DocumentRow,
    NeedRow,
    PluginRow,
    Sizes,
)
from nightpress.storage import Snapshots

ATTEMPTS = 5
FINDINGS = 10
DIFFS = 1_500_000
"""Bytes of differences that a report holds."""
DIFF_LINES = 160
LINE = 300
BIN = 2_000
"""Bytes that one bar of the histogram spans."""


def plugins(
    project: Project, catalog: Catalog, windows: Mapping[str, tuple[int, int]]
) -> list[PluginRow]:
    """Every plugin, those that need the user first. windows: the sizes asked of each document."""
    documents: dict[str, list[DocumentRow]] = {slug: [] for slug in catalog.slugs}
    names: dict[str, str] = {}
    waiting = frozenset(reviews.waiting_jobs(project.ledger)) if project.has_ledger else frozenset()
    for item in catalog.items.values():
        row = replace(
            _document(project, item),
            window=windows.get(item.id),
            draft=_draft(project, item.id, item.id in waiting),
        )
        documents.setdefault(item.slug, []).append(row)
        names[item.slug] = item.plugin_name or item.slug
    _add_differences(project, documents)
    found = [
        PluginRow(slug, names.get(slug, slug), _worst(own), tuple(own))
        for slug, own in documents.items()
    ]
    return sorted(found, key=lambda p: (_ORDER.index(p.state), p.name.lower(), p.slug))


def looked_into(
    project: Project, catalog: Catalog
) -> tuple[dict[str, tuple[int, int]], tuple[NeedRow, ...]]:
    """What every plugin has to be read for: the sizes asked of each document, by its id, and what
    the plugins themselves need, the hollow ones first. One plugin at a time is held."""
    hollow = {i.slug for i in catalog.items.values() if i.decision.action == "hollow"}
    windows: dict[str, tuple[int, int]] = {}
    rows = []
    for slug, plugin in source.gathered(project, catalog.plugins):
        for name, state in plugin.states.items():
            window = size.of(project, plugin, state.enhancement, state.inputs.files).window
            windows[f"{slug}/{name}"] = window.min, window.max
        if found := source.said(project, plugin):
            lines = tuple(f"{f.file}:{f.line}: {f.message}" for f in found)
            rows.append(NeedRow(slug, slug in hollow, lines))
    return windows, tuple(sorted(rows, key=lambda row: (not row.hollow, row.slug)))


def _draft(project: Project, job: str, waits: bool) -> str:
    """Where a draft of it can be read."""
    if waits:
        return f"report/review.html#{job}"
    kept = f"drafts/{job}.md"
    return kept if (project.state / kept).is_file() else ""


def _worst(documents: Sequence[DocumentRow]) -> str:
    states = [document.state for document in documents]
    return min(states, key=_ORDER.index, default=UNUSABLE)


_ORDER = tuple(STATE_WORDS)


def _document(project: Project, item: Item) -> DocumentRow:
    decision = item.decision
    said = tuple(r.text for r in decision.reasons if r.code != "cutoff")
    blank = DocumentRow(item.id, item.type, item.target, decision.state, said, item.size)
    if not project.has_ledger:
        return blank
    ledger = project.ledger
    rows = ledger.last(item.id)
    if not rows:
        return blank
    last = rows[0]
    stands = next((row for row in rows if row.status in STANDING), None)
    return replace(
        blank,
        size_before=_size_before(ledger, item.id),
        score=stands.score_after if stands else None,
        score_before=stands.score_before if stands else None,
        tries=attempts.count(ledger, item.id),
        last=last.timestamp,
        attempts=tuple(_attempt(row) for row in attempts.of_job(ledger, item.id, ATTEMPTS)),
        findings=tuple(asdict(finding) for finding in last.findings[:FINDINGS]),
        findings_left_out=max(0, len(last.findings) - FINDINGS),
        provenance=provenance.of(project, stands) if stands else None,
    )


def _size_before(ledger: Ledger, job: str) -> int | None:
    """Bytes that stood there before us; None: no file did."""
    first = attempts.first_standing(ledger, job)
    if first is None:
        return None
    return first.bytes_after if first.status == Status.ADOPTED else first.bytes_before


def _attempt(row: RecordedAttempt) -> AttemptRow:
    reason = row.error_message or "; ".join(row.reasons)
    return AttemptRow(
        row.timestamp, said(row.word), row.model_answered or row.model_requested,
        row.processing_time_seconds or 0.0, row.tokens_in + row.tokens_out, reason[:LINE],
    )  # fmt: skip


# --- differences ---


def _add_differences(project: Project, documents: dict[str, list[DocumentRow]]) -> None:
    """Against what stood before, of the documents published last, as many as there is room for."""
    snapshots = Snapshots(project.state / "snapshots")
    places = [
        (document.provenance.at, slug, place)
        for slug, own in documents.items()
        for place, document in enumerate(own)
        if document.provenance is not None and document.provenance.status == Status.PUBLISHED
    ]
    room = DIFFS
    for _, slug, place in sorted(places, reverse=True):
        job = documents[slug][place].job
        row = next(r for r in project.ledger.last(job) if r.status == Status.PUBLISHED)
        lines = provenance.difference(project, snapshots, row)[:DIFF_LINES]
        room -= sum(len(line) for line in lines)
        if room < 0:
            return
        documents[slug][place] = replace(documents[slug][place], diff=tuple(lines))


# --- sizes ---


def sizes(found: Sequence[PluginRow], window: tuple[int, int]) -> Sizes:
    """The histogram of documents that are of our making or adopted; window: the default one."""
    done = [d for p in found for d in p.documents if d.provenance is not None and d.size]
    befores = [d.size_before for d in done if d.size_before is not None]
    afters = [d.size for d in done]
    most = window[1]
    top = min(max([*befores, *afters, most + BIN]), 3 * most) // BIN * BIN + BIN
    bins = []
    for low in range(0, top, BIN):
        high = low + BIN if low + BIN < top else 1 << 62
        counts = [sum(low <= size < high for size in side) for side in (befores, afters)]
        bins.append(Bin(low, low + BIN, *counts))
    return Sizes(
        window, tuple(bins), len(done),
        within_before=sum(_holds(d.window or window, d.size_before) for d in done),
        within_after=sum(_holds(d.window or window, d.size) for d in done),
        before=len(befores),
    )  # fmt: skip


def _holds(window: tuple[int, int], size: int | None) -> bool:
    return size is not None and window[0] <= size <= window[1]
