"""What could stand in a document: the plugin's own sections, each with its place and its value."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress.backends.offline import components, trim, wording
from nightpress.backends.offline.blocks import Block, heading, sections, units
from nightpress.backends.offline.clean import Place
from nightpress.backends.offline.components import place_of
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.trim import Owned
from nightpress.lazy import pattern
from nightpress.model import Material, SourceFile
from nightpress.plugin import frontmatter, kind_of


class Part(Struct):
    """Some blocks under a path of headings, from level 2 down. order: its place; rank: its value,
    the least goes in first; together: what it stands or falls with, if anything; instead: what
    stands there where there is no room for all of that. Parts of one chapter follow each other."""

    path: tuple[str, ...]
    order: tuple[int, ...]
    rank: int
    blocks: Sequence[Block] = field(default_factory=list)
    together: tuple[object, ...] = ()
    instead: Sequence[Block] = ()

    @property
    def is_standing(self) -> bool:
        """Is it of the document that is replaced?"""
        return self.rank < 0


_NO_SECTION = pattern(
    r"\b(licen[cs]e|contribut|authors?\b|credits?|acknowledge|changelog|badge|table of contents"
    r"|contents$|version history|roadmap|future (enhancement|improvement|plan)|coming soon"
    r"|made (with|by)|directory structure|file structure"
    r"|project structure)",
    re.I,
)
# what a section is about, by its heading: (place, value) within the document
_CLASSES = (
    (r"when to use|when not to|use cases?|ideal for|perfect for|who (is|should)|triggers?", 2, 3),
    (r"problem|solution|why|testimonial|\broi\b|value|business|pric|cost|\bvs\b|compar|success"
     r"|market|revenue|sav|support|coming|next steps|conclusion|learn more|related|community"
     r"|feedback|resources|links?\b|demo|statistics|metrics|the result|magic", 58, 50),
    (r"install|set ?up|quick ?start|getting started|prerequisit|requirement|activation", 3, 6),
    (r"overview|about|what (is|it)|introduc|description|summary|features?|capabilit|what you"
     r"|purpose|benefits|components", 1, 4),
    (r"config|settings?|options?|environment|customi|parameters", 52, 9),
    (r"usage|workflow|how (it|to)|commands?|examples?|walkthrough|tutorial|guide|scenario", 50, 7),
    (r"troubleshoot|faq|limit|error|known issues|security|best practice|tips|note", 54, 12),
)  # fmt: skip
_OTHER = (56, 14)
_WHEN = 2
_FIRST = 100
_NO_STANDING = pattern(r"\b(licen[cs]e|contribut|acknowledge|change ?log|version history)", re.I)
_ROLE = pattern(
    r"(?:your |expert )?(?:role|persona|identity|purpose)( statement| definition)?$", re.I
)
_CHAPTERS = {"Commands": 10, "Agents": 20, "Skills": 30}


def parts_of(material: Material) -> list[Part]:
    """Everything that the plugin has to say in this document, in no particular order."""
    kind = material.generator.type if material.generator else "skill"
    topic, own = Topic(material), trim.owned(material.anatomy)
    parts = [Part((), (0,), 0, _intro(material, kind, topic, own))]
    standing = list(_of_standing(material, kind, own))
    more = list(_of_components(material, kind, topic, own))
    for number, file in enumerate(material.anatomy.files):
        if file.path == material.target:
            continue
        kind_of_file = kind_of(file.path)
        if kind_of_file == "readme" and "/" not in file.path and topic.concerns([file.text]):
            rank = 60 if kind == "reference" else 0
            more += [
                part
                for part in _classed(material, file, (number, rank), own)
                if topic.concerns_section(part.path, part.blocks)
            ]
        elif kind_of_file in ("doc", "readme") and not _is_component(material, file):
            more += _of_document(material, file, number, topic, own)
    parts += [*standing, *_under(standing, more)]
    if kind != "reference":
        if table := components.choice(material, topic, own):
            heads = (p.path[0] for p in parts if _is_when(p) and not p.is_standing)
            when = next((head for head in heads if "when" in head.lower()), "When to use")
            parts.append(Part((when,), (2, -1) if material.spares else (0, 1), 0, table))
        parts.append(Part(("Files",), (70,), 9, components.files(material, topic)))
    if kind == "readme":
        return parts
    return [part if part.is_standing else _without_install(part) for part in parts]


def _under(standing: Sequence[Part], more: Sequence[Part]) -> Iterator[Part]:
    """The parts; one of a chapter that the standing document has, too, goes to the end of it."""
    ends = {part.path[0].lower(): part for part in standing if part.path}
    for part in more:
        chapter = ends.get(part.path[0].lower()) if part.path else None
        if chapter is not None:
            part.path = (chapter.path[0], *part.path[1:])
            part.order = (*chapter.order, *part.order)
        yield part


def _is_when(part: Part) -> bool:
    return bool(part.path) and _class(part.path)[0] == _WHEN


def _without_install(part: Part) -> Part:
    """Whoever reads a skill has its plugin: how to install that is the README's business."""
    if any(components.installs(block) for block in part.blocks):
        part.blocks = [
            block
            for unit in units(part.blocks)
            if not any(components.installs(inner) for inner in unit)
            for block in unit
        ]
    return part


