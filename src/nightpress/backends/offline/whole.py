"""A reference: the text of one command, agent or skill, all of it and in its own order.

An agent reads it in that file's stead, so nothing is weighed or reworded. Only what would run or be
replaced on load, or lead nowhere from where it stands, is told otherwise; where even a large window
has no room, the longest listings give way to links, and then sections that are named.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence

from msgspec.structs import replace

from nightpress.backends.offline import components, descriptions, pointers, trim, wording, worth
from nightpress.backends.offline.blocks import Block, is_step, items_of, sections
from nightpress.backends.offline.clean import Place
from nightpress.backends.offline.fit import Bounds, fit
from nightpress.backends.offline.part import LAST, Home, Part
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.whereabouts import whereabouts
from nightpress.lazy import pattern
from nightpress.model import Component, Material

ALL = 1_000_000
"""Characters of a listing that is quoted: each one."""
LONG, SHORT, LINK = 600, 15, 300
"""Bytes and lines of a listing from which on it may give way to a link, and bytes of that."""
QUOTED = frozenset({"command-exists", "path-exists"})
"""Checks of what a file's own words name, which stay; the rest of the plugin is not known here."""
ROOM, LINES = 1_500, 3_000
"""Bytes kept for the list of contents and for what names the rest, and lines of a reference."""
CONTENTS, HEADINGS = 100, 4
"""Lines from which on, and chapters of which, there is a list of contents (best practices)."""


