"""A Markdown file taken apart into sections of whole blocks, each cleaned for quoting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress.backends.offline import marks, written
from nightpress.backends.offline.clean import (
    Place,
    full,
    heading,
    inline,
    is_quotable,
    is_quotable_code,
    links,
    told_marks,
)
from nightpress.backends.offline.excerpt import excerpt
from nightpress.backends.offline.filled import told
from nightpress.backends.offline.imprint import is_imprint, unsigned
from nightpress.backends.offline.whereabouts import POINTER, TOLD, language, whereabouts
from nightpress.lazy import pattern

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Kind = Literal["text", "code", "list", "table"]

LONG = 300
"""Characters of a listing that gives way where there is no room for a workflow with it."""

SAME = 30
"""Characters from which two equal blocks are a repetition; `Input:` may stand twice."""


OF_ONE = ("Tools: ", "Model: ")
"""What the line begins with that says what one command or agent may use."""
STOPS = 200
"""Characters of a paragraph that stops whoever reads it."""
_STOPS = pattern(r"\b(?:GATE|STOP|HALT|CHECKPOINT|MUST|NEVER|DO NOT)\b")


class Block(Struct, frozen=True):
    """One paragraph, list, table or code block, as it will stand in a document."""

    kind: Kind
    text: str

    @property
    def key(self) -> str:
        """What makes two blocks the same to a reader; "" for one too short to repeat anything, that
        stops whoever reads it, each time anew ("**GATE**: wait for an answer"), says what one agent
        has, as another has, too, or where what follows is in full."""
        leads = self.announces and is_pointer(self)
        if self.stops or leads or self.text.startswith(OF_ONE):
            return ""
        plain = re.sub(r"[\W_]+", " ", self.text).strip().lower()
        return plain if self.kind == "code" or len(plain) >= SAME else ""

    @property
    def stops(self) -> bool:
        """Is it a short paragraph that stops whoever reads it?"""
        return self.kind == "text" and len(self.text) < STOPS and bool(_STOPS.search(self.text))

    @property
    def announces(self) -> bool:
        """Is it a line that means nothing without what follows (`For example:`)?"""
        line = self.text.rstrip(" *_")
        return self.kind == "text" and (
            line.endswith(":") or (len(line) < SAME and _BOLD.fullmatch(self.text) is not None)
        )

    @property
    def is_label(self) -> bool:
        """Is it a bold line above what it names (`**On Windows:**`)?"""
        return self.announces and self.text.startswith("**")


_BOLD = pattern(r"\s*(?:\*\*|__)[^*\n]+(?:\*\*|__):?\s*")


def is_ordered(block: Block) -> bool:
    """Is it a numbered list?"""
    return block.kind == "list" and block.text.lstrip()[:1].isdigit()


def items_of(block: str) -> list[str]:
    """A list's items, each with what is nested in it."""
    items: list[list[str]] = []
    depth = len(block) - len(block.lstrip(" "))
    for line in block.split("\n"):
        match = _ITEM.match(line)
        if items and (match is None or len(match.group(1)) > depth):
            items[-1].append(line)
        else:
            items.append([line])
    return ["\n".join(item) for item in items]


def code_lines(block: Block) -> frozenset[str]:
    """The lines of a block of code, without comments and spaces; none of another block."""
    if block.kind != "code":
        return frozenset()
    lines = (re.sub(r"(?:^|\s+)(?:#|//) .*", "", line) for line in block.text.split("\n")[1:-1])
    return frozenset(" ".join(line.split()) for line in lines if line.strip())


_ITEM = pattern(r"^(\s*)(?:[-*+]|(\d+)[.)])\s")


class Section(Struct):
    """Some blocks under a heading ("" before the first one); path: the headings above it and its
    own, from level 2 down."""

    heading: str
    level: int
    path: tuple[str, ...] = ()
    blocks: list[Block] = field(default_factory=list)


def units(blocks: Sequence[Block]) -> list[list[Block]]:
    """The blocks in groups that stand or fall together: an announcement goes with what it
    announces, and an announcement of nothing is left out."""
    groups: list[list[Block]] = []
    waiting: list[Block] = []
    for block in blocks:
        if waiting and waiting[-1].is_label and block.is_label:
            waiting.pop()  # what it is the label of has gone
        waiting.append(block)
        if not block.announces:
            groups.append(waiting)
            waiting = []
    return groups


