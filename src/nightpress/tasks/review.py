"""The chapter of dodo.py for drafts that wait: look at them, apply them, reject them.

Floor 4.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from doit.exceptions import TaskFailed

from nightpress import errors
from nightpress.tasks import FORMAT, QUIET, Task, group, session, slugs, switch, text, verb
from nightpress.tasks.errors import told
from nightpress.tasks.session import Session

if TYPE_CHECKING:
    from nightpress.pipeline.review import Waiting


def review() -> Task:
    def run(now: Session, format: str = "text") -> bool:
        from nightpress.pipeline import review as reviewing
        from nightpress.report import review_page
        from nightpress.tasks import verbs

        found, undeclared = _waiting(now)
        if format == "json":
            verbs.say_json(reviewing.as_dict(found))
            return True
        colour = review_page.coloured(sys.stdout, now.project.environ)
        for line in review_page.lines(found, colour):
            verbs.show(line)
        for job in undeclared:
            verbs.say(f"{job}: its draft waits, but no manifest declares it any more")
        if found:
            path = review_page.write(now.project.state / "report" / "review.html", found)
            verbs.say(path.relative_to(now.project.root).as_posix())
        return True

    return verb(run, [FORMAT])


def _waiting(now: Session) -> tuple[list[Waiting], list[str]]:
    """(the drafts that wait, the jobs of those whose enhancement is declared no more)."""
    from nightpress.pipeline import review as reviewing

    found: list[Waiting] = []
    undeclared: list[str] = []
    for one in reviewing.waiting(now.project):
        slug, _, name = one.job.partition("/")
        plugin = now.plugin(slug) if slug in now.catalog.slugs else None
        if plugin is not None and (state := plugin.states.get(name)):
            found.append(reviewing.beside(one, state, plugin.root))
        else:
            undeclared.append(one.job)
    return found, undeclared


def apply() -> Iterator[Task]:
    """One a plugin: publish its drafts that wait."""
    merge = switch("merge", "take the three-way merge where the file changed meanwhile")
    yield group("publish the drafts that wait, byte for byte; makes no call")
    for slug in slugs(session.current()):
        yield {
            "name": slug,
            "doc": f"publish the drafts of {slug} that wait",
            "actions": [(_apply, [slug])],
            "params": [merge],
            "uptodate": [False],
            **QUIET,
        }


def reject() -> Iterator[Task]:
    """One a plugin: turn its drafts that wait down."""
    because = text("because", "what the next draft should mind (it goes into the prompt)")
    yield group("turn drafts down; the reason goes into the next prompt")
    for slug in slugs(session.current()):
        yield {
            "name": slug,
            "doc": f"turn the drafts of {slug} that wait down",
            "actions": [(_reject, [slug])],
            "params": [because],
            "uptodate": [False],
            **QUIET,
        }


def _apply(slug: str, merge: bool) -> TaskFailed | None:
    from nightpress.pipeline import applying
    from nightpress.tasks import verbs

    now = session.current()
    items = {item.id: item for item in now.catalog.items.values() if item.slug == slug}
    _say_if_none(now, "apply", slug)
    try:
        said, left = applying.apply(now.press, slug, items, merge)
    except (errors.NightpressError, OSError) as error:
        return told(error)
    for line in said:
        verbs.say(line)
    if left:
        now.exit_code = errors.EXIT_FAILED
        return TaskFailed("", report=False)
    return None


def _say_if_none(now: Session, group: str, slug: str) -> None:
    """Said of a plugin that was named; `doit apply` alone passes over those without a draft."""
    from nightpress.pipeline import review as reviewing
    from nightpress.tasks import verbs

    named = now.asked is not None and f"{group}:{slug}" in now.asked.names
    if named and not reviewing.waiting(now.project, slug):
        verbs.say(f"{slug}: no draft waits")


def _reject(slug: str, because: str) -> TaskFailed | None:
    from nightpress.pipeline import review as reviewing
    from nightpress.tasks import verbs

    now = session.current()
    _say_if_none(now, "reject", slug)
    try:
        for line in reviewing.reject(now.project, slug, because):
            verbs.say(line)
    except (errors.NightpressError, OSError) as error:
        return told(error)
    return None
