"""The project and its vault: what travels, and what the ledger has of it is on record.

The vault's other modules know nothing of manifests; the ledger knows nothing of vaults.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nightpress import project as contract
from nightpress import vault, voice
from nightpress.errors import NightpressError, UnsafePath
from nightpress.plugin import names
from nightpress.project import Project, crash, discover
from nightpress.storage import git, tree
from nightpress.text import some
from nightpress.vault import Place, Plugin, Policy, Source
from nightpress.vault.source import Listener

POLICY = Policy(last=7, daily=14, weekly=8, monthly=12)
"""Snapshots that stay where the defaults say nothing."""
_MANIFEST_CAP = 256 * 1024


def place(project: Project) -> Place:
    """The project's vault: Turso where the environment names one, else a file here."""
    return vault.project_vault(project.root, project.environ)


def settings(project: Project) -> dict[str, Any]:
    """The `vault:` section of the defaults; {} where they cannot be read."""
    return dict(_values(project).get("vault") or {})


def _values(project: Project) -> Mapping[str, Any]:
    try:
        return project.defaults.values
    except NightpressError:
        return {}  # `unread` tells


def unread(project: Project) -> list[str]:
    """What a backup could not read, and does without."""
    told = []
    try:
        _ = project.defaults
    except NightpressError as error:
        told.append(
            f"built-in rules decide what is backed up, because the defaults have problems: {error}"
        )
    try:
        project.lock()
    except NightpressError as error:
        told.append(f"what git ignores is left out, though published: {error}")
    return told


def _kept(project: Project) -> frozenset[str]:
    """The published documents, relative to the project: they travel whatever is ignored."""
    try:
        return frozenset(entry.target for entry in project.lock().values())
    except NightpressError:
        return frozenset()


def _ledger_state(project: Project) -> str:
    try:
        return project.ledger.state() if project.has_ledger else ""
    except NightpressError:
        return ""  # whoever reads it says why it cannot travel


def source(project: Project) -> Source:
    """What travels: every plugin of the marketplace, all else of the project, and the ledger."""
    section = settings(project)
    caps = {"max_file_bytes": section["max_file_bytes"]} if section.get("max_file_bytes") else {}
    values = _values(project)
    market = str(values.get("marketplace") or ".").rstrip("/") or "."
    prefix = "" if market == "." else f"{market}/"
    ignore = tuple(values.get("ignore") or ())
    return Source(
        root=project.root,
        plugins=tuple(_plugins(project, market, prefix, ignore)),
        files=tuple(sorted(os.listdir(project.root))),  # noqa: PTH208  odd names
        ledger=project.ledger_path if project.has_ledger else None,
        ledger_state=_ledger_state(project),
        state=project.state,
        ignore=ignore,
        keep=_kept(project),
        include_secrets=bool(section.get("include_secrets")),
        no_secrets=tuple(section.get("no_secrets") or ()),
        secret_names=tuple(values.get("secret_names") or ()),
        **caps,
    )


def _plugins(
    project: Project, market: str, prefix: str, ignore: tuple[str, ...]
) -> Iterator[Plugin]:
    """Every plugin there is, by its manifest's name, or by one of its own without a manifest."""
    slugs = {}
    for path in sorted(project.manifests.glob("[!_.]*.yaml")):
        values = contract.peek(path)
        folder = values.get("plugin") if values else None
        if isinstance(folder, str):
            slugs[folder.rstrip("/").removeprefix("./")] = path.stem
    in_use = set(slugs.values())
    crashed = crash.keeper(project.root)
    for plugin in discover.discover(project.root / market, ignore, crashed).plugins:
        path_here = prefix + plugin.path if plugin.path != "." else market
        own_names = (plugin.name, Path(plugin.path).name)
        slug = slugs.get(path_here) or names.unique(own_names, in_use)
        in_use.add(slug)
        version = _version(project.root, path_here)
        yield Plugin(slug, plugin.name, path_here, plugin.category, version)


def _version(root: Path, plugin: str) -> str:
    try:
        data = tree.read(root, f"{plugin}/.claude-plugin/plugin.json", _MANIFEST_CAP)
        manifest = json.loads(data)
    except (OSError, UnsafePath, ValueError, RecursionError):
        return ""  # the plugin is backed up all the same
    version = manifest.get("version") if isinstance(manifest, dict) else None
    return version if isinstance(version, str) else ""


def policy(project: Project) -> Policy:
    """Which snapshots stay."""
    numbers = settings(project).get("retention")
    if not numbers:
        return POLICY
    rules = ("last", "daily", "weekly", "monthly")
    return Policy(**{rule: int(numbers.get(rule) or 0) for rule in rules})