def parts(material: Material, kinds: Sequence[str], most: int) -> list[Part]:
    """How the component is called, what bounds it, and the sections of its text. kinds: of the
    components that the generator makes references of; the document is of the first one. most:
    bytes that there is room for."""
    topic, own = Topic(material), trim.owned(material.anatomy)
    found = [c for c in material.anatomy.components if c.kind in kinds]
    told = [one for one in components.all_of(material, topic, own) if one[6].path == found[0].path]
    if not told:
        return []
    _, _, lead, about, bound, _, source = told[0]
    own_place = replace(source, quotes=ALL, whole=True)
    body = list(_sections(found[0], own_place))
    first = body[0].blocks[0].text if body and not body[0].path else ""
    body = [one for one in body if not (one.blocks and all(map(_is_form, one.blocks)))]
    more = descriptions.rest(found[0])
    said = descriptions.first(found[0])
    if more or wording.is_cast(wording.sentences(f"{said} ")[0].strip()):
        about = [Block("text", wording.sentence(trim.prose(said, own)))]
    about = [block for block in about if not _BROKEN.search(block.text)]
    named = wording.stems(found[0].name.replace("-", " "))
    about = [block for block in about if not wording.stems(block.text) <= named]
    begins = [block.text for part in body[:2] for block in part.blocks[:2]]
    if about and any(about[0].text.rstrip(".") in text for text in begins):
        about = []
    elif about and _is_echo(first, about[0].text):
        body[0].blocks = body[0].blocks[1:]
    lead = _from_file(found[0], lead, body, _called(found[0]))
    beside = [block for one in sections(more, own_place) for block in one.blocks]
    heads = [
        Part((), (0,), 0, [*about, *lead[:1], *bound.said]),
        Part((), (1,), 0, lead[1:]),
        Part(("When it is used",), (2, 1), 0, beside),
        Part(("Limits",), (2, 2), 0, bound.listed),
    ]
    home = Home((), source.link(), (LAST,), is_linked=True)
    for at, part in enumerate(body):
        part.order, part.home, part.rank = (3, at), home, 1 + worth.of(part, at // 2)
    if body and not body[0].path:
        body[0].order = (2, 0)
    if body and body[-1].blocks:
        *before, last = body[-1].blocks
        stops = last.kind == "text" and last.text[-1:].isalnum()  # it would end in mid-sentence
        body[-1].blocks = [*before, replace(last, text=f"{last.text}.") if stops else last]
    every = sorted([*heads, *body], key=lambda part: part.order)
    return _within([part for part in every if part.blocks], most, own_place)


def _is_form(block: Block) -> bool:
    """Is it filled in by another program ("{{#if testing}}")?"""
    return _FORM.search(block.text) is not None


_FORM = pattern(r"\{\{[#/^]")


def _from_file(
    component: Component, lead: Sequence[Block], body: Sequence[Part], called: str
) -> list[Block]:
    """How it is called, and that what follows is of its file, of an agent what it is told itself;
    called: how it is called there."""
    if not lead or not body:
        return list(lead)
    said, _, there = lead[0].text.removesuffix(".").partition(", defined in ")
    hints = [block for block in lead[1:] if block.kind != "table"]  # the text says it
    if component.kind == "agent":
        return [Block("text", f"{said}. What follows is from its own prompt, {there}."), *hints]
    if not hints and _TYPED.search(_typed(component)):
        said = said.replace(f"`/{component.name}`", f"`/{component.name} <arguments>`", 1)
    return [Block("text", f"{said}. What follows is from {there}.{called}"), *hints]


def _called(component: Component) -> str:
    """That its own text calls a command by another name, of which a word is its own: a line that
    begins with a slash may be a path, or what a server answers to."""
    typed = [code[0] for code in _FENCE.finditer(component.body) if _TYPED_IN.match(code[0])]
    calls = [call[1] for code in typed for call in _CALL.finditer(code)]
    own = set(_WORD.findall(component.name.lower()))
    other = next((one for one in calls if own & set(_WORD.findall(one.lower()))), "")
    if component.kind != "command" or not other or component.name in calls:
        return ""
    return f" Its text calls it `/{other}`."


_BROKEN = pattern(r"(?i)^uses? (?:this|the) (?:agent|command)\b|:\W*(?:\d+\.)?$")
"""A description that only begins to say something, or says when it is called."""
_CALL = pattern(r"(?m)^[ \t]*/([a-z](?:[\w:-]*\w)?(?:/[\w-]+)?)(?=[ \t\n]|$)")
_TYPED_IN = pattern(r"[ \t]*(?:`+|~+)(?:text|bash|sh|shell|console|plaintext)?[ \t]*\n")
_WORD = pattern(r"[a-z0-9]+")


def _sections(component: Component, place: Place) -> Iterator[Part]:
    name = component.name.lower()
    for section in sections(_readable(component), place):
        path = tuple(head for head in section.path if head.lower().lstrip("/") != name)
        blocks = [one for block in section.blocks for one in _items(block)]
        if blocks or (path and is_step(path[-1])):
            yield Part(path[:5], (), 0, blocks)


def _items(block: Block) -> list[Block]:
    """A long list in items, of which one may have to be left out."""
    if block.kind != "list" or len(block.text) < LONG:
        return [block]
    return [Block("list", text.rstrip()) for text in items_of(block.text)]


def _is_echo(first: str, about: str) -> bool:
    """Does a text begin with nothing but what the description says?"""
    said = wording.stems(first.replace("the arguments", ""))
    return bool(said) and said <= wording.stems(about) and len(first) < len(about) + 40


def _readable(component: Component) -> str:
    """Its text; what it takes from the user within code, or as a part of a word, is a slot (`git
    show $ARGUMENTS` is `git show <arguments>`), and a heading in a list is a label."""
    pieces, at, text = [], 0, _LEAKED.sub("", _typed(component).lstrip())
    for code in [*_IN_CODE.finditer(text), None]:
        words = text[at : code.start() if code else len(text)]
        words = _ALONE.sub("", _HEADING.sub(r"\1**\2**", words))
        words = _HANDED_ON.sub(lambda found: _handed_on(found, component), words)
        words = _JOINED.sub(lambda found: _TYPED.sub("<arguments>", found[0]), words)
        pieces += [words, _TYPED.sub("<arguments>", code[0]) if code else ""]
        at = code.end() if code else at
    return "".join(pieces)


def _typed(component: Component) -> str:
    """Its text, in which what the user typed has one name."""
    return _INPUT.sub("$ARGUMENTS", component.body)


_INPUT = pattern(r"(?<!\$)\{\{\{? *(?:user_?)?(?:input|args|arguments) *\}?\}\}", re.I)


def _handed_on(found: re.Match[str], component: Component) -> str:
    """What a line says of what the user typed; of a line that but retells the description no more
    than that."""
    said, known = wording.stems(found[1]), wording.stems(str(component.meta.get("description", "")))
    retells = 2 * len(said & known) > len(said) or " with " in found[1] or len(found[1]) > MOST_LED
    return found[0] if retells and not _IS_LABEL.match(found[1]) else f"{found[1]} the arguments"


MOST_LED = 100
"""Characters of a sentence that goes on with what the user typed."""
_LEAKED = pattern(r"(?ms)^\s*(?:\*\*)?<(?:antml:)?(?:function_calls|invoke|parameter)\b.*")
"""The calls of a session that somebody pasted with its answer."""
_HANDED_ON = pattern(r"(?m)^([^\n#|>$]{3,160}?:(?:\*\*|__)?) *[`*]*\$ARGUMENTS[`*]*[.!]?[ \t]*$")
_ALONE = pattern(
    r"(?mi)^\W*(?:user |given |provided )?(?:arguments?|inputs?|args)\W*\$ARGUMENTS\W*$"
)
_IS_LABEL = pattern(r"\s*(?:[-*+]|\d+[.)])\s|\s*\*\*")
_HEADING = pattern(r"(?m)^([ \t]{2,})#{2,6} +(.+?)[ #]*$")
_TYPED = pattern(r"\$ARGUMENTS(?![\w\[])")
_IN_CODE = pattern(r"(?ms)^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1[ \t]*$|(?<!`)`[^`\n]*[^`\n$ ]`(?!`)")
_JOINED = pattern(r"[\w/#=.-]\$ARGUMENTS(?![\w\[])|(?<!\w)\$ARGUMENTS(?=[/=-]|\.\w)")


def _within(found: Sequence[Part], most: int, place: Place) -> list[Part]:
    """The parts; for what there is no room for, listings give way to links: the shortest one that
    is enough, or the longest ones."""
    over = sum(map(pointers.size, found)) - most
    listings = [(_size(b), p, b) for p in found for b in p.blocks if b.kind == "code"]
    listings = [one for one in listings if one[0] >= LONG and one[2].text.count("\n") > SHORT]
    listings.sort(key=lambda one: one[0])
    while over > 0 and listings:
        enough = (n for n, one in enumerate(listings) if one[0] - LINK >= over)
        size, part, block = listings.pop(next(enough, -1))
        language = block.text.split("\n", 1)[0].strip("`~ ")
        inside = "\n".join(block.text.split("\n")[1:-1])
        link = Block("text", whereabouts(inside, language, place))
        part.blocks = [link if one is block else one for one in part.blocks]
        over -= size - _size(link)
    return list(found)


def _size(block: Block) -> int:
    return len(block.text.encode())


def fitting(found: Sequence[Part], bounds: Bounds, refused: Container[str]) -> list[Part]:
    """The parts without refused blocks; where there is no room for all, the most telling ones."""
    kept = [replace(p, blocks=[b for b in p.blocks if b.text not in refused]) for p in found]
    kept = [new for old, new in zip(found, kept, strict=True) if new.blocks or not old.blocks]
    if sum(map(pointers.size, kept)) <= bounds.most:
        return kept
    return fit([part for part in kept if part.blocks], bounds, refused, "")


def named(rest: Iterable[Part], found: Sequence[Part], refused: Container[str]) -> Iterator[Part]:
    """What names the rest; where a check refuses one of its names, or it is little, only where that
    is."""
    home = next((part.home for part in found if part.home), None)
    where = [Block("text", f"The rest is in {home.link}.")] if home else []
    told = list(rest)
    for part in told:
        is_refused = any(block.text in refused for block in part.blocks)
        yield replace(part, blocks=where) if is_refused else part
    texts = [block.text for part in found for block in part.blocks]
    if home and not told and any(texts.count(text) == 1 for text in texts if text in refused):
        yield Part((pointers.MORE,), home.end, 0, where)


def with_contents(text: str) -> str:
    """The document; a long one begins with a list of its chapters."""
    words = _FENCE.sub(lambda code: " " * len(code[0]), text)  # a listing may show headings
    chapters = _CHAPTER.findall(words)
    if text.count("\n") < CONTENTS or len(chapters) < HEADINGS:
        return text
    rows = [f"- [{name}](#{components.anchor(name)})" for name in dict.fromkeys(chapters)]
    at = words.index(f"\n## {chapters[0]}\n") + 1
    return f"{text[:at]}Contents:\n\n{chr(10).join(rows)}\n\n{text[at:]}"


_CHAPTER = pattern(r"(?m)^## (.+)$")
_FENCE = pattern(r"(?ms)^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1[ \t]*$")
