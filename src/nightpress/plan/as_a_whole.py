"""What `nightpress check` has to say of a project as a whole, beside its documents: its
marketplace.json, the plugins that nobody has declared, and nightpress.lock.
"""

from __future__ import annotations

import subprocess
from collections.abc import Collection, Iterator

from nightpress.ledger import lockfile
from nightpress.model import Finding
from nightpress.plan.newcomers import newcomers
from nightpress.project import Project, discover, paths, peek
from nightpress.storage import git


def findings(
    project: Project, folders: Collection[str], *, documents: bool
) -> Iterator[tuple[str, Finding]]:
    """(path in the project, finding). folders: of the plugins that have a manifest, relative to the
    project; documents: does any stand?"""
    marketplace = paths.clean(str(project.defaults.values.get("marketplace", ".")))
    for problem in discover.listing_problems(project.root, marketplace):
        yield (
            problem.file,
            Finding(
                "marketplace", "error", problem.message, problem.line, problem.column, problem.hint
            ),
        )
    new = newcomers(project, frozenset(folders))
    listing = next((path for path in new.watched if (project.root / path).is_file()), "")
    unusable = _named(project) if new.folders else frozenset()  # theirs is told of by itself
    for folder in new.folders:
        if folder in unusable:
            continue
        own = next((p for p in _own(folder) if (project.root / p).is_file()), listing)
        said = f"the plugin {folder} has no manifest: none of its documents is made or kept true"
        yield own, Finding("undeclared", "warning", said, 1, hint="nightpress manifests writes it")
    if documents and (said := _lock_lacks(project)):
        hint = "nightpress build writes it; git add nightpress.lock, and commit it"
        yield lockfile.NAME, Finding("lock", "warning", said, 1, hint=hint)


def _named(project: Project) -> frozenset[str]:
    """The folders of plugins that manifests name, whatever else is wrong with these."""
    peeked = (peek(project.manifests / f"{slug}.yaml") or {} for slug in project.slugs())
    named = (values.get("plugin") for values in peeked)
    return frozenset(paths.clean(folder) for folder in named if isinstance(folder, str))


def _own(folder: str) -> tuple[str, str]:
    return f"{folder}/.claude-plugin/plugin.json", f"{folder}/README.md"


def _lock_lacks(project: Project) -> str:
    """What is wrong with how nightpress.lock is kept; "" if nothing is."""
    if not project.lock_path.exists():
        return (
            "nightpress.lock is not here: whether a document is ours, stale or edited by hand"
            " cannot be told"
        )
    if not git.is_repository(project.root):
        return ""
    try:
        known = git.run(project.root, "--literal-pathspecs", "ls-files", "--", lockfile.NAME)
    except (OSError, subprocess.SubprocessError):
        return ""  # git does not say
    if known:
        return ""
    return "git does not track nightpress.lock: a clone, and CI, cannot tell what is ours or stale"