def title(material: Material) -> str:
    """The document's one heading of level 1; one skill of several goes by its own."""
    texts = [file.text for file in material.anatomy.files if file.path.lower() == "readme.md"]
    matches = [re.search(r"(?m)^# +(\S.*)$", text[:4_000]) for text in (material.standing, *texts)]
    headings = [match.group(1) for match in matches if match]
    if not Topic(material).whole:
        own = wording.plain(matches[0].group(1)) if matches[0] else ""
        folder = posixpath.basename(posixpath.dirname(material.target))
        return own or wording.title(folder, ())
    words = wording.title(material.anatomy.name, headings)
    kind = material.generator.type if material.generator else ""
    return f"{words} reference" if kind == "reference" else words


def _intro(material: Material, kind: str, topic: Topic, own: Owned) -> list[Block]:
    said = trim.prose(material.anatomy.description, own) if topic.whole else ""
    sentence = "" if wording.is_vacuous(said, material.anatomy.name) else wording.sentence(said)
    blocks = [Block("text", sentence)] if sentence else []
    folder = posixpath.dirname(material.target)
    for link in material.links if kind != "readme" else ():
        name = posixpath.splitext(posixpath.basename(link))[0]
        relative = posixpath.relpath(link, folder or ".")
        blocks.append(
            Block("text", f"For the details of each command and agent, read [{name}]({relative}).")
        )
    if kind == "reference":
        blocks += components.contents(material)
    return blocks


def _of_components(material: Material, kind: str, topic: Topic, own: Owned) -> Iterator[Part]:
    suffix = " in detail" if kind == "readme" else ""
    if topic.whole:
        # of a pack with many commands not each will have its section: but each is named
        yield Part((f"Commands{suffix}",), (10, -2), 0, components.names(material))
    described = components.all_of(material, topic, own)
    for number, (chapter, component, name, lead, groups) in enumerate(described):
        place = _CHAPTERS[chapter]
        base = {"Commands": 6, "Agents": 7, "Skills": 40}[chapter]
        path = (f"{chapter}{suffix}", f"`{name}`")
        # the lead goes in before everything else: every component is named
        yield Part(path, (place, number, 0), 30 if chapter == "Skills" else 1, lead)
        source = place_of(material, component.path)
        for at, part in enumerate(_parts(groups[:40], source)):
            inner = tuple(h for h in part.path if h.lower() != name.lower() and not _ROLE.match(h))
            if part.path and _ROLE.match(part.path[-1]):
                continue
            yield replace(
                part, path=(*path, *inner)[:5], order=(place, number, at + 1), rank=base + 2 * at
            )
    for place, (title, rows) in enumerate(components.tools(material, topic)):
        if kind != "reference" or title != "Files":
            yield Part((title,), (40, place), 5, rows)


