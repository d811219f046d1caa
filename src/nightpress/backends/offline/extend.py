"""What is added to a person's skill that is to be extended: what in its plugin is about it.

That is, first of all, what lies in its own folder: which files there are, what they hold, and their
sections. Then the commands, agents and skills that its text names, or whose description names it.
The plugin's README, hooks and commands are about it only where the skill speaks for the plugin; of
one skill among several they count as far as they name it, and none of its neighbours.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from nightpress.backends.offline import components, sections, trim, wording
from nightpress.backends.offline.blocks import Block, is_told
from nightpress.backends.offline.blocks import sections as sections_of
from nightpress.backends.offline.clean import heading
from nightpress.backends.offline.components import place_of
from nightpress.backends.offline.installing import without_install
from nightpress.backends.offline.outline import matter_of
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.topic import Topic, called
from nightpress.backends.offline.trim import Owned
from nightpress.lazy import pattern
from nightpress.model import Component, Material, SourceFile
from nightpress.plugin import frontmatter, kind_of

__all__ = ["parts_of", "said", "spared"]

LISTED, CHAPTERS = 15, 8
"""Files or components of a list, and chapters that are named of a file, at most."""

LISTING = 900
"""Bytes of code from which a section goes in last: it stands in the skill's folder, to be read when
it is needed."""

README, RELATED, OWN, COMMANDS, HELPERS, FILES = 10, 20, 30, 40, 50, 70
"""Places of what is added, in the order in which it stands."""


def spared(material: Material) -> str:
    """The text of a person that stays word for word, as the beginning of the document."""
    return frontmatter.split(material.standing.replace("\r\n", "\n")).body.strip("\n").rstrip()


def said(material: Material) -> frozenset[str]:
    """Keys of the blocks that the person's text has already."""
    found = sections_of(spared(material), place_of(material, material.target))
    return frozenset(block.key for section in found for block in section.blocks if block.key)


def parts_of(material: Material, text: str) -> list[Part]:
    """What is about the skill, in no particular order, without the chapters that the person's text
    has and what it says."""
    topic, own = Topic(material), trim.owned(material.anatomy)
    known = said(material)
    chapters = {line.strip("# ").lower() for line in text.split("\n") if line.startswith("#")}
    parts = [*_related(material, topic, own), *_files(material)]
    for number, file in enumerate(_documents(material)):
        parts += _sections(material, file, number, own)
    parts += _of_plugin(material, topic, own)
    parts += _of_helpers(material, topic, own)
    return [
        replace(part, blocks=[b for b in without_install(part.blocks) if b.key not in known])
        for part in parts
        if part.path and part.path[0].lower() not in chapters
    ]


# --- the skill's own folder ---


def _in_folder(material: Material, path: str) -> bool:
    return path != material.target and path.startswith(f"{posixpath.dirname(material.target)}/")


def _is_named(material: Material, path: str) -> bool:
    """Does the skill's text name the file, by its path or, if that says something, its name?"""
    relative = posixpath.relpath(path, posixpath.dirname(material.target) or ".")
    name = posixpath.basename(path)
    ways = [path, relative] if name.lower() in ("readme.md", "skill.md", "index.md") else [name]
    return any(
        re.search(rf"(?<![\w-]){re.escape(way)}(?![\w-])", material.standing) for way in ways
    )


def _documents(material: Material) -> list[SourceFile]:
    """The documents of the skill's folder, and those that its text names: these first."""
    found = [
        file
        for file in material.anatomy.files
        if kind_of(file.path) in ("doc", "readme")
        and not components.is_own_file(material, file.path)
        and (_in_folder(material, file.path) or _is_named(material, file.path))
    ]
    return sorted(
        found, key=lambda f: (not _is_named(material, f.path), "references/" not in f.path, f.path)
    )


def _sections(material: Material, file: SourceFile, number: int, own: Owned) -> Iterator[Part]:
    """A document's sections, under its title: what introduces it after what it says, long listings
    last. Where it would only say that something stands there, nothing; sections that are numbered
    begin with the first one."""
    for part in _weighed(material, file.path, sections.as_chapter(material, file, number, own)):
        yield replace(part, order=(OWN, *part.order), rank=OWN + number + part.rank)


def _weighed(material: Material, path: str, parts: Iterable[Part]) -> Iterator[Part]:
    source = Block("text", f"From {_link(material, path)}.")
    for part in parts:
        if any((is_told(b) and not b.announces) or _POINTER.match(b.text) for b in part.blocks):
            continue
        code = sum(len(block.text) for block in part.blocks if block.kind == "code")
        rank = 50 * (len(part.path) == 1) + 100 * (code >= LISTING)
        together = part.together
        if not together and _NUMBERED.match(part.path[-1]):
            together = (path, *part.path[:-1])
        ends = not part.together
        yield replace(part, rank=rank, source=source, together=together, instead=(), ends=ends)


_POINTER = pattern(r"(?:See|In|Also in|Follow the steps in) \[")
_NUMBERED = pattern(r"\w+ \d+\b|\d+[.:)]")


