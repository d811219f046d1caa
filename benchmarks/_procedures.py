"""Is every procedure of a command or an agent whole in a document, or pointed to?

Read line by line, by rules of its own: nothing of the writer's judges what the writer made.
A *procedure* is a numbered list of two items or more, or two headings or more of steps or phases;
`whole`: each of its items stands in the document; `pointed`: the document links to its file where
it would stand, or by the heading above it; else `cut` (some items stand) or `gone` (none does).
Where a sentence says that the file to which the table of commands and agents links has the rest,
what does not even begin in the document is pointed to.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

HEADING = re.compile(r"(#{1,6}) +(\S.*?)[ #]*$")
FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)$")
NAME = re.compile(r"(?m)^name: *[\"']?([\w:-]+)")
TAG = re.compile(r"</?[a-z][\w-]*(?:\s[^<>]*)?>")
ITEM = re.compile(r"( *)(?:(\d+)[.)]|[-*+])\s+(\S.*)$")
STEP = re.compile(r"(?:(?:step|phase|stage|part)\s*\d+(?:\.\d+)*\b|\d+(?:\.\d+)*[.):]?\s+\S)", re.I)
LINK = re.compile(r"\]\(<?([^)#\s>]+)>?\)")
ARGUMENT = re.compile(r"`?\$(?:ARGUMENTS(?:\[\d+\])?|\d+)`?|!`[^`]*`")
COMPONENT = re.compile(r"(?:.*/)?(?:commands|agents)/(?:[^/]+/)*[^/]+\.md$")
LINKED = re.compile(r"\b(?:its|the) linked file\b")
SENDS = re.compile(
    r"\blinked file has its full instructions|\blinked file: it has the rest"
    r"|^For the rest of what each of them does, read its linked file"
)
DEFINED = re.compile(r"\bdefined in \[|^\s*\|")
REST = re.compile(
    r"(?:Follow the steps in|See) \[[^\]]+\]\([^)]+\)(?: for the rest)?[.:]"
    r"|In \[[^\]]+\]\([^)]+\), in short:"
)
ENOUGH = 0.6
"""Share of an item's words, at least, that one item of the document has."""
MOST = 0.8
"""The same, of a list's items one after the other."""


@dataclass
class Block:
    """path: the headings above it; text: its lines, a list's items each with what is in it; number:
    of an item; lead: the text right above a list, if anything."""

    kind: str
    path: tuple[str, ...]
    text: str
    line: int
    number: int | None = None
    inner: list[str] = field(default_factory=list)


def blocks(text: str) -> list[Block]:
    """The paragraphs, top-level items, headings and blocks of code of a Markdown text, in order."""
    text = re.sub(r"\A---\n.*?^---\n", lambda m: "\n" * m[0].count("\n"), text, flags=re.S | re.M)
    found: list[Block] = []
    above: list[tuple[int, str]] = []
    least = 0 if len(re.findall(r"(?m)^# \S", text)) > 1 else 1
    fence, new = "", True
    for number, line in enumerate(text.split("\n"), 1):
        path = tuple(name for level, name in above if level > least)
        mark = FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) and not mark[2].strip() else fence
            continue
        inside = bool(found) and found[-1].kind == "item" and line[:1].isspace()
        if mark:
            fence, new = mark[1], True
            if not inside:
                found.append(Block("code", path, "", number))
        elif title := HEADING.match(line):
            above = [(n, name) for n, name in above if n < len(title[1])]
            above.append((len(title[1]), title[2]))
            found.append(Block("heading", path, title[2], number, len(title[1])))
        elif not line.strip() or TAG.fullmatch(line.strip()):
            new = True
            continue
        elif (item := ITEM.match(line)) and (len(item[1]) < 2 or not inside):
            found.append(Block("item", path, item[3], number, int(item[2]) if item[2] else None))
        elif inside or (not new and found and found[-1].kind in ("text", "item", "table")):
            if item:
                found[-1].inner.append(item[3])
            else:
                found[-1].text += f"\n{line.strip()}"
        else:
            kind = "table" if line.lstrip().startswith("|") else "text"
            found.append(Block(kind, path, line.strip(), number))
        new = False
    return found


def words(text: str) -> set[str]:
    """What a text says, without what a document cannot quote."""
    plain = re.sub(r"\]\([^)]*\)", "", ARGUMENT.sub(" ", text))
    found = set(re.findall(r"[^\W_]{2,}", plain.lower())) - {"the", "and", "you", "your"}
    return {word[:4] for word in found}


@dataclass
class Procedure:
    """path: the headings above it; steps: what each step says first."""

    path: tuple[str, ...]
    steps: list[str]
    line: int


