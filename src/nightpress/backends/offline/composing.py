"""Phase 2, offline: a document's body, composed of the plugin's own sections within the window."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nightpress import frontmatter
from nightpress.anatomy import kind_of
from nightpress.backends.offline.blocks import Block, Place, sections
from nightpress.checks.secrets import redact
from nightpress.model import Anatomy, Component, Material

RESERVE = 1_500
"""Bytes kept for the frontmatter, which is added later."""


MOST_LINES = 440
"""Lines of blocks: a SKILL.md has less than 500 lines (best practices), headings included."""


@dataclass(slots=True)
class Part:
    """A chapter of the document: order is its place, rank its value (the least goes in first)."""

    title: str
    order: int
    rank: int
    blocks: list[Block] = field(default_factory=list)
    level: int = 2


def body(material: Material) -> str:
    """The document's body: as much of the plugin's own text as the window holds, by value."""
    parts = list(_parts(material))
    reserve = RESERVE if material.generator and material.generator.frontmatter == "skill" else 0
    chosen = _fit(parts, material.window.max - reserve)
    rows = []
    open_chapter = ""
    level = 0
    for part in chosen:
        chapter = _chapter(part)
        if chapter and chapter != open_chapter:
            rows.append(f"## {chapter}")
            level = 2
        open_chapter = chapter
        if part.title:
            # a heading whose own text did not fit is gone: what stood under it moves up
            level = min(part.level, level + 1)
            rows.append(f"{'#' * level} {part.title}")
        rows += [block.text for block in part.blocks]
    return "\n\n".join(rows) + "\n"


_CHAPTERS = {10: "Commands", 20: "Agents", 30: "Skills"}


def _chapter(part: Part) -> str:
    """The chapter that a part stands in, for the parts of level 3."""
    return _CHAPTERS.get(part.order // 1000, "") if part.level > 2 else ""


def _fit(parts: list[Part], most: int) -> list[Part]:
    """The parts that fit, trimmed at blocks, in document order; nothing is said twice."""
    seen: set[str] = set()
    left = most
    lines = MOST_LINES
    kept: list[Part] = []
    for part in sorted(parts, key=lambda p: (p.rank, p.order)):
        room = left - len(part.title.encode()) - 24
        blocks: list[Block] = []
        for block in part.blocks:
            size = len(block.text.encode()) + 2
            if block.key in seen or not block.key:
                continue
            height = block.text.count("\n") + 2
            if size > room or height > lines:
                break
            if redact(block.text)[1]:
                continue
            lines -= height
            blocks.append(block)
            seen.add(block.key)
            room -= size
        blocks = _whole(blocks)
        if blocks:
            kept.append(Part(part.title, part.order, part.rank, blocks, part.level))
            left = room
    return sorted(kept, key=lambda p: p.order)


def _whole(blocks: list[Block]) -> list[Block]:
    """Without a last line that announces what did not fit (`For example:`)."""
    while blocks and blocks[-1].kind == "text" and blocks[-1].text.rstrip(" *_").endswith(":"):
        blocks = blocks[:-1]
    return blocks


# --- the parts ---


def _parts(material: Material) -> Iterator[Part]:
    anatomy = material.anatomy
    kind = material.generator.type if material.generator else "skill"
    intro = [Block("text", _sentence(anatomy.description))] if anatomy.description else []
    if kind != "readme":
        intro += _links(material)
    yield Part(_title(anatomy), 0, 0, intro or [Block("text", _title(anatomy))], 1)
    if kind != "reference":
        yield from _when(anatomy)
    yield from _commands(material)
    yield from _agents(material)
    if kind != "reference":
        yield from _tools(anatomy)
    yield from _readme(material, rank=3 if kind != "reference" else 60)
    yield from _skills(material)
    yield from _docs(material)
    yield from _standing(material)


def _title(anatomy: Anatomy) -> str:
    name = re.sub(r"[^\w .()/+-]+", " ", anatomy.name).strip() or "Plugin"
    words = re.sub(r"[-_]+", " ", name).split()
    return " ".join(w if any(c.isupper() for c in w) else w.capitalize() for w in words)


def _sentence(text: str) -> str:
    text = re.sub(r"[<>]", "", " ".join(text.split()))
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _links(material: Material) -> list[Block]:
    folder = posixpath.dirname(material.target)
    found = []
    for link in material.links:
        name = posixpath.splitext(posixpath.basename(link))[0]
        relative = posixpath.relpath(link, folder or ".")
        said = f"For the details of each command and agent, read [{name}]({relative})."
        found.append(Block("text", said))
    return found


def _when(anatomy: Anatomy) -> Iterator[Part]:
    if anatomy.keywords:
        words = ", ".join(re.sub(r"[`<>*]", "", word) for word in anatomy.keywords)
        yield Part("Topics", 200, 2, [Block("text", words + ".")])


def _commands(material: Material) -> Iterator[Part]:
    commands = {command.name: command for command in material.anatomy.of("command")}
    for number, command in enumerate(commands.values()):
        yield from _of_component(material, command, f"/{command.name}", 10_000 + number * 20, 10)


def _agents(material: Material) -> Iterator[Part]:
    for number, agent in enumerate(material.anatomy.of("agent")):
        yield from _of_component(material, agent, agent.name, 20_000 + number * 20, 20)


def _skills(material: Material) -> Iterator[Part]:
    for number, skill in enumerate(material.anatomy.of("skill")):
        if skill.path != material.target:
            yield from _of_component(material, skill, skill.name, 30_000 + number * 20, 70)


def _of_component(
    material: Material, component: Component, title: str, order: int, rank: int
) -> Iterator[Part]:
    """The component's own text under a heading of its name; inner headings one level deeper."""
    found = sections(component.body, _place(material, component.path))
    lead = []
    if component.description:
        lead.append(Block("text", _sentence(component.description)))
    hint = component.meta.get("argument-hint")
    if isinstance(hint, str) and hint.strip():
        lead.append(Block("text", f"Arguments of `{title}`: `{_code(hint)}`"))
    # the lead goes in before everything else: every component is named
    yield Part(f"`{title}`", order, min(rank, 1), lead or [Block("text", f"`{title}`")], 3)
    for number, section in enumerate(found[:18]):
        heading = section.heading
        if section.level == 1 or heading.lower() in (component.name.lower(), title.lower()):
            heading = ""
        yield Part(heading, order + 1 + number, rank + number, section.blocks, 4)


