"""What in a plugin is about one of its skills, where it has several.

Each skill has a document of its own, and none of them is the plugin's: it is made from its own
folder, from whatever names the skill or is named by it, and from the plugin's facts (`view`). What
is left over is too little now and then; that is said (insufficient), not filled up with its
neighbours' text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from msgspec.structs import replace

from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component, Fact, SourceFile
from nightpress.plugin.anatomy import kind_of
from nightpress.plugin.excerpts import sections_of
from nightpress.plugin.facts import collect

PROSE = frozenset({"readme", "doc", "command", "agent", "skill"})


class Topic:
    """The subject of the document at `target`; said: the text that is its own; named: paths that
    it is known to name; whole: it is the plugin itself."""

    def __init__(
        self, target: str, said: str, *, named: Container[str] = (), whole: bool = False
    ) -> None:
        self.whole = whole
        self._named = named
        self._folder = posixpath.dirname(target)
        self._low = said.lower()
        name = posixpath.basename(self._folder)
        self._name = called(name)
        self._hint = re.split(r"[^a-z0-9]", name.lower())[0]

    def is_own(self, path: str) -> bool:
        """Does the file lie in the skill's folder?"""
        return self.whole or path.startswith(f"{self._folder}/")

    def concerns(self, texts: Iterable[str]) -> bool:
        """Is the skill named in one of the texts?"""
        return self.whole or any(
            self._hint in text.lower() and self._name.search(text) for text in texts
        )

    def names(self, path: str) -> bool:
        """Does the skill's own text name a file of the plugin?"""
        return self.whole or path in self._named or any(self._says(way) for way in _ways(path))

    def _says(self, words: str) -> bool:
        plain = words.lower()
        return plain in self._low and word(re.escape(plain)).search(self._low) is not None

    def uses(self, component: Component) -> bool:
        """Does the skill's text name a component, or the component's the skill?"""
        if self.is_own(component.path) or self.names(component.path):
            return True
        call = f"/{component.name}" if component.kind == "command" else component.name
        if component.kind == "agent" and "-" not in component.name:
            call = f"`{call}`"  # an agent called "helper" is not meant by every "helper"
        named = bool(component.name) and self._says(call)
        return named or (component.kind != "skill" and self.concerns([component.body]))


def called(name: str, kinds: str = "skill") -> re.Pattern[str]:
    """The name of a skill, command or agent in a text; one of a single word only where such a thing
    must be meant. kinds: what may follow it then, joined by `|`."""
    escaped = re.escape(name)
    if "-" in name:
        return word(escaped.replace(r"\-", "[-_ ]"))
    return re.compile(
        rf"`{escaped}`|(?<![\w.-])/(?:[\w-]+:)?{escaped}\b|skills?/{escaped}\b"
        rf"|\b{escaped} (?:{kinds})\b",
        re.I,
    )


def word(pattern: str) -> re.Pattern[str]:
    """The pattern as a word of its own."""
    return re.compile(rf"(?<![\w-]){pattern}(?![\w-])", re.I)


def _ways(path: str) -> tuple[str, ...]:
    """How a text may call a file: its path, or its name where that says something."""
    name = posixpath.basename(path)
    return (path,) if name.lower() in ("readme.md", "skill.md", "index.md") else (path, name)


# --- the plugin, as one skill's document sees it ----------------------------------------------


def view(
    anatomy: Anatomy, topic: Topic, others: Iterable[str], also: Callable[[str], bool]
) -> Anatomy:
    """The plugin without what the topic's document does not depend on: whole is what is its own,
    what it names and the components that name it; of prose there are the sections about it, and of
    all else the facts that manifests, frontmatter, code and configuration hold. others: names of
    the plugin's other skills; also: does a file count as its own?"""
    used = {c.path for c in anatomy.components if kind_of(c.path) in PROSE and topic.uses(c)}
    beside = [called(name) for name in others]
    files = []
    for file in anatomy.files:
        path = file.path
        if topic.is_own(path) or also(path) or topic.names(path) or path in used:
            files.append(file)
        elif kind_of(path) in ("readme", "doc") and (said := _about(file, topic, beside)):
            # no digest: what is taken of the file is not what it holds
            files.append(replace(file, text=said, size=len(said.encode()), sha256=""))
    return _reduced(anatomy, tuple(files))


def shared(anatomy: Anatomy) -> Anatomy:
    """What all of a plugin's skills that have a document of their own depend on: its facts."""
    return _reduced(anatomy, ())


def _reduced(anatomy: Anatomy, files: tuple[SourceFile, ...]) -> Anatomy:
    shown = {file.path for file in files}
    components = (
        c if c.path in shown else replace(c, body="")
        for c in anatomy.components
        if c.path in shown or c.kind != "skill"
    )
    return replace(
        anatomy, components=tuple(components), files=files, facts=(*_beyond(anatomy, shown),)
    )


def _beyond(anatomy: Anatomy, shown: Container[str]) -> Iterator[Fact]:
    """The structural facts of the other files, wherever in them they stand."""
    for fact in collect(anatomy).all:
        if fact.basis == "structural" and fact.kind not in _OF_TEXTS and fact.file not in shown:
            yield replace(fact, lines=())


_OF_TEXTS = frozenset({"file", "skill", "version", "number"})


def _about(file: SourceFile, topic: Topic, others: Sequence[re.Pattern[str]]) -> str:
    """The sections of a text that are about the topic, below their headings: a heading names it, or
    every fourth paragraph does, and no other skill is named."""
    if not topic.concerns([file.text]):
        return ""
    kept: list[str] = []
    above: list[tuple[int, str]] = []
    for section in sections_of(file):
        body = section
        if heading := _HEADING.match(section):
            level, body = len(heading[1]), section[heading.end() :]
            above = [*((n, line) for n, line in above if n < level), (level, heading[0])]
        if not body.strip():
            continue
        if not topic.concerns(line for n, line in above if n > 1):
            pieces = [piece for piece in _PARAGRAPHS.split(body) if piece.strip()]
            about = sum(topic.concerns([piece]) for piece in pieces)
            if not about or 4 * about < len(pieces) or any(o.search(section) for o in others):
                continue
        kept += [line for _, line in above if line not in kept]
        kept.append(body.strip("\n"))
    return "\n\n".join(kept)


_HEADING = pattern(r"(#{1,4}) .*")
_PARAGRAPHS = pattern(r"\n\s*\n")
