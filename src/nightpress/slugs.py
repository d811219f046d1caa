"""Names from names: the slug of a task, and the name of a skill's folder.

Floor 1: pure. A slug is `[a-z0-9][a-z0-9._-]{0,63}` (doit aborts everything on a task name with
`=`); a skill's name is `[a-z0-9-]`, 1-64, without leading, trailing or double hyphens, and
without "anthropic" or "claude" (Agent Skills specification).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return plain.encode("ascii", "ignore").decode().lower()


def slug(text: str) -> str:
    """The slug of a plugin's name; "" if nothing of it is left."""
    kept = re.sub(r"[^a-z0-9._-]+", "-", _ascii(text))
    return re.sub(r"-{2,}", "-", kept).strip("-._")[:64].rstrip("-._")


def skill_name(text: str) -> str:
    """A name that the Agent Skills specification allows; `skill` if nothing is left."""
    kept = re.sub(r"[^a-z0-9]+", "-", _ascii(text))
    for word in ("anthropic", "claude"):
        kept = kept.replace(word, "")
    kept = re.sub(r"-{2,}", "-", kept).strip("-")[:64].strip("-")
    return kept or "skill"


def unique(names: list[str], taken: Container[str]) -> str:
    """The first slug of `names` (plugin's name, folder, parent-folder) that is not taken, else
    the first one with a number."""
    for candidate in _candidates(names):
        if candidate not in taken:
            return candidate
    raise AssertionError("numbers do not end")


def _candidates(names: list[str]) -> Iterator[str]:
    slugs = [found for name in names if (found := slug(name))] or ["plugin"]
    yield from slugs
    number = 2
    while True:
        tail = f"-{number}"
        yield slugs[0][: 64 - len(tail)] + tail
        number += 1
