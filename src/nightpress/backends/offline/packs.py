"""What a README says of the parts of a pack that have a reference each: how it calls and groups
them, and what of it only lists, retells or praises them."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from nightpress.backends.offline.blocks import Block, items_of, sections
from nightpress.backends.offline.clean import Place, is_quotable
from nightpress.backends.offline.clean import shown as in_words
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.wording import code, stems
from nightpress.lazy import pattern
from nightpress.model import Component, Material, SourceFile
from nightpress.plugin import kind_of


def shortcut(component: Component) -> str:
    """A shorter name that a command declares; "" for none."""
    short = component.meta.get("shortcut")
    name = code(short).lstrip("/") if isinstance(short, str) else ""
    return name if name != component.name and component.kind == "command" else ""


def folders(parts: Sequence[Component]) -> dict[str, Component]:
    """The folder of each part that has one to itself: a README may call it by that."""
    tops = [posixpath.dirname(posixpath.dirname(one.path)) for one in parts]
    names = {one.name.lower() for one in parts}
    found = {
        posixpath.basename(top): one
        for top, one in zip(tops, parts, strict=True)
        if top and tops.count(top) == 1
    }
    return {name: one for name, one in found.items() if name.lower() not in names}


class Names:
    """How the parts of a pack may be named."""

    def __init__(self, parts: Sequence[Component]) -> None:
        self._by: dict[str, Component] = {}
        for one in parts:
            self._by.setdefault(one.name.lower(), one)
            if short := shortcut(one):
                self._by.setdefault(short.lower(), one)
        self._by |= {name.lower(): one for name, one in folders(parts).items()}
        self._stems = {stems(re.sub(r"[-_]", " ", one.name)): one for one in parts}

    def of(self, said: str) -> Component | None:
        """The part that a name is of: `/tar`, `harbour:tar`, "Hull Tarrer"."""
        bare = said.strip(" *`:").lstrip("/@").rpartition(":")[2].lower()
        return self._by.get(bare) or self._stems.get(stems(re.sub(r"[-_]", " ", bare)))

    def in_heading(self, heading: str) -> Component | None:
        """The part that a heading is about: "2. `/tar` - Tars hulls", "tar (Command)"."""
        bare = re.sub(r"^\d+[.)] |\s*\((?:agents?|commands?)\)$", "", heading, flags=re.I)
        quoted = _QUOTED.match(bare)
        return self.of(quoted[1] if quoted else bare)

    def listed(self, block: Block) -> list[Component | None]:
        """The parts that the items of a list, or the rows of a table, begin with."""
        if block.kind == "table":
            rows = [row.strip("| ").partition("|")[0] for row in block.text.split("\n")[2:]]
        else:
            rows = [
                found[1] if (found := _ITEM.match(item)) else "" for item in items_of(block.text)
            ]
        return [self.of(row) if row.strip() else None for row in rows]


_QUOTED = pattern(r"`([^`]+)`")
_ITEM = pattern(
    r"\s*(?:[-*+]|\d+[.)])\s+(?:\*\*)?`?([^*`\n\u2013\u2014:(]+?)`?(?:\*\*|`|:| [-(\u2013\u2014]|$)"
)


def referred(material: Material) -> list[Component]:
    """The commands and agents of a pack, of which each has a reference, or too little for one; none
    of a plugin that has no references."""
    kinds = ("command", "agent") if material.references else ()
    return [one for kind in kinds for one in material.anatomy.of(kind)]


def without_lists(more: Iterable[Part], material: Material) -> list[Part]:
    """A README's parts without sections on one part, lists of nothing but parts, which have a table
    of their own, and chapters that praise."""
    if not material.references:
        return [*more]
    names, kept = Names(referred(material)), []
    for part in more:
        shown = "\n".join(block.text for block in part.blocks if block.kind == "code")
        about = next(filter(None, map(names.in_heading, part.path)), None)
        is_told = about and all(flag in about.body for flag in _FLAG.findall(shown))
        if is_told or (any(map(_PRAISES.match, part.path)) and not shown):
            continue
        told = part.path and _WORKFLOW.search(part.path[-1])
        blocks = [b for b in part.blocks if not _SELLS.match(b.text)]
        blocks = [b for b in blocks if told or not _is_list_of(b, names)]
        if len(blocks) < len(part.blocks):
            blocks = [b for at, b in enumerate(blocks) if not _hangs(blocks, at)]
            remark = len(blocks) == 1 and blocks[0].kind == "text"
            blocks = [] if remark and len(blocks[0].text) < REMARK else blocks
        if blocks or not part.blocks:
            kept.append(replace(part, blocks=blocks, rank=_rank(part)))
    return kept


def _rank(part: Part) -> int:
    """Its value beside the references: what to beware of and when to use the pack is more there,
    and an idea of what might be done with it less."""
    heads = " / ".join(part.path)
    if _JUDGES.search(heads):
        return min(part.rank, JUDGED)
    return part.rank + MUSED if _MUSES.search(heads) else part.rank


JUDGED, MUSED = 5, 10
_JUDGES = pattern(
    r"(?i)\b(?:best practices|when (?:not )?to use|limit|pitfall|troubleshoot|choos|security"
    r"|important|prerequisite|requirements)"
)
_MUSES = pattern(r"(?i)\b(?:use cases|examples of use|scenarios?|quick wins|example workflows?)\b")
_SELLS = pattern(
    r"(?i)\*\*(?:value|results?|benefits?|outcomes?|impact|savings|time saved):?\*\*:? [^`]*$"
)


def _is_list_of(block: Block, names: Names) -> bool:
    """Has it a row or an item for nothing but parts, and no more columns than a name and a text?"""
    if block.kind == "table" and block.text.split("\n")[0].strip("| ").count("|") > 1:
        return False
    found = names.listed(block) if block.kind in ("list", "table") else []
    return bool(found) and None not in found


def _hangs(blocks: Sequence[Block], at: int) -> bool:
    """Does it announce what is gone, or count it?"""
    block = blocks[at]
    announces = block.announces or _LABEL.fullmatch(block.text) is not None
    last = blocks[at + 1 : at + 2] == [] or blocks[at + 1].announces
    last = last or _LABEL.fullmatch(blocks[at + 1].text) is not None
    return block.kind == "text" and ((announces and last) or _TOTAL.match(block.text) is not None)


_FLAG = pattern(r"(?<=\s)--[a-z][\w-]*")
REMARK = 120
"""Characters of a sentence that is left of a list of parts."""
_WORKFLOW = pattern(
    r"(?i)\b(?:workflows?|pipeline|process|how|when|choos\w+|order|steps|usage|start)\b"
)
_LABEL = pattern(r"\*\*[^*\n]+\*\*[^\n]{0,30}")
_TOTAL = pattern(r"\W*total\b", re.I)
_PRAISES = pattern(
    r"(?i)(?:key|main|core|top) (?:features|benefits|highlights)$|(?:benefits|highlights)$"
    r"|(?:results|what) you(?:'ll| will| can)? (?:get|expect)|why \w|stop \w+ing\b|perfect for"
)


def groups(material: Material) -> Mapping[str, str]:
    """The group of each part (by path), as the README has it, else as its folders say; {} where
    there are none, or not each part is in one."""
    parts = referred(material)
    if len(parts) < MANY:
        return {}
    for found in (_of_readme(material, parts), *_of_folders(parts)):
        counts = Counter(found.values())
        enough = 1 < len(counts) <= MOST_GROUPS and 2 * len(counts) <= len(parts)
        if enough and len(found) == len(parts):
            return found
    return {}


def _of_readme(material: Material, parts: Sequence[Component]) -> dict[str, str]:
    names, lists = Names(parts), list[tuple[str, list[Component]]]()
    texts = (
        f.text for f in material.anatomy.files if kind_of(f.path) == "readme" and "/" not in f.path
    )
    for section in (one for text in texts for one in sections(text, _NOWHERE)):
        label = section.path[-1] if section.path else ""
        for block in section.blocks:
            if block.kind == "text" and (set_off := _SET_OFF.match(block.text)):
                label = set_off[1]
            elif block.kind in ("list", "table"):
                told = [one for one in names.listed(block) if one is not None]
                if len(told) == len(names.listed(block)):
                    lists.append((_label(label), told))
    found: dict[str, str] = {}
    for label, told in (*(one for one in lists if one[1][1:]), *lists):  # one alone may be a step
        for part in told:
            found.setdefault(part.path, label)
    order = [label for label, _ in lists]
    by_label = sorted(found.items(), key=lambda item: order.index(item[1]))
    return dict(by_label) if all(found.values()) else {}


def _of_folders(parts: Sequence[Component]) -> Iterator[dict[str, str]]:
    """By one level of the folders that the parts lie in, the first one first."""
    above = [posixpath.dirname(one.path).split("/") for one in parts]
    for level in range(max(map(len, above))):
        names = [path[level] if level < len(path) else "" for path in above]
        if all(names) and not set(names) <= _KINDS:
            labels = (_label(re.sub(r"[-_]", " ", name)) for name in names)
            yield {one.path: label for one, label in zip(parts, labels, strict=True)}


def _label(text: str) -> str:
    plain = in_words(_NUMBERED.sub("", re.sub(r"[*`]", "", text))).strip(" :-")
    return plain[:1].upper() + plain[1:]


_NUMBERED = pattern(r"(?i)^(?:category |part |\d+[ .)-]*)+\d*[:. ]*|\s*\([^)]*\)$")
_SET_OFF = pattern(r"\*\*([^*\n]+?):?\*\*")
_KINDS = frozenset(("commands", "agents"))
_NOWHERE = Place("", "", "", frozenset())
MANY, MOST_GROUPS = 8, 8
"""Parts of a pack that are shown in groups, and groups at most."""


def called(material: Material, text: str) -> Iterator[str]:
    """What the table calls the parts that the text below names otherwise."""
    parts = referred(material)
    other = folders(parts)
    said = [
        f"`{name}` is `{'/' * (one.kind == 'command')}{one.name}`"
        for name, one in other.items()
        if re.search(rf"(?<![\w/.-]){re.escape(name)}(?![\w/.-])", text)
    ]
    if said:
        yield f"What examples call by its folder: {', '.join(said)}."


def document(material: Material, title: str, file: SourceFile) -> str:
    """What a document of a pack is about: its title without the pack's name, and its chapters."""
    own = stems(re.sub(r"[-_]", " ", material.anatomy.name))
    pieces = [one for one in re.split(r" [-\u2013\u2014|] |: ", title) if not stems(one) <= own]
    heads = [section.path[0] for section in sections(file.text, _NOWHERE) if section.path]
    chapters = [_label(head) for head in dict.fromkeys(heads)]
    told = [one for one in chapters if 3 < len(one) < MOST_TITLE and is_quotable(one)]
    told = [one for one in told if not _NO_CHAPTER.fullmatch(one)]
    about = " - ".join(pieces) or title
    return f"{about}: {'; '.join(told[:CHAPTERS])}" if told[1:] else about


_NO_CHAPTER = pattern(r"(?i)overview|introduction|(?:table of )?contents|conclusion|summary")
CHAPTERS, MOST_TITLE = 5, 40
"""Chapters of a document that are named, and characters of one."""
