"""Whether a plugin has anything real to say, or is a template that nobody filled in.

Pure, and decided from the plugin's own files alone: no call, and nothing of its siblings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component, SourceFile
from nightpress.plugin import frontmatter
from nightpress.plugin.anatomy import kind_of
from nightpress.text import words

GENERIC = 500
"""Characters of lines that say something, below which a plugin may be a general template."""
COVERED = 0.5
"""Share of the plugin's own words that its components of a general template use at most."""
SAYS_NOTHING = 60
"""Characters below which a plugin without components says nothing."""
CODE = 300
"""Characters of code in one file from which a plugin does something, whatever it says of it."""

PLACEHOLDER = pattern(
    r"\b[A-Z]+(?:_[A-Z]+)*_PLACEHOLDER\b|\b(?:[A-Z]+_)+HERE\b"
    r"|\[(?:INSERT|YOUR|TODO|TBD|PLACEHOLDER|Describe|Insert|Your|Add|Fill in"
    r"|Replace)\b[^\]\n]*\](?!\()"
    r"|\$\((?:echo|cat|basename)\s+[\"']?\$\w+[^)\n]*\)+|\blorem ipsum\b"
    r"|\{\{\s*[A-Z][A-Z_]+\s*\}\}|<(?:DESCRIPTION|TITLE|NAME|INSERT)[^>\n]*>"
)
_EMPTY_WORD = pattern(
    r"\W*(?:description|title|name|content|body|todo|tbd|fixme|placeholder|n/?a|none"
    r"|coming soon|feature (?:one|two|three|\d)|item \d|step \d|foo|bar|example)\W*",
    re.I,
)
_HEADING = pattern(r"(#{1,6})\s+(.*)")
_ROUTINE = pattern(  # sections that every plugin has, and that say nothing of this one
    r"\W*(?:installation|install(?:ing)?|license|licence|support|contribut(?:ing|ions?)|authors?"
    r"|credits|changelog|requirements|prerequisites|files|links|acknowledge?ments|contact"
    r"|quick install|table of contents)\W*",
    re.I,
)
_ITEM = pattern(r"\s*(?:[-*+]|\d+[.)])\s+(.*)")
_TELLING = pattern(r"`[^`\n]+`|\d|:\s|--\w|\w/\w|[a-z][A-Z]|\b[A-Z]{3,}\b")
SHORT = 4
"""Words of a list's item that say something only with a name, a number or an explanation."""


def is_placeholder(text: str) -> bool:
    """Is that a text which somebody was to replace?"""
    return bool(PLACEHOLDER.search(text) or _EMPTY_WORD.fullmatch(text.strip()))


def unfilled(component: Component) -> bool:
    """A command, agent or skill that is empty, or a template nobody filled in: its description or
    its title is a placeholder, or nothing of its body is left without placeholders."""
    if component.kind not in ("command", "agent", "skill"):
        return False
    description = component.meta.get("description")
    if isinstance(description, str) and is_placeholder(description):
        return True
    title = next((m[2] for m in map(_HEADING.match, component.body.split("\n")) if m), "")
    if title and is_placeholder(title):
        return True
    lines = (line.strip() for line in component.body.split("\n"))
    return not any(line and not _HEADING.match(line) and not is_placeholder(line) for line in lines)


def why(anatomy: Anatomy) -> str:
    """Why the plugin is hollow, in words; "" if it is not.

    It is where every command, agent and skill that it has is unfilled; where little is said and
    nothing of it is about this plugin (no name, no number, no code, hardly a word of its own name
    and description); where it has none, and says that it is still to come; or where there is
    nothing at all. Code that does something, hooks and servers make it real.
    """
    parts = [
        c for c in anatomy.components if c.kind in ("command", "agent", "skill", "hook", "mcp")
    ]
    if any(c.kind in ("hook", "mcp") for c in parts) or any(map(_is_code, anatomy.files)):
        return ""
    empty = [c for c in parts if unfilled(c)]
    if parts and len(empty) == len(parts):
        named = ", ".join(dict.fromkeys(c.path for c in empty[:3]))
        more = f" and {len(empty) - 3} more" if len(empty) > 3 else ""
        verb = "is a placeholder" if len(empty) == 1 else "are placeholders"
        return f"nothing real to say: {named}{more} {verb}"
    if any(part.kind == "skill" and part not in empty for part in parts):
        return ""
    size = weight(anatomy.files)
    if not parts and size < SAYS_NOTHING:
        return "nothing real to say: no component, no text"
    if not parts:
        announced = any(_ANNOUNCED.search(file.text) for file in anatomy.files)
        return "nothing real to say: it is announced, and not yet made" if announced else ""
    if size < GENERIC and _is_general(anatomy, parts):
        named = ", ".join(dict.fromkeys(c.path for c in parts[:3]))
        return f"nothing real to say: {named} would be true of any plugin"
    return ""


