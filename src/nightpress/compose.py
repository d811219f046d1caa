"""From a reply to the finished document: the model writes the body, the frontmatter is ours.

Floor 1: pure. A fence around a whole reply is taken off (5 of 157 real replies had one); anything
else that is wrong is left for the checks to find.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from nightpress import frontmatter
from nightpress.model import Material

DESCRIPTION_MAX = 1024
"""Characters of a skill's description (Agent Skills specification)."""

_FENCED = re.compile(
    r"\A\s*(`{3,}|~{3,})[ \t]*(markdown|md|json|text)?[ \t]*\n(.*)\n\1[ \t]*\s*\Z", re.S
)


def unwrap(text: str) -> str:
    """The reply without a fence around the whole of it."""
    found = _FENCED.match(text)
    if found is None:
        return text
    inner = found.group(3)
    # two blocks of code that happen to begin and end the reply are no wrapper
    fence = found.group(1)
    inside = sum(line.lstrip().startswith(fence) for line in inner.split("\n"))
    return inner if inside % 2 == 0 else text


def finished(material: Material, reply: str) -> str:
    """The document: our frontmatter (if the generator has one), the reply's body, a final LF."""
    body = _body(unwrap(reply.replace("\r\n", "\n").removeprefix("\ufeff")))
    generator = material.generator
    if generator is None or generator.frontmatter == "none":
        return body
    return frontmatter.render(skill_fields(material)) + "\n" + body


def _body(text: str) -> str:
    """The reply without a frontmatter of the model's own."""
    parts = frontmatter.split(text.lstrip("\n"))
    body = parts.body if parts.raw is not None else text
    return body.strip("\n").rstrip() + "\n"


def skill_fields(material: Material) -> dict[str, object]:
    """The fields of a SKILL.md: name is the folder's, the rest from analysis and plugin."""
    anatomy = material.anatomy
    name = PurePosixPath(material.target).parent.name
    metadata = {"author": anatomy.author, "version": anatomy.version}
    fields: dict[str, object] = {
        "name": name,
        "description": description(material.analysis or {}, anatomy.description or name),
    }
    kept = {key: value for key, value in metadata.items() if value}
    return fields | ({"metadata": kept} if kept else {})


def description(analysis: Mapping[str, Any], otherwise: str) -> str:
    """One line of at most 1,024 characters, without angle brackets: what, and when."""
    said = analysis.get("description")
    text = said if isinstance(said, str) and said.strip() else otherwise
    text = re.sub(r"[<>]", "", " ".join(text.split()))
    if len(text) <= DESCRIPTION_MAX:
        return text
    cut = text[:DESCRIPTION_MAX]
    end = max(cut.rfind(". "), cut.rfind("; "))
    return cut[: end + 1] if end > DESCRIPTION_MAX // 2 else cut.rsplit(" ", 1)[0]
