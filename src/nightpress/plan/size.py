"""How large a document should be: as large as its plugin has something to say.

The window of a manifest (8,000 to 14,000 bytes) is for a plugin that fills it. Of one that says
less, less is asked: a floor below which its document would leave something out, never under
`LEAST`. It depends on nothing but the plugin's own committed files, so every clone asks for the
same; and it goes in steps, so that a sentence more does not move it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Enhancement, Window
from nightpress.plan.state import PluginState
from nightpress.plugin import frontmatter, sources
from nightpress.plugin.anatomy import kind_of
from nightpress.project import Project
from nightpress.text import words

LEAST = 1_200
"""Bytes under which a document says too little, whatever it is of."""
SHARE = 5
"""Of so many bytes that the plugin says, a document holds one at least."""
LISTING = 12_000
"""Bytes of one listing that a document is to make room for, at most."""
FACT = 40
"""Bytes that a fact takes: a name, and what it is for."""
FACTS = frozenset({
    "command", "option", "exit code", "agent", "skill", "hook", "server", "tool", "script",
    "variable",
})  # fmt: skip
"""Kinds of structural facts that a document has a line for."""
STEPS = ((2_000, 200), (1_000_000_000, 500))
"""(below, step): the floor is rounded down to steps."""
PROSE = frozenset({"readme", "command", "agent", "skill", "doc"})


class Said(Struct, frozen=True):
    """What a plugin says: bytes and words of its distinct lines that say something, how many facts
    its code and configuration hold, and bytes of long listings, which a document may only name."""

    size: int = 0
    words: int = 0
    facts: int = 0
    listed: int = 0


class Sized(Struct, frozen=True):
    """The window that holds for one document, and the words that it is to be made of."""

    window: Window
    words: int = 0

    def sentence(self) -> str:
        """`at least 3.5 kB, by 2,900 words of source`; "" where nothing was counted."""
        if not self.words:
            return ""
        many = f"{self.words:,} word{'s' * (self.words != 1)}"
        return f"at least {_kilo(self.window.min)} kB, by {many} of source"


def _kilo(size: int) -> str:
    return f"{round(size / 500) / 2:g}" if size >= 2_000 else f"{size / 1_000:.1f}"


def window(declared: Window, said: Said) -> Window:
    """The window for a plugin that says so much; declared: the one of its manifest."""
    if declared.floor == "fixed" or declared.min <= LEAST:
        return declared
    upper = min(declared.max, _floor(declared, said) * declared.max // declared.min)
    floor = _floor(declared, replace(said, size=said.size - said.listed))
    return replace(declared, min=floor, upto=upper)


def _floor(declared: Window, said: Said) -> int:
    asked = said.size // SHARE + FACT * said.facts
    step = next(step for below, step in STEPS if asked < below)
    return min(declared.min, max(LEAST, asked // step * step))


def said(anatomy: Anatomy) -> Said:
    """What the plugin's own text says, each line once; without what every plugin's has
    (installation, licence) and without placeholders."""
    from nightpress.plugin import facts, hollow

    lines: dict[str, str] = {}
    listed = 0
    for file in anatomy.files:
        if kind_of(file.path) not in PROSE or _HISTORY.search(file.path):
            continue
        body = frontmatter.split(file.text).body
        listed += sum(max(0, _stripped(one[2]) - LISTING) for one in _FENCE.finditer(body))
        for line in hollow.telling(body):
            if key := _NOT_WORD.sub(" ", line).strip().lower():
                lines[key] = line.strip()
    found = {
        (fact.kind, fact.name.lower(), fact.of)
        for fact in facts.collect(anatomy).all
        if fact.basis == "structural" and fact.kind in FACTS
    }
    return Said(
        sum(len(line.encode("utf-8", "replace")) for line in lines.values()),
        sum(words(line) for line in lines.values()),
        len(found),
        listed,
    )


def _stripped(text: str) -> int:
    """Bytes of a text's lines, without what indents them."""
    return sum(len(line.strip().encode("utf-8", "replace")) for line in text.split("\n"))


_HISTORY = pattern(
    r"(?:^|/)(?:changelog|history|releases?|contributing|code_of_conduct)\.md$", re.I
)
_FENCE = pattern(r"(?ms)^(`{3,}|~{3,})[^\n]*\n(.*?)^\1")
_NOT_WORD = pattern(r"\W+")


def of(
    project: Project, plugin: PluginState, enhancement: Enhancement, paths: Iterable[str]
) -> Sized:
    """The window of one document; paths: the plugin's files that it is made from. Of one skill
    among several only what lies in its own folder counts: the others have their own documents."""
    declared = enhancement.size
    if enhancement.profile == "agent-plugins" and enhancement.target.endswith("SKILL.md"):
        declared = replace(declared, min=min(declared.min, KEPT // 2), max=min(declared.max, KEPT))
    if declared.floor == "fixed" or declared.min <= LEAST:
        return Sized(declared)
    own = sorted(path for path in paths if path != enhancement.target)
    if plugin.siblings(enhancement):
        folder = enhancement.target.rpartition("/")[0] + "/"
        own = [path for path in own if path.startswith(folder)]
    digests = {path: plugin.files.get(path, (0, ""))[1] for path in own}
    entered = [fingerprint.canonical(plugin.entry)] if plugin.entry else []
    key = fingerprint.digest("said", VERSION, fingerprint.content(digests), *entered)
    value = project.index.appraisal(key)
    if value is None:
        read = sources.read(plugin.root, digests, plugin.secret_names)
        found = said(sources.anatomy_of(plugin.root, read, plugin.told))
        value = json.dumps([found.size, found.words, found.facts, found.listed])
        project.index.keep_appraisal(key, value)
    counted = Said(*json.loads(value))
    asked = window(declared, counted)
    beside = sum(plugin.files.get(path, (0, ""))[0] for path in enhancement.references)
    return Sized(_beside(asked, beside) if beside else asked, counted.words)


def _beside(whole: Window, references: int) -> Window:
    """The window of a SKILL.md whose references are made from so many bytes: what they hold counts
    for the bundle, and what an agent is sure to keep is the upper end."""
    floor = max(LEAST // 2, whole.min - references)
    upper = max(floor, min(whole.upper, KEPT))
    return replace(whole, min=floor, max=min(whole.max, max(KEPT, floor)), upto=upper)


KEPT = 8_000
"""Bytes of a SKILL.md that every harness keeps."""


VERSION = "3"
"""Of how it is counted: another one is another key in the index."""
