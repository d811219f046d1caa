"""What the user reads and asks for at the desk: validate, plan, report, restore, adopt, clean.

Floor 4: verbs behind tasks, printing for people or as one JSON document. Each returns whether all
is well (False: exit status 1).
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from nightpress import errors
from nightpress.plan import catalog
from nightpress.plan.state import Item
from nightpress.tasks.session import Session
from nightpress.text import safe


def say(text: str = "") -> None:
    """One line to stdout, at once, safe for a terminal."""
    _write(safe(text, newlines=True) + "\n")


def show(line: str) -> None:
    """One line that is safe already: it may hold colours of ours."""
    _write(line + "\n")


def say_json(value: Any) -> None:
    """The one JSON document."""
    _write(json.dumps(value, indent=2, ensure_ascii=True, default=str) + "\n")


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader (`| head`) has seen enough; nobody is left to tell
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115


def manifests(now: Session, rename_generic: bool = False, add: str = "") -> bool:
    """Find the plugins, write the manifests that are missing, report those that are gone; add:
    types, separated by commas, that every manifest gets."""
    from nightpress.project import init

    types = tuple(word for word in add.split(",") if word)
    found = init.sync(now.project.root, rename_generic=rename_generic, add=types)
    for line in found.lines():
        say(line)
    return True


def validate(now: Session, format: str = "text") -> bool:
    """Every problem of every manifest, generator and default."""
    from msgspec.structs import asdict

    from nightpress import project

    problems = project.validate(now.project.root)
    bad = [p for p in problems if p.severity == "error"]
    if format == "json":
        say_json([asdict(problem) for problem in problems])
        return not bad
    for problem in problems:
        say(str(problem))
    count = len(now.project.slugs())
    warnings = len(problems) - len(bad)
    say(f"{count} manifests: {len(bad)} errors, {warnings} warnings")
    return not bad


def plan(now: Session, format: str = "text") -> bool:
    """What would be done and why; makes no call."""
    found = now.whole()
    rows = sorted(found.items.values(), key=lambda item: (not item.work, item.id))
    from nightpress.pipeline import outlook as forecasting
    from nightpress.plan import appraise

    outlook = forecasting.outlook(now.project, found)
    scores = appraise.scores(now.project, found.items.values(), found.gathered)
    if format == "json":
        say_json({
            "writer": str(now.project.writer()),
            "why": now.project.writer().why,
            "plugins": len(found.slugs),
            "counts": dict(found.counts()),
            "outlook": outlook.as_dict(),
            "enhancements": [_row(item) | {"score": scores.get(item.id)} for item in rows],
            "problems": [str(problem) for problem in found.problems],
        })  # fmt: skip
        return not any(p.severity == "error" for p in found.problems)
    for item in rows:
        if item.decision.action != "fresh":
            score = f" (score {scores[item.id]})" if item.id in scores else ""
            say(f"{item.decision.action:<12} {item.id}: {_said(item)}{score}")
    for problem in found.problems:
        say(str(problem))
    say(f"{_headline(now, found)}; {outlook.sentence()}")
    if outlook.evidence():
        say(outlook.evidence())
    if any(reason.code == "parked" for item in rows for reason in item.decision.reasons):
        say("parked ones wait until something that they are made from changes, or you ask again:")
        say("  doit forget enhance:PLUGIN/NAME")
    return not any(p.severity == "error" for p in found.problems)


def _row(item: Item) -> dict[str, Any]:
    return {
        "enhancement": item.id,
        "type": item.type,
        "target": item.target,
        "action": item.decision.action,
        "work": item.work,
        "bytes": item.size,
        "reasons": [{"code": r.code, "text": r.text} for r in item.decision.reasons],
    }


def _said(item: Item) -> str:
    return "; ".join(reason.text for reason in item.decision.reasons)


def _headline(now: Session, found: catalog.Catalog) -> str:
    """`236 plugins: 61 stale (40 content changed, 21 undersized) ...`."""
    making = [i for i in found.items.values() if i.decision.action == "make"]
    why = Counter(i.decision.reasons[0].code for i in making if i.decision.reasons)
    reasons = ", ".join(f"{n} {_CODES.get(code, code)}" for code, n in why.most_common())
    counts = found.counts()
    rest = ", ".join(
        f"{counts[action]} {word}"
        for action, word in (
            ("adopt", "to adopt"), ("fresh", "up to date"), ("insufficient", "insufficient"),
            ("keep", "edited by hand"), ("parked", "parked"),
        )
        if counts.get(action)
    )  # fmt: skip
    stale = f"{len(making)} stale" + (f" ({reasons})" if reasons else "")
    writer = now.project.writer()
    many = len(found.slugs)
    what = f"{many:,} plugin{'s' * (many != 1)}: {stale}, {rest or 'nothing else'}"
    return f"{what}; {writer} ({writer.why})"


_CODES = {
    "never": "never made",
    "content": "content changed",
    "generator": "generator changed",
    "model": "model changed",
    "settings": "settings changed",
    "schemas": "contract changed",
    "missing": "target missing",
    "asked": "asked for",
}


def report(now: Session, format: str = "text", days: int = 30) -> bool:
    """Write the page, the Markdown and the figures; a plain summary, and where they are."""
    from nightpress import report as reporting

    figures = reporting.gather(now.project, days)
    paths = reporting.write(now.project, figures)
    if format == "json":
        _write(paths[-1].read_text(encoding="ascii"))
        return True
    for line in reporting.summary(figures):
        say(line)
    for path in paths:
        say(path.relative_to(now.project.root).as_posix())
    return True


def audit(now: Session, format: str = "text") -> bool:
    """Verify the ledger's hash chain, and that every published file stands as it says."""
    if not now.project.has_ledger:
        say_json({"breaks": []}) if format == "json" else say("there is no ledger yet")
        return True
    breaks = now.project.ledger.verify()
    if format == "json":
        say_json({"breaks": [{"seq": b.seq, "what": b.what} for b in breaks]})
        return not breaks
    for found in breaks:
        say(f"chain, link {found.seq}: {found.what}")
    query = (
        "SELECT (SELECT COUNT(*) FROM chain) AS n,"
        " (SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM chain_gaps) AS pruned"
    )
    (row,) = now.project.ledger.rows(query)
    pruned = f" ({row['pruned']} more were pruned)" if row["pruned"] else ""
    say(f"{row['n']} rows in the chain{pruned}: {len(breaks) or 'no'} breaks")
    return not breaks


