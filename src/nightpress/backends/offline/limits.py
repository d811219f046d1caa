"""What a command or an agent may not do, and what it asks for first, by its frontmatter; and what
its listings lack."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.clean import is_quotable, shown
from nightpress.backends.offline.phrases import lowered
from nightpress.backends.offline.shortfalls import shortfalls
from nightpress.backends.offline.wording import code, together
from nightpress.lazy import pattern
from nightpress.model import Component
from nightpress.plugin import frontmatter


class Limits(Struct, frozen=True):
    """said: its tools and its model, in one line; listed: all else, as a list; unread: the options
    that its own script does not read."""

    said: tuple[Block, ...] = ()
    listed: tuple[Block, ...] = ()
    unread: frozenset[str] = frozenset()


def limits(component: Component, text: str) -> Limits:
    """text: of its file, whose frontmatter may say in comments why."""
    raw = frontmatter.split(text).raw or ""
    remarks = dict(_remarks(raw)) if "#" in raw else {}
    rows = dict.fromkeys(
        row
        for path, value in _leaves(component.meta)
        if _GOVERNS.match(path[-1]) and (row := _row(path, value, remarks))
    )
    if len(rows) == 1 and ": at most " in next(iter(rows)):
        rows = {}  # a number alone limits nothing that matters
    line = " ".join(filter(None, (_tools(component), _model(component))))
    first = sorted(rows, key=lambda row: (_ASKED.match(row) is None, ": at most " in row))[:MOST]
    lacks = shortfalls(f"/{component.name}", component.body, runs=component.kind != "agent")
    first += lacks.rows
    listed = [Block("list", "\n".join(f"- {row}" for row in first))] if first else []
    return Limits((Block("text", line),) if line else (), tuple(listed), lacks.unread)


def tools(component: Component) -> list[str]:
    """The tools that it is confined to; none where it may use any, or edit files and run all."""
    own = component.meta.get("tools") or component.meta.get("allowed-tools")
    nested = (value for path, value in _leaves(component.meta) if path[-1] == "allowed_tools")
    value = own or next(nested, None)
    listed = re.findall(r"[^,(]+(?:\([^)]*\))?", value) if isinstance(value, str) else value
    names = [code(str(one)) for one in listed or ()] if isinstance(listed, list | tuple) else []
    names = [name for name in names if name]
    free = {"Bash", "Bash(*)"} & set(names) and {"Write", "Edit"} & set(names)
    if "*" in names or (free and component.kind == "command"):
        return []
    return names


def _tools(component: Component) -> str:
    names = [name if name.isalnum() else f"`{name}`" for name in tools(component)]
    return f"Tools: {_cut(names)}." if names else ""


def _model(component: Component) -> str:
    model = component.meta.get("model")
    named = isinstance(model, str) and re.fullmatch(r"[\w.-]+", model) and model != "inherit"
    return f"Model: {model}." if named and component.kind == "agent" else ""


def in_common(every: Mapping[str, Limits]) -> tuple[str, dict[str, Limits]]:
    """(the tools and the model that nearly all of the commands and agents have, in a sentence each,
    limits without those)."""
    commands = sum(name.startswith("/") for name in every)
    what = {0: "agent", len(every): "command"}.get(commands, "one")
    said: list[str] = []
    found = dict(every)
    for piece in ("Tools: ", "Model: "):
        has = {name: _piece(one, piece) for name, one in every.items()}
        [(most, count)] = Counter(has.values()).most_common(1) or [("", 0)]
        others = [name for name, one in has.items() if one != most]
        if not most or count < MANY or any(not has[name] for name in others):
            continue
        but = ", unless its section says otherwise:" if others else ":"
        said.append(f"{piece[:-2]} of each {what}{but} {most.removeprefix(piece)}")
        for name, one in has.items():
            if one == most:
                line = found[name].said[0].text.replace(most, "").strip()
                found[name] = replace(found[name], said=(Block("text", line),) if line else ())
    return " ".join(said), found


def _piece(one: Limits, piece: str) -> str:
    """What of its line begins so: "Model: sonnet."."""
    line = one.said[0].text if one.said else ""
    found = re.search(rf"{piece}.*?\.(?= Model: |$)", line)
    return found[0] if found else ""


MANY = 4
"""Commands, or agents, that have the same tools, from which on that is said once."""


def _leaves(
    value: Mapping[str, object], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], object]]:
    """(its key and those above it, value) of each value that is no mapping."""
    for key, one in value.items():
        path = (*above, re.sub(r"(?<=[a-z])(?=[A-Z])|-", "_", str(key)).lower())
        if isinstance(one, Mapping):
            yield from _leaves(one, path)
        else:
            yield path, one


def _row(path: tuple[str, ...], value: object, remarks: Mapping[tuple[str, str], str]) -> str:
    """One limit in plain words: "Confirmation required: breaking changes"."""
    key, said = path[-1], path[-1].replace("_", " ")
    why = remarks.get((key, ""), "")
    if isinstance(value, bool):
        if key == "autonomous":
            return "" if value else f"Not autonomous: {why}." if why else "Not autonomous."
        aside = f" ({why})" if why else ""
        return f"{said[:1].upper()}{said[1:]}{aside}." if value and _ASKED.match(key) else ""
    if isinstance(value, int) and key.startswith("max_"):
        what = said.removeprefix("max ")
        what = what if path[-2:-1] == () or path[-2] in _FRAMES else f"{path[-2]} {what}"
        aside = f" ({why})" if why else ""
        return f"{what[:1].upper()}{what[1:]}: at most {value}{aside}."
    if key.startswith("max_") or key == "allowed_tools":
        return ""
    values = value if isinstance(value, list | tuple) else [value] if value else []
    items = [_item(one, remarks.get((key, str(one)), "")) for one in values]
    items = [item for item in items if item]
    return f"{said[:1].upper()}{said[1:]}: {_cut(items)}." if items else ""


def _item(value: object, why: str) -> str:
    """One thing that is limited; in brackets why."""
    text = shown(str(value)).rstrip(" .") if isinstance(value, str | int) else ""
    text = re.sub(r"[<>|`]", "", text)
    if not text or not is_quotable(text):
        return ""
    text = f"`{text}`" if re.search(r"[/*_.@]", text) and " " not in text else text
    return f"{text} ({why})" if why else text


def _cut(items: list[str]) -> str:
    more = len(items) - MOST
    return together([*items[:MOST], f"{more} more"]) if more > 1 else ", ".join(items)


def _remarks(raw: str) -> Iterator[tuple[tuple[str, str], str]]:
    """((key, value of a list or ""), the comment beside it) of a block of YAML."""
    key = ""
    for line in raw.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        key = re.sub(r"(?<=[a-z])(?=[A-Z])|-", "_", found[2]).lower() if found[2] else key
        said = shown(found[4] or "").strip(" .")
        if said and is_quotable(said) and not re.search(r"[<>|`]", said):
            item = "" if found[2] else found[3].strip().strip("\"'")
            yield (key, item), lowered(said, raw)


MOST = 12
"""Limits of one, and things that one limit names."""
_GOVERNS = pattern(
    r"confirm|approv|requires?_|need_|needs_|forbid|forbidden|restrict|den(?:y|ied)|disallow"
    r"|prohibit|never|must_not|do_not|allowed_|read_?only$|autonomous$|permission_mode$|max_[a-z]"
)
_ASKED = pattern(r"(?:read[_ ]?only|requir|confirm|approv|never|not?\b|must)", re.I)
_LINE = pattern(
    r"\s*(- +)?(?:([A-Za-z][\w-]*):(?:\s|$))?\s*(\"[^\"]*\"|'[^']*'|[^#\"']*?)"
    r"\s*(?:(?<=\s)#\s*(.*))?$"
)
_FRAMES = frozenset(
    "capabilities constraints behavior behaviour limits limitations governance permissions safety"
    " security metadata config configuration settings".split()
)
