"""Lines that ticks and crosses tell apart, said in words: a document has no emoji, and without its
cross a line says the opposite. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nightpress.lazy import pattern

__all__ = ["in_words", "listed"]


def in_words(text: str) -> str:
    """The text; lines side by side that begin with a mark are a list, and where some have a tick
    and some a cross those say "Not"."""
    lines = text.split("\n")
    for first, end in reversed([*_runs(lines)]):
        run = lines[first:end]
        if all(map(_MARKED.match, run)):
            lead = [""] if first and lines[first - 1].strip() else []
            bare = not _BULLET.match(run[0])
            lines[first:end] = [*(lead if bare else ()), *_told(run)]
        elif _WHEN.match(_heading(lines, first)) and all(map(_LOST.match, run)):
            lines[first:end] = _guessed(run)
    return "\n".join(_unmarked(lines))


def _unmarked(lines: Sequence[str]) -> Iterator[str]:
    """The lines; those below a label that all have the blank which a lost mark has left are a
    list."""
    fence, at = "", 0
    while at < len(lines):
        line = lines[at]
        if found := _FENCED.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
        end = at + 1
        while end < len(lines) and _BLANK.match(lines[end]):
            end += 1
        yield line
        if end - at > 2 and not fence and _LABELS.fullmatch(line):
            yield from ["", *(f"- {one.strip()}" for one in lines[at + 1 : end])]
            at = end
        else:
            at += 1


def listed(info: str, content: str) -> list[str]:
    """The items of a block without a language that is a list in all but its fence: each line ticked
    off, or labelled; [] for any other."""
    lines = [line.rstrip() for line in content.split("\n") if line.strip()]
    plain = info.strip() in ("", "text") and 1 < len(lines) <= MOST_ITEMS
    if not plain or any(map(_TYPED.search, lines)):
        return []
    if all(map(_CHECKED.match, lines)):
        return [f"- {_CHECKED.sub('', line)}" for line in lines]
    asks = 2 * sum(map(bool, map(_ASKS.search, lines))) > len(lines)
    labelled = asks and all(map(_LABEL.match, lines))
    return [f"- {line.strip()}" for line in lines] if labelled else []


MOST_ITEMS = 14
"""Lines of a block that may be a list."""
_CHECKED = pattern(r"\s*(?:[\u25a1\u2610\u2b1c]|(?:[-*] )?\[[ xX]?\]) *(?=\S)")
_LABEL = pattern(r"[A-Z][\w/-]*(?: [\w/&-]+){0,2}: \S.*[a-z)?]$")
_ASKS = pattern(r"\?$|, | \(")
_TYPED = pattern(r"[{}<>$=|`]|\bUser:|[\u2500-\u257f\u2190-\u21ff]")


def _runs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(first, after the last) of each two and more lines side by side outside of code that begin
    with a mark, or all with the gap that one has left."""
    fence, first = "", 0
    for at, line in enumerate([*lines, ""]):
        if found := _FENCED.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
        same = not fence and any(one.match(line) for one in (_MARKED, _LOST))
        if not same:
            if at - first > 1:
                yield first, at
            first = at + 1


def _told(run: Sequence[str]) -> Iterator[str]:
    found = [one for one in map(_MARKED.match, run) if one]
    # beside warnings alone a cross is no denial: it is worse
    mixed = any(one[3] in _YES for one in found) and any(one[3] in _NO for one in found)
    mixed = mixed and not all(_SIGNAL.match(one[4]) for one in found)
    for one in found:
        denied = mixed and one[3] in _NO and not _SAYS_NO.match(one[4])
        yield f"{one[1]}{one[2] or '- '}{'Not: ' if denied else ''}{one[4]}"


def _guessed(run: Sequence[str]) -> Iterator[str]:
    """Items whose marks are lost, of when something is used: from the first on that names what is
    used instead they are crosses."""
    items = [_LOST.sub("", line) for line in run]
    others = [at for at, item in enumerate(items) if at and _INSTEAD.search(item)]
    for at, item in enumerate(items):
        denied = bool(others) and at >= others[0] and not _SAYS_NO.match(item)
        yield f"- {'Not: ' if denied else ''}{item}"


def _heading(lines: Sequence[str], at: int) -> str:
    """The last line before there that is not empty."""
    return next((line for line in reversed(lines[:at]) if line.strip()), "")


_YES, _NO = "\u2705\u2714\u2713\u2611", "\u274c\u2716\u2717\u2718\u274e\U0001f6ab\u26d4"
_MARKED = pattern(rf"^(\s*)([-*+] +)?([{_YES}{_NO}\u26a0])\ufe0f? *(\S.*)$")
_SIGNAL = pattern(r"\W*\w+\W*: ")  # "Red: stop" says what the mark means
_LOST = pattern(r"^- {2,3}(?=\S)")
_BLANK = pattern(r" [A-Z]\w")
_LABELS = pattern(r"\*\*[^*\n]+(?::\*\*|\*\*:)")
_BULLET = pattern(r"^\s*[-*+] ")
_FENCED = pattern(r"^\s*(`{3,}|~{3,})")
_WHEN = pattern(r"#+ .*\bwhen to use\b", re.I)
_INSTEAD = pattern(r"^Using (?!this\b)|\([^()]*\b(?:use|overkill)\b[^()]*\)$|\balready\b")
_SAYS_NO = pattern(
    r"\W*(?:\w+ ){0,2}(?:do not|don['\u2019]?t|never|not?|cannot|can['\u2019]t|avoid|without|wrong"
    r"|bad|incorrect|invalid|fail\w*)\b"
    r"|\W*(?:[\w'/-]+ ){1,6}(?:(?:do|does|did|is|are|was|can|may|must|shall|should|will|has) not"
    r"|never|cannot|\w+n['\u2019]t)\b",
    re.I,
)
