"""What a plugin consists of, found from its files: commands, agents, skills, hooks, scripts, MCP.

Floor 1: pure. Plugins come in many shapes (no plugin.json, one at the root, wrong types, none of
the standard folders): whatever is there is taken, and nothing that is wrong stops us. Layout: the
Claude Code plugin reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from nightpress import frontmatter
from nightpress.model import Anatomy, Component, SourceFile

Kind = Literal[
    "manifest", "readme", "command", "agent", "skill", "hook", "mcp", "script", "doc", "license",
    "data", "code",
]  # fmt: skip

_SCRIPT_ENDINGS = frozenset({".sh", ".bash", ".py", ".js", ".ts", ".mjs", ".cjs", ".rb", ".ps1"})
_CODE_ENDINGS = _SCRIPT_ENDINGS | frozenset(
    {".go", ".rs", ".java", ".c", ".h", ".cpp", ".cs", ".php", ".swift", ".kt", ".tsx", ".jsx"}
)
_DATA_ENDINGS = frozenset({".json", ".yaml", ".yml", ".toml", ".csv", ".xml", ".ini", ".lock"})


def kind_of(path: str) -> Kind:
    """What a file of a plugin is, by its path alone."""
    name = path.rpartition("/")[2]
    lower = name.lower()
    ending = "." + lower.rpartition(".")[2] if "." in lower else ""
    parts = path.split("/")
    if lower == "plugin.json" and (len(parts) == 1 or parts[-2] == ".claude-plugin"):
        return "manifest"
    if lower.startswith(("license", "licence", "copying", "notice")):
        return "license"
    if lower in (".mcp.json", "mcp.json"):
        return "mcp"
    if lower == "hooks.json":
        return "hook"
    if ending in (".md", ".markdown", ".mdx", ".txt", ".rst"):
        return _kind_of_text(parts, lower)
    if "scripts" in parts[:-1] or "bin" in parts[:-1] or "hooks" in parts[:-1]:
        return "script"
    if ending in _SCRIPT_ENDINGS:
        return "script"
    return "code" if ending in _CODE_ENDINGS else "data"


def _kind_of_text(parts: list[str], lower: str) -> Kind:
    if lower == "skill.md":
        return "skill"
    if lower.startswith("readme"):
        return "readme"
    folders = parts[:-1]
    if lower.endswith((".md", ".markdown")):
        if "commands" in folders:
            return "command"
        if "agents" in folders:
            return "agent"
    return "doc"


def build(
    files: Sequence[SourceFile], folder: str, entry: Mapping[str, Any] | None = None
) -> Anatomy:
    """The anatomy of the plugin in `folder`; entry: what its marketplace.json says of it."""
    meta = {**_plain(entry or {}), **_plugin_json(files)}
    components = tuple(_components(files, meta))
    return Anatomy(
        name=_string(meta.get("name")) or folder,
        description=_string(meta.get("description")),
        version=_string(meta.get("version")),
        author=_author(meta.get("author")),
        keywords=_strings(meta.get("keywords")),
        components=components,
        files=tuple(files),
    )


def _plugin_json(files: Sequence[SourceFile]) -> dict[str, Any]:
    for wanted in (".claude-plugin/plugin.json", "plugin.json"):
        for file in files:
            if file.path == wanted:
                return _json_object(file.text)
    return {}


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): inner for key, inner in value.items()}


def _string(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _strings(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    return tuple(text for inner in found if (text := _string(inner)))


def _author(value: Any) -> str:
    return _string(value.get("name")) if isinstance(value, dict) else _string(value)


def _components(files: Sequence[SourceFile], meta: Mapping[str, Any]) -> Iterator[Component]:
    declared = {
        kind: tuple(p.removeprefix("./").rstrip("/") for p in _strings(meta.get(f"{kind}s")))
        for kind in ("command", "agent")
    }
    for file in files:
        kind = kind_of(file.path)
        if kind in ("command", "agent", "doc"):
            found = _declared(file.path, kind, declared)
            if found is not None:
                yield _markdown(file, found)
        elif kind == "skill":
            yield _markdown(file, "skill")
        elif kind == "hook":
            yield from _hooks(file.path, _json_object(file.text))
        elif kind == "mcp":
            yield from _servers(file.path, _json_object(file.text))
        elif kind == "script":
            yield Component("script", file.path.rpartition("/")[2], file.path, _purpose(file.text))
    inline = {"hooks": meta.get("hooks"), "mcpServers": meta.get("mcpServers")}
    if isinstance(inline["hooks"], dict):
        yield from _hooks(".claude-plugin/plugin.json", {"hooks": inline["hooks"]})
    if isinstance(inline["mcpServers"], dict):
        yield from _servers(".claude-plugin/plugin.json", {"mcpServers": inline["mcpServers"]})


def _declared(
    path: str, kind: str, declared: Mapping[str, tuple[str, ...]]
) -> Literal["command", "agent"] | None:
    """Commands and agents that plugin.json names replace the default folders."""
    if not path.lower().endswith(".md") or path.rpartition("/")[2].lower().startswith("readme"):
        return None
    for wanted in ("command", "agent"):
        places = declared[wanted]
        if any(path == place or path.startswith(f"{place}/") for place in places):
            return wanted
    if kind in ("command", "agent") and not declared[kind]:
        return kind  # type: ignore[return-value]
    return None


def _markdown(file: SourceFile, kind: Literal["command", "agent", "skill"]) -> Component:
    parts = frontmatter.split(file.text)
    meta: dict[str, Any] = {}
    if parts.raw is not None:
        try:
            meta = frontmatter.parse(parts.raw)
        except frontmatter.FrontmatterError:
            meta = {}  # the checks name it; here it only means that we know less
    stem = file.path.rpartition("/")[2].rpartition(".")[0]
    if kind == "skill":
        folder = file.path.rpartition("/")[0].rpartition("/")[2]
        name = folder or _string(meta.get("name"))
    else:
        name = stem
    description = _string(meta.get("description")) or _first_sentence(parts.body)
    return Component(kind, name, file.path, description, meta, parts.body)


def _first_sentence(body: str) -> str:
    for block in re.split(r"\n\s*\n", body):
        text = " ".join(block.split())
        if text and not text.startswith(("#", "```", "|", "-", "*", ">", "<", "!")):
            return re.split(r"(?<=[.!?])\s", text)[0][:300]
    return ""


def _hooks(path: str, value: Mapping[str, Any]) -> Iterator[Component]:
    events = value.get("hooks", value)
    if not isinstance(events, dict):
        return
    for event, groups in events.items():
        for group in groups if isinstance(groups, list) else []:
            if not isinstance(group, dict):
                continue
            matcher = _string(group.get("matcher"))
            inner = group.get("hooks")
            commands = [
                _string(hook.get("command")) for hook in inner if isinstance(hook, dict)
            ] if isinstance(inner, list) else []  # fmt: skip
            said = "; ".join(command for command in commands if command)
            yield Component("hook", str(event), path, said, {"matcher": matcher})


def _servers(path: str, value: Mapping[str, Any]) -> Iterator[Component]:
    servers = value.get("mcpServers", value)
    if not isinstance(servers, dict):
        return
    for name, server in servers.items():
        if isinstance(server, dict):
            command = " ".join([_string(server.get("command")), *_strings(server.get("args"))])
            said = command.strip() or _string(server.get("url"))
            yield Component("mcp", str(name), path, said, {})


def _purpose(text: str) -> str:
    """The first comment or docstring line of a script."""
    for line in text.split("\n")[:15]:
        cleaned = line.strip()
        if cleaned.startswith("#!") or not cleaned:
            continue
        found = re.match(r"(?:#+|//+|/\*+|\"{3}|'{3})\s*(.{10,200})", cleaned)
        return found.group(1).rstrip("*/\"' ") if found else ""
    return ""