def _files(material: Material) -> Iterator[Part]:
    """The files of the skill's folder that its text does not name, each with what it holds."""
    about = {c.path: c.description for c in material.anatomy.components if c.kind == "script"}
    rows = []
    for file in material.anatomy.files:
        if not _in_folder(material, file.path) or _is_named(material, file.path):
            continue
        if kind_of(file.path) in ("license", "skill"):
            continue
        if kind_of(file.path) in ("doc", "readme"):
            told = _contents(file)
        elif kind_of(file.path) == "script":
            more = components.interface(material, file.path)
            told = " ".join(filter(None, (wording.sentence(about.get(file.path, "")), more)))
        else:
            told = ""
        rows.append(f"- {_link(material, file.path)}" + (f": {told}" if told else ""))
    if rows:
        yield Part(("Files",), (FILES,), 1, [Block("list", "\n".join(rows[:LISTED]))])


def _contents(file: SourceFile) -> str:
    """A document's title and its chapters."""
    body = frontmatter.split(file.text).body
    title = re.search(r"(?m)^# +(\S.*)$", body)
    fenceless = re.sub(r"(?ms)^(`{3,}|~{3,}).*?^\1", "", body)
    chapters = [heading(name) for name in re.findall(r"(?m)^## +(\S.*)$", fenceless)]
    chapters = [name for name in chapters if name and not sections.no_section(name)]
    listed = ", ".join(chapters[:CHAPTERS]) + (", and more" if chapters[CHAPTERS:] else "")
    said = heading(title.group(1)) if title else ""
    return f"{said} ({listed})" if said and listed else said or listed


def _link(material: Material, path: str) -> str:
    relative = posixpath.relpath(path, posixpath.dirname(material.target) or ".")
    return components.link(material, path, relative if _in_folder(material, path) else "")


# --- what it works with ---


def _related(material: Material, topic: Topic, own: Owned) -> Iterator[Part]:
    """The commands, agents and skills that the text names without saying where they stand, or whose
    description names the skill; of one that speaks for its plugin all commands and agents."""
    rows: list[tuple[str, str, str]] = []
    for kind, plural in (("command", "commands"), ("agent", "agents"), ("skill", "skills")):
        for component in components.once(material, kind):
            told = " ".join(block.text for block in components.purpose(component, own))
            if not told or _is_named(material, component.path):
                continue
            if _is_meant(material, topic, component):
                name = components.name_of(component)
                link = components.link(material, component.path, f"`{name}`")
                rows.append((plural, link, told))
    kinds = list(dict.fromkeys(plural for plural, _, _ in rows[:LISTED]))
    if rows:
        listed = "\n".join(
            f"- {link}{f' ({plural[:-1]})' if kinds[1:] else ''}: {told}"
            for plural, link, told in rows[:LISTED]
        )
        chapter = "Related " + ", ".join(kinds[:-1]) + (" and " if kinds[1:] else "") + kinds[-1]
        yield Part((chapter,), (RELATED,), 0, [Block("list", listed)])


def _is_meant(material: Material, topic: Topic, component: Component) -> bool:
    name = component.name.rpartition(":")[2]
    if component.kind != "skill" and topic.whole:
        return True
    words = r"agent|subagent|reviewer" if component.kind == "agent" else component.kind
    named = called(name, words).search(material.standing)
    return named is not None or topic.concerns([component.description])


def _of_helpers(material: Material, topic: Topic, own: Owned) -> Iterator[Part]:
    """What the agents say that are there for the skill, by their description: last, where the rest
    is short. (What another skill's agent says, which this one borrows, is about that one.)"""
    for number, agent in enumerate(components.once(material, "agent")):
        if topic.whole or not topic.concerns([agent.description]):
            continue
        found = sections.parts_in(
            components.about_of(material, agent, own), place_of(material, agent.path)
        )
        parts = [
            replace(part, path=(f"`{wording.code(agent.name)}`", *part.path)[:5])
            for part in found
            if part.path and not sections.ROLE.match(part.path[-1])
        ]
        for at, part in enumerate(_weighed(material, agent.path, parts)):
            yield replace(part, order=(HELPERS, number, at), rank=200 + number + part.rank)


# --- the plugin ---


def _of_plugin(material: Material, topic: Topic, own: Owned) -> Iterator[Part]:
    """The README's sections, the commands' own texts and hooks: all that the skill speaks for."""
    others = [called(posixpath.basename(posixpath.dirname(path))) for path in material.siblings]
    for file in material.anatomy.files:
        if kind_of(file.path) != "readme" or "/" in file.path:
            continue
        for at, part in enumerate(sections.quoted(material, file, own)):
            text = "\n".join((*part.path, *(block.text for block in part.blocks)))
            alone = not any(other.search(text) for other in others)
            if topic.whole or (topic.concerns_section(part.path, part.blocks) and alone):
                path = part.path[:5] or ("Overview",)
                rank = README + matter_of(path[0])[1]
                yield replace(part, path=path, order=(README, at), rank=rank)
    if not topic.whole:
        return
    for number, command in enumerate(components.once(material, "command")):
        groups = components.about_of(material, command, own)
        name = f"`{components.name_of(command)}`"
        for at, part in enumerate(sections.parts_in(groups, place_of(material, command.path))):
            order, rank = (COMMANDS, number, at), COMMANDS + 6 + 2 * at
            yield replace(part, path=("Commands", name, *part.path)[:5], order=order, rank=rank)
    for at, (_, title, rows) in enumerate(components.tools(material, topic)):
        yield Part((title,), (COMMANDS + 1, at), COMMANDS + 5, rows)
