"""Setting up a project: dodo.py, defaults, one manifest per plugin, .gitignore.

It can be run again at any time: whatever exists stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nightpress import project as contract
from nightpress.errors import UsageError
from nightpress.plugin import anatomy
from nightpress.project import chapters, crash, discover, paths, yaml_write
from nightpress.project.sync import Sync, SyncResult, replace, settings, unwritable, write_new

__all__ = ["SyncResult", "init", "place", "sync"]

SCHEMAS = "manifests/.schemas"
_MOST = 12
"""Documents that would be refused that are told."""


def init(project: Path, marketplace: str, *, rename_generic: bool = False) -> SyncResult:
    """Write what a project needs; nothing that exists is overwritten.

    marketplace: a folder within the project, seen from here or from the project. Raises
    UsageError, before anything is written, for a marketplace or defaults that cannot be used.
    """
    root = project.resolve()
    relative = place(root, marketplace)
    result = SyncResult()
    write_new(root, contract.FILE, yaml_write.defaults(_schema(root, "defaults"), relative), result)
    look = Sync(root, _schema(root, "manifest"), result, rename=rename_generic, add=())
    write_new(root, "dodo.py", contract.bundled("dodo.py").read_text(encoding="utf-8"), result)
    _ignore(root, result)
    if look.marketplace != relative:
        result.notices.append(
            f"{contract.FILE} says marketplace: {look.marketplace}, and stays as it is"
        )
    look.run()
    _beforehand(root, result)
    result.next_step = "next: doit plan (what would be done), then doit"
    return result


def place(root: Path, marketplace: str) -> str:
    """The marketplace's folder, relative to the project. Raises as `init`."""
    _not_inside_another(root)
    if foreign := chapters.foreign_dodo(root):
        raise foreign
    relative = _within(root, marketplace)
    if not (root / "dodo.py").exists():
        _not_one_of_many(root / relative)
    if (root / contract.FILE).exists():
        settings(root)
    else:
        _some_plugin(root / relative)
    return relative


def _some_plugin(base: Path) -> None:
    """UsageError where there is no plugin: most likely this is another folder than was meant."""
    found = discover.discover(base, (), crash.untold)
    if not found.plugins:
        told = "\n".join([f"there is no plugin in {base}", *found.notices])
        raise UsageError(
            told,
            "a plugin is a folder with .claude-plugin/plugin.json, or one that"
            " .claude-plugin/marketplace.json names",
        )


def _not_inside_another(root: Path) -> None:
    """A project in a plugin of another one would document the same plugin twice."""
    if (root / "dodo.py").exists():
        return
    for above in root.parents:
        if (above / contract.FILE).is_file() and (above / "dodo.py").is_file():
            raise UsageError(
                f"{root.name} is in the project {above}",
                f"run nightpress init in {above} for new plugins; its commands also work from here",
            )


def _not_one_of_many(base: Path) -> None:
    """A project for one plugin of a marketplace would leave out all others; a plugin that is a
    repository of its own is none of these."""
    ups = (base, *base.parents)
    inside = next((up for up in ups if any(up.glob(anatomy.PLUGIN_JSON[0]))), None)
    if inside is None or (inside / ".git").exists():
        return
    folder = inside.parent
    beside = len([*folder.glob(f"*/{anatomy.PLUGIN_JSON[0]}")]) > 1 and (
        folder.name == "plugins" or any((up / ".git").exists() for up in inside.parents)
    )  # elsewhere neighbours may have nothing to do with each other
    for up in inside.parents:
        if beside or any(any(up.glob(path)) for path in discover.LISTS):
            raise UsageError(
                f"{inside.name} is one of the plugins in {up}",
                "run nightpress init for all of them, in the marketplace's folder; nightpress build"
                f" {inside.name} then makes those of one",
            )
        if (up / ".git").exists():
            return


def _within(root: Path, marketplace: str) -> str:
    """The marketplace's folder, relative to the project."""
    folders = [base for base in (Path.cwd() / marketplace, root / marketplace) if base.is_dir()]
    if not folders:
        raise UsageError(f"{marketplace}: there is no such folder", "nightpress init MARKETPLACE")
    inside = (base.resolve() for base in folders)
    found = next((base for base in inside if base.is_relative_to(root)), None)
    if found is None:
        raise UsageError(
            f"{marketplace} is outside the project {root}",
            "run nightpress init in the folder that holds the marketplace",
        )
    relative = found.relative_to(root).as_posix()
    if wrong := paths.unsafe(relative, "the project") or unwritable(relative):
        raise UsageError(f"{relative!r} {wrong}", "rename the folder")
    return relative


def sync(project: Path, *, rename_generic: bool = False, add: Sequence[str] = ()) -> SyncResult:
    """Write the manifests that are missing (`doit manifests`), and report those whose plugin is
    gone. add: types of enhancement to add to the manifests that lack them. Raises UsageError."""
    result = SyncResult()
    root = project.resolve()
    settings(root)
    Sync(root, _schema(root, "manifest"), result, rename=rename_generic, add=add).run()
    _beforehand(root, result)
    return result


def _beforehand(root: Path, result: SyncResult) -> None:
    """Tell of documents that would surely be refused, whoever writes them."""
    from nightpress.project import validate

    found = validate.beforehand(root)
    files = tuple(
        f"{problem.file} cannot be read: " for problem in found
    )  # with its place it is told once
    result.notices = [notice for notice in result.notices if not notice.startswith(files)]
    result.notices += map(str, found[:_MOST])
    if len(found) > _MOST:
        result.notices.append(f"{len(found) - _MOST:,} more of this kind: doit validate")


def _ignore(root: Path, result: SyncResult) -> None:
    """The lines of the state folder, and of what CI writes for its forge, in .gitignore, whatever
    encoding the rest has."""
    path = root / ".gitignore"
    data = path.read_bytes() if path.is_file() else b""
    if {b".nightpress", b".nightpress/", b"/.nightpress", b"/.nightpress/"} & {
        line.strip() for line in data.split(b"\n")
    }:
        return
    end = b"\n" if data and not data.endswith(b"\n") else b""
    replace(path, ".gitignore", data + end + b".nightpress/\nnightpress.sarif\n")
    result.written.append(".gitignore")


def _schema(root: Path, name: str) -> str:
    """Where an editor finds a schema, seen from a manifest: the project's own, or our copy of
    it. Committed with the manifests, it works offline and in every clone."""
    if (root / "schemas" / f"{name}.json").is_file():
        return f"../schemas/{name}.json"
    copy = root / SCHEMAS / f"{name}.json"
    text = (contract.bundled("schemas") / f"{name}.json").read_bytes()
    if not copy.is_file() or copy.read_bytes() != text:
        replace(copy, f"{SCHEMAS}/{name}.json", text)
    return f".schemas/{name}.json"