_ANNOUNCED = pattern(  # of a plugin without a component
    r"\bstatus\W{1,6}(?:under development|in development|planned|coming soon)"
    r"|^#+ (?:\W+ )?(?:planned features|coming soon|expected release)\b"
    r"|\bwhen this plugin is released\b",
    re.I | re.M,
)


def _is_general(anatomy: Anatomy, parts: Iterable[Component]) -> bool:
    """Would what the components say be true of any plugin?"""
    texts = [f"{part.description}\n{part.body}" for part in parts]
    if any(_OF_ITS_OWN.search(text) for text in texts):
        return False
    subject = _stems(f"{anatomy.name.replace('-', ' ')} {anatomy.description}")
    if not subject or len(_OTHER.findall("".join(texts))) >= 8:
        return False  # in a script whose words we cannot compare
    return len(subject & _stems(" ".join(texts))) <= COVERED * len(subject)


_OF_ITS_OWN = pattern(  # code, a file, an option, a name in mixed case, a number that is no list's
    r"`[^`\n]+`|```|[\w-]\.(?:[a-z]{2,4}|[a-z0-9]{1,3})\b|(?<!\w)--\w|[a-z][A-Z]"
    r"|(?<!^)(?<![\n\w])\d"
    r"|[@~$]\w"
)
_OTHER = pattern(r"[\u0370-\u1fff\u2c00-\ud7ff\uf900-\uffdc]")  # letters of other scripts
_GENERAL = frozenset(
    "plugin plugins tool tools for with and the your from that this into code claude to in using"
    " use by based on or via skill skills agent agents command commands automated automation of an"
    " comprehensive".split()
)


def _stems(text: str) -> frozenset[str]:
    """What its words begin with: validate, validator and validation are one."""
    words = re.findall(r"[a-z0-9]{2,}", text.lower())
    return frozenset(word[:4] for word in words if word not in _GENERAL)


def weight(files: Iterable[SourceFile]) -> int:
    """Characters of the distinct lines that say something, in prose, code and configuration."""
    said: dict[str, int] = {}
    for file in files:
        kind = kind_of(file.path)
        if kind in ("license", "manifest") or file.path.lower().endswith(("changelog.md", ".lock")):
            continue
        text = file.text
        if kind in ("readme", "command", "agent", "skill", "doc"):
            parts = frontmatter.split(text)
            lines: Iterable[str] = telling(parts.body)
        else:
            lines = (line for line in text.split("\n")[:2_000] if line.strip())
        for line in lines:
            key = re.sub(r"\W+", " ", line).strip().lower()
            if key:
                said[key] = length(line.strip())
    return sum(said.values())


def length(line: str) -> int:
    """Its characters; one of a script that says a syllable or a word with each counts three."""
    return len(line) if line.isascii() else len(line) + 2 * len(_DENSE.findall(line))


_DENSE = pattern(
    r"[\u0e00-\u0eff\u1000-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)


def telling(body: str) -> Iterator[str]:
    """The lines of a Markdown text that say something of their own."""
    fenced = routine = False
    level = 0
    for line in body.split("\n"):
        plain = line.strip()
        if plain.startswith(("```", "~~~")):
            fenced = not fenced
            continue
        if not plain or PLACEHOLDER.search(plain):
            continue
        if fenced:
            if not routine and len(plain) > 3 and not plain.startswith(("/", "#")):
                yield plain
            continue
        if heading := _HEADING.match(plain):
            if not routine or len(heading[1]) <= level:
                routine, level = bool(_ROUTINE.fullmatch(heading[2])), len(heading[1])
            continue
        item = _ITEM.match(plain)
        said = item[1] if item else plain
        if routine or _EMPTY_WORD.fullmatch(said):
            continue
        short = words(said) <= SHORT and len(_OTHER.findall(said)) < SHORT
        if not short or _TELLING.search(said):
            yield plain


def _is_code(file: SourceFile) -> bool:
    return kind_of(file.path) in ("script", "code") and len(file.text.strip()) >= CODE
