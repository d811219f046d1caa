"""Finding the plugins of a marketplace: what its marketplace.json lists, and every folder with a
plugin.json of its own.

No link is followed, backup folders are skipped, and odd marketplaces (remote sources, missing
folders, nested or nameless plugins, two of one name) are reported, not tripped over.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from nightpress.errors import UnsafePath
from nightpress.project import paths
from nightpress.project.crash import Keeper, untold
from nightpress.project.problems import Problem
from nightpress.storage import git
from nightpress.storage import tree as reading

CAP = 4 * 1024 * 1024
"""Bytes of a marketplace.json or plugin.json at most."""

_CAPS = reading.Caps(files=2_000_000, depth=60)
LISTS = (".claude-plugin/marketplace.json", "marketplace.json")
_MANIFESTS = (".claude-plugin/plugin.json", "plugin.json")
_LOCAL = frozenset({None, "directory", "file", "local", "path", "relative"})
_SHOWN, _UNREAD = 10, "correct it there; until then nobody can install from it"


class FoundPlugin(Struct, frozen=True):
    """A plugin: its folder relative to the marketplace ("." for the root itself), its real name,
    its category, what the marketplace says of it if it is silent itself, and the skill folders it
    has (relative to the plugin, with the size in bytes of each SKILL.md); root_skill: it is one
    skill, with a SKILL.md of its own; links: what in it is a link, relative to it."""

    path: str
    name: str
    category: str = ""
    description: str = ""
    skills: tuple[tuple[str, int], ...] = ()
    root_skill: bool = False
    links: tuple[str, ...] = ()


class Discovery(Struct, frozen=True):
    """The plugins, sorted by path, and what was passed over."""

    plugins: tuple[FoundPlugin, ...]
    notices: tuple[str, ...]


class _Market(Struct):
    """A marketplace as it was walked: files with their sizes, folders, links."""

    root: Path
    ignore: Sequence[str]
    crashed: Keeper = untold
    files: dict[str, int] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: {"."})
    links: set[str] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)

    def take(self, folder: str = "") -> None:
        """Walk the folder (relative to the root), and add what it holds."""
        tree = reading.walk(self.root / folder, reading.Ignore(self.ignore), _CAPS)
        prefix = f"{folder}/" if folder else ""
        for entry in tree.files:
            if entry.kind == "file":
                self.files[prefix + entry.path] = entry.size
            elif entry.kind == "dir":
                self.folders.add(prefix + entry.path)
            elif entry.kind == "link":
                self.links.add(prefix + entry.path)
        notices = [reading.Notice(prefix + n.path, n.what) for n in tree.notices[:_SHOWN]]
        self.notices += [str(notice) for notice in notices]
        if (more := len(tree.notices) - _SHOWN) > 0:
            self.notices.append(f"{more} more notices of this kind")

    def take_listed(self, path: str) -> bool:
        """Take a folder that marketplace.json lists, though its name is one that we pass over by
        default (a plugin may be called "backup"); not what the user said to ignore."""
        ignored = reading.Ignore(self.ignore, defaults=False)
        walked = ""
        for name in path.split("/"):
            walked = f"{walked}/{name}" if walked else name
            if name in ("..", ".git") or ignored.holds(name, walked):
                return False
            if not stat.S_ISDIR(_mode(self.root / walked)):
                return False
        self.folders.add(path)
        self.take(path)
        return True

    @contextmanager
    def one(self, what: str) -> Iterator[None]:
        """The boundary of one entry, or one plugin: a bug that it sets off is a notice."""
        try:
            yield
        except Exception as error:  # noqa: BLE001
            self.notices.append(f"{what}: {self.crashed(what, error)}")

    def note(self, what: str, names: Sequence[str], noun: str = "plugin") -> None:
        """One notice about some plugins: how many there are, and the first few of them."""
        if names:
            more = ", ..." if len(names) > _SHOWN else ""
            count = f"1 {noun}" if len(names) == 1 else f"{len(names):,} {noun}s"
            self.notices.append(f"{count} {what}: {', '.join(names[:_SHOWN])}{more}")


def discover(root: Path, ignore: Sequence[str] = (), crashed: Keeper = untold) -> Discovery:
    """The plugins of the marketplace in `root`; crashed: keeps the bug that one of them sets off.
    Raises UnsafePath if it is a link."""
    market = _Market(root, tuple(ignore), crashed)
    market.take()
    listed = _listed(market)
    own = set(_with_plugin_json(market.files))
    if listed:
        unlisted = sorted(own - set(listed))
        market.note("not in marketplace.json; taken, too", unlisted)
    market.note(
        "not taken: commands, agents or skills, and no .claude-plugin/plugin.json",
        sorted(_nameless(market.files, own | set(listed))),
        "folder",
    )
    inside = _by_folder(market.files, own | set(listed))
    plugins = []
    for path in sorted(inside):
        with market.one(f"the plugin {path}"):
            plugins.append(_found(market, path, listed.get(path, {}), inside))
    return Discovery(tuple(plugins), tuple(market.notices))


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except (OSError, ValueError):
        return 0


def _object(market: _Market, path: str) -> dict[str, Any]:
    """The JSON object in a file; an empty one, and a notice, if there is none."""
    try:
        value = json.loads(reading.read(market.root, path, CAP).decode("utf-8-sig"))
    except (OSError, UnsafePath, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        market.notices.append(f"{path} cannot be read: {reason}")
        return {}
    if isinstance(value, dict):
        return value
    market.notices.append(f"{path} is not a JSON object")
    return {}


def _listed(market: _Market) -> dict[str, dict[str, Any]]:
    """path -> entry of each plugin in marketplace.json whose source is a folder here."""
    path = _list(market)
    if path is None:
        return {}
    value = _object(market, path)
    plugins = value.get("plugins")
    if not isinstance(plugins, list):
        market.notices.append(f"{path} has no list of plugins; every plugin.json is taken instead")
        return {}
    metadata = value.get("metadata")
    base = metadata.get("pluginRoot") if isinstance(metadata, dict) else None
    by_folder: dict[str, list[dict[str, Any]]] = {}
    missing: dict[str, list[str]] = {}
    for number, entry in enumerate(plugins, 1):
        if not isinstance(entry, dict):
            market.notices.append(f"{path}: entry {number} is not an object: skipped")
            continue
        with market.one(f"{path}: entry {number} ({_called(entry)})"):
            folder, why = _folder(
                entry.get("source"), base if isinstance(base, str) else "", market
            )
            if folder is None:
                missing.setdefault(why, []).append(_called(entry))
            else:
                by_folder.setdefault(folder, []).append(entry)
    for why, names in missing.items():
        market.note(f"of {path} skipped, {why}", names)
    found = {}
    for folder, entries in by_folder.items():
        with market.one(f"{path}: the entries of {folder}"):
            found[folder] = _one(market, folder, entries, value)
    return found


def _list(market: _Market) -> str | None:
    """Where marketplace.json is; of a link, where it leads, within the marketplace."""
    root = Path(os.path.realpath(market.root))
    for path in LISTS:
        real = Path(os.path.realpath(market.root / path))  # a loop of links is no error to it
        if real.is_file() and real.is_relative_to(root):
            found = real.relative_to(root).as_posix()
            if found != path:
                market.notices.append(f"{path} is a link; read where it leads: {found}")
            return found
    return None


def listed_folders(root: Path, marketplace: str) -> tuple[list[str], list[str]]:
    """The folders that marketplace.json lists and that are there (relative to root), and where
    such a file may stand; nothing is walked, and what is odd is left to `discover`."""
    prefix = "" if marketplace == "." else f"{marketplace}/"
    lists = [prefix + path for path in LISTS]
    market = _Market(root / marketplace, ())
    if path := _list(market):
        value = _object(market, path)
        meta, plugins = value.get("metadata"), value.get("plugins")
        base = str(meta.get("pluginRoot", "")) if isinstance(meta, dict) else ""
        entries = plugins if isinstance(plugins, list) else []
        sources = (entry.get("source") for entry in entries if isinstance(entry, dict))
        found = (_there(source, base, market) for source in sources)
        return [prefix + f if f != "." else marketplace for f in found if f], lists
    return [], lists


def listing_problems(root: Path, marketplace: str) -> Iterator[Problem]:
    """What is wrong with marketplace.json so that plugins cannot be installed from it: it is no
    JSON, lists nothing, or names folders that are not here (what a sparse checkout left out is)."""
    market = _Market(root / marketplace, ())
    path = _list(market)
    if path is None:
        return
    shown = path if marketplace in (".", "") else f"{marketplace}/{path}"
    try:
        text = reading.read(market.root, path, CAP).decode("utf-8-sig")
        value = json.loads(text)
    except (OSError, UnsafePath, ValueError, RecursionError) as error:
        said = f"cannot be read: {getattr(error, 'msg', str(error)[:120].partition(chr(10))[0])}"
        where = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        yield Problem(shown, *where, "", said, _UNREAD)
        return
    plugins = value.get("plugins") if isinstance(value, dict) else None
    if not isinstance(plugins, list):
        hint = 'it is an object with "plugins": [{"name": ..., "source": "./..."}]'
        yield Problem(shown, 1, 1, "", "has no list of plugins", hint)
        return
    meta = value.get("metadata")
    base = str(meta.get("pluginRoot", "")) if isinstance(meta, dict) else ""
    homes = ("", path.rpartition(".claude-plugin/")[0])  # a listing may be another folder's
    for number, entry in enumerate(plugins, 1):
        if not isinstance(entry, dict):
            yield Problem(shown, 1, 1, "", f"entry {number} is not an object", "take it out")
        elif gone := _gone(market, entry.get("source"), base, homes):
            at = text.find(json.dumps(gone))
            line = text.count("\n", 0, max(at, 0)) + 1
            said = f"entry {number} ({_called(entry)}) names {gone}, and there is no such folder"
            yield Problem(shown, line, 1, "", said, "put the folder there, or take the entry out")


def _gone(market: _Market, source: Any, base: str, homes: tuple[str, ...]) -> str:
    """An entry's source, where it names a folder (below one of `homes`) and there is none."""
    if isinstance(source, dict) and _is_local(source.get("source")):
        source = source.get("path")
    if not isinstance(source, str) or "://" in source or source.startswith("git@"):
        return ""
    candidates = [source] if source.startswith("./") else [f"{base}/{source}", source]
    inner = [paths.clean(f"{at}{one.lstrip('/')}") for one in candidates for at in homes]
    there = any(_stands(market.root / path) for path in inner)
    return "" if there or any(git.left_out(market.root, path) for path in inner) else source


