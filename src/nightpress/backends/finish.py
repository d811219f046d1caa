"""From a reply to the finished document: the model writes the body, the frontmatter is ours.

Pure. A fence around a whole reply is taken off (models do that now and then), and a
frontmatter of the model's own; anything else that is wrong is left for the checks to find.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from nightpress.lazy import pattern
from nightpress.model import Material
from nightpress.plugin import frontmatter

DESCRIPTION_MAX = 1024
"""Characters of a skill's description (Agent Skills specification)."""

COMPATIBILITY_MAX = 500
"""Characters of a skill's compatibility field (Agent Skills specification)."""

_OPENING = pattern(r"\A\s*(`{3,}|~{3,})[ \t]*(markdown|md|mdx|text|txt)?[ \t]*\n")
_FENCE = pattern(r"[ \t]{0,3}(`{3,}|~{3,})[ \t]*(.*)")
_OWN_FIELD = pattern(r"(?m)^(?:name|description|title|allowed-tools|license|metadata)\s*:")


def unwrap(text: str) -> str:
    """The reply without a fence around the whole of it."""
    opening = _OPENING.match(text)
    lines = text.rstrip().split("\n")
    if opening is None or lines[-1].strip() != opening.group(1):
        return text
    inner = text[opening.end() :].rstrip()[: -len(lines[-1])]
    # two blocks of code that happen to begin and end the reply are no wrapper
    bare = opening.group(2) is None
    return inner if _balanced(inner.split("\n"), closable=bare) else text


def _balanced(lines: list[str], *, closable: bool) -> bool:
    """Is every fence among the lines closed? If not, the last line closes one of them. closable:
    the opening has no language, so a first fence without one closes it."""
    opened = ""
    for line in lines:
        match = _FENCE.match(line)
        if match is None:
            continue
        marks, info = match.groups()
        if closable and not info.strip():
            return False
        closable = False
        if not opened:
            opened = marks
        elif marks.startswith(opened) and not info.strip():
            opened = ""
    return not opened


def finished(material: Material, reply: str) -> str:
    """The document: our frontmatter (if the generator has one), the reply's body, a final LF."""
    body = _body(unwrap(reply.replace("\r\n", "\n").removeprefix("\ufeff")))
    generator = material.generator
    if generator is None or generator.frontmatter == "none":
        return body
    return frontmatter.render(skill_fields(material)) + "\n" + body


def _body(text: str) -> str:
    """The reply without a frontmatter of the model's own; a text between two rules is none."""
    parts = frontmatter.split(text.lstrip("\n"))
    own = parts.raw is not None and _OWN_FIELD.search(parts.raw) is not None
    return (parts.body if own else text).strip("\n").rstrip() + "\n"


def skill_fields(material: Material) -> dict[str, object]:
    """The fields of a SKILL.md: name is the folder's; description from the standing file or the
    analysis; what the maintainer granted or promised in the standing file (allowed-tools, license,
    compatibility) stays; author and version are the plugin's. A model has no say in the rest."""
    anatomy = material.anatomy
    name = PurePosixPath(material.target).parent.name
    standing = _standing(material.standing)
    fields: dict[str, object] = {
        "name": name,
        "description": described(material, standing, name),
        **_granted(standing),
    }
    metadata = {"author": anatomy.author, "version": anatomy.version}
    present = {key: value for key, value in metadata.items() if value}
    return fields | ({"metadata": present} if present else {})


def _standing(text: str) -> Mapping[str, object]:
    """The standing file's own frontmatter; {} where there is none that can be read."""
    raw = frontmatter.split(text.replace("\r\n", "\n")).raw
    try:
        return frontmatter.parse(raw) if raw is not None else {}
    except frontmatter.FrontmatterError:
        return {}


def _granted(standing: Mapping[str, object]) -> dict[str, object]:
    """license, compatibility and allowed-tools, each as one line of text, the form that every
    parser accepts."""
    fields: dict[str, object] = {}
    for key, most in (("license", 200), ("compatibility", COMPATIBILITY_MAX)):
        value = standing.get(key)
        if isinstance(value, str) and 0 < len(_line(value)) <= most:
            fields[key] = _line(value)
    tools = standing.get("allowed-tools")
    if isinstance(tools, list) and all(isinstance(tool, str) for tool in tools):
        tools = " ".join(tools)
    if isinstance(tools, str) and _line(tools):
        fields["allowed-tools"] = " ".join(_line(re.sub(r",(?![^(]*\))", " ", tools)).split())
    return fields


def described(material: Material, standing: Mapping[str, object], name: str) -> str:
    """The description: the maintainer's own where the checks have nothing against it (it is what
    triggers the skill, and of a plugin with several skills each needs its own), else the
    analysis's."""
    own = standing.get("description")
    if isinstance(own, str) and _is_good(own := _line(own), name):
        return own
    if isinstance(own, str) and material.siblings:  # the analysis speaks of the whole plugin
        own = f"{own.rstrip(' .')}. Use when {_when(standing, name)}."
        if _is_good(own, name):
            return own
    return description(material.analysis or {}, material.anatomy.description or name)


def _when(standing: Mapping[str, object], name: str) -> str:
    """When to use a skill, by the tags that its maintainer gave it, else by its name."""
    tags = next((t for key in ("tags", "keywords") if isinstance(t := standing.get(key), list)), [])
    words = [_line(tag) for tag in tags if isinstance(tag, str) and _line(tag)][:6]
    words = words or [name.replace("-", " ")]
    listed = f"{', '.join(words[:-1])} or {words[-1]}" if words[1:] else words[0]
    return f"the task involves {listed}"


def _is_good(text: str, name: str) -> bool:
    from nightpress.checks import document, gate, metadata

    if len(text) > DESCRIPTION_MAX or not text.isprintable():
        return False
    parsed = document.parse(frontmatter.render({"name": name, "description": text}) + "\nText.\n")
    context = gate.Context(frontmatter="skill")
    return not any(
        spot
        for check in (
            metadata.description_when,
            metadata.description_voice,
            metadata.description_brackets,
        )
        for spot in check(parsed, context, {"min": 60})
    )


def description(analysis: Mapping[str, object], otherwise: str) -> str:
    """One line of at most 1,024 characters, without angle brackets: what, and when."""
    summary = analysis.get("description")
    text = summary if isinstance(summary, str) and summary.strip() else otherwise
    text = re.sub(r"[<>]", "", _line(text))
    if len(text) <= DESCRIPTION_MAX:
        return text
    cut = text[:DESCRIPTION_MAX]
    end = max(cut.rfind(". "), cut.rfind("; "))
    return cut[: end + 1] if end > DESCRIPTION_MAX // 2 else cut.rsplit(" ", 1)[0]


def _line(text: str) -> str:
    return " ".join(text.split())
