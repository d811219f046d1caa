"""What of a quoted text does not belong into a document: who the model shall be ("You are an
expert"), sales talk, and what the plugin does not have.

Pure. Whole sentences, items and rows go; a numbered list is a workflow, which stays whole or goes
whole. Code is never changed: a block stays as it is, or goes.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from nightpress.backends.offline import praise, voice
from nightpress.backends.offline.blocks import Block, Section, items_of, sections
from nightpress.backends.offline.clean import Place
from nightpress.backends.offline.groups import Group, instructing, whole
from nightpress.backends.offline.outline import function_of
from nightpress.backends.offline.verbs import is_deed
from nightpress.backends.offline.wording import sentences
from nightpress.checks import ASKS, called
from nightpress.lazy import pattern
from nightpress.model import Anatomy

__all__ = ["Group", "Owned", "owned", "prose", "quoted", "trimmed"]

_PERSONA = pattern(
    r"^[\W_]*(?:(?:remember|note)\W+)?(?:you(?: are|'re|\u2019re| will be| act| have been)\b"
    r"(?! (?:able|in|on|not|done|ready|using)\b)"
    r"|you (?:also |deeply |always )?(?:excel|speciali[sz]e"
    r"|have (?:deep|extensive|expert|years|mastered)|possess|combine|master|bring|understand"
    r"|embody|approach)\b"
    r"|your (?:task|job|role|goal|mission|purpose|expertise|primary|core|main|responsibilit)"
    r"|act as\b"
    r"|as an? (?:[\w-]+ ){0,4}(?:expert|specialist|engineer|assistant|architect)\b"
    r"|i want you to\b|i am an?\b|i'm an?\b)",
    re.I,
)
FEW = 0.34
"""Share of a workflow's steps, at most, that may be told by where they stand."""
_README = pattern(r"(?:^|/)readme(?:\.\w+)?$", re.I)
_THOUGHT = pattern(r"\W*extended thinking\b|(?:\[[^\]\n]+\]|\{+\w+\}+)\s*$", re.I)  # or a slot
_CLOSING = pattern(  # what a text says of itself at its end
    r"(?:remember: )?(?:this|the) (?:(?:comprehensive|complete|powerful|robust) (?:[\w-]+ ){1,4}?"
    r"(?=command|plugin|agent|skill)|(?:[\w-]+ )?|(?:[\w-]+ ){2,4}?(?=system))"
    r"(?:(?:command|plugin|agent|skill|tool|generator|system|guide|pack|manager|suite) )?"
    r"(?:helps?|provides?|enables?|ensures?|delivers?|offers?|gives?|will help)\b"
    r"[^:\n]*$"
    r"|(?:just|simply) (?:talk|chat|ask)\b[^\n]*",
    re.I,
)
_SLOGAN = pattern(r"\*\*(?:[A-Z][a-z]+(?: [a-z]+){1,2}\. ?){2,}\*\*")
"""Two or more sentences of two or three words, in bold: "**Sail fast. Moor well.**"."""
_BOUNDS = pattern(r"\b(?:only|never|risks?|no (?:warranty|guarantee|advice))\b", re.I)
_AUTOMATIC = pattern(r"\b(?:activates?|triggers?) automatically\b", re.I)
"""How a plugin is loaded, which its reader has."""
_HANGS = pattern(r"^(?:this|these|that|those|it|they|both|such)\b", re.I)
_ITEM = pattern(r"^(\s*)(?:[-*+]|(\d+)[.)])\s")
_CALL = pattern(r"^\s*(?:[$>\u276f]\s*|User: )?/([A-Za-z][\w:-]*)\s*(\S?)")
_COMPONENT = pattern(
    r"(?<![\w/.-])(?:\./)?((?:commands|agents|hooks|scripts|skills)/[\w./-]*\w\.\w{1,5})\b"
)