def restore(
    now: Session, plugin: str = "", snapshot: str = "", list: bool = False, format: str = "text"
) -> bool:
    """Bring a plugin back from one of its snapshots, bit for bit; or list them."""
    from nightpress.pipeline import restore as restoring

    if list:
        rows = restoring.rows(now.project, plugin or None)
        if format == "json":
            say_json(rows)
            return True
        for row in rows:
            say(f"{row['id']}  {row['taken']}  {row['plugin']:<40} {row['files']} files")
        say(f"{len(rows)} snapshots")
        return True
    if not plugin:
        raise errors.UsageError(
            "which plugin?", "doit restore --plugin NAME [--snapshot ID], or doit restore --list"
        )
    lines, in_time = restoring.restore(now.run, now.press, plugin, snapshot or None)
    for line in lines:
        say(line)
    return in_time


def adopt(now: Session, slug: str) -> None:
    """Take the files of a plugin's enhancements as the truth."""
    from nightpress.pipeline import adopt as adopting

    adopting.adopt(now.press, [item for item in now.catalog.items.values() if item.slug == slug])


def clean(now: Session, items: Sequence[Item], dryrun: bool) -> None:
    """`doit clean`: temporary files and kept drafts. `doit clean enhance:X`, by name: X goes back
    to what stood before us, unless it was edited by hand."""
    from nightpress.pipeline import clean as cleaning
    from nightpress.storage import run_lock

    named = now.asked.names if now.asked is not None else ()
    take_back = any(name.startswith("enhance:") for name in named)
    lock = None if dryrun else run_lock.acquire(now.project.state, "doit clean")
    try:
        for item in items:
            found = now.plugin(item.slug)
            for line in cleaning.clean(now.project, found, item, take_back, dryrun):
                say(line)
    finally:
        if lock is not None:
            lock.release()
