"""`nightpress why PATH`: where a file comes from, and how to take it back.

Reads the ledger, the lock file and the plan; answers for files that were published,
adopted, edited, refused, never made or are none of ours.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict

from nightpress.errors import AwaitsReview, UnsafePath, UsageError
from nightpress.ledger import RecordedAttempt, RecordedCall, attempts, calls, lockfile, reviews
from nightpress.model import STANDING, Finding, Status, said
from nightpress.pipeline import publish
from nightpress.plan import Gatherer, Item, catalog, judge, staleness
from nightpress.project import Project
from nightpress.report import provenance
from nightpress.report.figures import Provenance
from nightpress.storage import Snapshots
from nightpress.text import suggestion

SOURCES = 6
"""Sources that are named in the text; JSON has all, with their hashes."""


class Why(Struct):
    """state: a word that stays; text: the sentence; facts: (name, value) in order, for people;
    data: the same for programs."""

    path: str
    state: str
    text: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    diff: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        width = max((len(name) for name, _ in self.facts), default=0)
        return [
            f"{self.path}: {self.text}",
            *(f"  {name:<{width}}  {value}" for name, value in self.facts),
            *self.diff,
        ]

    def as_json(self) -> dict[str, Any]:
        return {"path": self.path, "state": self.state, "text": self.text, **self.data}


def explain(project: Project, given: str, *, diff: bool = False) -> Why:
    """The story of one file; `given` is relative to the working directory, or names a document."""
    path = path_of(project, given)
    found = _story(project, path, diff)
    _add_state(project, found)
    return found


def _story(project: Project, path: str, diff: bool) -> Why:
    stands = _hash(project, path)
    rows = _rows(project, path)
    done = next((row for row in rows if row.status in STANDING), None)
    if done is not None:
        return _made(project, path, stands, rows, done, diff)
    if rows:
        return _tried(project, path, stands, rows)
    entry = next((e for e in project.lock().values() if e.target == path), None)
    if entry is not None:
        return _locked(project, path, stands, entry)
    return _unknown(project, path, stands)


def path_of(project: Project, given: str) -> str:
    """The path, relative to the project, of a file, or of a document as PLUGIN/NAME or, where it is
    the only one of its plugin, PLUGIN. Raises UsageError for one of several."""
    if not os.path.lexists(given) and not os.path.lexists(project.root / given):
        items = catalog.load(project, everything=True).items.values()
        named = [item for item in items if given in (item.id, item.slug)]
        if named[1:]:
            several = ", ".join(item.id for item in named)
            raise UsageError(f"{given} has several documents", f"name one of {several}")
        if named:
            return named[0].target
    return inside(project.root, given)


def documents(project: Project, given: str) -> list[str]:
    """The jobs of a plugin that is given by its name; none where that is something else."""
    if os.path.lexists(given) or os.path.lexists(project.root / given):
        return []
    items = catalog.load(project, everything=True).items.values()
    return [item.id for item in items if item.slug == given]


def inside(root: Path, given: str) -> str:
    """The path relative to the project: links above the project are followed, none below it. Also
    of one that is written as the commands print it, from the project's folder."""
    if not os.path.lexists(given) and os.path.lexists(root / given):
        given = str(root / given)
    path = os.path.relpath(os.path.abspath(given), root.resolve())  # noqa: PTH100
    if path.startswith("../"):
        above = next(
            (p for p in Path(given).absolute().parents if p.resolve() == root.resolve()), None
        )
        path = os.path.relpath(os.path.abspath(given), above) if above else path  # noqa: PTH100
    if path == ".." or path.startswith("../"):
        raise UsageError(
            f"{given} is not in this project", "name a file of the project, or say --project"
        )
    return path


def _hash(project: Project, path: str) -> str | None:
    try:
        return publish.standing_hash(project.root, path)
    except NotADirectoryError:
        return None
    except UnsafePath as error:
        raise UsageError(error.message, "name a plain file, a SKILL.md say") from None


def _rows(project: Project, path: str) -> list[RecordedAttempt]:
    """Every attempt at this target, the latest first."""
    if not project.has_ledger:
        return []
    return attempts.at_target(project.ledger, path)