class Owned(Struct, frozen=True):
    """What the plugin has. name: its own; commands: names and aliases, lower case; paths: of its
    files; made: of those that it says it writes."""

    name: str
    commands: frozenset[str]
    paths: frozenset[str]
    made: frozenset[str] = frozenset()

    def lacks(self, call: str) -> bool:
        """Is it a command that the plugin would have, if there were such a one?"""
        space, _, name = call.rpartition(":")
        return space in ("", self.name) and name not in self.commands


def owned(anatomy: Anatomy) -> Owned:
    names = {c.name.lower() for kind in ("command", "skill") for c in anatomy.of(kind)}
    for command in anatomy.of("command"):
        for key in ("shortcut", "alias", "aliases"):
            value = command.meta.get(key)
            listed = value if isinstance(value, list | tuple) else [value]
            names.update(str(name).lstrip("/").lower() for name in listed if name)
    names = {name.rpartition(":")[2] for name in names} | names
    paths = frozenset(file.path for file in anatomy.files)
    made = {
        posixpath.normpath(path)
        for file in anatomy.files
        for written in _WRITES.findall(file.text)
        for path in _COMPONENT.findall(written)
    }
    return Owned(anatomy.name.lower(), frozenset(names), paths, frozenset(made))


_WRITES = pattern(  # "The command generates:", and a list
    r"(?mi)^[^\n]*\b(?:generat|creat|produc|output|writ)(?:e|es|ed|s)\b[^\n]*:\**\s*\n"
    r"((?:[ \t]*(?:[-*+]|\d+[.)]) [^\n]*(?:\n|\Z))+)"
)


def quoted(text: str, place: Place, own: Owned) -> list[Group]:
    """The sections of a plugin's file as they may stand in a document. A step of a workflow that
    cannot be quoted is told by where it stands."""
    groups = []
    said = voice.paired(sections(text, place))
    if not place.own:
        said = [voice.of_it(one, for_people=place.is_for_people) for one in said]
    said = instructing(said)
    # what a README only lists in a few words says nothing, unless what stands beside it says
    # something: one kind of three would pass for the only one; in a workflow it says what to do
    is_readme = _README.search(place.path) is not None
    beside = _beside(said, own) if is_readme else frozenset()
    for group in whole(said):
        stead = f"{_THIS_STEP}{place.link()}." if place.path else ""
        found = [
            trimmed(
                one,
                own,
                terse=bool(group.steps) or not is_readme or one.path[:-1] in beside,
                stead=stead,
            )
            for one in group.sections
        ]
        if not group.steps:
            [old], [one] = group.sections, found
            if one is None and place.path and old.path:
                one = replace(old, blocks=[Block("text", f"See {place.link()}.")])
            groups += [Group((one,))] if one is not None and one.blocks else []
            continue
        kept = []
        for at, (old, new) in enumerate(zip(group.sections, found, strict=True)):
            below = group.sections[at + 1 : at + 2]
            if not old.blocks and below and below[0].path[: len(old.path)] == old.path:
                continue  # its heading stands above those of its parts
            if new is None or not new.blocks:
                new = replace(old, blocks=[Block("text", f"See {place.link()}.")])
            kept.append(new)
        groups.append(Group(tuple(kept), tuple(named(step, own) for step in group.steps)))
    return groups


def named(heading: str, own: Owned) -> str:
    """A heading without praise, and without the slash before what is no command of the plugin."""
    plain = praise.struck(heading)
    return _SLASHED.sub(lambda m: m[1] if own.lacks(m[1].lower()) else m[0], plain)


_SLASHED = pattern(r"(?<![\w/.])/([A-Za-z][\w-]*)(?::\*)?(?![\w/:.])")


