"""What would be done, and why."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nightpress.errors import UsageError
from nightpress.progress import summary
from nightpress.tasks.session import Session, matching
from nightpress.tasks.task import FORMAT, Task, command, option, say, say_json, switch
from nightpress.text import some

if TYPE_CHECKING:
    from nightpress.checks import SourceFinding
    from nightpress.pipeline import Outlook
    from nightpress.plan import Catalog, Item

__all__ = ["plan"]

NEEDING = 12
"""Plugins whose needs the plan lists."""


def plan() -> Task:
    """What would be done and why; makes no call."""

    def act(now: Session, format: str, verbose: bool, plugin: str) -> bool:
        from nightpress.pipeline import outlook
        from nightpress.plan import appraise, source, triggers
        from nightpress.project import folded

        if plugin:
            return _some(now, [name for name in plugin.split(",") if name], format)
        catalog = now.whole()
        if now.options.get("force"):
            raise UsageError("force=1 needs a named task", "nightpress build PLUGIN --force -n")
        ahead = outlook.outlook(now.project, catalog)
        quiet = now.options.get("progress") == "none"
        few = len(_told(catalog.items.values())) <= FEW and not sys.stdout.isatty()
        each = (verbose or few) and not quiet
        shown = catalog.items.values() if each or format == "json" else ()
        scores = appraise.scores(now.project, shown, catalog.plugins)
        if quiet and format != "json":
            for problem in folded([p for p in catalog.problems if p.severity == "error"]):
                say(problem)
            _totals(now, catalog, ahead)
            return _is_well(catalog)
        needs = source.every(now.project, catalog.plugins)
        trigger = triggers.of_project(now.project)
        if format == "json":
            document = _document(now, catalog, ahead, scores)
            say_json({**document, "needs": _needed(needs), "trigger": trigger.as_dict()})
        else:
            _show(now, catalog, scores, each=each, every=verbose and not quiet)
            if each:
                _show_needs(catalog, needs)
            for line in trigger.lines() if verbose else trigger.short():
                say(line)
            _show_ahead(now, catalog, ahead, each=each)
        return _is_well(catalog)

    each = switch("verbose", "a line for each document")
    return command(
        act, FORMAT, each, option("plugin", "only these PLUGIN or PLUGIN/NAME (a,b or a*), in full")
    )


def _show_ahead(now: Session, catalog: Catalog, ahead: Outlook, *, each: bool) -> None:
    """What it takes and costs, the totals, and what to do next."""
    from nightpress.pipeline import batch

    for line in (ahead.evidence(), ahead.by_lane(), *batch.standing(now.project)):
        if line:
            say(line)
    _totals(now, catalog, ahead)
    for line in () if each else _next(catalog, len(_waiting(now))):
        say(line)


def _publish(item: Item) -> str:
    """What a run does with the draft that it makes, or has made."""
    waits = any(reason.code == "review" for reason in item.decision.reasons)
    return "review" if waits else item.decision.publish


def _is_well(catalog: Catalog) -> bool:
    return not any(problem.severity == "error" for problem in catalog.problems)


def _totals(now: Session, catalog: Catalog, ahead: Outlook) -> None:
    say(f"{_headline(now, catalog)}; {ahead.sentence()}")
    if bounded := _bounded(now, catalog):
        say(bounded)


def _bounded(now: Session, catalog: Catalog) -> str:
    """How many of the documents one run makes, where `limit` bounds them."""
    from nightpress.pipeline import pacing

    limit = pacing.spending(now.project).budget.limit
    making = sum(item.decision.action == "make" for item in catalog.items.values())
    if limit is None or limit >= making:
        return ""
    return f"limit={limit}: a run makes {limit:,} of these {making:,} documents"


def _some(now: Session, names: Sequence[str], format: str) -> bool:
    """The plan of plugins, documents and what matches a pattern, gathered as a build of those
    names gathers it."""
    from nightpress.plan import appraise, catalog, source

    patterns = {name for name in names if "*" in name}
    literal = {name for name in names if name not in patterns}
    whole = now.whole() if patterns else None
    jobs = {job for pattern in patterns if whole for job in matching(whole, pattern)}
    for name in literal:
        now.known(name)
    slugs = frozenset(name.partition("/")[0] for name in jobs | literal)
    listed = catalog.load(now.project, slugs=slugs)
    items = [i for i in _rows(listed) if i.id in jobs | literal or i.slug in literal]
    scores = appraise.scores(now.project, items, listed.plugins)
    needs = {slug: source.of(now.project, listed.plugins[slug]) for slug in sorted(slugs)}
    problems = [problem for slug in needs for problem in listed.plugins[slug].problems]
    if format == "json":
        say_json({
            "enhancements": [_row(item, scores) for item in items],
            "problems": [str(problem) for problem in problems], "needs": _needed(needs),
        })  # fmt: skip
    elif now.options.get("progress") == "none":
        counts = Counter(item.decision.word for item in items)
        told = ", ".join(f"{count} {word}" for word, count in counts.items())
        say(f"{', '.join(names)}: {told}")
    else:
        found = [(slug, one) for slug, own in needs.items() for one in own]
        sources = (f"{slug}: {one.file}:{one.line}: {one.message}" for slug, one in found)
        ends = (
            f"{item.id}: {_ENDS[_publish(item)]}" for item in items
            if item.decision.action == "make" and "will wait for you" not in _why(item)
        )  # fmt: skip
        drafts = (f"{job}: {_EARLIER}" for job in _outdated(now, items))
        for line in (
            *_lines(items, scores, whole=True),
            *_removed(listed),
            *drafts,
            *ends,
            *map(str, problems),
            *sources,
        ):
            say(line)
    return not any(problem.severity == "error" for problem in problems)


_ENDS = {
    "auto": "a draft that passes its checks is published",
    "review": "the draft waits for you (nightpress review)",
    "extend": "the draft is published if nothing of the file is lost, else it waits for you",
}
"""What becomes of what is made."""


def _waiting(now: Session) -> frozenset[str]:
    """The documents of which a draft waits for you."""
    from nightpress.ledger import reviews

    return frozenset(reviews.waiting_jobs(now.project.ledger) if now.project.has_ledger else ())


def _outdated(now: Session, items: Iterable[Item]) -> list[str]:
    """Those of which nothing is to be made, while a draft of another state waits."""
    waiting, told = _waiting(now), ("parked", "make")
    return [i.id for i in items if i.id in waiting and i.decision.action not in told]


_EARLIER = "an earlier draft still waits: nightpress review shows it"


def _rows(catalog: Catalog) -> list[Item]:
    """What is to be done first; of it, last what touches files of people."""
    return sorted(catalog.items.values(), key=lambda item: (not item.work, _for(item), item.id))


def _for(item: Item) -> int:
    """0: nobody's or our file, or a person's that is replaced; 1, 2: a draft beside one."""
    codes = {reason.code for reason in item.decision.reasons}
    persons = item.decision.publish == "extend" or "person" in codes
    if item.decision.action != "make" or not persons:
        return 0
    return {"extend": 1, "review": 2}.get(item.decision.publish, 0)


def _document(
    now: Session, catalog: Catalog, ahead: Outlook, scores: dict[str, int]
) -> dict[str, object]:
    from nightpress.plan import catalog as plans

    writer = now.project.writer()
    return {
        "writer": str(writer),
        "why": writer.why,
        "last_writer": str(last) if (last := now.project.last_writer) else None,
        "plugins": len(catalog.slugs),
        "counts": dict(Counter(item.decision.action for item in catalog.items.values())),
        "outlook": ahead.as_dict(),
        "enhancements": [_row(item, scores) for item in _rows(catalog)],
        "removals": _removals(catalog),
        "undeclared": plans.undeclared(now.project, catalog),
        "problems": [str(problem) for problem in catalog.problems],
        "new_plugins": list(catalog.new.folders),
    }


def _row(item: Item, scores: dict[str, int]) -> dict[str, object]:
    return {
        "enhancement": item.id,
        "type": item.type,
        "target": item.target,
        "action": item.decision.action,
        "state": item.decision.word,
        "work": item.work,
        "publish": _publish(item),
        "bytes": item.size,
        "asks": item.asks,
        "reasons": [{"code": r.code, "text": r.text} for r in item.decision.reasons],
        "score": scores.get(item.id),
    }


def _show(
    now: Session, catalog: Catalog, scores: dict[str, int], *, each: bool, every: bool
) -> None:
    """each: a line for each document; else one for each cause, if there are many; every: for each
    that is up to date, too."""
    from nightpress.plan import catalog as plans
    from nightpress.project import folded

    rows = _rows(catalog)
    told = rows if every else _told(rows)
    for line in _lines(told, scores, whole=each) if each or len(told) <= FEW else _causes(told):
        say(line)
    for line in _removed(catalog):
        say(line)
    for job in (left := plans.undeclared(now.project, catalog))[:FEW]:
        say(f"{job}: published before, and its manifest asks for it no more: it stays as it is")
    if left[FEW:]:
        say(f"... and {some(len(left) - FEW, 'document')} that no manifest asks for any more")
    for line in map(str, catalog.problems) if each else folded(catalog.problems):
        say(line)
    if sentence := catalog.new.sentence():
        say(sentence)
    if outdated := _outdated(now, rows):
        more = f" (and {len(outdated) - 1:,} more)" if outdated[1:] else ""
        say(f"{outdated[0]}: {_EARLIER}{more}")
    _show_persons(now, catalog, rows)
    if any(reason.code == "parked" for item in rows for reason in item.decision.reasons):
        say("refused ones are made again when something changes, or when you ask for it:")
        say("  doit forget enhance:PLUGIN/NAME")


def _removals(catalog: Catalog) -> dict[str, list[str]]:
    """slug -> references of ours that go when its SKILL.md is made: no command asks for them."""
    return {
        slug: sorted(plugin.left_over)
        for slug, plugin in catalog.plugins.items()
        if plugin.left_over and any(s.decision.action == "make" for s in plugin.states.values())
    }


def _removed(catalog: Catalog) -> Iterator[str]:
    for slug, paths in _removals(catalog).items():
        for path in paths:
            said = "nothing asks for it (kept where a document leads to it)"
            yield f"{'remove':<12} {slug}: {path}: {said}"


def _told(items: Iterable[Item]) -> list[Item]:
    """Those of which there is something to say."""
    return [item for item in items if item.decision.action != "fresh" or item.decision.reasons]


_STANDS = ("fresh", "render", "adopt")
"""What stays as long as it is."""

FEW = 8
"""Documents that are told one by one."""
CAUSES = 8
"""Causes that are told of more."""
COLUMNS = 80


def _lines(items: list[Item], scores: dict[str, int], *, whole: bool) -> Iterator[str]:
    """whole: each with all its reasons, its score and the size that it is asked for."""
    for item in items:
        if not whole:
            yield f"{_prefix(item)} {item.id}: {summary.in_short(_why(item))}"
            continue
        score = f" (score {scores[item.id]})" if item.id in scores else ""
        asks = f" [{item.asks}]" if item.asks and item.decision.action not in _STANDS else ""
        why = f": {said}" if (said := _why(item)) else ""
        yield f"{_prefix(item)} {item.id}{why}{score}{asks}"


def _causes(items: list[Item]) -> Iterator[str]:
    """A line for each action and first reason: how many, the bytes that are there, and the cause
    with its first document. Hollow plugins have one cause, whatever each of them lacks."""
    groups: dict[tuple[str, str], list[tuple[Item, str]]] = {}
    for item in items:
        first = item.decision.reasons[0].text if item.decision.reasons else ""
        if item.decision.action in ("hollow", "insufficient"):
            first = first.partition(":")[0]
        groups.setdefault((_prefix(item), summary.cause(first)), []).append((item, first))
    for (prefix, _), own in list(groups.items())[:CAUSES]:
        (example, why), size = own[0], sum(item.size for item, _ in own)
        there = f"{size / 1_000:,.0f} kB" if size >= 500 else ""
        head = f"{prefix} {len(own):>5,} {there:>8}  "
        line = f"{head}{why} (e.g. {example.id})" if len(own) > 1 else f"{head}{example.id}: {why}"
        # the cause rather than an example
        yield _cut(line if len(line) < COLUMNS or len(own) == 1 else f"{head}{why}")
    if (more := len(groups) - CAUSES) > 0:
        yield f"... and {more:,} more cause{'s' * (more > 1)}"
    yield f"{len(items):,} documents by cause; one by one: doit plan --verbose"


def _next(catalog: Catalog, waiting: int) -> Iterator[str]:
    """Up to three commands, and what each is for."""
    counts = Counter(item.decision.action for item in catalog.items.values())
    work = sum(item.work for item in catalog.items.values())
    for count, verb, one, many in (
        (work, "build", "document to make or note", "documents to make or note"),
        (waiting, "review", "draft waits for you", "drafts wait for you"),
        (counts["hollow"], "check", "hollow plugin lacks", "hollow plugins lack"),
    ):
        if count:
            what = "what " if verb == "check" else ""
            yield f"next: {f'nightpress {verb}':<18} {what}{count:,} {one if count == 1 else many}"


def _cut(line: str) -> str:
    """The line, or as many of its words as a terminal of 80 columns has room for."""
    return line if len(line) < COLUMNS else line[: COLUMNS - 4].rpartition(" ")[0] + " ..."


def _prefix(item: Item) -> str:
    """`make` and `adopt` are what will be done; all else is how it stands."""
    decision = item.decision
    word = decision.action if decision.action == "make" else decision.word.removeprefix("to ")
    return f"{word:<12}"


def _why(item: Item) -> str:
    return "; ".join(reason.text for reason in item.decision.reasons)


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
    lock = now.project.lock()
    adopted = (item.id for item in rows if item.decision.action == "fresh" and item.id in lock)
    kept = len(codes) + sum(lock[job].status == "adopted" for job in adopted)
    if kept:
        files = (
            "1 file written by a person stays as it is"
            if kept == 1
            else f"{kept:,} files written by people stay as they are"
        )
        hint = f", {small:,} undersized; `standing: review` proposes drafts" if small else ""
        say(f"{files}{hint}")
    moved = sum(reason.code == "moved" for item in rows for reason in item.decision.reasons)
    if moved:
        again = "doit forget enhance:PLUGIN/NAME, then doit, makes new drafts beside them"
        say(f"of {moved:,} of them, the source has changed since: {again}")


def _needed(needs: Mapping[str, Sequence[SourceFinding]]) -> dict[str, list[dict[str, object]]]:
    from msgspec.structs import asdict

    return {slug: [asdict(one) for one in found] for slug, found in needs.items()}


def _show_needs(catalog: Catalog, needs: Mapping[str, Sequence[SourceFinding]]) -> None:
    """What the plugins themselves need, the hollow ones first; up to three for each."""
    if not needs:
        return
    hollow = {i.slug for i in catalog.items.values() if i.decision.action == "hollow"}
    count = sum(map(len, needs.values()))
    say(f"what the plugins need ({count:,} in {len(needs):,}; nightpress check tells all):")
    for slug in sorted(needs, key=lambda slug: (slug not in hollow, slug))[:NEEDING]:
        for one in needs[slug][:3]:
            say(f"  {slug}: {one.file}:{one.line}: {one.message}")
        if (more := len(needs[slug]) - 3) > 0:
            say(f"  {slug}: ... and {more:,} more")
    if (more := len(needs) - NEEDING) > 0:
        say(f"  ... and {more:,} more plugin{'s' * (more != 1)}")


def _headline(now: Session, catalog: Catalog) -> str:
    """`236 plugins: 61 stale (40 content changed, 21 undersized), 12 not made yet ...`."""
    from nightpress.model import STATES  # a run with nothing to do spares it

    stale = [item for item in catalog.items.values() if item.decision.state == "make"]
    why = Counter(item.decision.reasons[0].code for item in stale if item.decision.reasons)
    reasons = ", ".join(f"{n} {_CODES.get(code, code)}" for code, n in why.most_common())
    counts = catalog.states()
    parts = [f"{counts[state]} {STATES[state].word}" for state in _TOLD if counts.get(state)]
    parts.insert(0, f"{len(stale)} stale" + (f" ({reasons})" if reasons else ""))
    writer = now.project.writer()
    documents = some(sum(counts.values()), "document")
    plugins = f"{documents} in {some(len(catalog.slugs), 'plugin')}: {', '.join(parts)}"
    last = now.project.last_writer
    before = f"; the last run wrote with {last}" if last and str(last) != str(writer) else ""
    return f"{plugins}; {writer} ({writer.why}){before}"


_BESIDE = {
    1: ("1 file written by a person is extended if nothing of it is lost",
        "files written by people are extended where nothing is lost"),
    2: ("1 draft beside a person's file will wait for review",
        "drafts beside people's files will wait for review"),
}  # fmt: skip
_TOLD = (
    "unmade", "render", "adopt", "fresh", "insufficient", "hollow", "keep", "refused", "rejected",
    "parked",
)  # fmt: skip
"""States in the headline, behind what is stale."""
_CODES = {
    "content": "content changed",
    "generator": "generator changed",
    "model": "model changed",
    "settings": "settings changed",
    "schemas": "contract changed",
    "missing": "target missing",
    "asked": "asked for by you",
    "sections": "partly stale",
    "undersized": "undersized",
    "oversized": "over the maximum",
}