def procedures(text: str) -> Iterator[Procedure]:
    """The numbered lists and the headings of steps in a text."""
    read = blocks(text)
    run: list[Block] = []
    for block in [*read, Block("heading", (), "", 0)]:
        if block.kind == "item" and block.number is not None:
            if run and (block.number <= (run[-1].number or 0) or block.path != run[-1].path):
                yield from _of(run)
                run = []
            run.append(block)
        elif block.kind == "heading" or (block.kind == "item" and run):
            yield from _of(run)
            run = []
    heads: dict[tuple[tuple[str, ...], int | None], list[Block]] = {}
    for block in read:
        if block.kind == "heading" and (block.number or 0) > 1 and STEP.match(block.text):
            above = block.path
            heads.setdefault((above, block.number), []).append(block)
    for (path, _), steps in heads.items():
        if len(steps) > 1:
            yield Procedure(path, [step.text for step in steps], steps[0].line)


def _of(run: Sequence[Block]) -> Iterator[Procedure]:
    if len(run) > 1:
        yield Procedure(run[0].path, [block.text for block in run], run[0].line)


class Document:
    """A document, as far as procedures can be found in it. links: to which files of the plugin a
    line leads."""

    def __init__(self, text: str, target: str) -> None:
        self.blocks = blocks(text)
        self._lines = {line.strip() for line in text.split("\n")}
        pieces = [
            piece
            for block in self.blocks
            if block.kind in ("item", "heading", "text")
            for piece in (block.text, *block.inner)
        ]
        self._said = [words(piece) for piece in pieces]
        folder = posixpath.dirname(target)
        self._pointers = [
            (posixpath.normpath(posixpath.join(folder, link)), block.path, _around(self.blocks, at))
            for at, block in enumerate(self.blocks)
            for link in LINK.findall("\n".join([block.text, *block.inner]))
            if block.kind in ("text", "item") and not DEFINED.search(block.text)
        ]

    def says(self, step: str) -> bool:
        """Does a line of the document say a step?"""
        first = step.split("\n")[0]
        mine = words(first)
        if any(line.endswith(first) for line in self._lines):
            return True
        return not mine or any(len(mine & one) >= ENOUGH * len(mine) for one in self._said)

    def tells_of(self, names: set[str]) -> bool:
        """Has the document a chapter of a component's, or is it about that alone? Elsewhere the
        table of its parts, or a list of their names, is all that it says."""
        chapters = [head for block in self.blocks for head in block.path if "`" in head]
        if not chapters and any(LINKED.search(block.text) for block in self.blocks):
            return False  # nothing but the table, which sends its reader to the files
        mine = {head for head in chapters if head.strip("`/ ") in names}
        told = [
            block
            for block in self.blocks
            if mine & {*block.path} and block.kind != "code" and not DEFINED.search(block.text)
            if block.kind != "heading"
        ]
        return not chapters or len(told) > 1

    def points(self, file: str, names: set[str], procedure: Procedure) -> bool:
        """Is there a link to the file under a heading above the procedure, or one that names it?"""
        heads = [words(head) for head in procedure.path if words(head)]
        for there, path, around in self._pointers:
            if there != file:
                continue
            if REST.match(around) and any(head.strip("`/ ") in names for head in path):
                return True
            under = [words(head) for head in path]
            said = words(around)
            if not heads or any(head in under or head <= said for head in heads):
                return True
            if all(words(step) <= said for step in procedure.steps):
                return True
        return False

    def sends_to(self, file: str) -> bool:
        """Does the table link to the file, and a sentence say that the rest is there?"""
        tables = "\n".join(block.text for block in self.blocks if block.kind == "table")
        linked = any(link.endswith(file) for link in LINK.findall(tables))
        return linked and any(SENDS.search(one.text) for one in self.blocks if one.kind == "text")

    def begins(self, names: set[str], steps: Sequence[str], others: Container[str]) -> bool:
        """Do two steps stand one after the other in the component's chapter, not under the heading
        of another procedure? One alone may be another one's."""
        mine = [b for b in self.blocks if any(head.strip("`/ ") in names for head in b.path)]
        return any(
            one.kind == other.kind in ("item", "heading")
            and one.path[-1] not in others
            and (_says(one, first) and _says(other, then))
            for one, other in pairwise(mine)
            for first, then in pairwise(steps)
        )

    def is_headed(self, lead: str) -> bool:
        """Is it a heading of the document now?"""
        bare = lead.strip("*_: ").lower()
        return any(one.kind == "heading" and one.text.lower() == bare for one in self.blocks)

    def holds_without(self, lead: str, items: Sequence[str]) -> bool:
        """Does the list stand in the document, and its lead not above it?"""
        mine, unled = words(lead), False
        for at, block in enumerate(self.blocks):
            there = self.blocks[at : at + len(items)]
            if block.kind != "item" or len(there) < len(items):
                continue
            if all(
                one.kind == "item" and _says(one, n) for one, n in zip(there, items, strict=True)
            ):
                above = self.blocks[max(0, at - 1) : at]
                if any(
                    one.text.endswith(":") or 2 * len(mine & words(one.text)) >= len(mine)
                    for one in above
                    if one.kind == "text" or (one.kind == "heading" and mine <= words(one.text))
                ):
                    return False
                unled = True
        return unled

    def dangling(self) -> Iterator[str]:
        """Leads with nothing behind them, and headings with nothing below."""
        for at, block in enumerate(self.blocks):
            after = self.blocks[at + 1] if at + 1 < len(self.blocks) else None
            ends = after is None or after.kind == "heading"
            if block.kind == "text" and block.text.rstrip("*_ ").endswith(":") and ends:
                yield block.text
            if block.kind == "heading" and (block.number or 0) > 1:
                level = after.number or 0 if after is not None else 0
                if after is None or (ends and level <= (block.number or 0)):
                    yield f"{'#' * (block.number or 0)} {block.text}"


