"""How a plugin is installed, which no skill of it says: its reader has it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from nightpress.backends.offline.blocks import Block, units
from nightpress.lazy import pattern

_INSTALL = pattern(
    r"\s*(?:[>$] )?(?:(?:claude )?/(?:plugin|reload-plugins)(?![\w:-])|claude plugins? )"
)

_STEP_INSTALLS = pattern(r"(?mi)^1[.)] \W*(?:download|get|install) (?:the|this) plugin\b")


def without_install(blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks without those that only install plugins."""
    if not any(map(installs, blocks)):
        return blocks
    kept = [block for unit in units(blocks) if not any(map(installs, unit)) for block in unit]
    if kept and kept[0].text.startswith("Or "):  # the other way has gone
        first = kept[0].text.removeprefix("Or ")
        kept[0] = replace(kept[0], text=first[:1].upper() + first[1:])
    return kept


def installs(block: Block) -> bool:
    """Is it code that does nothing but install plugins, or a list of steps of which one is that?"""
    if block.kind == "list":
        return _STEP_INSTALLS.search(block.text) is not None and "`" not in block.text
    lines = block.text.split("\n")[1:-1] if block.kind == "code" else []
    commands = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return bool(commands) and all(_INSTALL.match(line) for line in commands)
