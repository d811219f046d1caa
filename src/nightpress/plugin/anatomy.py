"""What a plugin consists of, found from its files: commands, agents, skills, hooks, scripts, MCP.

Pure. Plugins come in many shapes (no plugin.json, one at the root, wrong types, none of the
standard folders): whatever is there is taken, and nothing that is wrong stops us. Layout: the
Claude Code plugin reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Literal

from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component, SourceFile
from nightpress.plugin import frontmatter

Kind = Literal[
    "manifest", "readme", "command", "agent", "skill", "hook", "mcp", "script", "doc", "license",
    "data", "code",
]  # fmt: skip

MOST_HOOKS = 200
"""Hooks, and servers, that are taken from one file."""

_LICENSE = pattern(r"(?:un)?(?:licen[cs]e|copying|notice)s?(?:[.-][\w.-]+)?")
_README = pattern(r"readme(?:[._-][a-z-]{2,5})?(?:\.\w+)?")
_INLINE = ".claude-plugin/plugin.json"
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
    if _LICENSE.fullmatch(lower) and parts[0] not in ("commands", "agents"):
        return "license"
    if lower in (".mcp.json", "mcp.json"):
        return "mcp"
    if ending in (".md", ".markdown", ".mdx", ".txt", ".rst"):
        return "doc" if _REPORT.fullmatch(name) else _kind_of_text(parts, lower)
    folders = parts[:-1]
    if ending == ".json" and (lower == "hooks.json" or "hooks" in folders):
        return "hook"
    if ending in _DATA_ENDINGS:
        return "data"
    if ending in _SCRIPT_ENDINGS or not {"scripts", "bin", "hooks"}.isdisjoint(folders):
        return "script"
    return "code" if ending in _CODE_ENDINGS else "data"


_REPORT = pattern(r"[A-Z0-9]+(?:[_-][A-Z0-9]+)*[_-](?:REPORT|SUMMARY|NOTES|STATUS|TODO)\.md")
"""What somebody wrote about the files beside it, and left there."""


def _kind_of_text(parts: list[str], lower: str) -> Kind:
    named = parts[-2:-1] in (["commands"], ["agents"]) and "skills" not in parts
    if lower == "skill.md" and not named:  # a command may be called so
        return "skill"
    if _README.fullmatch(lower):
        return "readme"
    if lower.endswith((".md", ".markdown")):
        for folder, kind in (("commands", "command"), ("agents", "agent")):
            if folder in parts[:-1] and _at_a_root(parts[: parts.index(folder)]):
                return kind  # type: ignore[return-value]
    return "doc"


def _at_a_root(above: list[str]) -> bool:
    """Components stand at a plugin's root; a pack holds plugins in a nested `plugins/`."""
    return not above or above[-1] == ".claude" or "plugins" in above


PLUGIN_JSON = (".claude-plugin/plugin.json", "plugin.json")
"""Where a plugin tells of itself; the first one counts."""


def build(
    files: Sequence[SourceFile], folder: str, entry: Mapping[str, Any] | None = None
) -> Anatomy:
    """The anatomy of the plugin in `folder`; entry: what is said of it elsewhere, taken
    where its plugin.json is silent or of a wrong type."""
    own, entered = _plugin_json(files), dict(entry or {})

    def text(key: str, most: int) -> str:
        return (_string(own.get(key)) or _string(entered.get(key)))[:most]

    return Anatomy(
        name=text("name", 200) or _string(folder)[:200] or "plugin",
        description=text("description", 4_000),
        version=text("version", 100),
        author=(_author(own.get("author")) or _author(entered.get("author")))[:200],
        keywords=_keywords(own.get("keywords")) or _keywords(entered.get("keywords")),
        components=tuple(_components(files, {**entered, **own}, folder)),
        files=tuple(files),
        license=text("license", 200),
    )


def _plugin_json(files: Sequence[SourceFile]) -> dict[str, Any]:
    for wanted in PLUGIN_JSON:
        for file in files:
            if file.path == wanted:
                value = _json(file.text)
                return value if isinstance(value, dict) else {}
    return {}


