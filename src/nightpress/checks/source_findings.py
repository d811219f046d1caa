"""Source findings: what contradicts itself, is missing or was never filled in, in a plugin itself.

Pure. They are told to the plugin's maintainer with file and line, and are never copied into a
document: what the plugin's own structure gainsays is `disputed`. Known are the plugin's files; what
only its prose says is held against commands, agents, skills, scripts and files that are there.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from nightpress.checks import claimed, form
from nightpress.checks.claimed import ALONE, PROSE, Market, SourceFinding
from nightpress.checks.known_names import TOOLS
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component, SourceFile
from nightpress.plugin import hollow, kind_of
from nightpress.text import suggestion

__all__ = ["Market", "SourceFinding", "find"]

_HOME = pattern(
    r"(?<![\w/])(?:/Users|/home)/(?!(?:user(?:name)?|you|me|x+|foo|bar|name|runner|node"
    r"|\.+)\b|\.|\w*[<$\[{])"
    r"[\w.-]+/[\w./-]+|\b[A-Z]:\\{1,2}Users\\{1,2}(?!(?:user(?:name)?|you|me|x+|foo|bar)\b)[\w.-]+"
)


def find(
    anatomy: Anatomy, plugin_paths: frozenset[str], market: Market = ALONE
) -> tuple[SourceFinding, ...]:
    """The source findings of a plugin, by file and line. plugin_paths: every path in it."""
    found: dict[tuple[str, str], SourceFinding] = {}
    for one in sorted(_all(anatomy, plugin_paths, market), key=lambda f: (f.file, f.line)):
        found.setdefault((one.file, one.message), one)  # where it stands first
    return tuple(sorted(found.values(), key=lambda f: (f.file, f.line, f.check)))


def _all(anatomy: Anatomy, plugin_paths: frozenset[str], market: Market) -> Iterator[SourceFinding]:
    yield from _unfilled(anatomy)
    yield from claimed.claims(anatomy, plugin_paths, market)
    yield from _references(anatomy)
    yield from _manifest(anatomy, plugin_paths, market)
    yield from _tools(anatomy)
    yield from _counts(anatomy)
    for file in anatomy.files:
        if kind_of(file.path) == "license":
            continue
        if "/home/" not in file.text and "Users" not in file.text:
            continue
        for match in _HOME.finditer(file.text):
            yield SourceFinding(
                "home-path", f"a path of one machine: {match[0][:60]}", file.path,
                _line(file.text, match.start()), "write it relative, or as a variable",
            )  # fmt: skip


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


# --- what was never filled in ---


def _unfilled(anatomy: Anatomy) -> Iterator[SourceFinding]:
    parts = {c.path: c for c in anatomy.components if c.kind in ("command", "agent", "skill")}
    for file in anatomy.files:
        kind = kind_of(file.path)
        if kind not in PROSE:
            continue
        if not file.text.strip():
            yield SourceFinding(
                "empty", "the file is empty", file.path, 1, "write it, or remove it"
            )
            continue
        component = parts.get(file.path)
        if component is not None and hollow.unfilled(component):
            yield SourceFinding(
                "placeholder", f"the {component.kind} {component.name!r} was never written",
                file.path, _first(file.text), "say what it is for and what it does",
            )  # fmt: skip
            continue
        in_code = False
        for number, line in enumerate(file.text.split("\n"), start=1):
            if line.lstrip().startswith(("```", "~~~")):
                in_code = not in_code
            match = None if in_code or "`" in line else hollow.PLACEHOLDER.search(line)
            if match and kind == "readme":
                message = f"placeholder {match[0][:40]!r}"
                yield SourceFinding(
                    "placeholder", message, file.path, number, "say what belongs there"
                )
    if hollow.is_placeholder(anatomy.description):
        where = next((f for f in anatomy.files if kind_of(f.path) == "manifest"), None)
        if where is not None:
            at = max(where.text.find('"description"'), 0)
            yield SourceFinding(
                "placeholder", "the plugin's description was never written", where.path,
                _line(where.text, at), "one sentence: what it does, and for whom",
            )  # fmt: skip


def _first(text: str) -> int:
    match = hollow.PLACEHOLDER.search(text)
    return _line(text, match.start()) if match else 1


# --- references, manifest, tools ---


def _references(anatomy: Anatomy) -> Iterator[SourceFinding]:
    """References that no document of their skill names, and those that only another one does."""
    texts = {file.path: file.text for file in anatomy.files}
    for skill in anatomy.of("skill"):
        folder = posixpath.dirname(skill.path)
        prefix = f"{folder}/" if folder else ""
        inside = [
            path for path in texts
            if path.startswith(f"{prefix}references/") and path.endswith(".md")
        ]  # fmt: skip
        main = texts.get(skill.path, "")
        if not inside or "references/`" in main or re.search(r"references/?(?:\*|\s|\))", main):
            continue  # the folder as a whole is named
        for path in inside:
            name = path.rpartition("/")[2]
            if name in main or name.removesuffix(".md") in main:
                continue
            via = next((o for o in inside if o != path and name in texts[o]), "")
            if via:
                yield SourceFinding(
                    "reference-chain", f"only {via.removeprefix(prefix)} leads to it", path, 1,
                    f"name it in {skill.path}: references are read one level deep",
                )  # fmt: skip
            else:
                yield SourceFinding(
                    "reference-orphaned", "no document of its skill names it", path, 1,
                    f"say in {skill.path} when to read it, or remove it",
                )  # fmt: skip


def _manifest(
    anatomy: Anatomy, plugin_paths: frozenset[str], market: Market
) -> Iterator[SourceFinding]:
    manifests = [f for f in anatomy.files if kind_of(f.path) == "manifest"]
    for file in manifests[:1]:
        try:
            value = json.loads(file.text)
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", 1)
            yield SourceFinding("plugin-json", f"not JSON: {error}", file.path, line, "fix it")
            return
        if not isinstance(value, dict):
            yield SourceFinding("plugin-json", "no JSON object", file.path, 1, "fix it")
            return
        yield from _fields(file, value, plugin_paths)
        yield from _disagreeing(anatomy, file, value, market)


def _counts(anatomy: Anatomy) -> Iterator[SourceFinding]:
    """More commands, agents or skills than there are, as the plugin advertises itself."""
    for file in anatomy.files:
        if kind_of(file.path) != "manifest" and file.path.lower() != "readme.md":
            continue
        for match in claimed.overstated(anatomy, file.text):
            kind = match["kind"].lower()
            yield SourceFinding(
                "count-differs", f"says {match['number']} {kind}; it has"
                f" {claimed.count(anatomy, kind):,}", file.path, _line(file.text, match.start()),
                "count them again, or leave the number out",
            )  # fmt: skip


_TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str, "version": str, "description": str, "keywords": list, "author": (dict, str),
    "homepage": str, "license": str,
}  # fmt: skip


def _fields(
    file: SourceFile, value: dict[str, Any], plugin_paths: frozenset[str]
) -> Iterator[SourceFinding]:
    def told(key: str, message: str, hint: str = "") -> SourceFinding:
        at = max(file.text.find(f'"{key}"'), 0)
        return SourceFinding("plugin-json", message, file.path, _line(file.text, at), hint)

    if "name" not in value:
        yield told("", "it has no name", "name is the one required field")
    for key, types in _TYPES.items():
        if key in value and not isinstance(value[key], types):
            yield told(key, f"{key} has the wrong type")
    for key in ("commands", "agents", "skills", "hooks", "mcpServers"):
        entries = value.get(key)
        for entry in entries if isinstance(entries, list) else [entries]:
            if not isinstance(entry, str) or "*" in entry or "$" in entry:
                continue
            path = posixpath.normpath(entry)
            if not form.stands(path, plugin_paths):
                yield told(key, f"{key}: no {entry} in this plugin")


def _disagreeing(
    anatomy: Anatomy, file: SourceFile, value: dict[str, Any], market: Market
) -> Iterator[SourceFinding]:
    """Two descriptions, or two versions, of one plugin."""
    own = value.get("description")
    if isinstance(own, str) and market.description and _differ(own, market.description):
        line = _line(file.text, max(file.text.find('"description"'), 0))
        yield SourceFinding(
            "description-disagrees", "the marketplace describes it differently: "
            f"{market.description[:80]!r}", file.path, line, "say the same in both",
        )  # fmt: skip
    for other in anatomy.files:
        if other.path.rpartition("/")[2] != "package.json" or "/" in other.path:
            continue
        try:
            package = json.loads(other.text)
        except (ValueError, RecursionError):
            continue
        version = package.get("version") if isinstance(package, dict) else None
        if version and value.get("version") and version != value["version"]:
            line = _line(other.text, max(other.text.find('"version"'), 0))
            yield SourceFinding(
                "version-disagrees", f"version {version}, but {value['version']} in {file.path}",
                other.path, line, "both are the same plugin",
            )  # fmt: skip


def _differ(one: str, other: str) -> bool:
    words = [set(re.findall(r"\w{4,}", text.lower())) for text in (one, other)]
    least = min(len(words[0]), len(words[1]))
    return least >= 3 and len(words[0] & words[1]) < 0.25 * least


_TOOL = pattern(r"([A-Za-z_][\w-]*(?:__[\w*-]+)*)(?:\([^)]*\))?")


def _tools(anatomy: Anatomy) -> Iterator[SourceFinding]:
    texts = {file.path: file.text for file in anatomy.files}
    for part in anatomy.components:
        if part.kind not in ("command", "agent", "skill"):
            continue
        for key in ("allowed-tools", "tools", "disallowed-tools"):
            for name in _tool_names(part, key):
                if name in TOOLS or name.startswith("mcp__") or name in ("*", "all"):
                    continue
                text = texts.get(part.path, "")
                match = re.search(rf"^{key}\s*:", text, re.M)
                yield SourceFinding(
                    "tool-unknown", f"{key}: {name} is not a tool of Claude Code", part.path,
                    _line(text, match.start()) if match else 1, suggestion(name, TOOLS, "{}"),
                )  # fmt: skip


def _tool_names(part: Component, key: str) -> Iterable[str]:
    value = part.meta.get(key)
    texts = value if isinstance(value, list | tuple) else [value]
    for text in texts:
        if isinstance(text, str) and len(text) < 4_000:
            plain = re.sub(r"\([^)]*\)", "", text)  # Bash(git log:*, git diff)
            yield from (m[0] for m in _TOOL.finditer(plain) if m[0].strip())
