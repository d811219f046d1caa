"""Names from names: the slug of a task, and the name of a skill's folder.

Pure. A slug is `[a-z0-9][a-z0-9._-]{0,63}` (doit aborts everything on a task name with `=`); a
skill's name is `[a-z0-9-]`, 1-64, without leading, trailing or double hyphens, and without
"anthropic" or "claude" (Agent Skills specification).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator, Sequence

LONGEST = 64


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return plain.encode("ascii", "ignore").decode().lower()


def slug(text: str) -> str:
    """The slug of a plugin's name; "" if nothing of it is left."""
    kept = re.sub(r"[^a-z0-9._-]+", "-", _ascii(text))
    return re.sub(r"-{2,}", "-", kept).strip("-._")[:LONGEST].rstrip("-._")


def skill_name(text: str) -> str:
    """A name that the Agent Skills specification allows; `skill` if nothing is left."""
    kept = re.sub(r"[^a-z0-9]+", "-", _ascii(text))
    while reserved := re.search("anthropic|claude", kept):
        kept = kept[: reserved.start()] + kept[reserved.end() :]  # what is left may be one again
    kept = re.sub(r"-{2,}", "-", kept).strip("-")[:LONGEST].strip("-")
    return kept or "skill"


def unique(names: Sequence[str], taken: Container[str]) -> str:
    """The first slug of `names` (plugin's name, folder, parent-folder) that is not taken, else
    the first one with a number."""
    slugs = [candidate for name in names if (candidate := slug(name))] or ["plugin"]
    return next(name for name in (*slugs, *_numbered(slugs[0], taken)) if name not in taken)


def numbered(name: str, taken: Container[str]) -> str:
    """The name, at most 64 characters of it, with a number if it is taken."""
    short = name[:LONGEST].rstrip("-._")
    return short if short not in taken else next(_numbered(short, taken))


def _numbered(name: str, taken: Container[str]) -> Iterator[str]:
    """The first of `name-2`, `name-3`, ... that is not taken."""
    number = 2
    while (candidate := name[: LONGEST - len(f"-{number}")] + f"-{number}") in taken:
        number += 1
    yield candidate