def _beside(said: Sequence[Section], own: Owned) -> frozenset[tuple[str, ...]]:
    """The headings below which of several sections side by side one says something, or each says
    what is somebody's or something's: "Crew" and "Harbour office", each above a list."""
    below: dict[tuple[str, ...], list[Section]] = {}
    for one in said:
        if len(one.path) > 1 and one.blocks:
            below.setdefault(one.path[:-1], []).append(one)
    return frozenset(
        above
        for above, many in below.items()
        if (len(many) > SEVERAL and function_of(above[0]) != "features" and all(map(_lists, many)))
        or (len(many) > 1 and any((new := trimmed(one, own)) and new.blocks for one in many))
    )


def _lists(section: Section) -> bool:
    return [block.kind for block in section.blocks] == ["list"]


SEVERAL = 2
"""Sections of no more than a list each, of which more are a table in another form."""


def trimmed(
    section: Section, own: Owned, *, terse: bool = False, stead: str = ""
) -> Section | None:
    """The section without what does not belong, as _section; what a list says in a few words stays
    beside one that says more."""
    found = _section(section, own, terse=terse, stead=stead)
    if terse or found is None:
        return found
    lists = [sum(block.kind == "list" for block in one.blocks) for one in (section, found)]
    return _section(section, own, terse=True, stead=stead) if 0 < lists[1] < lists[0] else found


def _section(section: Section, own: Owned, *, terse: bool, stead: str) -> Section | None:
    """The section without what does not belong; None where that would break it. terse: a list of a
    few plain words each may stay; stead: what a step says that cannot be quoted, one of many."""
    blocks: list[Block] = []
    unled = False
    for at, block in enumerate(section.blocks):
        kept = _trimmed(block, own, terse, stead)
        if kept is None:
            return None
        if unled and kept.text and block.kind != "text":
            kept = replace(kept, text="")  # of what it is has gone
        unled = not kept.text and block.announces and _PERSONA.match(block.text) is None
        if kept.text:
            blocks.append(kept)
        elif (calls := _calls(block, own)) and _goes_on(section.blocks[at + 1 : at + 2]):
            blocks.append(_run(blocks.pop() if blocks and blocks[-1].announces else None, calls))
        elif blocks and blocks[-1].announces:
            blocks.pop()  # it announced what has gone
    path = tuple(named(name, own) for name in section.path)
    return replace(section, heading=named(section.heading, own), path=path, blocks=blocks)


def _goes_on(after: Sequence[Block]) -> bool:
    """Does the next paragraph say what the one before does ("This creates:")?"""
    return any(block.kind == "text" and _HANGS.match(block.text) for block in after)


def _calls(block: Block, own: Owned) -> list[str]:
    """The commands, if a block of code is nothing but the bare names of such as there are."""
    lines = [line.strip() for line in block.text.split("\n")[1:-1] if line.strip()]
    lines = [line for line in lines if not line.startswith("#")]
    bare = block.kind == "code" and _is_typed(block.text) and len(lines) < 3
    calls = [call for line in lines if (call := _CALL.match(line)) and not call.group(2)]
    known = bare and len(calls) == len(lines) and not any(own.lacks(call[1]) for call in calls)
    return [f"`/{call[1]}`" for call in calls] if known else []


def _run(lead: Block | None, calls: Sequence[str]) -> Block:
    """In words what a block of a bare command says; lead: the line above it."""
    said = " and ".join(calls)
    return Block("text", f"{lead.text} {said}" if lead is not None else f"Run {said}.")


def _trimmed(block: Block, own: Owned, terse: bool = False, stead: str = "") -> Block | None:
    """The block with what may stay of it, empty if nothing may; None: its section falls with it."""
    if block.kind == "code":
        return block if _is_sound(block.text, own) else Block("code", "")
    if block.kind == "text":
        asides = (_THOUGHT.match, _CLOSING.match, _SLOGAN.fullmatch, _AUTOMATIC.search)
        aside = any(one(block.text) for one in asides) and not _BOUNDS.search(block.text)
        return Block("text", "" if aside else prose(block.text, own))
    if block.kind == "table":
        head, rows = block.text.split("\n")[:2], block.text.split("\n")[2:]
        rows = [row for row in rows if not _is_foreign(row, own)]
        return Block("table", "\n".join([*head, *rows]) if rows else "")
    return _items(block, own, terse, stead)


