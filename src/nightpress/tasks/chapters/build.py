"""The tasks of each plugin: its snapshot, its analysis, its documents, and taking them as they are.

The actions record their outcome with the run, which the reporter shows; their names are what
`doit info` prints.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nightpress import voice
from nightpress.errors import EXIT_FAILED, NightpressError
from nightpress.tasks import session
from nightpress.tasks.session import Session
from nightpress.tasks.task import QUIET, Task, group, member, say
from nightpress.text import safe

if TYPE_CHECKING:
    from nightpress.pipeline import Press
    from nightpress.plan import Item

__all__ = ["adopt", "analyse", "enhance", "snapshot"]


def snapshot() -> Iterator[Task]:
    """One a plugin: the copy that every publication is preceded by."""
    yield group("one copy of a plugin, taken before it is modified")
    for slug in session.current().slugs():
        yield {
            "name": slug,
            "doc": f"copy {slug} as it is",
            "actions": [(_snapshot, [slug])],
            "uptodate": [False],
            **QUIET,
        }


def analyse() -> Iterator[Task]:
    """One a plugin: phase 1, cached by content."""
    yield group("phase 1: what a plugin is for, cached by content")
    for slug in session.current().slugs():
        yield {
            "name": slug,
            "doc": f"what {slug} is for (phase 1)",
            "actions": [(_analyse, [slug])],
            "uptodate": [_Analysed(slug)],
            **QUIET,
        }


def adopt() -> Iterator[Task]:
    """One a plugin and one a document: take its files as they stand."""

    def take_over(now: Session, name: str) -> bool:
        if not now.goes_with_its_plugin("adopt", name):
            slug, _, document = name.partition("/")
            items = [i for i in now.catalog.items.values() if i.slug == slug]
            if document:
                _take_over(now.press, (i for i in items if i.name == document))
            else:
                _take_over(now.press, _not_ours(now.press, slug, items))
        return True

    yield group("take the files of a plugin as the truth, as they are")
    now = session.current()
    jobs = [item.id for item in now.items()] if now.names_document("adopt") else []
    for name in [*now.slugs(), *jobs]:
        yield member(name, f"take the documents of {name} as they are", take_over)


def enhance() -> Iterator[Task]:
    """One an enhancement, and one a plugin for all of its enhancements."""
    yield group("bring every document up to date (the default)")
    items = session.current().items()
    for slug in dict.fromkeys(item.slug for item in items):
        own = [item for item in items if item.slug == slug]
        yield {
            "name": slug,
            "doc": f"every document of {safe(own[0].plugin_name)}",
            "actions": None,
            "task_dep": [f"enhance:{item.id}" for item in own],
            "clean": [(_clean, own)],
        }
        for item in own:
            yield _enhancement(item, own)


def _enhancement(item: Item, own: list[Item]) -> Task:
    """The task of one enhancement; what it depends on and does is told by its decision."""
    names = {other.name: other for other in own}
    makes = item.decision.action in ("make", "fresh")
    steps = _STEPS.get(item.decision.action, (pace, draft, publish))
    task: Task = {
        "name": item.id,
        "doc": f"{safe(item.type)} of {safe(item.plugin_name)}: {safe(item.target)}",
        "actions": [(step, [item]) for step in steps],
        "setup": [f"snapshot:{item.slug}", f"analyse:{item.slug}"] if makes else [],
        "task_dep": [f"enhance:{names[need].id}" for need in item.needs if need in names],
        "uptodate": [_UpToDate(item)],
        "clean": [(_clean, [item])],
        "meta": _Meta(
            decision=safe(repr(item.decision)),
            actions=", then ".join(step.__name__ for step in steps),
            target=safe(item.target),
        ),
        **QUIET,
    }
    if item.decision.action in ("adopt", "render"):
        task["setup"] = [f"snapshot:{item.slug}"]
    if item.decision.action in ("fresh", "make", "render", "adopt", "keep"):
        task["targets"] = [item.target]
    return task


class _Meta(dict[str, str]):
    """What `doit info` tells of a task: one line each, not the source text of a dict."""

    def __repr__(self) -> str:
        return "\n" + "\n".join(f" - {name}: {text}" for name, text in self.items())


class _UpToDate:
    """Is there nothing to do? `doit info` prints its repr: the decision with its reasons."""

    def __init__(self, item: Item) -> None:
        self.item = item

    def __call__(self) -> bool:
        return not self.item.work

    def __repr__(self) -> str:
        return safe(repr(self.item.decision))


class _Analysed:
    """Is the plugin's analysis in the cache?"""

    def __init__(self, slug: str) -> None:
        self.slug = slug

    def __call__(self) -> bool:
        from nightpress.pipeline import analysis

        now = session.current()
        try:
            return analysis.is_cached(now.project, now.plugin(self.slug))
        except (NightpressError, OSError):  # a refusal of the disk: the action meets it, and tells
            return False

    def __repr__(self) -> str:
        return "no analysis of this content is cached"


# --- actions ---


def pace(item: Item) -> None:
    _bounded(item, lambda press: press.pace(item))


def draft(item: Item) -> None:
    _bounded(item, lambda press: press.draft(item))


def publish(item: Item) -> None:
    _act(item, lambda press: press.publish(item))


def take(item: Item) -> None:
    _act(item, lambda press: press.adopt(item))


def render(item: Item) -> None:
    _act(item, lambda press: press.render(item))


def note(item: Item) -> None:
    _act(item, lambda press: press.note(item))