def _add_state(project: Project, found: Why) -> None:
    """How the document is now, as plan and report say; the draft beside it; what `check` is silent
    of; and how a person's file gets a draft."""
    job = found.data.get("job", "")
    slug, _, name = job.partition("/")
    if slug not in project.slugs():
        return
    plugin = Gatherer(project).gather(slug)
    state = plugin.states.get(name)
    if state is None or state.target_path != found.path:
        return
    decision, inputs = state.decision, state.inputs
    draft = reviews.decision(project.ledger, job) if project.has_ledger else None
    accepted = judge.accepted(project, plugin, state)
    persons = inputs.standing.sha256 and not staleness.is_ours(inputs.standing, inputs.publication)
    more = [("draft", _draft(draft))]
    more += [
        ("accepted" if n == 0 else "", f"{one.severity}: {one.check}: {one.message}")
        for n, one in enumerate(accepted)
    ]
    if persons and decision.action in ("fresh", "keep", "adopt"):
        again = f"doit forget enhance:{job}, then doit enhance:{job}"
        more.append(("for a draft", f"{again}: it waits beside the file"))
    found.facts = [("now", repr(decision)), *found.facts, *(one for one in more if one[1])]
    found.data |= {
        "now": decision.state, "now_reasons": [reason.text for reason in decision.reasons],
        "draft": {"state": draft.state, "because": draft.because, "at": draft.at}
        if draft is not None else None,
        "accepted": [asdict(one) for one in accepted],
    }  # fmt: skip


def _draft(draft: reviews.Verdict | None) -> str:
    if draft is None or draft.state not in ("waiting", "rejected"):
        return ""
    if draft.state == "waiting":
        return "waits for you: doit review"
    at = f"{draft.at[:19].replace('T', ' ')} UTC"
    return f"rejected {at}: {draft.because or 'no reason given'}"


# --- the answers ---


def _made(
    project: Project,
    path: str,
    stands: str | None,
    rows: list[RecordedAttempt],
    done: RecordedAttempt,
    diff: bool,
) -> Why:
    """Something of ours, or something that was adopted."""
    ours = done.status == Status.PUBLISHED
    if stands is None:
        state, text = "missing", f"{done.status} once, but there is no such file now: the next"
        text += " doit makes it again"
    elif stands == done.content_sha256:
        state = done.status
        text = (
            "published by nightpress, and unchanged since"
            if ours
            else "generated by nightpress, changed by people, and adopted as it was"
            if any(row.status == Status.PUBLISHED for row in rows)
            else "written by people, and adopted as it was: nightpress never changed it"
        )
    elif provenance.chain(rows, stands)[-1].what == "put back":
        state = "put back"
        text = "the text from before us is back: our version counts as rejected, and is made"
        text += f" again once something changes, or by name (`doit enhance:{done.job}`)"
    else:
        state, slug = "edited", done.slug
        text = f"edited by hand since it was {done.status}: it is kept; `doit adopt:{slug}`"
        text += f" takes it as it is, `doit force=1 enhance:{done.job}` replaces it"
    found = Why(path, state, text)
    _tell(project, found, rows, done)
    steps = provenance.chain(rows, stands)
    found.data["chain"] = [asdict(step) for step in steps]
    at = 1 if found.facts else 0
    found.facts[at:at] = [("history" if n == 0 else "", str(step)) for n, step in enumerate(steps)]
    if diff and ours:
        snapshots = Snapshots(project.state / "snapshots")
        found.diff = provenance.difference(project, snapshots, done)
        found.data["diff"] = found.diff
    return found


def _tell(project: Project, found: Why, rows: list[RecordedAttempt], row: RecordedAttempt) -> None:
    from_ = provenance.of(project, row)
    sources = provenance.sources(project.ledger, row)
    tries = _tries(rows, row)
    phase_1 = calls.analysis_of(project.ledger, row)
    found.facts = [(name, value) for name, value in _facts(project, rows, row, from_) if value]
    found.data = {
        "job": row.job, "run": row.run_id, "at": from_.at, "status": row.status,
        "reasons": list(row.reasons), "sources": sources, "generator": from_.template,
        "prompt": from_.prompt or None, "backend": from_.backend, "model_requested": from_.asked,
        "model_answered": from_.answered or None, "attempts": tries, "calls": from_.calls,
        "tokens_in": from_.tokens_in, "tokens_out": from_.tokens_out, "cost": from_.cost,
        "analysis": _analysis(phase_1),
        "bytes": row.bytes_after, "bytes_before": row.bytes_before,
        "score": row.score_after, "score_before": row.score_before,
        "counted_from": row.counted_from,
        "findings": [asdict(finding) for finding in row.findings],
        "sha256": from_.sha256, "snapshot": from_.snapshot or None,
        "restore": from_.restore or None,
    }  # fmt: skip