def entry_of(root: Path, marketplace: str, folder: str) -> tuple[dict[str, Any], str]:
    """What marketplace.json says of the plugin in a folder, and the path of that file (both
    relative to root); ({}, "") where it says nothing, or has several plugins there."""
    market = _Market(root / marketplace, ())
    prefix = "" if marketplace in (".", "") else f"{marketplace}/"
    path = _list(market)
    if path is None or not (folder == marketplace or folder.startswith(prefix)):
        return {}, ""
    value = _object(market, path)
    meta, plugins = value.get("metadata"), value.get("plugins")
    base = str(meta.get("pluginRoot", "")) if isinstance(meta, dict) else ""
    inner = "." if folder == marketplace else folder.removeprefix(prefix)
    found = [
        entry
        for entry in (plugins if isinstance(plugins, list) else [])
        if isinstance(entry, dict) and _there(entry.get("source"), base, market) == inner
    ]
    return (found[0], prefix + path) if len(found) == 1 else ({}, "")


def _there(source: Any, base: str, market: _Market) -> str:
    """The folder of a source that is one of this tree; "" if it is none."""
    if isinstance(source, dict):
        source = source.get("path") if _is_local(source.get("source")) else None
    if not isinstance(source, str) or "://" in source or source.startswith("git@"):
        return ""
    for candidate in [source] if source.startswith("./") else [f"{base}/{source}", source]:
        parts = [part for part in candidate.split("/") if part not in ("", ".")]
        if ".." in parts or ".git" in parts:
            continue
        walked = market.root
        if all(stat.S_ISDIR(_mode(walked := walked / part)) for part in parts):
            return "/".join(parts) or "."
    return ""


