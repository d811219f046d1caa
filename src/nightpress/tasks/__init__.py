"""The chapters of dodo.py: each function here makes the doit tasks of one chapter.

Floor 4. doit schedules, the verbs do the work, the reporter shows it. Actions record their
outcome; what failed is told by the reporter and by the exit status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from doit.exceptions import InvalidDodoFile, TaskFailed

from nightpress.errors import NightpressError
from nightpress.plan.state import Item
from nightpress.project.project import STATE
from nightpress.tasks import actions, session, signals
from nightpress.tasks.errors import sentence, telling, told
from nightpress.tasks.session import Session
from nightpress.text import safe

Task = dict[str, Any]


def config() -> dict[str, Any]:
    """DOIT_CONFIG: our state, our reporter, threads (calls wait for the network), and go on
    after a failure. A wrong option or wrong defaults end doit with status 3 before any task."""
    from doit import doit_cmd

    from nightpress.tasks.reporter import Reporter

    variables = dict(doit_cmd._CMDLINE_VARS or {})
    try:
        now = session.start({name: str(value) for name, value in variables.items()})
        signals.enter(now)
        concurrency = int(now.project.defaults.values.get("concurrency", 4))
    except (NightpressError, OSError) as error:
        raise InvalidDodoFile(sentence(error)) from None
    if now.asked is not None and now.asked.command in ("help", "info"):
        from nightpress.tasks import help as helping

        helping.extend()
    return {
        "dep_file": f"{STATE}/doit.db",
        "backend": "nightpress",
        "reporter": Reporter,
        "continue": True,
        "sort": "definition",
        "default_tasks": ["enhance"],
        "num_process": concurrency,
        "par_type": "thread",
        "verbosity": 2,
        "minversion": "0.37.0",
    }


# --- one task each ---


def verb(run: Callable[..., bool], params: list[dict[str, Any]] | None = None) -> Task:
    """A task around a verb: never up to date; a known error ends it with one paragraph."""

    def action(**given: Any) -> TaskFailed | None:
        try:
            done = run(session.current(), **given)
        except (NightpressError, OSError) as error:
            return told(error)
        return None if done else TaskFailed("", report=False)

    return {
        "actions": [(action, [], {})],
        "params": params or [],
        "uptodate": [False],
        "verbosity": 2,
        "io": {"capture": False},
    }


FORMAT = {
    "name": "format",
    "long": "format",
    "short": "",
    "default": "text",
    "choices": [("text", ""), ("json", "exactly one JSON document")],
    "help": "how to print",
}


def text(name: str, help: str) -> dict[str, Any]:
    return {"name": name, "long": name, "short": "", "default": "", "help": help}


def switch(name: str, help: str) -> dict[str, Any]:
    return {
        "name": name.replace("-", "_"), "long": name, "short": "", "type": bool,
        "default": False, "help": help,
    }  # fmt: skip


def manifests() -> Task:
    from nightpress.tasks import verbs

    return verb(
        verbs.manifests,
        [
            switch("rename-generic", "propose skills/PLUGIN/"),
            text("add", "types that every manifest gets: readme,reference"),
        ],
    )


def validate() -> Task:
    from nightpress.tasks import verbs

    return verb(verbs.validate, [FORMAT])


def plan() -> Task:
    from nightpress.tasks import verbs

    return verb(verbs.plan, [FORMAT])


def report() -> Task:
    from nightpress.tasks import verbs

    days = {**text("days", "how far back the sums go (default: 30)"), "type": int, "default": 30}
    return verb(verbs.report, [FORMAT, days])


def audit() -> Task:
    from nightpress.tasks import verbs

    return verb(verbs.audit, [FORMAT])


def restore() -> Task:
    from nightpress.tasks import verbs

    return verb(
        verbs.restore,
        [
            text("plugin", "the plugin to bring back (its manifest's name)"),
            text("snapshot", "which snapshot (default: the newest)"),
            switch("list", "list the snapshots there are"),
            FORMAT,
        ],
    )


# --- tasks of each plugin ---


def snapshot() -> Iterator[Task]:
    """One a plugin: the copy that every publication is preceded by."""
    now = session.current()
    yield group("one copy of a plugin, taken before it is modified")
    for slug in slugs(now):
        yield {
            "name": slug,
            "doc": f"copy {slug} as it stands",
            "actions": [(actions.snapshot, [slug])],
            "uptodate": [False],
            **QUIET,
        }


def analyse() -> Iterator[Task]:
    """One a plugin: phase 1, cached by content."""
    now = session.current()
    yield group("phase 1: what a plugin is for, cached by content")
    for slug in slugs(now):
        yield {
            "name": slug,
            "doc": f"what {slug} is for (phase 1)",
            "actions": [(actions.analyse, [slug])],
            "uptodate": [_Analysed(slug)],
            **QUIET,
        }


def enhance() -> Iterator[Task]:
    """One an enhancement, and one a plugin for all of its enhancements."""
    now = session.current()
    yield group("bring every document up to date (the default)")
    items = _shown(now)
    for slug in dict.fromkeys(item.slug for item in items):
        own = [item for item in items if item.slug == slug]
        yield {
            "name": slug,
            "doc": f"every document of {safe(own[0].plugin_name)}",
            "actions": None,
            "task_dep": [f"enhance:{item.id}" for item in own],
            "clean": [(actions.clean, own)],
        }
        for item in own:
            yield _enhancement(item, own)


def adopt() -> Iterator[Task]:
    """One a plugin: take its files as they stand."""
    yield group("take the files of a plugin as the truth, as they stand")
    now = session.current()
    for slug in slugs(now):
        yield {
            "name": slug,
            "doc": f"take the documents of {slug} as they stand",
            "actions": [(telling(actions.adopt), [slug])],
            "uptodate": [False],
            **QUIET,
        }


QUIET = {"io": {"capture": False}, "verbosity": 2}


def group(doc: str) -> Task:
    return {"name": None, "doc": doc}


def slugs(now: Session) -> list[str]:
    return list(dict.fromkeys(item.slug for item in _shown(now)))


def _shown(now: Session) -> list[Item]:
    try:
        return now.shown()
    except (NightpressError, OSError) as error:
        raise InvalidDodoFile(sentence(error)) from None


def _enhancement(item: Item, own: list[Item]) -> Task:
    """The task of one enhancement; what it depends on and does is told by its decision."""
    names = {other.name: other for other in own}
    makes = item.decision.action in ("make", "fresh")
    steps = actions.BY_DECISION.get(item.decision.action, actions.MAKE)
    task: Task = {
        "name": item.id,
        "doc": f"{safe(item.type)} of {safe(item.plugin_name)}: {safe(item.target)}",
        "actions": [(step, [item]) for step in steps],
        "setup": [f"snapshot:{item.slug}", f"analyse:{item.slug}"] if makes else [],
        "task_dep": [f"enhance:{names[need].id}" for need in item.needs if need in names],
        "uptodate": [UpToDate(item)],
        "clean": [(actions.clean, [item])],
        "meta": Told(
            decision=safe(repr(item.decision)),
            actions=", then ".join(step.__name__ for step in steps),
            target=safe(item.target),
        ),
        **QUIET,
    }
    if item.decision.action == "adopt":
        task["setup"] = [f"snapshot:{item.slug}"]
    if item.decision.action in ("fresh", "make", "adopt", "keep"):
        task["targets"] = [item.target]
    return task


class Told(dict[str, str]):
    """What `doit info` tells of a task: one line each, not the source text of a dict."""

    def __repr__(self) -> str:
        return "\n" + "\n".join(f" - {name}: {said}" for name, said in self.items())


class UpToDate:
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
        from nightpress.pipeline import draft

        now = session.current()
        return draft.cached_analysis(now.project, now.plugin(self.slug)) is not None

    def __repr__(self) -> str:
        return "no analysis of this content is cached"
