"""What of a section is news: a sentence, an item or a row is said once in a document."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from itertools import pairwise

from msgspec import Struct, field
from msgspec.structs import replace

from nightpress.backends.offline.beside import SUMMARY, TWICE
from nightpress.backends.offline.blocks import Block, code_lines, is_ordered, items_of
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.wording import sentences, stems
from nightpress.checks import bundle
from nightpress.lazy import pattern
from nightpress.model import Material


def beside_references(material: Material, parts: list[Part]) -> list[Part]:
    """The parts without the blocks of which the references say a third, or more, themselves."""
    bodies = (c.body for c in material.anatomy.components if c.path in material.references)
    told = bundle.telling("\n".join(bodies))
    if not told:
        return parts
    return _without(parts, lambda block: _is_told_there(block, told))


def said_once(parts: list[Part]) -> list[Part]:
    """The parts without the plain fences that say, line by line, what a list says."""
    lists = (block for part in parts for block in part.blocks if block.kind == "list")
    told = frozenset(line for block in lists for line in bundle.telling(block.text))
    return _without(parts, lambda block: _is_listed(block, told))


def _is_listed(block: Block, told: Container[str]) -> bool:
    if block.kind != "code" or not block.text.lstrip("`~").startswith(("text\n", "\n")):
        return False
    lines = bundle.telling(block.text)
    return len(lines) > 2 and 3 * sum(line in told for line in lines) >= 2 * len(lines)


def _without(parts: Iterable[Part], is_said: Callable[[Block], bool]) -> list[Part]:
    """The parts without such blocks, and what announced them."""
    kept = []
    for part in parts:
        blocks = [block for block in part.blocks if part.is_standing or not is_said(block)]
        while blocks and blocks[-1].announces and len(blocks) < len(part.blocks):
            blocks.pop()
        if blocks:
            kept.append(replace(part, blocks=blocks))
    return kept


def _is_told_there(block: Block, told: Container[str]) -> bool:
    lines = bundle.telling(block.text)
    return bool(lines) and 3 * sum(line in told for line in lines) >= len(lines)


def adding(part: Part, known: Known, *, goes_on: bool = False) -> list[Block]:
    """What is news of the part's blocks. Links, rules, facts and what is done in order stay. Of a
    part no scrap is left, and what is told of one thing after the other is told of all of them or
    of none. goes_on: it has no heading of its own, but goes on with what the document says."""
    adding: list[Block] = []
    seen = known.copy()
    if _walks(part.blocks) and any(known.lacks(block.text, part.news) for block in part.blocks):
        return [*part.blocks]
    if part.path and is_paired(part.blocks):
        return [*part.blocks] if _is_partly_news(part, known) else []
    for block in part.blocks:
        counted = bool(adding) and adding[-1].announces and _COUNT.search(adding[-1].text)
        fresh = block.text if counted else _fresh(block, part, seen, goes_on)
        if fresh:
            adding.append(block if fresh == block.text else replace(block, text=fresh))
        elif adding and adding[-1].announces:
            adding.pop()
        seen.add(block)
    while adding and adding[-1].announces:
        adding.pop()
    if adding == [*part.blocks]:
        return adding
    left, all_of = (sum(len(block.text) for block in some) for some in (adding, part.blocks))
    if 3 * left < all_of and left < SCRAP and len(part.path) > 1:
        return []
    gain = sum(known.gain(block.text) for block in adding if block.kind != "code")
    whole = any(block.kind == "code" or is_ordered(block) or "](" in block.text for block in adding)
    least = GAIN if part.news <= SUMMARY else 2  # of what is said twice just the news is left
    return adding if whole or gain >= least or not part.path else []


def _walks(blocks: Sequence[Block]) -> bool:
    """Are there numbered steps with code between them?"""
    steps = [at for at, block in enumerate(blocks) if is_ordered(block)]
    return len(steps) > 1 and any(block.kind == "code" for block in blocks[steps[0] : steps[-1]])


def is_paired(blocks: Sequence[Block]) -> bool:
    """Is it told of several things, each by a bold line and what follows that (Input, Output)?"""
    pairs = pairwise(blocks)
    return sum(_LABEL.match(one.text) is not None and two.kind != "text" for one, two in pairs) > 1


def _is_partly_news(part: Part, known: Known) -> bool:
    said = [block for block in part.blocks if not block.announces]
    fresh = sum(len(_fresh(block, part, known)) for block in said)
    return 3 * fresh >= sum(len(block.text) for block in said)


def _fresh(block: Block, part: Part, known: Known, goes_on: bool = False) -> str:
    """What of a block is no repetition. A list or a table is whole, or none of it is there: two of
    its six items would pass for all of them. (Where a list goes on, there is a whole one.)"""
    if block.kind == "code":
        lines = code_lines(block)
        if part.news and (_is_said_in_words(block, part, known) or _is_sample_again(block, known)):
            return ""
        new = {line for line in lines - known.code if not _is_named(line, known)}
        return block.text if not lines or 2 * len(new) > len(lines) else ""
    if block.announces:
        return block.text
    if block.kind == "text":
        return _fresh_sentences(block.text, part, known)
    pieces = items_of(block.text) if block.kind == "list" else block.text.split("\n")[2:]
    fresh = [piece for piece in pieces if known.lacks(piece, part.news)]
    if block.kind == "table":
        return block.text if fresh else ""
    telling = len(pieces) <= SHORT and any(known.surprises(piece) for piece in fresh)
    if goes_on and not is_ordered(block):
        fresh = fresh if 3 * len(fresh) > len(pieces) else [*filter(known.surprises, fresh)]
        return "\n".join(fresh)
    least = 3 if telling or (is_ordered(block) and part.news < TWICE) else 2
    if part.news >= SUMMARY and not is_ordered(block) and known.gain("\n".join(fresh)) < GAIN:
        return ""
    return block.text if fresh and least * len(fresh) >= len(pieces) else ""


def _is_said_in_words(block: Block, part: Part, known: Known) -> bool:
    """Is it plain sentences in a fence that were said before, but for a word here and there?"""
    first, *lines = block.text.split("\n")
    plain = first.strip("`~") in ("", "text") and not any(_COMMAND.match(line) for line in lines)
    return plain and not known.lacks("\n".join(lines[:-1]), part.news)


def _is_sample_again(block: Block, known: Known) -> bool:
    """Is it nearly the sample of an output, or of a text, that the document shows?"""
    new = stems(block.text)
    is_sample = block.text.lstrip("`~").startswith(_SAMPLES) and block.text.count("\n") > 6
    return is_sample and any(3 * len(new & one) >= 2 * len(new) for one in known.samples)


_SAMPLES = ("text\n", "\n", "markdown\n", "md\n", "console\n")


def _is_named(line: str, known: Known) -> bool:
    """Is a line of code nothing but a command of which the document says how it is called?"""
    found = _CALL.fullmatch(line)
    return found is not None and found[1] in known.tokens


def _fresh_sentences(text: str, part: Part, known: Known) -> str:
    """A paragraph of which half is news stays whole: its sentences lean on each other."""
    said, kept = sentences(text), list[str]()
    for one in said:
        named = set(_NAME.findall(one)) - known.tokens
        if named or (kept and _HANGS.match(one)) or known.lacks(one, part.news):
            kept.append(one)
    if 2 * len(kept) >= len(said):
        return text
    return "" if _QUESTION.match(text) else "".join(kept).strip()  # no answer without its question


class Known(Struct):
    """What was said so far: stems of its words, of each sentence, item and row, what its facts are
    told by, lines of code, and stems of each block of it."""

    stems: set[str] = field(default_factory=set)
    pieces: list[frozenset[str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    code: set[str] = field(default_factory=set)
    samples: list[frozenset[str]] = field(default_factory=list)

    def copy(self) -> Known:
        sets = set(self.stems), list(self.pieces), set(self.tokens), set(self.code)
        return Known(*sets, list(self.samples))

    def add(self, block: Block) -> None:
        self.stems |= stems(block.text)
        self.code |= code_lines(block)
        if block.kind == "code":
            self.samples.append(stems(block.text))
        else:
            self.tokens.update(_told(block.text), _NAME.findall(block.text))
            self.pieces += [one for piece in _pieces(block) if (one := stems(piece))]

    def add_heads(self, path: Sequence[str]) -> None:
        self.stems |= stems(" ".join(path))
        self.tokens |= _told(" ".join(path))

    def lacks(self, text: str, least: float) -> bool:
        """Is it news: a link, a fact, a rule with any new word, or, where no other piece says it,
        words of which a share is new?"""
        new = stems(text)
        fresh = new - self.stems
        if self.tells_more(text):
            return True
        if fresh and _RULE.search(text):
            return True
        return len(fresh) > least * len(new) and not self._says(new)

    def tells_more(self, text: str) -> bool:
        """Has it a link or a fact that was not told?"""
        return "](" in text or bool(_told(text) - self.tokens)

    def says(self, text: str) -> bool:
        """Does one piece say it, but for a word here and there?"""
        return self._says(stems(text))

    def _says(self, words: frozenset[str]) -> bool:
        return any(4 * len(words & one) >= 3 * len(words) for one in self.pieces)

    def surprises(self, text: str) -> bool:
        """Does it tell a new fact, or is hardly a word of it known?"""
        words = stems(text)
        return bool(_told(text) - self.tokens) or 4 * len(words - self.stems) >= 3 * len(words)

    def gain(self, text: str) -> int:
        """How much it says that was not said: words, and more for what tells a fact."""
        return len(stems(text) - self.stems) + 3 * len(_told(text) - self.tokens)


def _told(text: str) -> set[str]:
    """What the facts in a text are told by; `/moor` and `moor` are one."""
    return {token.strip("`/") for token in _TOKEN.findall(text)}


def _pieces(block: Block) -> list[str]:
    if block.kind == "text":
        return sentences(block.text)
    return items_of(block.text) if block.kind == "list" else block.text.split("\n")[2:]


SHORT = 3
"""Items of a list that is whole for the one of them that tells something of its own."""
GAIN = 4
"""What a section must say that was not said, or it is a scrap."""
SCRAP = 160
"""Characters that are left of a section below another one, with fewer of which it is none."""
_RULE = pattern(
    r"\b(?:never|must|requires?|none|only|always|at (?:most|least)|do not|don't|except)\b", re.I
)
_COMMAND = pattern(r"\s*[/$>#-]|.* --?\w")
_QUESTION = pattern(r"\W*Q(?:uestion)?(?: ?\d+)?[:.]")
_HANGS = pattern(r"(?:this|these|that|those|it|they|both|such|then|so)\b", re.I)
_COUNT = pattern(r"\d")
_CALL = pattern(r"/([A-Za-z][\w:-]*)")
_LABEL = pattern(r"\*\*[^*\n]")
_TOKEN = pattern(  # what a fact is told by
    r"\b[A-Z][a-z]+[A-Z]\w*|`[^`\n]+`|--[a-z][\w-]*|\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|https?://[^\s)>]+"
    r"|\b\d[\d.,]*(?: ?(?:%|(?:ms|seconds?|minutes?|hours?|days?|kB|MB|GB|bytes)\b)|(?<=\d\d)\b)"
)
_NAME = pattern(r"(?<=[a-z,] )[A-Z][a-z]\w+")
