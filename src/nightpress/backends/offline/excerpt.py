"""How a long listing is used, by its own last lines, or its function that does most of what its
text is about: who has no room for 400 lines shows the 30 that matter. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from math import fsum, log
from textwrap import dedent
from typing import Literal

from nightpress.backends.offline.clean import is_quotable_code
from nightpress.backends.offline.whereabouts import language
from nightpress.backends.offline.wording import stems
from nightpress.lazy import pattern


def excerpt(listing: str, info: str, text: str) -> Iterator[tuple[Literal["text", "code"], str]]:
    """A line that says what of the listing is shown, and that: how it is used, else a function;
    nothing where none is short enough, or none is spoken of. info: of the listing's fence; text:
    the Markdown around it."""
    if lines := _use(listing.rstrip("\n").split("\n")):
        said = "How it is used, at its end:"
    else:
        name, lines = _telling(listing, text)
        said = f"Its `{name}`:"
    if lines and is_quotable_code(lines):
        yield "text", said
        yield "code", f"```{language(info, listing)}\n{lines}\n```"


def _use(lines: Sequence[str]) -> str:
    """What a listing ends with, after "Usage" or as what is run: the calls that a user makes; ""
    where it is none, or so short that it says nothing."""
    starts = [at for at, line in enumerate(lines) if _USE.match(line)]
    if not starts:
        return ""
    main = lines[starts[-1]].startswith("if ")
    first = starts[-1] + 1
    if main and starts[1:] and starts[-2] == starts[-1] - 1:
        starts.pop()  # "# Usage" above it
    used = lines[first:]
    if any(_DEFINED.match(line) for line in used):
        return ""
    text = dedent("\n".join(used)).strip("\n")
    if main and text.count("\n") < 2:  # "asyncio.run(main())"
        runs = [found for name, of, found in _functions(lines) if not of and f"{name}(" in text]
        text = "\n".join(runs[0]) if len(runs) == 1 else ""
    works = sum(1 for line in text.split("\n") if line.strip() and not _COMMENT.match(line))
    fits = works >= LEAST_CALLS and text.count("\n") < MOST and len(text) <= LONGEST
    return text.strip("\n") if fits else ""


def _telling(listing: str, text: str) -> tuple[str, str]:
    """(name, lines) of the function whose name says most of what the text's own words speak of."""
    prose = _FENCED.sub("", text)
    told = [prose, *[one for found in _HEADS.findall(prose) for one in found]]
    spoken = Counter(stem for word in _WORD.findall(" ".join(told)) for stem in stems(word.lower()))
    best, found = 0.0, ("", "")
    every = list(_functions(listing.split("\n")))
    known = {name for name, _, _ in every} | {*_SET.findall(listing)}
    for name, of, lines in every:
        code = "\n".join(lines)
        fits = FEWEST <= len(lines) <= MOST and len(code) <= LONGEST
        works = len(_WORKS.findall(code)) >= DEEDS and not _STUB.search(code)
        if name == "main" or not (fits and works and {*_OWN.findall(code)} <= known):
            continue
        words = stems(" ".join(_PIECE.findall(f"{of} {name}")).lower())
        value = fsum(log(1 + spoken[word]) for word in words) / (len(words) + 1)
        if value > best:
            best, found = value, (name, dedent("\n".join(lines)).strip("\n"))
    return found if best >= LEAST else ("", "")


def _functions(lines: Sequence[str]) -> Iterator[tuple[str, str, Sequence[str]]]:
    """(name, that of its class or "", lines) of each function and method, with what stands right
    above it."""
    for at, line in enumerate(lines):
        found = _FUNCTION.match(line)
        name = next(filter(None, found.groups()), "") if found else ""
        of = _class(lines, at)
        if not name or name in _NO_NAMES or of is None:
            continue
        end = _end(lines, at)
        first = at
        while first and _ABOVE.match(lines[first - 1]) and _depth(lines[first - 1]) >= _depth(line):
            first -= 1
        if end > at:
            yield name, of, lines[first:end]


def _class(lines: Sequence[str], at: int) -> str | None:
    """The class that it is a method of; "" for none; None for what stands in another function."""
    depth = _depth(lines[at])
    above = (one for one in reversed(lines[:at]) if one.strip() and _depth(one) < depth)
    if depth == 0:
        return ""
    found = _CLASS.match(next(above, ""))
    return found[1] or "" if found else None


def _end(lines: Sequence[str], at: int) -> int:
    """The line after the function that begins there; 0 where it does not end."""
    depth = _depth(lines[at])
    if lines[at].lstrip().startswith(("def ", "async def ")):
        opened = next((n for n in range(at, len(lines)) if lines[n].rstrip().endswith(":")), at)
        last = opened
        for n in range(opened + 1, len(lines)):
            if lines[n].strip() and _depth(lines[n]) <= depth:
                break
            last = n if lines[n].strip() else last
        return last + 1
    closing = re.compile(rf"[ \t]{{{depth}}}\}}[;,)]*\s*$")
    return next((n + 1 for n in range(at + 1, len(lines)) if closing.match(lines[n])), 0)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


LEAST_CALLS = 3
_USE = pattern(
    r"(?:#|//|/\*+|--) *(?:(?:example|sample) )?(?:usage|examples?)"
    r"(?: (?:example|of use|in|with|from)\b.*)?\W*$|if __name__ ==",
    re.I,
)
_DEFINED = pattern(r"(?:export )?(?:default )?(?:abstract )?class ")
_COMMENT = pattern(r"\s*(?:#|//|\*|/\*)")
FEWEST, MOST, LONGEST = 8, 50, 1_900
"""Lines of a function that is shown, and characters, at most."""
DEEDS = 3
"""Lines that set, ask or wait for something: with fewer it is data."""
LEAST = 0.7
"""How much the text speaks of what a function is called after: logarithms of counts, a word."""
_FUNCTION = pattern(
    r"\s*(?:async )?def (_?[a-z]\w*)\("
    r"|\s*(?:export )?(?:default )?(?:async )?function\*? (\w+)\("
    r"|\s+(?:(?:public|private|protected|static|async) )*(\w+)\([^()\n]*\)(?:: [^{\n]+)? \{$"
    r"|(?:export )?const (\w+) = (?:async )?\(?[\w, :{}]*\)? => \{$"
    r"|func (?:\([^)\n]*\) )?(\w+)\("
)
_CLASS = pattern(
    r"\s*(?:@|(?:export )?(?:default )?(?:abstract )?class (\w+)|module\.exports|const \w+ = \{)"
)
_OWN = pattern(r"\b(?:self|this)\.(\w+)")
_SET = pattern(r"\b(?:self|this)\.(\w+)(?::[^=\n]+)? *=(?!=)")
_NO_NAMES = frozenset("constructor if for while switch catch return".split())
_ABOVE = pattern(r"\s*(?:@\w|//|#(?!!)|/\*|\*)")
_STUB = pattern(
    r"(?i)(?:#|//).*\b(?:todo|placeholder|simplified|simulated|in production"
    r"|implementation would)\b|\.\.\.$"
)
_WORKS = pattern(
    r"(?m)^\s*(?:[\w.\[\]{}, ]+ :?= |if\b|for\b|while\b|await\b|with\b|try\b|[\w.]+\()"
)
_PIECE = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_HEADS = pattern(r"(?m)^#+ (.+)|\*\*(.+?)\*\*")
_WORD = pattern(r"[^\W\d_]{3,}")
_FENCED = pattern(r"(?ms)^[ \t]*`{3,}[^\n]*\n.*?^[ \t]*`{3,}[ \t]*$")