def _says(block: Block, item: str) -> bool:
    mine = words(item.split("\n")[0])
    return len(mine & words(block.text)) >= MOST * len(mine)


def _around(read: Sequence[Block], at: int) -> str:
    """A line, and the list that it leads."""
    said = [read[at].text, *read[at].inner]
    for block in read[at + 1 :]:
        if block.kind != "item" or not read[at].text.endswith(":"):
            break
        said += [block.text, *block.inner]
    return "\n".join(said)


def missing(text: str, target: str, texts: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(`cut`, `gone` or `unled`, file, what of it) of a document and the plugin's other files."""
    document = Document(text, target)
    for file, source in texts.items():
        names = {posixpath.basename(file).removesuffix(".md"), *NAME.findall(source[:600])}
        if not COMPONENT.match(file) or not document.tells_of(names):
            continue
        seen = list[Sequence[str]]()
        for procedure in procedures(source):
            if procedure.steps in seen:
                continue  # a document says it once
            seen.append(procedure.steps)
            found = [document.says(step) for step in procedure.steps]
            if not all(found) and not document.points(file, names, procedure):
                others = {
                    p.path[-1] for p in procedures(source) if p.path and p.path != procedure.path
                }
                if document.sends_to(file) and not document.begins(names, procedure.steps, others):
                    continue
                kind = "cut" if any(found) else "gone"
                yield kind, file, f"{procedure.line}: {' > '.join(procedure.path)}"
        for lead, items in _led(source):
            others = (text for other, text in texts.items() if other != file)
            if any(_flat(items) in _flat([text]) for text in others):
                continue  # what stands there may be of the other file
            if document.holds_without(lead, items) and not document.is_headed(lead):
                yield "unled", file, lead


def _flat(texts: Sequence[str]) -> str:
    return " ".join(" ".join(MARKS.sub("", text).split()) for text in texts)


MARKS = re.compile(r"(?m)^\s*(?:[-*+]|\d+[.)])\s+|[`*_!]")


def _led(source: str) -> Iterator[tuple[str, list[str]]]:
    """(lead, items) of each list that depends on the line above it: that ends with a colon, or is
    gone on with by "If provided", "Otherwise"."""
    read = blocks(source)
    for before, block in pairwise(read):
        if before.kind != "text" or block.kind != "item":
            continue
        at = read.index(block)
        items = []
        for one in read[at:]:
            if one.kind != "item":
                break
            items.append(one.text)
        lead = SENTENCE.split(before.text)[-1]
        leads = lead.rstrip("*_ ").endswith(":") and words(lead) - TO_ANYBODY
        if leads or HANGS.match(block.text):
            yield lead, items


SENTENCE = re.compile(r"(?<=[.!?])\s+")
TO_ANYBODY = words(
    "when whenever invoked called run runs activated if user users command agent skill this for it"
    " should will must need to do be are is an as in can help have has follow following these steps"
    " expert specialist task role mission job act acting"
)
"""Words of a lead that a list of orders does not need ("When invoked, you should:")."""
HANGS = re.compile(
    r"\W*(?:if (?:provided|empty|given|so|not|none|present|it)|otherwise|else)\b", re.I
)
