"""Finding the plugins of a marketplace: what its marketplace.json lists, and every folder with a
plugin.json of its own.

Floor 3. No link is followed, backup folders are passed over, and odd marketplaces (remote sources,
missing folders, nested or nameless plugins, two of one name) are reported, not tripped over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightpress import reading
from nightpress.errors import UnsafePath

CAP = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin: its folder relative to the marketplace ("." for the root itself), its real name,
    its category, and the skill folders it has (relative to the plugin, with the size in bytes of
    each SKILL.md)."""

    path: str
    name: str
    category: str = ""
    skills: tuple[tuple[str, int], ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Discovery:
    """The plugins, sorted by path, and what was passed over."""

    plugins: tuple[Found, ...]
    notices: tuple[str, ...]


def discover(root: Path, ignore: tuple[str, ...] = ()) -> Discovery:
    """The plugins of the marketplace in `root`."""
    notices: list[str] = []
    tree = reading.walk(root, reading.Ignore(ignore), reading.Caps(files=2_000_000, depth=60))
    notices += [str(notice) for notice in tree.notices[:20]]
    files = {e.path: e.size for e in tree.files if e.kind == "file"}
    folders = {e.path for e in tree.files if e.kind == "dir"}
    listed = _listed(root, files, folders, notices)
    own: dict[str, dict[str, Any]] = {path: {} for path in _with_plugin_json(files)}
    unlisted = sorted(set(own) - set(listed))
    if listed and unlisted:
        few = ", ".join(unlisted[:10]) + (", ..." if len(unlisted) > 10 else "")
        notices.append(f"{len(unlisted)} plugins are not in marketplace.json; taken, too: {few}")
    entries = {**own, **listed}
    children = _by_folder(files, set(entries))
    plugins = [
        _found(root, path, entry, children.get(path, {})) for path, entry in sorted(entries.items())
    ]
    return Discovery(tuple(plugins), tuple(notices))


def _object(root: Path, path: str) -> dict[str, Any]:
    try:
        value = json.loads(reading.read(root, path, CAP).decode("utf-8-sig"))
    except (OSError, UnsafePath, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _listed(
    root: Path, files: Mapping[str, int], folders: set[str], notices: list[str]
) -> dict[str, dict[str, Any]]:
    """path -> entry of each plugin in marketplace.json whose source is a folder here."""
    path = next(
        (p for p in (".claude-plugin/marketplace.json", "marketplace.json") if p in files), None
    )
    if path is None:
        return {}
    value = _object(root, path)
    plugins = value.get("plugins")
    if not isinstance(plugins, list):
        notices.append(f"{path}: no list of plugins; every plugin.json is taken instead")
        return {}
    metadata = value.get("metadata")
    base = metadata.get("pluginRoot", "") if isinstance(metadata, dict) else ""
    found: dict[str, dict[str, Any]] = {}
    for entry in plugins:
        if isinstance(entry, dict):
            where = _folder(entry.get("source"), base, folders)
            if isinstance(where, str) and where not in found:
                found[where] = entry
            elif not isinstance(where, str):
                notices.append(f"{path}: {entry.get('name', '?')!r}: {_said(entry.get('source'))}")
    return found


def _folder(source: Any, base: Any, folders: set[str]) -> str | None:
    if isinstance(source, dict) and isinstance(source.get("path"), str) and len(source) <= 2:
        source = source["path"]
    if not isinstance(source, str):
        return None
    candidates = [source] if source.startswith("./") else [f"{base}/{source}", source]
    for candidate in candidates:
        cleaned = "/".join(part for part in candidate.split("/") if part not in ("", "."))
        if not cleaned:
            return "."
        if cleaned in folders:
            return cleaned
    return None


def _said(source: Any) -> str:
    if isinstance(source, dict):
        return f"its source is elsewhere ({source.get('source', 'remote')}): passed over"
    return f"there is no folder {source!r}: passed over"


def _with_plugin_json(files: Mapping[str, int]) -> Iterator[str]:
    for path in files:
        if path == ".claude-plugin/plugin.json":
            yield "."
        elif path.endswith("/.claude-plugin/plugin.json"):
            yield path.removesuffix("/.claude-plugin/plugin.json")


def _by_folder(files: Mapping[str, int], plugins: set[str]) -> dict[str, dict[str, int]]:
    """plugin -> {path within it: size}; a file belongs to the innermost plugin around it."""
    found: dict[str, dict[str, int]] = {}
    for path, size in files.items():
        parts = path.split("/")
        for depth in range(len(parts) - 1, -1, -1):
            folder = "/".join(parts[:depth]) or "."
            if folder in plugins:
                inner = path if folder == "." else path[len(folder) + 1 :]
                found.setdefault(folder, {})[inner] = size
                break
    return found


def _found(root: Path, path: str, entry: dict[str, Any], files: Mapping[str, int]) -> Found:
    prefix = "" if path == "." else f"{path}/"
    own: dict[str, Any] = {}
    for wanted in (".claude-plugin/plugin.json", "plugin.json"):
        if wanted in files:
            own = _object(root, prefix + wanted)
            break
    folder = path.rpartition("/")[2] if path != "." else root.resolve().name
    name = next((v for v in (own.get("name"), entry.get("name")) if _is_name(v)), folder)
    category = entry.get("category") or own.get("category")
    skills = tuple(
        (inner.removesuffix("/SKILL.md"), size)
        for inner, size in sorted(files.items())
        if inner.endswith("/SKILL.md") and inner.startswith("skills/") and inner.count("/") == 2
    )
    return Found(path, str(name), category if isinstance(category, str) else "", skills, files)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