@contextmanager
def recorded(project: Project, kind: str, where: Place) -> Iterator[Callable[..., None]]:
    """Record in the ledger how it ends; what is yielded takes its columns. An error is
    recorded, too, and goes on."""
    began = project.clock.monotonic()
    columns: dict[str, Any] = {}
    try:
        yield columns.update
    except BaseException as error:
        with suppress(Exception):  # the error itself is what must be told
            _record(project, kind, where, began, {"ok": 0, "said": _reason(error)})
        raise
    try:
        _record(project, kind, where, began, {"ok": 1, **columns})
    except NightpressError:
        if columns.get("ok", 1):
            raise


def _reason(error: BaseException) -> str:
    if isinstance(error, NightpressError):
        return error.message
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return f"{type(error).__name__}: {error}"


def _record(
    project: Project, kind: str, where: Place | None, began: float, columns: dict[str, Any]
) -> None:
    """where: None if no vault could be made out."""
    row = {
        "timestamp": datetime.fromtimestamp(project.clock.time(), UTC).isoformat(),
        "kind": kind,
        "place": where.name if where else "none",
        "off_site": int(where.off_site) if where else 0,
        "seconds": round(project.clock.monotonic() - began, 3),
        **columns,
    }
    project.ledger.record_backup(row)


def back_up(project: Project, where: Place, progress: Listener) -> tuple[list[str], bool]:
    """One backup: the lines that say what it did, the last one as the documentation has it; and
    whether it carries the ledger, if there is one."""
    with recorded(project, "backup", where) as note:
        dry = voice.is_dry()
        result = vault.backup(source(project), where, progress, project.clock, dry=dry)
        note(
            snapshot=result.snapshot,
            said=result.line(),
            ok=int(not result.ledger_lost),
            bytes_sent=result.sent,
            objects_new=result.new,
            plugins=result.plugins,
            files=result.files,
            bytes=result.bytes,
            partial=int(result.partial),
        )
    told = [*_not_off_site(where), *unread(project), *_lost(project)]
    return [*told, *result.lines()], not result.ledger_lost


def _lost(project: Project) -> list[str]:
    """That declared documents on record are gone, so that only older backups may have them."""
    try:
        entries = project.lock().values()
    except NightpressError:
        return []  # `unread` tells
    gone = [entry for entry in entries if not os.path.lexists(project.root / entry.target)]
    if not gone or git.is_sparse(project.root):
        return []
    jobs = []
    for entry in gone:
        slug, _, name = entry.job.partition("/")
        values = contract.peek(project.manifests / f"{slug}.yaml") or {}
        if name in (values.get("enhancements") or ()):
            jobs.append(entry.job)
    if not jobs:
        return []
    named = ", ".join(jobs[:3]) + (", ..." if len(jobs) > 3 else "")
    one = jobs[0].partition("/")[0]
    count = some(len(jobs), "document")
    return [
        f"warning: on record, but gone, and so not in this backup: {count} ({named});"
        f" older copies: doit restore --plugin {one}"
    ]


def rehearse(project: Project, where: Place, progress: Listener) -> tuple[list[str], bool]:
    """One drill: (lines, whether it passed)."""
    with recorded(project, "drill", where) as note:
        result = vault.drill(where, source(project), progress=progress, clock=project.clock)
        note(
            snapshot=result.snapshot,
            said=result.line(),
            ok=int(result.ok),
            plugins=result.plugins,
            files=result.files,
            bytes=result.bytes,
            recovery_seconds=round(result.seconds, 3),
        )
    return [*_not_off_site(where), *result.lines()], result.ok


def _not_off_site(where: Place) -> list[str]:
    return [] if where.off_site else [f"warning: {vault.NOT_OFF_SITE}"]


def is_quiet(project: Project) -> bool:
    """Is no progress to be shown?"""
    return project.options.get("progress") in ("none", "json")


def after_build(project: Project, tell: Callable[[str], None], progress: Listener) -> None:
    """The backup after a run that published: its failure, whichever, is told and recorded, and
    ends there."""
    where: Place | None = None
    began = project.clock.monotonic()
    try:
        where = place(project)
        lines, carried = back_up(project, where, progress)
        for line in lines:
            tell(line)
        if not carried:
            tell("BACKUP FAILED: it does not hold the ledger (the build itself is not affected)")
    except Exception as error:  # noqa: BLE001  the build is done: nothing may fail it now
        reason = _reason(error)
        hint = f"; {error.hint}" if isinstance(error, NightpressError) and error.hint else ""
        tell(f"BACKUP FAILED: {reason}{hint} (the build itself is not affected; try: doit backup)")
        if where is None:
            with suppress(Exception):
                _record(project, "backup", None, began, {"ok": 0, "said": reason})
    finally:
        if where is not None:
            where.close()