def wrong_json(text: str) -> tuple[int, int, str] | None:
    """(line, column, message), from 1, where a plugin.json is no JSON object; None if it is one."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno, error.colno, f"not JSON: {error.msg}"
    except (ValueError, RecursionError):
        return 1, 1, "no JSON that can be read: nested too deeply, or a number too long"
    return None if isinstance(value, dict) else (1, 1, "no JSON object")


def _json(text: str) -> object:
    """The value, {} if it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {}


def _string(value: object) -> str:
    """One line, without what UTF-8 cannot hold (JSON may escape half of a surrogate pair)."""
    if not isinstance(value, str):
        return ""
    return " ".join(value.encode("utf-8", "replace").decode("utf-8").split())


def _strings(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(text for inner in values if (text := _string(inner)))


def _keywords(value: object) -> tuple[str, ...]:
    """At most 30; a string is taken for a list with commas."""
    words = value.split(",") if isinstance(value, str) else value
    return tuple(dict.fromkeys(word[:100] for word in _strings(words)))[:30]


def _author(value: object) -> str:
    return _string(value.get("name")) if isinstance(value, dict) else _string(value)


def _components(
    files: Sequence[SourceFile], meta: Mapping[str, Any], folder: str
) -> Iterator[Component]:
    declared = {
        key: tuple(p.removeprefix("./").rstrip("/") for p in _strings(meta.get(key)))
        for key in ("commands", "agents", "hooks", "mcpServers")
    }
    for file in files:
        kind = kind_of(file.path)
        if file.path in declared["hooks"] or kind == "hook":
            yield from _hooks(file.path, _json(file.text))
        elif file.path in declared["mcpServers"] or kind == "mcp":
            yield from _servers(file.path, _json(file.text))
        elif kind == "skill":
            yield _markdown(file, "skill", folder)
        elif kind == "script":
            yield Component("script", file.path.rpartition("/")[2], file.path, _purpose(file.text))
        elif (component := _declared(file.path, kind, declared)) is not None:
            yield _markdown(file, component, folder)
    yield from _hooks(_INLINE, {"hooks": meta.get("hooks")})
    yield from _servers(_INLINE, {"mcpServers": meta.get("mcpServers")})


def _declared(
    path: str, kind: str, declared: Mapping[str, tuple[str, ...]]
) -> Literal["command", "agent"] | None:
    """Commands and agents that plugin.json names (files, folders, globs) replace the default
    folders."""
    if not path.lower().endswith((".md", ".markdown")) or kind == "readme":
        return None
    for wanted in ("command", "agent"):
        if any(_names(place, path) for place in declared[f"{wanted}s"]):
            return wanted
    if kind in ("command", "agent") and not declared[f"{kind}s"]:
        return kind  # type: ignore[return-value]
    return None


def _names(place: str, path: str) -> bool:
    if path == place or path.startswith(f"{place}/"):
        return True
    return "*" in place and (fnmatchcase(path, place) or fnmatchcase(path, f"{place}/*"))


def _markdown(
    file: SourceFile, kind: Literal["command", "agent", "skill"], folder: str
) -> Component:
    parts = frontmatter.split(file.text)
    meta = _meta(parts.raw) if parts.raw is not None else {}
    above, _, stem = file.path.rpartition("/")
    name = stem.rpartition(".")[0]
    declared = _string(meta.get("name"))
    if kind == "skill":
        name = above.rpartition("/")[2] or declared or folder  # at the root: a plugin of one skill
    elif kind == "agent" and re.fullmatch(r"[\w-]{1,80}", declared):
        name = (
            declared  # an agent is called by the name that it gives itself, a command by its file
        )
    description = _string(meta.get("description")) or _what_for(parts.body)
    return Component(kind, name, file.path, description[:2_000], meta, parts.body)


@lru_cache(maxsize=2_048)  # a plugin of 200 skills is looked at 200 times
def _meta(raw: str) -> Mapping[str, Any]:
    try:
        return frontmatter.parse(raw)
    except frontmatter.FrontmatterError:
        return {}  # the checks name it; here it only means that we know less


def _what_for(body: str) -> str:
    """What a command or agent without a description is for: the first sentence below its title, or
    below a heading that promises that; else the title, as Claude Code shows it."""
    prose = re.sub(r"(?ms)^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[ \t]*$|\Z)", "", body)
    title, *sections = re.split(r"(?m)^#{1,6} +", f"\n{prose}")
    if not title.strip() and sections and sections[0].strip():
        title, _, below = sections[0].partition("\n")
        told = [below, *(_below(section) for section in sections[1:])]
    else:
        title, told = "", [title, *map(_below, sections)]
    said = next(filter(None, map(_first_sentence, told)), "")
    return said or title.strip(" #*")[:300]


def _below(section: str) -> str:
    """The text of a section that says what its file is for; "" of any other."""
    heading, _, text = section.partition("\n")
    return text if _PROMISES.fullmatch(heading.strip(" #*:")) else ""


_PROMISES = pattern(
    r"(?:\W*)(?:description|purpose|overview|summary|about|goals?|objectives?|intent|introduction"
    r"|what (?:it|this|this command|this agent) (?:does|is for))",
    re.I,
)


def _first_sentence(text: str) -> str:
    """Of the first paragraph; "" where that only announces what follows. Of whom "You are a pilot."
    says no more what he is to do."""
    if found := _TASK.search(text):
        text = found[1][:1].upper() + found[1][1:]
    for block in re.split(r"\n\s*\n", text):
        said = " ".join(re.split(r"\n\s*(?:[-*+|>]|\d+[.)]) ", block)[0].split())
        if said and said[0].isalpha():
            first: str = re.split(r"(?<=[.!?])\s", said)[0][:300]
            return "" if first.endswith(":") else first
    return ""


_TASK = pattern(
    r"(?s)\A\s*You are (?:an?|the) [^.:\n]{3,160}\.\s+Your (?:task|job|goal|mission|role)"
    r" (?:here )?is to (\w.*)"
)


def _hooks(path: str, value: object) -> Iterator[Component]:
    """Hooks by event (`{event: [{matcher, hooks: [{command}]}]}`) or as a list of objects that
    name their event, as some plugins write them."""
    events = value.get("hooks", value) if isinstance(value, dict) else value
    hooks: list[tuple[str, dict[str, Any]]] = []
    if isinstance(events, dict):
        hooks = [
            (str(event), group) for event, groups in events.items() for group in _dicts(groups)
        ]
    elif isinstance(events, list):
        hooks = [(_string(hook.get("event")), hook) for hook in _dicts(events)]
    for event, group in [pair for pair in hooks if _string(pair[0])][:MOST_HOOKS]:
        commands = [_string(hook.get("command")) for hook in [group, *_dicts(group.get("hooks"))]]
        joined = "; ".join(command for command in commands if command)
        meta = {"matcher": _string(group.get("matcher"))[:300]}
        about = _string(group.get("description"))
        yield Component("hook", _string(event)[:100], path, joined[:1_000], meta, about[:1_000])


def _dicts(value: object) -> list[dict[str, Any]]:
    return [inner for inner in value if isinstance(inner, dict)] if isinstance(value, list) else []


def _servers(path: str, value: object) -> Iterator[Component]:
    if not isinstance(value, dict):
        return
    servers = value.get("mcpServers", value.get("servers", value))  # as Claude Code, VS Code, bare
    if not isinstance(servers, dict):
        return
    for name, server in list(servers.items())[:MOST_HOOKS]:
        if isinstance(server, dict) and _string(name):
            command = " ".join([_string(server.get("command")), *_strings(server.get("args"))])
            target = command.strip() or _string(server.get("url"))
            yield Component("mcp", _string(name)[:100], path, target[:1_000], {})


def _purpose(text: str) -> str:
    """The first comment or docstring line of a script."""
    for line in text.split("\n")[:15]:
        cleaned = line.strip()
        if cleaned.startswith("#!") or not cleaned:
            continue
        purpose = re.match(r"(?:#+|//+|/\*+|\"{3}|'{3})\s*(.{10,200})", cleaned)
        return purpose.group(1).rstrip("*/\"' ") if purpose else ""
    return ""