def prose(text: str, own: Owned) -> str:
    """The sentences that may stay. One that only goes on with what has gone goes, too."""
    kept: list[str] = []
    gone, label = False, ""
    for sentence in sentences(text):
        sentence = praise.without(f"{label}{sentence}")
        aside = _PERSONA.match(sentence) or _HANDED.match(sentence)
        if aside or praise.sells(sentence) or _is_foreign(sentence, own):
            gone = True
            label = found[0] if (found := _LABELLED.match(sentence)) and not aside else ""
        elif not (gone and _HANGS.match(sentence.removeprefix(label))):
            kept.append(sentence)
            gone, label = False, ""
    return "".join(kept).strip()


def _items(block: Block, own: Owned, terse: bool, stead: str) -> Block | None:
    texts = items_of(block.text)
    if _ORDERED.match(block.text):
        foreign = [_is_foreign(text, own) for text in texts]
        if sum(foreign) > FEW * len(texts) or (any(foreign) and not stead):
            return None
        for at, (text, gone) in enumerate(zip(texts, foreign, strict=True)):
            number = _ORDERED.match(text)
            if gone and number:
                told = _in_short(text, own, stead) or f"{number[0]}{stead}"
                texts[at] = told + "\n" * (len(text) - len(text.rstrip("\n")))
        block = Block("list", "\n".join(texts))
        return Block("list", praise.struck(block.text))
    texts = [_without_aside(praise.plainly(text), own) for text in texts]
    texts = [text for text in texts if not _IS_HERE.fullmatch(text)]
    kept = [t for t in texts if not (praise.boasts(t) or _is_foreign(t, own) or _is_persona(t))]
    return Block(
        "list", "" if not terse and all(map(_is_vacuous, kept)) else "\n".join(kept).rstrip()
    )


def _without_aside(item: str, own: Owned) -> str:
    """An item without the brackets that name what the plugin does not have; of what is used instead
    of the plugin they say whose it is: "(use another plugin's `other` instead)"."""
    if not _is_foreign(item, own):
        return item
    return _ASIDE.sub(lambda one: _aside(one[0], own) if _is_foreign(one[0], own) else one[0], item)


def _aside(said: str, own: Owned) -> str:
    """What an aside says that names another plugin's command, as such; "" where it cannot."""
    told = _ANOTHER.sub(r"\1another plugin's `\2`", said, count=1)
    return "" if told == said or _is_foreign(told, own) else told


_ANOTHER = pattern(r"(?i)\b((?:use|try|run|see) )`?/([a-z][\w-]*)`?(?=[\w ]* instead\b|\W*$)")
_IS_HERE = pattern(  # who reads it runs in it, and knows what there is to know
    r"\s*[-*+]\s+(?:\W*Claude Code(?: CLI)?\W*(?:(?:installed|latest version)\W*)*"
    r"|(?:(?:an? )?(?:basic|general|good|some) )?(?:understanding|familiarity|knowledge)"
    r" (?:of|with) [^`\n]*)",
    re.I,
)
_ASIDE = pattern(r" \([^()\n]*\)| (?:-|\u2014|\u2013) (?:use|see|try|run) `?/[^\n]*", re.I)


def _in_short(step: str, own: Owned, stead: str) -> str:
    """What a step does, without how, where that names what there is not: "3. Dump the schema with
    `scripts/gone.sh`." gives "3. Dump the schema, as [...] says."; "" where that cannot be told."""
    found = _BY_MEANS.match(step.rstrip())
    where_it_is = stead.removeprefix(_THIS_STEP).rstrip(".")
    if not found or where_it_is == stead or _is_foreign(found[1], own):
        return ""
    return f"{found[1].rstrip(' ,;')}, as {where_it_is} says."


