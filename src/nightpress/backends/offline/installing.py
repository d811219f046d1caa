"""How a plugin is installed, which no skill of it says: its reader has it; and what it needs beside
that, which every skill says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nightpress.backends.offline.blocks import Block, units
from nightpress.backends.offline.part import Part
from nightpress.lazy import pattern

_INSTALL = pattern(
    r"\s*(?:[>$] )?(?:(?:claude )?/(?:plugin|reload-plugins)(?![\w:-])|claude plugins? )"
)

_STEP_INSTALLS = pattern(
    r"(?mi)^1[.)] \W*(?:download|get|install)\W* (?:the|this) (?:plugin|pack)\b"
)


_CALLED = pattern(r"`(?:claude )?/?plugins? install\b")


def needed(parts: Sequence[Part]) -> int:
    """Bytes of what a plugin needs before it works (other programs, keys), by a README's chapters,
    which go in before all that can be done with it; as much as is no list of everything."""
    size = 0
    for part in parts:
        blocks = without_install(part.blocks)
        taken = sum(len(block.text.encode()) + 2 for block in blocks)
        if part.path and _WARNS.fullmatch(part.path[-1]):
            part.news = 0.0  # it is said again, before anything is done
        is_set = part.path == ("Configuration",) and taken <= MOST_SET
        if (is_set or any(map(_NEEDS.match, part.path))) and not part.together:
            size += taken
            if size > MOST_NEEDED:
                break
            part.rank = min(part.rank, FIRST)
    return min(size, MOST_NEEDED)


FIRST, MOST_NEEDED, MOST_SET = 5, 1_800, 800
"""The rank of what is needed, before a command's own sections; bytes of it, and of how it is
configured."""
_WARNS = pattern(r"(?:important |legal |security )?warnings?!?", re.I)
_NEEDS = pattern(
    r"(?i)(?:important |legal |security )?warnings?!?$"
    r"|(?:system |external )?(?:prerequisites?|requirements?|dependencies)\b|api keys?\b"
    r"|environment(?: variables)?$|credentials\b|(?:known )?limit(?:ation)?s\b"
)


def not_installing(parts: Sequence[Part]) -> list[Part]:
    """The parts without what only tells how the plugin is installed: the code for that, and words
    about it under a heading that announces it. A document's own text stays."""
    kept, gone = [], set[tuple[str, ...]]()
    for part in parts:
        if part.is_standing:
            kept.append(part)
            continue
        blocks = without_install(part.blocks)
        if len(blocks) < len(part.blocks) and (above := _announced(part.path)):
            gone.add(above)
        part.blocks = blocks
        kept.append(part)
    return [part for part in kept if part.is_standing or not _is_about(part, gone)]


def _announced(path: tuple[str, ...]) -> tuple[str, ...]:
    """The headings down to the one that announces how something is installed; () for none."""
    at = next((n for n, name in enumerate(path) if _HEADING.match(name)), None)
    return () if at is None else path[: at + 1]


def _is_about(part: Part, gone: set[tuple[str, ...]]) -> bool:
    """Is it nothing but words, where the code that installs the plugin was?"""
    return _announced(part.path) in gone and all(block.kind == "text" for block in part.blocks)


_HEADING = pattern(r"(?:how to |quick |plugin )?install(?:ation|ing)?\b", re.I)


def without_install(blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks without those that only install plugins."""
    if not any(map(installs, blocks)):
        return blocks
    kept = [block for unit in units(blocks) if not any(map(installs, unit)) for block in unit]
    return kept


def installs(block: Block) -> bool:
    """Is it code that does nothing but install plugins, or a list of steps of which one is that?"""
    if block.kind == "list":
        steps = _STEP_INSTALLS.search(block.text) is not None
        return steps and ("`" not in block.text or _CALLED.search(block.text) is not None)
    lines = block.text.split("\n")[1:-1] if block.kind == "code" else []
    commands = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return bool(commands) and all(_INSTALL.match(line) for line in commands)
