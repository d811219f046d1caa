"""Drafts that wait for a person: look at them, apply them, reject them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nightpress.tasks import session
from nightpress.tasks.session import Session
from nightpress.tasks.stdout import say, say_json, show
from nightpress.tasks.task import FORMAT, Task, command, group, member, option, switch

if TYPE_CHECKING:
    from nightpress.pipeline import Waiting

__all__ = ["apply", "reject", "review"]


def review() -> Task:
    """The drafts that wait, as diffs, and as a page."""

    def act(now: Session, format: str) -> bool:
        from nightpress.pipeline import review
        from nightpress.report import review_page

        drafts, undeclared = _waiting(now)
        if format == "json":
            say_json(review.as_dict(drafts))
            return True
        colour = review_page.coloured(sys.stdout, now.project.environ)
        for line in review_page.lines(drafts, colour):
            show(line)
        for job in undeclared:
            say(f"{job}: its draft waits, but no manifest declares it any more")
        if drafts:
            path = review_page.write(now.state / "report" / "review.html", drafts)
            say(path.relative_to(now.root).as_posix())
        return True

    return command(act, FORMAT)


def _waiting(now: Session) -> tuple[list[Waiting], list[str]]:
    """(the drafts that wait, the jobs of those whose enhancement is declared no more)."""
    from nightpress.pipeline import review

    drafts: list[Waiting] = []
    undeclared: list[str] = []
    for draft in review.waiting(now.project):
        slug, _, name = draft.job.partition("/")
        plugin = now.plugin(slug) if slug in now.catalog.slugs else None
        if plugin is not None and (state := plugin.states.get(name)):
            drafts.append(review.beside(draft, state, plugin.root))
        else:
            undeclared.append(draft.job)
    return drafts, undeclared


def apply() -> Iterator[Task]:
    """One a plugin: publish its drafts that wait."""

    def act(now: Session, slug: str, merge: bool) -> bool:
        from nightpress.pipeline import review

        items = {item.id: item for item in now.catalog.items.values() if item.slug == slug}
        _say_if_none(now, "apply", slug)
        lines, left = review.apply(now.press, slug, items, merge)
        for line in lines:
            say(line)
        return not left

    merge = switch("merge", "take the three-way merge where the file changed meanwhile")
    yield group("publish the drafts that wait, byte for byte; makes no call")
    for slug in session.current().slugs():
        yield member(slug, f"publish the drafts of {slug} that wait", act, merge)


def reject() -> Iterator[Task]:
    """One a plugin: turn its drafts that wait down."""

    def act(now: Session, slug: str, because: str) -> bool:
        from nightpress.pipeline import review

        _say_if_none(now, "reject", slug)
        for line in review.reject(now.project, slug, because):
            say(line)
        return True

    because = option("because", "what the next draft should mind (it goes into the prompt)")
    yield group("turn drafts down; the reason goes into the next prompt")
    for slug in session.current().slugs():
        yield member(slug, f"turn the drafts of {slug} that wait down", act, because)


def _say_if_none(now: Session, chapter: str, slug: str) -> None:
    """Said of a plugin that was named; `doit apply` alone passes over those without a draft."""
    from nightpress.pipeline import review

    named = now.invocation is not None and f"{chapter}:{slug}" in now.invocation.names
    if named and not review.waiting(now.project, slug):
        say(f"{slug}: no draft waits")