_THIS_STEP = "For this step, see "
_BY_MEANS = pattern(
    r"(\s*\d+[.)] [A-Z]\w+ [^`\n]+?),? (?:with|using|via|through|by(?: running)?) `[^\n]*"
)


def _is_vacuous(item: str) -> bool:
    """A few plain words ("Production-ready implementations") that are true of anything?"""
    words = _ITEM.sub("", item, count=1).split()
    if "`" in item:
        return False
    most = 3 if words and is_deed(words[0]) else 4
    return len(words) <= most and all(re.fullmatch(r"[a-z][a-z-]*[.,]?", w) for w in words[1:])


def _is_persona(item: str) -> bool:
    text = _ITEM.sub("", item, count=1)
    return _PERSONA.match(text) is not None and _CASE.match(text) is None


_CASE = pattern(r"you(?: are|['\u2019]re) \w+ing\b", re.I)  # "You're looking for a chart"


_HANDED = pattern(
    r"(?i)^\W*(?:apply|do|execute|follow|use) (?:the|this|these) [a-z]+: "
    r"\W*(?:the arguments|\$ARGUMENTS)\W*$"
)
"""What is handed over to a prompt and told by nothing else: "Follow this approach: $ARGUMENTS"."""
_LABELLED = pattern(r"\*\*[A-Z][\w ]{1,30}(?::\*\*|\*\*:) ")
_ORDERED = pattern(r"\s*\d+[.)]\s")


@lru_cache(maxsize=4_096)
def _is_foreign(text: str, own: Owned) -> bool:
    """Does the text name a command or a file of the plugin's that there is not?"""
    return any(_strangers(text, own))


def _strangers(text: str, own: Owned) -> Iterator[bool]:
    for path in _COMPONENT.findall(text):
        whole = posixpath.normpath(path)
        known = own.paths | own.made
        yield whole not in known and not any(p.endswith(f"/{whole}") for p in known)
    if "/" in text:
        yield any(map(own.lacks, called(text)))


def _is_sound(text: str, own: Owned) -> bool:
    """Does a block of code call only what there is, and say more than a command's bare name?"""
    lines = [line for line in text.split("\n")[1:-1] if line.strip()]
    if _draws(lines, own):
        return False
    typed = lines if _is_typed(text) else []
    if typed and _ASKED.match(typed[0]) and any(map(_CHATS.match, typed[1:])):
        return False  # a talk, of which the answer is not the plugin's
    if any(map(ASKS.search, typed)):
        return False  # a shell cannot run what a user types: the script does nothing, or worse
    calls = [match for line in typed if (match := _CALL.match(line)) and match.group(2) != "/"]
    if any(map(own.lacks, called(text))):
        return False
    said = [line for line in lines if not line.lstrip().startswith("#")]
    return not said or len(said) != len(calls) or any(m.group(2) for m in calls)


def _draws(lines: Sequence[str], own: Owned) -> bool:
    """Is it a tree of the plugin's own files? Who reads the document has them."""
    names = [found[1] for line in lines if (found := _BRANCH.match(line))]
    mine = {name for path in own.paths for name in path.split("/")}
    return len(names) > 2 and 2 * sum(name.rstrip("/") in mine for name in names) > len(names)


_BRANCH = pattern(r"[\s\u2502|]*(?:\u251c|\u2514|\+--|`--)[\u2500-]*\s*([\w.@-]+/?)")
_ASKED = pattern(r"\s*(?:/[A-Za-z]|user\b|you:)", re.I)
_CHATS = pattern(
    r"\s*(?:(?:Claude|Assistant|Agent|AI): ?)?"
    r"(?:I'll|I will|I can|Let me|Please (?:provide|specify|tell|share))\b"
)


def _is_typed(block: str) -> bool:
    info = block.split("\n", 1)[0].strip("`~ ").lower()
    return info in ("", "text", "bash", "sh", "shell", "console", "plaintext", "zsh")