def _stands(folder: Path) -> bool:
    """Is it a folder, or a link to one?"""
    try:
        return folder.is_dir()
    except (OSError, ValueError):  # no path at all
        return False


def _is_local(kind: Any) -> bool:
    return isinstance(kind, str | None) and kind in _LOCAL


def _called(entry: Mapping[str, Any]) -> str:
    return str(entry.get("name", "?"))[:80]


def _one(
    market: _Market, folder: str, entries: Sequence[dict[str, Any]], listing: Mapping[str, Any]
) -> dict[str, Any]:
    """The entry of a folder. Several that share one (`source: "./"`, and each names components of
    its own) are documented together: a file has one document, whoever installs it. The root is
    then called as the marketplace is."""
    if len({_called(entry) for entry in entries}) == 1:
        return entries[0]
    name = listing.get("name") if folder == "." else None
    name, who = (name, f", {name},") if _is_text(name) else (entries[0].get("name"), "")
    names = [_called(entry) for entry in entries]
    market.note(f"share the folder {folder}; one manifest{who} documents all", names)
    skills = [path for entry in entries for path in _texts(entry.get("skills"))]
    return {**entries[0], "name": name, "skills": skills}


def _folder(source: Any, base: str, market: _Market) -> tuple[str | None, str]:
    """The folder of a source that is one of this tree, else why not."""
    if isinstance(source, dict):
        kind = source.get("source")
        if not isinstance(kind, str | None):
            return None, "the kind of their source is no text"
        if kind not in _LOCAL:
            return None, "their source is elsewhere"
        source = source.get("path")
    if not isinstance(source, str):
        return None, "they have no source"
    if "://" in source or source.startswith("git@"):
        return None, "their source is elsewhere"
    candidates = [source] if source.startswith("./") else [f"{base}/{source}", source]
    for candidate in candidates:
        path = "/".join(part for part in candidate.split("/") if part not in ("", ".")) or "."
        if path in market.folders:
            return path, ""
        if path in market.links:
            return None, "their folder is a link"
        if market.take_listed(path):
            return path, ""
    return None, "there is no such folder, or it is ignored"