def _code(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def _tools(anatomy: Anatomy) -> Iterator[Part]:
    for title, kind, order in (("Hooks", "hook", 40_000), ("MCP servers", "mcp", 40_100)):
        rows = []
        for c in anatomy.of(kind):
            matcher = f" on `{_code(str(c.meta['matcher']))}`" if c.meta.get("matcher") else ""
            rows.append(
                f"- `{_code(c.name)}`{matcher}"
                + (f": `{_code(c.description)}`" if c.description else "")
            )
        if rows:
            yield Part(title, order, 5, [Block("list", "\n".join(dict.fromkeys(rows)))])
    rows = [
        f"- `{_code(c.path)}`" + (f": {_sentence(c.description)}" if c.description else "")
        for c in anatomy.of("script")
    ]
    if rows:
        yield Part("Scripts", 40_200, 30, [Block("list", "\n".join(rows[:20]))])


_NOT_OURS = re.compile(
    r"\b(licen[cs]e|contribut|author|credits?|acknowledge|changelog|support|star|badge|table of"
    r" contents|contents|links?|version history|roadmap|made (with|by))\b",
    re.I,
)


def _readme(material: Material, rank: int) -> Iterator[Part]:
    number = 0
    for file in material.anatomy.files:
        if kind_of(file.path) != "readme" or file.path == material.target:
            continue
        yield from _chapters(material, file.path, file.text, 50_000 + number * 500, rank)
        number += 1


def _docs(material: Material) -> Iterator[Part]:
    known = {c.path for c in material.anatomy.components}
    number = 0
    for file in material.anatomy.files:
        if kind_of(file.path) == "doc" and file.path not in known and file.path != material.target:
            yield from _chapters(material, file.path, file.text, 60_000 + number * 500, 40)
            number += 1


def _standing(material: Material) -> Iterator[Part]:
    """The text that will be replaced: last in value, for it stood and was found wanting."""
    if material.standing:
        yield from _chapters(material, material.target, material.standing, 80_000, 90)


def _chapters(material: Material, path: str, text: str, order: int, rank: int) -> Iterator[Part]:
    parts = frontmatter.split(text)
    under = 2
    for number, section in enumerate(sections(parts.body, _place(material, path))[:400]):
        if _NOT_OURS.search(section.heading):
            continue
        level = 2 if section.level <= 2 else 3
        heading = section.heading if section.level > 1 else ""
        if not heading:
            yield Part("Overview" if number < 2 else "", order + number, rank, section.blocks, 2)
            continue
        if level == 3 and under < 2:
            level = 2
        under = level
        yield Part(heading, order + number, rank + number // 3, section.blocks, level)


def _place(material: Material, path: str) -> Place:
    paths = frozenset(file.path for file in material.anatomy.files)
    return Place(posixpath.dirname(path), posixpath.dirname(material.target), paths)