def _of_standing(material: Material, kind: str, own: Owned) -> Iterator[Part]:
    """The text to be replaced. It was found wanting, in size most often; what it says, and in
    which order, is the maintainer's choice, so it goes in first and stands first. A person's that
    is to be spared stays word for word."""
    text = frontmatter.split(material.standing).body
    place = place_of(material, material.target)
    if material.spares:
        found = sections(text, place)
    else:
        found = [section for group in trim.quoted(text, place, own) for section in group.sections]
    for number, section in enumerate(found[:400]):
        if any(_NO_STANDING.search(name) for name in section.path):
            continue
        if kind == "readme":
            linked = any("](" in block.text for block in section.blocks)  # to be kept
            order = (1 if number < 2 else 5, number)
            yield Part(section.path[:5], order, 1 if linked else 2 + number // 40, section.blocks)
        else:
            # what a skill does is worth more than its examples, where there is no room for all
            rank = _class(section.path)[1] if section.path else 0
            yield Part(section.path[:5], (1, -1, number), rank - _FIRST, section.blocks)


def _classed(
    material: Material, file: SourceFile, standing: tuple[int, int], own: Owned
) -> Iterator[Part]:
    """A README's sections at the places that their headings ask for; standing: the file's number
    among others, and what is added to the rank of its sections."""
    number, more = standing
    counts: dict[int, int] = {}
    for at, part in enumerate(_quoted(material, file, own)):
        path = part.path[:5] or ("Overview",)
        place, rank = _class(path) if part.path else (1, 3)
        if not part.together:
            counts[place] = counts.get(place, 0) + 1
        share = counts.get(place, 0) // 3
        if path[0] in _CHAPTERS:
            place, number = _CHAPTERS[path[0]], -1  # one chapter of that name, not two
        yield replace(part, path=path, order=(place, number, at), rank=rank + more + share)


def _quoted(material: Material, file: SourceFile, own: Owned) -> Iterator[Part]:
    """A file's sections as parts that have no place yet."""
    place = place_of(material, file.path)
    yield from _parts(trim.quoted(frontmatter.split(file.text).body, place, own)[:400], place)


def _parts(groups: Sequence[trim.Group], place: Place) -> Iterator[Part]:
    """The groups' sections as parts that have no place yet; a workflow with a step that does not
    belong into a document (how the plugin is installed, say) has none."""
    for number, group in enumerate(groups):
        if any(_NO_SECTION.search(name) for one in group.sections for name in one.path):
            continue
        together = (place.path, number) if group.steps else ()
        instead = _steps(group, place) if group.steps else []
        for section in group.sections:
            yield Part(section.path, (), 0, section.blocks, together, instead)


def _steps(group: trim.Group, place: Place) -> list[Block]:
    """A workflow in short: its steps, and where they stand."""
    rows = "\n".join(f"- {step}" for step in group.steps)
    return [
        Block("text", f"Its steps, which stand in {trim.where(place)}:"), Block("list", rows),
    ]  # fmt: skip


def _class(path: tuple[str, ...]) -> tuple[int, int]:
    for words, place, rank in _CLASSES:
        if re.search(rf"\b(?:{words})", path[0], re.I):
            return place, rank
    return _OTHER


def _of_document(
    material: Material, file: SourceFile, number: int, topic: Topic, own: Owned
) -> Iterator[Part]:
    """A document of the plugin, whole if it is about the topic, else the sections that are."""
    if topic.is_own(file.path) or topic.names(file.path):
        yield from _as_chapter(material, file, number, own)
    elif topic.concerns([file.text]):
        for part in _as_chapter(material, file, number, own):
            if topic.concerns_section(part.path, part.blocks):
                yield part


def _as_chapter(material: Material, file: SourceFile, number: int, own: Owned) -> Iterator[Part]:
    """A document of the plugin as a chapter of its own, under its title."""
    found = re.search(r"(?m)^# +(\S.*)$", frontmatter.split(file.text).body)
    title = heading(found.group(1)) if found else ""
    name = title or posixpath.splitext(posixpath.basename(file.path))[0]
    if _NO_SECTION.search(name):
        return
    for at, part in enumerate(_quoted(material, file, own)):
        path = (wording.plain(name), *part.path)[:5]
        yield replace(part, path=path, order=(60, number, at), rank=30 + at // 2)


def _is_component(material: Material, file: SourceFile) -> bool:
    return any(c.path == file.path for c in material.anatomy.components)