def _with_plugin_json(files: Mapping[str, int]) -> Iterator[str]:
    for path in files:
        if path == _MANIFESTS[0]:
            yield "."
        elif path.endswith(f"/{_MANIFESTS[0]}"):
            yield path.removesuffix(f"/{_MANIFESTS[0]}")


def _nameless(files: Iterable[str], plugins: Container[str]) -> set[str]:
    """The folders that hold what a plugin holds and belong to none; not those of Claude Code
    itself and of other tools (`.claude/commands`)."""
    found = set()
    for path in files:
        parts = path.split("/")
        at = next((n for n, part in enumerate(parts[:-1]) if part in reading.COMPONENTS), None)
        if at is None or not _is_component(parts[at:]) or any(p[0] == "." for p in parts[:at]):
            continue
        folders = ["/".join(parts[:n]) or "." for n in range(at + 1)]
        if not any(folder in plugins for folder in folders):
            found.add(folders[-1])
    return found


def _is_component(parts: Sequence[str]) -> bool:
    """`commands/x.md`, `agents/x.md` or `skills/x/SKILL.md`?"""
    if parts[0] == "skills":
        return len(parts) == 3 and parts[2] == "SKILL.md"
    return len(parts) == 2 and parts[1].endswith(".md") and parts[1] != "README.md"


def _by_folder(files: Mapping[str, int], plugins: set[str]) -> dict[str, dict[str, int]]:
    """plugin -> {path within it: size}; a file belongs to the innermost plugin around it."""
    folders: dict[str, dict[str, int]] = {plugin: {} for plugin in plugins}
    for path, size in files.items():
        folder = path.rpartition("/")[0]
        while folder and folder not in plugins:
            folder = folder.rpartition("/")[0]
        if folder in plugins:
            folders[folder][path[len(folder) + 1 :]] = size
        elif "." in plugins:
            folders["."][path] = size
    return folders


def _found(
    market: _Market, path: str, entry: Mapping[str, Any], inside: Mapping[str, Mapping[str, int]]
) -> FoundPlugin:
    files = inside[path]
    prefix = "" if path == "." else f"{path}/"
    own: dict[str, Any] = {}
    if manifest := next((m for m in _MANIFESTS if m in files), None):
        own = _object(market, prefix + manifest)
    folder = path.rpartition("/")[2] if path != "." else market.root.resolve().name
    # the entry of a marketplace may rename a plugin, but its own word goes first
    names = (own.get("name"), entry.get("name"))
    name = str(next((v for v in names if _is_text(v)), folder))
    categories = (entry.get("category"), own.get("category"))
    category = str(next((v for v in categories if _is_text(v)), ""))
    declared = [*_texts(own.get("skills")), *_texts(entry.get("skills"))]
    skills = tuple(_skills(files, declared))
    entered = "" if _is_text(own.get("description")) else entry.get("description")
    description = " ".join(entered.split()) if isinstance(entered, str) else ""
    root_skill = "SKILL.md" in files
    links = tuple(sorted(p.removeprefix(prefix) for p in market.links if p.startswith(prefix)))
    return FoundPlugin(path, name.strip(), category.strip(), description, skills, root_skill, links)


def _skills(files: Mapping[str, int], declared: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The skill folders in `skills/`, and those that are declared: each by itself, or the folder
    that holds them."""
    cleaned = {"/".join(part for part in path.split("/") if part not in ("", ".")): None
               for path in declared}  # fmt: skip
    holders = {"skills", *cleaned}
    for inner, size in sorted(files.items()):
        folder, _, file = inner.rpartition("/")
        if file == "SKILL.md" and (folder in cleaned or folder.rpartition("/")[0] in holders):
            yield folder, size


def _texts(value: Any) -> list[str]:
    """The strings of a list; a string is a list of one."""
    return [text for text in (value if isinstance(value, list) else [value]) if _is_text(text)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