def sections(text: str, place: Place) -> list[Section]:
    """The sections of a Markdown text that hold a block, and the steps of a workflow, in order."""
    read = _Read(place.path, tuple(links(text, place)), place)
    return [replace(one, blocks=[*one.blocks]) for one in _sections(text, read)]


class _Read(Struct, frozen=True):
    """All of a place that a text's sections turn on: each skill of a plugin quotes the same files,
    and a plugin may have hundreds of skills."""

    path: str
    links: tuple[tuple[str, str], ...]
    place: Place

    def _turned_on(self) -> tuple[object, ...]:
        place = self.place
        return place.link(), self.links, place.quotes, place.whole, place.excerpts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Read) and self._turned_on() == other._turned_on()

    def __hash__(self) -> int:
        return hash(self._turned_on())


@lru_cache(maxsize=2_048)
def _sections(text: str, read: _Read) -> tuple[Section, ...]:
    place = read.place
    text = text if place.own else written.as_read(text, whole=place.whole)
    lines = text.split("\n")
    parts = [Section("", 1)]
    above: list[tuple[int, str]] = []
    tokens = _parser().parse(text)
    titles = sum(token.type == "heading_open" and token.tag == "h1" for token in tokens)
    readme = place.path.rpartition("/")[2].lower().startswith("readme")
    deeper = int(titles > 1 and not place.own and not readme)  # its titles are its chapters
    for position, token in enumerate(tokens):
        if token.level != 0 or token.map is None:
            continue
        if token.type == "heading_open":
            level = int(token.tag[1]) + deeper
            name = heading(tokens[position + 1].content)
            above = [(n, title) for n, title in above if n < level]
            if level > 1 and name:
                above.append((level, name))
            parts.append(Section(name, level, tuple(title for _, title in above)))
            continue
        source = "\n".join(lines[token.map[0] : token.map[1]])
        if parts[-1].level > 1 and (name := _divided(tokens, position)):
            parts.append(Section(name, parts[-1].level, (*parts[-1].path[:-1], name)))
            continue
        block = _block(token, source, place)
        if block is None and place.is_pointed_to:
            block = _stead(token, source, place)
        before = parts[-1].blocks[-1].text if parts[-1].blocks else ""
        if block is not None and TOLD.fullmatch(block.text) and _BELOW.match(before):
            parts[-1].blocks.pop()  # it is not below
        if block is not None and _FILLED.match(block.text) and _FILLED.match(before):
            continue  # one lead announced one template; the heading of the other is lost
        if block is not None:
            parts[-1].blocks.append(block)
            if place.excerpts and TOLD.fullmatch(block.text):
                parts[-1].blocks += (
                    Block(*one) for one in excerpt(token.content, token.info, text)
                )
        elif token.type in _SHOWN and parts[-1].blocks and parts[-1].blocks[-1].announces:
            parts[-1].blocks.pop()  # what it announces cannot be quoted
    return tuple(
        section for section in parts
        if section.blocks or section.level == 1 or is_step(section.heading)
    )  # fmt: skip


def _divided(tokens: Sequence[Token], at: int) -> str:
    """What a bold label below a rule names; it is a heading to a reader, and what stands above the
    rule has nothing to do with it. "" for none."""
    if tokens[at].type != "paragraph_open" or at == 0 or tokens[at - 1].type != "hr":
        return ""
    label = _LABEL.fullmatch(tokens[at + 1].content.strip())
    return heading(label[1]) if label else ""


_LABEL = pattern(r"\*\*([A-Z][^*\n:]{2,60}):?\*\*:?")


def _stead(token: Token, source: str, place: Place) -> Block | None:
    """Where a block stands that cannot be quoted; None where it says nothing."""
    if token.type in ("fence", "code_block"):
        text = token.content.rstrip("\n")
        there = whereabouts(text, language(token.info, text), place) if text.strip() else ""
        return Block("text", there) if there else None
    named = _NAMED.get(token.type, "")
    is_prose = token.type in ("paragraph_open", "blockquote_open")
    if is_prose and not is_quotable(told(source, place.path)):
        named = "more"
    said = named and _SAYS.search(source)
    return Block("text", f"See {place.link()} for {named}.") if said else None


