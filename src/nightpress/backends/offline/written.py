"""A Markdown text as its author meant it, where Markdown itself would read it otherwise: fences in
fences, tables whose rule has a slip, requests in a block of SQL, tags of the author's own, and
marks that tell lines apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nightpress.backends.offline import headings, marks
from nightpress.lazy import pattern


def as_read(text: str, *, whole: bool = False) -> str:
    """The text as a reader takes it; whole: marks that tell lines apart stay."""
    plain = _SCRUBBED.sub("user@example.com", _LEFT_OVER.sub("", text))
    read = headings.of_labels(headings.of_tags(nested(_parted(_unescaped(_ruled(plain))))))
    return read if whole else marks.in_words(read)


_LEFT_OVER = pattern(r"(?m)(?:^|(?<=[ \t|]))\ufe0f ?")
"""What makes an emoji of the character before it, left where somebody has taken that out."""
_SCRUBBED = pattern(r"\[email[ \u00a0]protected\]")
"""What a web page shows in place of an address, copied from there into code that wants one."""


def _ruled(text: str) -> str:
    """The text; the rule below a table's head is whole in each cell (`|----- --|`)."""
    return _RULE.sub(lambda rule: _SLIP.sub("-", rule[0]), text)


_RULE = pattern(r"(?m)(?<=\|\n)[ \t]*\|[-:| ]*- +-[-:| ]*\|[ \t]*$")
_SLIP = pattern(r"(?<=-) +(?=-)")


def _unescaped(text: str) -> str:
    """The text; a block of Markdown that shows blocks of code with their backticks escaped shows
    them as they are, within a longer fence. (In a program an escaped backtick is one.)"""
    if not _ESCAPED.search(text):
        return text
    lines = text.split("\n")
    fences = [(n, m[1], m[2].strip()) for n, line in enumerate(lines) if (m := _FENCE.match(line))]
    for (first, mark, info), (last, end, _) in zip(fences[::2], fences[1::2], strict=False):
        inside = "\n".join(lines[first + 1 : last])
        is_markdown = mark == end == "```" and info.lower() in (*_MARKDOWNS, "")
        if is_markdown and _ESCAPED.search(inside):
            lines[first + 1 : last] = _ESCAPED.sub(r"\1```", inside).split("\n")
            for n in (first, last):
                lines[n] = lines[n].replace("```", "````", 1)
    return "\n".join(lines)


_ESCAPED = pattern(r"(?m)^([ \t]*)\\`\\`\\`(?=\w*[ \t]*$)")


def _parted(text: str) -> str:
    """The text; a request that stands at the end of a block of SQL is a block of its own, and what
    the comments above it say stands before it."""
    return _REQUESTED.sub(lambda found: f"{found[1]}```\n\n{_said(found[2])}```http\n", text)


def _said(comments: str) -> str:
    lines = [line.strip(" \t-.") for line in comments.split("\n")]
    said = ". ".join(filter(None, lines))
    return f"{said}:\n\n" if said else ""


_REQUESTED = pattern(
    r"(?m)(^```sql[ \t]*\n(?:(?!```).*\n)*?[^\n]*\S[ \t]*\n)\n*((?:--.*\n|[ \t]*\n)*)"
    r"(?=(?:GET|PUT|POST|PATCH|DELETE) /\S*[ \t]*\n)"
)


_FENCE = pattern(r"^ {0,5}(`{3,})([^`]*)$")  # "10. " has its own four deep


def nested(text: str) -> str:
    """The text, in which a block that shows blocks of code of its own has the longer fence that
    Markdown asks for: people write the same three backticks inside and outside."""
    lines = text.split("\n")
    fences = [(n, m[1], m[2].strip()) for n, line in enumerate(lines) if (m := _FENCE.match(line))]
    at = 0
    while at < len(fences):
        end = _template(lines, fences, at) or _closing(lines, fences, at)
        shows_markdown = fences[at][2].lower() in _MARKDOWNS
        while (
            shows_markdown and end < len(fences) and _is_cut(lines, fences[at][0], fences[end][0])
        ):
            end += 1
        if end == len(fences):
            fences.append((len(lines), fences[at][1], ""))
            lines.append(fences[at][1])  # it is closed nowhere
        first, last = fences[at][0], fences[end][0]
        if any(mark.startswith(fences[at][1]) for _, mark, _ in fences[at + 1 : end]):
            longest = max(fences[at : end + 1], key=lambda fence: len(fence[1]))[1]
            for n in (first, last):
                lines[n] = re.sub("`{3,}", f"{longest}`", lines[n], count=1)
        at = end + 1
    return "\n".join(lines)


def _template(lines: Sequence[str], fences: Sequence[tuple[int, str, str]], at: int) -> int:
    """Which fence ends a block of Markdown in which a bare fence right below a heading, or one that
    is indented more, opens what stands there: a template, whose own fences a formatter may have
    made longer; 0 for none."""
    if fences[at][2].lower() not in _MARKDOWNS:
        return 0
    own = _indent(lines[fences[at][0]])
    depth, is_template = 1, False
    for n in range(at + 1, len(fences)):
        above = next((one for one in reversed(lines[: fences[n][0]]) if one.strip()), "")
        held = lines[fences[n][0] + 1 : fences[n + 1][0]] if fences[n + 1 :] else []
        below = _HEADING.match(above) or _indent(lines[fences[n][0]]) > own
        bare = below and any(map(str.strip, held))
        opens = depth == 1 and (fences[n][2] or bare)
        is_template |= bool(opens and not fences[n][2])
        depth += 1 if opens else -1
        if depth == 0:
            return n if is_template else 0
    return 0


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


_HEADING = pattern(r"#{1,6} \S")


def _is_cut(lines: Sequence[str], first: int, last: int) -> bool:
    """Do the headings after a block go on counting where those inside of it end ("## 6." inside,
    "## 7." below), and not where those above it do? Then line `last` does not close it."""
    after = next(filter(None, map(_NUMBERED.match, lines[last + 1 :])), None)
    if after is None:
        return False
    *_, inside = [None, *filter(None, map(_NUMBERED.match, lines[first + 1 : last]))]
    *_, above = [None, *filter(None, map(_NUMBERED.match, lines[:first]))]
    return _follows(inside, after) and not _follows(above, after)


def _follows(one: re.Match[str] | None, other: re.Match[str]) -> bool:
    return one is not None and one[1] == other[1] and int(one[2]) + 1 == int(other[2])


_MARKDOWNS = ("markdown", "md")
_NUMBERED = pattern(r"(#{2,6}) (\d{1,3})[.)] ")


def _closing(lines: Sequence[str], fences: Sequence[tuple[int, str, str]], at: int) -> int:
    """Which fence ends the block that begins with fence `at`: the first bare one, or, where others
    with a language are opened before it, the one after theirs; `at` itself where none does. A block
    of Markdown goes on over bare ones inside it where Markdown follows, or one is left over."""
    depth = 0
    for n in range(at, len(fences)):
        if fences[n][1] == fences[at][1]:
            depth += 1 if fences[n][2] or n == at else -1
        if depth == 0:
            break
    else:
        return at
    rest = fences[n + 1 :]
    if fences[at][2].lower() not in _MARKDOWNS or any(info for _, _, info in rest[:2]):
        return n
    if len(rest) == 1:
        return n + 1
    inside = lines[rest[0][0] + 1 : rest[1][0]] if rest[1:] else []
    return n + 2 if any(_MARKDOWN.match(line) for line in inside) else n


_MARKDOWN = pattern(r"#{2,6} \S|(?:[-*] )?\*\*\w")