_STEPS: dict[str, tuple[Callable[[Item], None], ...]] = {
    "adopt": (take,), "render": (render,), "keep": (note,), "insufficient": (note,),
    "hollow": (note,), "parked": (),
}  # fmt: skip
"""Actions by decision; otherwise a document is made."""


def _snapshot(slug: str) -> None:
    if voice.is_dry():
        say(f"would copy {slug} as it is")
    _bounded(slug, lambda press: press.snapshot(slug))


def _analyse(slug: str) -> None:
    if voice.is_dry():
        say(f"would find out what {slug} is for, by {session.current().project.writer()}")
        return
    _bounded(slug, lambda press: press.analyse(slug))


def _bounded(subject: Item | str, step: Callable[[Press], object]) -> None:
    """A step that changes nothing of the user's: a bug that this one plugin sets off ends it, with
    a file that tells of it, and the others go on."""
    try:
        _act(subject, step)
    except Exception as error:  # noqa: BLE001 - the boundary of one plugin
        from nightpress.errors import Crashed
        from nightpress.project import crash

        now = session.current()
        what = subject if isinstance(subject, str) else subject.id
        now.press.stumbled(subject, Crashed(crash.kept(now.project.root, what, error)))


def _act(subject: Item | str, step: Callable[[Press], object]) -> None:
    """One step of the press; a known error ends the attempt, or the plugin's."""
    now = session.current()
    if os.getpid() != now.pid:
        raise NightpressError(
            "nightpress runs in threads, not in processes",
            "leave out `-P process` (one ledger, one client, one pace for the whole run)",
        )
    try:
        press = now.press
    except (NightpressError, OSError) as error:
        _halt(now, error)
        return
    try:
        step(press)
    except (NightpressError, OSError) as error:
        try:
            press.stumbled(subject, error)
        except (NightpressError, OSError) as worse:  # the machine does not even take that
            if worse is error:
                raise
            _halt(now, worse)


def _halt(now: Session, error: NightpressError | OSError) -> None:
    """No more work in this run; what is open is ended by the next one."""
    from nightpress import errors

    if (known := errors.known(error)) is None:
        raise error
    now.run.halt(str(known), known.exit_code)


def _clean(*items: Item, dryrun: bool) -> None:
    """`doit clean`: temporary files and kept drafts. `doit clean enhance:X`, by name: X goes back
    to what stood before us, unless it was edited by hand. Ends the process where it fails: doit
    would print a traceback and exit with 0."""
    from nightpress import errors

    try:
        _clean_up(session.current(), items, dryrun)
    except (NightpressError, OSError) as error:
        # doit holds back what an action writes, and would never show it now
        out, known = sys.__stderr__ or sys.stderr, errors.known(error)
        out.write(f"ERROR: {safe(str(known or error), newlines=True)}\n")
        raise SystemExit(known.exit_code if known is not None else EXIT_FAILED) from None


def _clean_up(now: Session, items: tuple[Item, ...], dryrun: bool) -> None:
    from nightpress.pipeline import clean
    from nightpress.storage import run_lock

    names = now.invocation.names if now.invocation is not None else ()
    take_back = any(name.startswith("enhance:") for name in names)
    lock = None if dryrun else run_lock.acquire(now.state, "doit clean")
    try:
        for item in items:
            for line in clean.clean(now.project, now.plugin(item.slug), item, take_back, dryrun):
                say(line)
    finally:
        if lock is not None:
            lock.release()


def _not_ours(press: Press, slug: str, items: Sequence[Item]) -> list[Item]:
    """The documents of a plugin without those that stand as they were published, for which nothing
    is to be done: nightpress goes on to keep them true."""
    states = press.plugin(slug).states
    ours = set[str]()
    for item in items:
        inputs = states[item.name].inputs
        known, stands = inputs.publication, inputs.standing.sha256
        is_as_published = known is not None and known.is_published and known.sha256 == stands
        if is_as_published and item.decision.action == "fresh":
            ours.add(item.id)
    if ours:
        some, they = (
            (f"{len(ours):,} documents stand", "stay")
            if len(ours) > 1
            else ("1 document stands", "stays")
        )
        press.run.tell(
            "notice",
            f"{slug}: {some} as published, and {they} nightpress's: adopt PLUGIN/NAME takes one",
        )
    return [item for item in items if item.id not in ours]


def _take_over(press: Press, items: Iterable[Item]) -> None:
    """Adopt each file that is there; findings do not stop it, they are accepted and listed."""
    from nightpress.checks import baseline
    from nightpress.pipeline import review
    from nightpress.plan import judge
    from nightpress.plugin import sources
    from nightpress.storage import tree

    for item in items:
        plugin = press.plugin(item.slug)
        state = plugin.states[item.name]
        target = state.enhancement.target
        if state.inputs.standing.sha256 is None:
            press.run.tell("notice", f"{item.id}: there is no {state.target_path} to adopt")
            continue
        text = tree.read(plugin.root, target, sources.STANDING_CAP).decode("utf-8", "replace")
        verdict = judge.judge(
            press.run.project, plugin, state.enhancement, state.counted, text,
            planned=[other.enhancement.target for other in plugin.states.values()],
            ours=False,
        )  # fmt: skip
        errors = [finding for finding in verdict.findings if finding.severity == "error"]
        for finding in errors:
            press.run.tell("notice", f"{item.id}: accepted: {finding.check}: {finding.message}")
        waited = any(one.job == item.id for one in review.waiting(press.run.project, item.slug))
        press.adopt(item, baseline.marks(errors))
        if waited:
            press.run.tell("notice", f"{item.id}: its draft is no longer waiting")
