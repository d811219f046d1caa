"""An MCP server: how it is built, and where it stands: before its tools, and these before what
calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.part import LAST, Part
from nightpress.backends.offline.wording import code, together
from nightpress.lazy import pattern
from nightpress.model import Anatomy

HEADING, TOOL = "MCP servers", 12
"""Where servers stand, and the rank of what a tool of theirs takes and gives at most."""


def built(anatomy: Anatomy, runs: Sequence[str]) -> list[Block]:
    """That the servers have to be built first, where a file that they run is none of the plugin's,
    and a script of its package makes it. runs: their commands."""
    texts = {file.path: file.text for file in anatomy.files}
    words = [one for run in runs for one in run.replace("${CLAUDE_PLUGIN_ROOT}/", "").split()]
    made = [one.removeprefix("./") for one in words if _MADE.match(one)]
    missing = [f"`{code(one)}`" for one in dict.fromkeys(made) if one not in texts]
    scripts = _SCRIPTS.search(texts.get("package.json", ""))
    if not missing or not scripts or not re.search(r'"build"\s*:', scripts[1]):
        return []
    said = "Before the first start, run `npm install && npm run build` in the plugin's folder: it"
    return [Block("text", f"{said} makes {together(missing)}.")]


def first(parts: Sequence[Part]) -> list[Part]:
    """The parts; a server and its tools stand before the quick start that calls them, and what each
    tool takes is worth more than examples."""
    server = [part for part in parts if part.path == (HEADING,)]
    worth = _TOOLS if server else _MCP_TOOLS
    parts = [
        replace(part, rank=min(part.rank, TOOL), news=part.news if server else 0.0)
        if any(map(worth.fullmatch, part.path))
        else part
        for part in parts
    ]
    if not server:
        return parts
    begins = [part for part in parts if part.path and _BEGINS.fullmatch(part.path[0])]
    tools = [part for part in parts if part.path and _TOOLS.fullmatch(part.path[0])]
    names = {name for part in tools for name in _NAME.findall(part.path[-1])}
    calls = [part for part in begins if any(f"{name}(" in _said(part) for name in names)]
    if not calls:
        return [*parts]
    *above, at = min(part.order for part in calls)
    moved = {id(part): n for n, part in enumerate([*server, *sorted(tools, key=_order)])}
    return [
        replace(part, order=(*above, at - 1, LAST, moved[id(part)])) if id(part) in moved else part
        for part in parts
    ]


def _order(part: Part) -> tuple[int, ...]:
    return part.order


def _said(part: Part) -> str:
    return "\n".join(block.text for block in part.blocks)


_BEGINS = pattern(r"(?:quick ?start|getting started)(?: \w+)?", re.I)
_TOOLS = pattern(r"(?:using |available |mcp )*tools(?: reference)?(?: \([^)]*\))?", re.I)
_MCP_TOOLS = pattern(r"(?:using |available )*mcp tools(?: reference)?(?: \([^)]*\))?", re.I)
_NAME = pattern(r"`?\b([a-z]+(?:_[a-z]+)+)\b`?")
_MADE = pattern(r"(?:\./)?(?:[\w.-]+/)*(?:dist|build|out|lib)/[\w./-]+\.[cm]?js$")
_SCRIPTS = pattern(r'"scripts"\s*:\s*\{([^{}]*)\}')
