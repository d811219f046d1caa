"""What would be done, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from nightpress.tasks.session import Session
from nightpress.tasks.stdout import say, say_json
from nightpress.tasks.task import FORMAT, Task, command

if TYPE_CHECKING:
    from nightpress.pipeline import Outlook
    from nightpress.plan import Catalog, Item

__all__ = ["plan"]


def plan() -> Task:
    """What would be done and why; makes no call."""

    def act(now: Session, format: str) -> bool:
        from nightpress.pipeline import outlook
        from nightpress.plan import appraise

        catalog = now.whole()
        ahead = outlook.outlook(now.project, catalog)
        scores = appraise.scores(now.project, catalog.items.values(), catalog.plugins)
        if format == "json":
            say_json(_document(now, catalog, ahead, scores))
        else:
            _show(now, catalog, ahead, scores)
        return not any(problem.severity == "error" for problem in catalog.problems)

    return command(act, FORMAT)


def _rows(catalog: Catalog) -> list[Item]:
    """What is to be done first; of it, last what touches files of people."""
    return sorted(catalog.items.values(), key=lambda item: (not item.work, _for(item), item.id))


def _for(item: Item) -> int:
    """0: nobody's or our file, or a person's that is replaced; 1, 2: a draft beside one."""
    if item.decision.action != "make":
        return 0
    return {"extend": 1, "review": 2}.get(item.decision.publish, 0)


def _document(
    now: Session, catalog: Catalog, ahead: Outlook, scores: dict[str, int]
) -> dict[str, object]:
    writer = now.project.writer()
    return {
        "writer": str(writer),
        "why": writer.why,
        "last_writer": str(last) if (last := now.project.last_writer) else None,
        "plugins": len(catalog.slugs),
        "counts": dict(catalog.counts()),
        "outlook": ahead.as_dict(),
        "enhancements": [
            {
                "enhancement": item.id,
                "type": item.type,
                "target": item.target,
                "action": item.decision.action,
                "work": item.work,
                "publish": item.decision.publish,
                "bytes": item.size,
                "reasons": [{"code": r.code, "text": r.text} for r in item.decision.reasons],
                "score": scores.get(item.id),
            }
            for item in _rows(catalog)
        ],
        "problems": [str(problem) for problem in catalog.problems],
        "new_plugins": list(catalog.new.folders),
    }


def _show(now: Session, catalog: Catalog, ahead: Outlook, scores: dict[str, int]) -> None:
    rows = _rows(catalog)
    for item in rows:
        if item.decision.action != "fresh" or item.decision.reasons:
            why = "; ".join(reason.text for reason in item.decision.reasons)
            score = f" (score {scores[item.id]})" if item.id in scores else ""
            say(f"{item.decision.action:<12} {item.id}: {why}{score}")
    for problem in catalog.problems:
        say(str(problem))
    if sentence := catalog.new.sentence():
        say(sentence)
    say(f"{_headline(now, catalog)}; {ahead.sentence()}")
    if ahead.evidence():
        say(ahead.evidence())
    _show_persons(now, catalog, rows)
    if any(reason.code == "parked" for item in rows for reason in item.decision.reasons):
        say("parked ones wait until something that they are made from changes, or you ask again:")
        say("  doit forget enhance:PLUGIN/NAME")


def _show_persons(now: Session, catalog: Catalog, rows: list[Item]) -> None:
    """What becomes of people's files."""
    from nightpress.pipeline import outlook

    for place, (one, many) in _BESIDE.items():
        jobs = {item.id for item in rows if _for(item) == place}
        if jobs:
            said = one if len(jobs) == 1 else f"{len(jobs):,} {many}"
            say(f"{said}: {outlook.outlook(now.project, catalog, jobs).sentence()}")
    codes = [
        {reason.code for reason in item.decision.reasons}
        for item in rows
        if item.decision.action in ("keep", "adopt")
    ]
    small = sum("undersized" in code for code in codes)
    kept = sum("edited" not in code for code in codes)
    if kept:
        files = "1 file of a person is" if kept == 1 else f"{kept:,} files of people are"
        hint = f", {small:,} undersized; `standing: review` proposes drafts" if small else ""
        say(f"{files} kept{hint}")
    moved = sum(reason.code == "moved" for item in rows for reason in item.decision.reasons)
    if moved:
        say(f"of {moved:,} adopted, the source has moved on: doit enhance:PLUGIN/NAME drafts anew")


def _headline(now: Session, catalog: Catalog) -> str:
    """`236 plugins: 61 stale (40 content changed, 21 undersized) ...`."""
    making = [item for item in catalog.items.values() if item.decision.action == "make"]
    why = Counter(item.decision.reasons[0].code for item in making if item.decision.reasons)
    reasons = ", ".join(f"{n} {_CODES.get(code, code)}" for code, n in why.most_common())
    counts = catalog.counts()
    rest = ", ".join(
        f"{counts[action]} {word}" for action, word in _ACTIONS.items() if counts.get(action)
    )
    stale = f"{len(making)} stale" + (f" ({reasons})" if reasons else "")
    writer = now.project.writer()
    many = len(catalog.slugs)
    plugins = f"{many:,} plugin{'s' * (many != 1)}: {stale}, {rest or 'nothing else'}"
    last = now.project.last_writer
    before = f"; the last run wrote with {last}" if last and str(last) != str(writer) else ""
    return f"{plugins}; {writer} ({writer.why}){before}"


_BESIDE = {
    1: ("1 file of a person is extended if nothing of it is lost",
        "files of people are extended where nothing is lost"),
    2: ("1 draft beside a person's file will wait for review",
        "drafts beside people's files will wait for review"),
}  # fmt: skip
_ACTIONS = {
    "adopt": "to adopt", "fresh": "up to date", "insufficient": "insufficient",
    "hollow": "hollow",     "keep": "kept as they are", "parked": "parked",
}  # fmt: skip
_CODES = {
    "never": "never made",
    "content": "content changed",
    "generator": "generator changed",
    "model": "model changed",
    "settings": "settings changed",
    "schemas": "contract changed",
    "missing": "target missing",
    "asked": "asked for",
    "person": "undersized files of people",
}