def _facts(
    project: Project, rows: list[RecordedAttempt], row: RecordedAttempt, from_: Provenance
) -> list[tuple[str, str]]:
    """(what, in words; "" where it does not apply)."""
    names = list(provenance.sources(project.ledger, row))
    more = f" and {len(names) - SOURCES} more" if len(names) > SOURCES else ""
    facts = [
        ("made", f"{from_.at[:19].replace('T', ' ')} UTC, in run {row.run_id}"),
        ("because", "; ".join(row.reasons)),
        ("from", f"{len(names)} files: {', '.join(names[:SOURCES])}{more}" if names else ""),
        ("generator", f"{row.enhancement_type}, sha256 {from_.template}"),
        ("prompt", f"sha256 {from_.prompt}" if from_.prompt else "none: the offline backend"
         if from_.backend == "offline" else ""),
        ("model", _model(from_) if row.status == Status.PUBLISHED else ""),
        ("attempts", f"{_tries(rows, row)} ({len(rows)} on record)"),
        ("calls", _calls(project, row, from_)),
        ("analysis", _shared(calls.analysis_of(project.ledger, row))),
        ("took", f"{row.processing_time_seconds:.1f} s, and waited"
         f" {row.waited_seconds:.1f} s for quota"),
        ("size", _change(row.bytes_before, row.bytes_after, " bytes")),
        ("score", _change(row.score_before, row.score_after, "")),
        ("counted", (row.counted_from or "").partition(": ")[2]),
        ("findings", _findings(row.findings)),
        ("sha256", from_.sha256),
        ("snapshot", from_.snapshot),
        ("take it back", from_.restore and f"{from_.restore}  (the plugin as it was before)"),
        ("before us", _before_us(project, row)),
    ]  # fmt: skip
    if row.status == Status.ADOPTED:
        facts = [("adopted", facts[0][1]), *(f for f in facts if f[0] in _OF_ADOPTED)]
    return facts


def _before_us(project: Project, row: RecordedAttempt) -> str:
    if row.status != Status.PUBLISHED:
        return ""
    there = provenance.before_us(project, row.job, row.target_path)
    return f"{there}  (this file alone)" if there else ""


_OF_ADOPTED = ("because", "attempts", "findings", "sha256", "snapshot")


def _tries(rows: list[RecordedAttempt], done: RecordedAttempt) -> int:
    """Attempts that it took: since the publication before this one."""
    older = [row for row in rows if row.id <= done.id]
    before = next((n for n, row in enumerate(older[1:], 1) if row.status == Status.PUBLISHED), None)
    return len(older) if before is None else before


def _model(from_: Provenance) -> str:
    if from_.backend == "offline":
        return "none: composed offline from the plugin's own words"
    said = f"{from_.backend}: {from_.asked} was asked, {from_.answered} answered"
    return said


def _calls(project: Project, row: RecordedAttempt, from_: Provenance) -> str:
    if not from_.calls:
        by = calls.origin_of(project.ledger, row.id) or "before"
        return "" if from_.backend == "offline" else f"none: the reply was paid for {by}"
    phases = Counter(call.phase for call in calls.of_attempt(project.ledger, row.id))
    said = ", ".join(f"{phase} {n}" for phase, n in phases.items())
    cost = "price unknown" if from_.cost is None else f"${from_.cost:g}"
    tokens = f"{from_.tokens_in:,} tokens in, {from_.tokens_out:,} out"
    return f"{from_.calls} ({said}), {tokens}, {cost}"


def _analysis(call: RecordedCall | None) -> dict[str, Any] | None:
    if call is None:
        return None
    names = ("timestamp", "model_answered", "tokens_in", "tokens_out", "cost")
    return {name: getattr(call, name) for name in names}


