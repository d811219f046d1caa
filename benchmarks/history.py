"""Calls over the history of a marketplace: by folder hashes, and by sections that are stale.

Every commit of a repository's first-parent line is gone through. Each plugin has one document, as
the offline writer makes it, and what a change asks of it is decided as a build decides it
(`plan/sections`): nothing, a call for some sections, or an analysis and a document (two calls), as
each change of the folder does by folder hashes. The document is carried on as those calls would
leave it, and compared with one that is made anew: a changed fact that only one of them tells was
missed.

`python -m benchmarks history --repository FOLDER`; without one a small marketplace with made-up
releases, with --marketplace FOLDER a copy of that one.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from tests.market import plugin as make_plugin

from benchmarks import _releases
from nightpress.backends import finish
from nightpress.backends.offline.analyse import analyse
from nightpress.backends.offline.backend import Offline
from nightpress.clock import RealClock
from nightpress.model import Anatomy, Generator, Material, Request, Window
from nightpress.plan import content, sections
from nightpress.plugin import collect, sources
from nightpress.project import Project

CALLS = {"nothing": 0, "sections": 1, "whole": 2}


class Held(Struct):
    """A plugin's document: its text, and the plugin that it was made from."""

    before: Anatomy
    text: str


def main(argv: list[str]) -> dict[str, Any]:
    """One object: commits, plugins, changes (of a plugin by a commit), by_folder and by_sections
    (calls), saved (percent), what (changes by what they asked for), missed (facts), elsewhere:
    facts that were among the lines shown to the writer, who was asked for other sections than the
    one that a new document tells them in."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks history", description=__doc__)
    parser.add_argument("--repository", type=Path, help="any git repository with plugins in it")
    parser.add_argument("--marketplace", type=Path, help="a folder, for made-up releases")
    parser.add_argument("--plugins", type=int, default=12, help="of one that is made up")
    parser.add_argument("--releases", type=int, default=20)
    parser.add_argument("--commits", type=int, default=500, help="the last ones")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="nightpress-history-") as folder:
        root = given.repository
        if root is None:
            root = Path(folder) / "marketplace"
            if given.marketplace is not None:
                shutil.copytree(given.marketplace, root, ignore=shutil.ignore_patterns(".git"))
            else:
                for number in range(given.plugins):
                    make_plugin(root, f"plugin-{number}", size=12_000)
            _releases.history(root, given.releases, 0.2)
        return run(root.resolve(), Path(folder) / "seen", given.commits)


def run(root: Path, seen: Path, most: int = 500) -> dict[str, Any]:
    """What `main` says; seen: an empty folder, for a checkout."""
    commits = _git(root, "rev-list", "--first-parent", "--reverse", f"-n{most}", "HEAD").split()
    project = Project(seen, {}, os.environ, RealClock())
    generator = project.generator("skill")
    held: dict[str, Held] = {}
    what: Counter[str] = Counter()
    missed: list[str] = []
    elsewhere = 0
    for number, commit in enumerate(commits):
        touched = _plugins(root, commit, first=not number)
        for path in touched:
            now = _anatomy(root, commit, path, seen)
            if now is None:
                held.pop(path, None)
                continue
            fresh = _composed(now, generator)
            known = held.get(path)
            if known is None:
                held[path] = Held(now, fresh)
                continue
            asked, known.text = _carried(known, now, fresh)
            what[asked] += 1
            differ = [f"{commit[:8]} {path}: {fact}" for fact in _missed(known, now, fresh)]
            missed += differ if asked == "nothing" else []
            elsewhere += len(differ) if asked != "nothing" else 0
            known.before = now if asked != "nothing" else known.before
    changes = what.total()
    calls = sum(CALLS[kind] * count for kind, count in what.items())
    return {
        "commits": len(commits), "plugins": len(held), "changes": changes,
        "by_folder": 2 * changes, "by_sections": calls,
        "saved": round(100 * (1 - calls / (2 * changes)), 1) if changes else 0.0,
        "what": dict(what), "missed": missed, "elsewhere": elsewhere,
    }  # fmt: skip


def _carried(known: Held, now: Anatomy, fresh: str) -> tuple[str, str]:
    """(what the change asks for, the document as the calls for it would leave it)."""
    found = sections.change(known.before, now, known.text, TARGET)
    if found is None:
        return "whole", fresh
    if not found.stale:
        return "nothing", known.text
    return "sections", _spliced(known.text, fresh, {title for title, _ in found.stale})


def _spliced(old: str, fresh: str, stale: set[str]) -> str:
    """The old document with the sections that were asked for as the new one has them, and with
    those that are new."""
    before, now = _parts(old), _parts(fresh)
    texts = {
        title: now.get(title, "") if title in stale else text for title, text in before.items()
    }
    return "".join([*texts.values(), *(text for title, text in now.items() if title not in before)])


def _parts(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in re.split(r"(?m)^(?=#{1,6} )", text):
        head = part.split("\n")[0]
        title = head.lstrip("#").strip() if head.startswith("#") else ""
        found[title] = found.get(title, "") + part
    return found


def _missed(known: Held, now: Anatomy, fresh: str) -> Iterator[str]:
    """Facts that changed since the document was made which it and a new one tell differently. (The
    fields of the frontmatter follow plugin.json by themselves.)"""
    old, new = (
        {(f.kind, f.name, f.of, f.values): f for f in collect(one).all}
        for one in (known.before, now)
    )
    for key in old.keys() ^ new.keys():
        fact = old.get(key) or new[key]
        named = re.compile(rf"(?<![\w-]){re.escape(fact.name)}(?![\w-])")
        texts = (text.partition("\n---\n")[2] for text in (known.text, fresh))
        tells, should = (bool(named.search(text)) for text in texts)
        if tells != should:
            yield f"{fact.kind} {fact.name} {'is still told' if tells else 'is not told'}"


TARGET = "skills/document/SKILL.md"


def _composed(anatomy: Anatomy, generator: Generator) -> str:
    made = Material(
        anatomy=anatomy, analysis=analyse(anatomy), standing="", generator=generator,
        target=TARGET, window=Window(min=1_000),
    )  # fmt: skip
    request = Request("generation", "history/document", "offline", "", "", 1, made)
    return finish.finished(made, Offline().ask(request).text)


def _plugins(root: Path, commit: str, *, first: bool) -> list[str]:
    """Folders of the plugins that the commit touches."""
    every = _git(root, "ls-tree", "-r", "--name-only", commit).splitlines()
    end = "/.claude-plugin/plugin.json"
    folders = [path.removesuffix(end) for path in every if path.endswith(end)]
    if first:
        return folders
    changed = _git(root, "diff", "--name-only", f"{commit}^", commit).splitlines()
    return [f for f in folders if any(path.startswith(f"{f}/") for path in changed)]


def _anatomy(root: Path, commit: str, path: str, seen: Path) -> Anatomy | None:
    shutil.rmtree(seen, ignore_errors=True)
    seen.mkdir()
    with subprocess.Popen(
        ["git", "archive", commit, path], cwd=root, stdout=subprocess.PIPE
    ) as git:
        subprocess.run(["tar", "-x", "-C", str(seen)], stdin=git.stdout, check=True)
    folder = seen / path
    paths = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    counted = [one for one in paths if content.seen(one)]
    return sources.anatomy_of(folder, sources.read(folder, counted)) if counted else None


def _git(root: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-c", "core.quotePath=false", *words], cwd=root, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip


def render(result: dict[str, Any]) -> str:
    what = ", ".join(f"{count} {kind}" for kind, count in sorted(result["what"].items()))
    return (
        f"{result['commits']} commits, {result['plugins']} plugins, {result['changes']} changes"
        f" ({what}): {result['by_folder']} calls by folder hashes, {result['by_sections']} by"
        f" sections, {result['saved']} % fewer; {len(result['missed'])} facts missed,"
        f" {result['elsewhere']} asked for with another section than a new document has them in."
    )
