"""Code blocks for quoting: named, parsing, and an excerpt of what is too long."""

from __future__ import annotations

import ast
import json
import posixpath
import re
import warnings
from collections.abc import Callable

from nightpress.backends.offline.clean import Place, harmless
from nightpress.checks.codeblocks import QUIET
from nightpress.plugin import yaml

MOST = 3_200
"""Characters of a listing that is quoted whole."""


def _toml(text: str) -> object:
    import tomllib  # rare in plugins

    return tomllib.loads(text)


def _python(text: str) -> object:
    with QUIET, warnings.catch_warnings():  # of an odd escape in a listing nobody wants to hear
        warnings.simplefilter("ignore")
        return ast.parse(text)


_PARSERS: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "yaml": lambda text: yaml.load(text),
    "yml": lambda text: yaml.load(text),
    "toml": _toml,
    "python": _python,
    "py": _python,
}


def block(content: str, info: str, place: Place) -> str:
    """The fenced block; the beginning of a long one, with where the rest is; "" for none."""
    text = harmless(content.rstrip("\n"))
    if not text.strip() or "```" in text:
        return ""
    if len(text) <= max(MOST, place.excerpt):
        return f"```{language(info, text)}\n{text}\n```"
    return _excerpt(text, info, place)


def language(info: str, text: str) -> str:
    """The block's language, `text` where there is none or the block is not what it says."""
    words = info.split()
    said = words[0].lower().strip("{}.") if words else ""
    if not re.fullmatch(r"[a-z0-9+#_.-]+", said):
        return "text"
    parse = _PARSERS.get(said)
    try:
        if parse is not None:
            parse(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return "text"
    return said


def _excerpt(text: str, info: str, place: Place) -> str:
    """Whole pieces from the beginning: up to an empty line before a line without indent."""
    if not place.path:
        return ""
    most = place.excerpt
    ends = [m.start() for m in re.finditer(r"\n\s*\n(?=[^\s)}\]])", text) if m.start() <= most]
    for end in reversed(ends):
        if end < most // 4:
            break
        kept = text[:end].rstrip()
        named = language(info, kept)
        if named != "text" or not info.split():
            left = text[end:].strip("\n").count("\n") + 1
            link = posixpath.relpath(place.path, place.target or ".")
            said = f"{left} more lines of it stand in [{place.path}]({link})."
            return f"```{named}\n{kept}\n```\n\n{said}"
    return ""