def _shared(call: RecordedCall | None) -> str:
    """The reply of phase 1 that the document rests on; its cost is the whole plugin's."""
    if call is None:
        return ""
    cost = "price unknown" if call.cost is None else f"${call.cost:g}"
    at = call.timestamp[:16].replace("T", " ")
    return (
        f"one reply for all documents of the plugin, {at} UTC,"
        f" {call.tokens_in:,} tokens in, {call.tokens_out:,} out, {cost}"
    )


def _change(before: int | None, after: int | None, unit: str) -> str:
    if after is None:
        return ""
    return f"{after:,}{unit}" + (f" (was {before:,})" if before is not None else "")


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return "none"
    said = "; ".join(f"{f.severity}: {f.check}: {f.message}" for f in findings[:3])
    return said + (f" and {len(findings) - 3} more" if len(findings) > 3 else "")


def _tried(project: Project, path: str, stands: str | None, rows: list[RecordedAttempt]) -> Why:
    """Attempted, and never published: what stands there is somebody else's."""
    last = rows[0]
    what = "the file here is not nightpress's" if stands else "there is no such file"
    text = f"{what}; the last of {len(rows)} attempts: {said(last.word)}"
    found = Why(path, "not published", text)
    draft = reviews.decision(project.ledger, last.job)
    because = last.error_message or "; ".join(last.reasons)
    if last.error_class == AwaitsReview.__name__ and draft is not None:
        if draft.state == "rejected":
            found.text += ", and its draft was rejected"
        because = ""  # what became of it is told below
    found.facts = [
        ("when", f"{last.timestamp[:19].replace('T', ' ')} UTC, in run {last.run_id}"),
        *[("because", because)] * bool(because),
        ("more", f"doit info enhance:{last.job}"),
    ]
    found.data = {
        "job": last.job, "status": last.status, "attempts": len(rows),
        "error_class": last.error_class, "error_message": last.error_message,
    }  # fmt: skip
    return found


def _locked(project: Project, path: str, stands: str | None, entry: lockfile.Entry) -> Why:
    """A clone: the lock file knows it, the ledger of whoever made it is elsewhere."""
    same = stands == entry.sha256
    how = "as it says" if same else "but the file here differs" if stands else "but it is gone"
    found = Why(
        path, entry.status if same else "edited" if stands else "missing",
        f"{entry.status} according to {lockfile.NAME}, {how}; this clone's ledger has no row of it",
    )  # fmt: skip
    found.facts = [
        ("writer", entry.writer), ("generator", entry.fingerprint.generator),
        ("sha256", entry.sha256),
    ]  # fmt: skip
    if entry.status == Status.PUBLISHED:
        there = provenance.before_us(project, entry.job, path)
        found.facts += [("before us", f"{there}  (this file alone)")] * bool(there)
    found.data = {"job": entry.job, "status": entry.status, "sha256": entry.sha256}
    return found


def _unknown(project: Project, path: str, stands: str | None) -> Why:
    """Never attempted: declared and to be made, a source of something, or none of ours."""
    items = catalog.load(project, everything=True).items.values()
    planned = next((item for item in items if item.target == path), None)
    if planned is not None:
        text = f"declared, and not made yet: {planned.decision!r}"
        return Why(path, "planned", text, data={"job": planned.id})
    if stands is None:
        near = suggestion(path, [item.target for item in items], "{}")
        raise UsageError(
            f"{path}: there is no such file, and no manifest declares it",
            near or "doit list --all names the documents",
        )
    text = "not made by nightpress: no manifest declares it, the ledger does not know it"
    found = Why(path, "not ours", text)
    used = sorted({item.id for item in items if _is_source(project, item, path)})
    if used:
        found.facts = [("a source of", ", ".join(used))]
        found.data = {"source_of": used}
    return found


def _is_source(project: Project, item: Item, path: str) -> bool:
    """Was the document made from this file?"""
    if not project.has_ledger:
        return False
    for row in project.ledger.last(item.id)[-1:]:
        if path.startswith(f"{row.plugin_path}/"):
            return path[len(row.plugin_path) + 1 :] in provenance.sources(project.ledger, row)
    return False