_TYPED = pattern(r"\$ARGUMENTS(?![\w\[])")
"""What a command is given, in code: a slot to be filled in."""
_FILLED = pattern(r"`{3,}markdown\n")
_BELOW = pattern(
    r"(?:Below|Here|The following|This)(?:'s| is| are| shows?)? [^.:\n]*"
    r"\b(?:implementation|code|script|listing|class)\b[^.:\n]*[.:]?$",
    re.I,
)
_NAMED = {
    "bullet_list_open": "the list",
    "ordered_list_open": "the steps",
    "table_open": "the table",
}
_SAYS = pattern(r"[^\W\d_]{3}")
_SHOWN = ("fence", "code_block", "bullet_list_open", "ordered_list_open", "table_open")
_STEP = pattern(r"^(?:(?:step|phase|stage)\s*\d+|\d+\s*[.:)-])", re.I)


def is_step(heading: str) -> bool:
    """Is it the heading of one step of several?"""
    return _STEP.match(heading) is not None


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # only the blocks matter here: inline parsing would cost more than all the rest
    return MarkdownIt("commonmark").enable("table").disable("inline")


def _block(token: Token, source: str, place: Place) -> Block | None:
    if (
        token.type == "fence"
        and not (place.own or place.whole)
        and (items := marks.listed(token.info, token.content))
    ):
        return _kept("list", inline("\n".join(items), place))
    if token.type in ("fence", "code_block"):
        quote = listing(token.content, token.info, place)
        return Block("code" if quote.startswith("`") else "text", quote) if quote else None
    if token.type in ("bullet_list_open", "ordered_list_open"):
        return _kept("list", _list(source, place))
    if token.type == "table_open":
        cleaned = inline(source if place.whole else told_marks(source), place)
        cleaned = cleaned if place.own else full(cleaned)
        rows = cleaned.strip().split("\n")
        whole = len(rows) >= (2 if place.whole else 3) and all("|" in row for row in rows)
        return _kept("table", cleaned) if whole else None
    if token.type == "paragraph_open" or token.type == "blockquote_open":
        if token.type == "blockquote_open" and "```" in source:
            return None
        return _paragraph(re.sub(r"(?m)^\s*>\s?", "", source), place)
    if token.type == "hr" and place.own:
        return Block("text", "---")  # how a person divided the text
    return None  # HTML


def _kept(kind: Kind, text: str) -> Block | None:
    """The block, unless cleaning has left nothing that says something, or has bared what would be
    read as something else (`<b># Title`)."""
    bare = [re.sub(r"(?m)[ \t]+$", "", piece) for piece in _OUTSIDE.split(text)]
    inner = _OUTSIDE.findall(text)  # code keeps the blanks at its ends
    text = "".join(a + b for a, b in zip(bare, [*inner, ""], strict=True)).strip("\n")
    letters = re.sub(r"[\W_]+", "", text)
    if text.rstrip("* ").endswith(":") and letters:  # "DO:"
        letters = f"{letters}..."
    if len(letters) < (3 if letters.isascii() else 1):  # two characters are a word in many scripts
        return None
    kinds = {token.type for token in _parser().parse(text)}
    allowed = {"fence"} if kind == "list" else set()
    return None if kinds & (_OTHERS - allowed) else Block(kind, text)


_OTHERS = {"heading_open", "hr", "html_block", "fence", "code_block"}
_MARKED = pattern(r"(?:[\U0001f000-\U0001faff\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\ufe0f]+| ) *")


def _paragraph(source: str, place: Place) -> Block | None:
    """A paragraph; lines that each begin with an emoji are the list that they look like."""
    lines = source.strip("\n").split("\n")
    if not place.whole and all(is_imprint(line) for line in lines):
        return None
    if place.is_for_people:
        source = unsigned(source)
    if len(lines) > 1 and all(_MARKED.match(line) for line in lines):
        bare = lines if place.whole else [_MARKED.sub("", line, count=1) for line in lines]
        items = [f"- {line.strip()}" for line in bare]
        return _kept("list", inline("\n".join(items), place))
    # an indented line goes on with the one before it; alone it might begin something new
    source = re.sub(r"\n {4,}", " ", source)
    return _kept("text", "\n".join(line.strip() for line in inline(source, place).split("\n")))


_OUTSIDE = pattern(r"(?ms)^[ \t]+`{3,}[^\n`]*\n.*?^[ \t]+`{3,}[ \t]*$")
_INNER = pattern(r"(?ms)^([ \t]+)(`{3,})([^\n`]*)\n(.*?)^\1\2[ \t]*$")


