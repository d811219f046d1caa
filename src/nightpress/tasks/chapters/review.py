"""Drafts that wait for a person: look at them, apply them, reject them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nightpress.tasks import session
from nightpress.tasks.session import Session
from nightpress.tasks.task import (
    FORMAT,
    Task,
    command,
    group,
    member,
    option,
    say,
    say_json,
    show,
    switch,
)

if TYPE_CHECKING:
    from nightpress.pipeline import Waiting
    from nightpress.report.margin import Margin

__all__ = ["apply", "reject", "review"]


def review() -> Task:
    """The drafts that wait: what each loses and gains, its difference; and as a page."""

    def act(now: Session, format: str, plugin: str, verbose: bool) -> bool:
        from nightpress.pipeline import review
        from nightpress.report import review_page

        now.known(plugin)
        if plugin:
            now.sound(plugin.partition("/")[0])
        drafts, margins, undeclared = waiting(now, plugin)
        if format == "json":
            rows = review.as_dict(drafts)
            say_json([{**row, "evidence": margins[row["job"]].as_dict()} for row in rows])
            return True
        colour = review_page.coloured(sys.stdout, now.project.environ)
        most = review_page.MOST_ROWS if sys.stdout.isatty() else 0
        shown = (0, 0) if verbose else (most, review_page.MOST_NEW)
        for line in review_page.lines(drafts, margins, colour, *shown):
            show(line)
        for job in undeclared:
            say(f"{job}: its draft waits, but no manifest declares it any more")
        if drafts:
            path = review_page.write(now.state / "report" / "review.html", drafts, margins)
            say(path.relative_to(now.root).as_posix())
        return True

    whole = switch("verbose", "all lines of every draft")
    return command(act, FORMAT, option("plugin", "only this PLUGIN or PLUGIN/NAME"), whole)


def waiting(now: Session, name: str = "") -> tuple[list[Waiting], dict[str, Margin], list[str]]:
    """(the drafts that wait, job -> what each rests on, the jobs of those whose enhancement is
    declared no more); name: of one PLUGIN or PLUGIN/NAME."""
    from nightpress.pipeline import review
    from nightpress.report import margin

    drafts: list[Waiting] = []
    margins: dict[str, Margin] = {}
    undeclared: list[str] = []
    for draft in review.waiting(now.project, name):
        slug, _, name = draft.job.partition("/")
        plugin = now.plugin(slug) if slug in now.catalog.slugs else None
        if plugin is not None and (state := plugin.states.get(name)):
            drafts.append(review.shown(now.project, draft, state, plugin))
            margins[draft.job] = margin.of(now.project, plugin, state, drafts[-1].new)
        else:
            undeclared.append(draft.job)
    return drafts, margins, undeclared


def apply() -> Iterator[Task]:
    """One a plugin and one a document: publish the drafts that wait."""

    def act(now: Session, name: str, merge: bool, lossless: bool) -> bool:
        from nightpress.pipeline import review

        if now.goes_with_its_plugin("apply", name):
            return True
        _say_if_none(now, "apply", name)
        slug = name.partition("/")[0]
        items = {item.id: item for item in now.catalog.items.values() if item.slug == slug}
        flags = now.invocation.flags if now.invocation is not None else ()
        lines, left = review.apply(
            now.press, name, items,
            merge=merge or "--merge" in flags, lossless=lossless or "--lossless" in flags,
            named=_named(now, "apply", name),
        )  # fmt: skip
        for line in lines:
            say(line)
        return not left

    merge = switch("merge", "take the three-way merge where the file changed meanwhile")
    lossless = switch("lossless", "only drafts that lose no word of the current file")
    yield group("publish the drafts that wait, byte for byte; makes no call", merge, lossless)
    for name in _names("apply"):
        yield member(name, f"publish what waits of {name}", act, merge, lossless)


def reject() -> Iterator[Task]:
    """One a plugin and one a document: turn the drafts that wait down."""

    def act(now: Session, name: str, because: str) -> bool:
        from nightpress.pipeline import review

        if now.goes_with_its_plugin("reject", name):
            return True
        _say_if_none(now, "reject", name)
        for line in review.reject(now.project, name, because):
            say(line)
        return True

    because = option("because", "what the next draft should do better (it goes into the prompt)")
    yield group("turn drafts down; the reason goes into the next prompt")
    for name in _names("reject"):
        yield member(name, f"turn what waits of {name} down", act, because)


def _names(chapter: str) -> list[str]:
    """The plugins; and their documents (PLUGIN/NAME), where one is named."""
    now = session.current()
    slugs = now.slugs()
    if not now.names_document(chapter):
        return slugs
    from nightpress.pipeline import review  # not for a run that names no draft

    jobs = [item.id for item in now.items()]
    jobs += [one.job for one in review.waiting(now.project) if one.slug in slugs]
    return [*slugs, *dict.fromkeys(jobs)]


def _say_if_none(now: Session, chapter: str, name: str) -> None:
    """Said of what was named; `doit apply` alone passes over those without a draft."""
    from nightpress.pipeline import review

    if _named(now, chapter, name) and not review.waiting(now.project, name):
        say(f"{name}: no draft waits")
    elif name == next(iter(now.slugs()), "") and not review.waiting(now.project):
        say("no draft waits")


def _named(now: Session, chapter: str, name: str) -> bool:
    return now.invocation is not None and f"{chapter}:{name}" in now.invocation.names