def _list(source: str, place: Place) -> str:
    """A list; code blocks inside its items are kept where they are whole. An item that cannot be
    quoted is told by where it stands, if another one can; "" if none can."""
    whole = _items(source, place)
    if whole or not place.is_pointed_to:
        return whole
    quoted = [(one, _items(one, place)) for one in items_of(source)]
    if sum(bool(cleaned.strip()) for _, cleaned in quoted) * 2 < len(quoted):
        return ""
    return "\n".join(
        cleaned if cleaned.strip() else f"{_marker(one)}{_this(one, place)} {place.link()}."
        for one, cleaned in quoted
    )


def _this(item: str, place: Place) -> str:
    """What an item says of itself that cannot be quoted: its bold title, if it has one."""
    title = _TITLE.match(item)
    if title and (said := inline(title[1], place)):
        return f"{said}: see"
    return "For this step, see" if item.lstrip()[:1].isdigit() else "See"


_TITLE = pattern(r"\s*(?:[-*+]|\d+[.)])\s+(\*\*[^*\n$`]+\*\*)(?=:|\s*?(?:\n|$)| [-\u2013\u2014])")


def _marker(item: str) -> str:
    found = _ITEM.match(item)
    return found.group() if found else ""


def _items(source: str, place: Place) -> str:
    """Items, with the blocks of code inside of them; "" if one cannot be quoted."""
    cleaned: list[str] = []
    at = 0
    for match in [*_INNER.finditer(source), None]:
        before = source[at : match.start() if match else len(source)]
        said, inner = inline(before, place), _inner(match, place) if match else ""
        if _OPENS.search(before) or (match and not inner):
            return ""
        if before.strip() and not said.strip():
            return ""
        cleaned += [said, inner]
        at = match.end() if match else at
    text = re.sub(r"(?m)^(\s*[-*+]) {2,3}(?=\S)", r"\1 ", "".join(cleaned))
    return text if place.own else _MORE.sub(r"\1\\>", text)


_OPENS = pattern(r"(?m)^[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?:`{3,}[^`\n]*$|~{3,})")


_MORE = pattern(r"(?m)^(\s*[-*+] )>(?= ?[\d$\u20ac])")  # "- > 30 %" is no quotation


def _inner(found: re.Match[str], place: Place) -> str:
    indent, fence, info, text = found.groups()
    text = text if place.own else _TYPED.sub("<arguments>", text)
    bare = "\n".join(line.removeprefix(indent) for line in text.split("\n"))
    named = info.strip() if place.own else language(info, bare)
    if len(text) > place.quotes or not is_quotable_code(text, place.quotes):
        there = whereabouts(bare.rstrip("\n"), named, place) if place.is_pointed_to else ""
        return f"\n{indent}{there}" if there else ""
    return f"{indent}{fence}{named}\n{text}{indent}{fence}"


def listing(content: str, info: str, place: Place) -> str:
    """The fenced block; of a long one, where it stands; "" for none."""
    text = content.rstrip("\n")
    if info.strip().startswith("!") or not text.strip():
        return ""
    if not place.own:
        text = _TYPED.sub("<arguments>", text)
    if not is_quotable_code(text, place.quotes):
        return ""
    if len(text) <= place.quotes or place.own:
        named = info.strip() if place.own else language(info, text)
        inside = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
        marks = "`" * (inside + 1)  # a fence in a fence needs more
        return f"{marks}{named}\n{text}\n{marks}"
    return whereabouts(text, language(info, text), place)


def is_pointer(block: Block) -> bool:
    """Does the block say where something is to be read, instead of saying it?"""
    return block.kind != "code" and POINTER.search(block.text) is not None


def is_told(block: Block) -> bool:
    """Does the block only say where a listing stands, or announce it?"""
    return block.announces or TOLD.fullmatch(block.text) is not None


def lean(blocks: Sequence[Block], place: Place) -> list[Block]:
    """The blocks; of each long listing where it stands."""
    found = []
    for block in blocks:
        if block.kind == "code" and len(block.text) > LONG and place.path:
            named = block.text.split("\n", 1)[0].strip("`~ ")
            inside = "\n".join(block.text.split("\n")[1:-1])
            block = Block("text", whereabouts(inside, named, place))
        found.append(block)
    return found
