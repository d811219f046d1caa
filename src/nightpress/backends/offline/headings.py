"""What is a heading to a reader and none to Markdown: tags of an author's own (`<process>` alone on
its line), which Markdown takes for HTML, and bold labels in a text without headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence

from msgspec import Struct, field

from nightpress.backends.offline.clean import inline
from nightpress.lazy import pattern


class _Pair(Struct):
    """The lines of a tag and of its end; label: what it is called; named: by its author, in the
    tag; inside: the pairs within it."""

    first: int
    label: str
    named: bool
    last: int = 0
    inside: list[_Pair] = field(default_factory=list)


def of_labels(text: str) -> str:
    """The text; where it has no headings, a bold label alone on its line is one, if there are
    several."""
    if "**" not in text:
        return text
    lines = text.split("\n")
    code = _code(lines)
    if any(
        _HEADING.match(line) and line[:2] == "##" for at, line in enumerate(lines) if at not in code
    ):
        return text
    found = {
        at: m for at, line in enumerate(lines) if at not in code and (m := _LABEL.fullmatch(line))
    }
    alone = {at: m for at, m in found.items() if at == 0 or not lines[at - 1].strip()}
    if len(alone) < LABELS or len(alone) < len(found):
        return text
    for at, label in alone.items():
        lines[at] = f"## {label[1].rstrip(' :')}\n"
    return "\n".join(lines)


def of_tags(text: str) -> str:
    """The text; what a pair of tags holds is a section, its own headings are below it, and a tag
    around nothing but such is gone. One of several of one name, one that stands in the midst of
    what is said, and one that nobody closes are labels."""
    if "<" not in text:
        return text
    lines = text.split("\n")
    code = _code(lines)
    pairs = _pairs(lines, code)
    _place(lines, code, pairs, range(len(lines)), 2, is_tag=False)
    return "\n".join(lines)


def _code(lines: Sequence[str]) -> frozenset[int]:
    """The lines of blocks of code, with their fences."""
    found, fence = set[int](), ""
    for at, line in enumerate(lines):
        mark = _FENCED.match(line)
        if fence or mark:
            found.add(at)
        if mark:
            ends = mark[1].startswith(fence) and not mark[2].strip()
            fence = ("" if ends else fence) if fence else mark[1]
    return frozenset(found)


def _pairs(lines: list[str], code: Container[int]) -> list[_Pair]:
    """The pairs that stand in no other; a tag without its other end becomes a label at once."""
    opened = [("", _Pair(0, "", named=False))]
    for at, line in enumerate(lines):
        if at in code or not (tag := _TAG.match(line)) or not inline(line, None).strip():
            continue
        if not tag[1]:
            name = _NAME.search(tag[3])
            label = re.sub(r"[-_]+", " ", name[1] if name else tag[2]).strip()
            label = f"{label[:1].upper()}{label[1:]}"
            opened.append((tag[2], _Pair(at, label, named=name is not None)))
            continue
        depth = next((n for n in range(len(opened) - 1, 0, -1) if opened[n][0] == tag[2]), 0)
        if depth:
            _loosen(lines, opened, depth)
            _, pair = opened.pop()
            pair.last = at
            opened[-1][1].inside.append(pair)
        else:
            lines[at] = ""
    _loosen(lines, opened, 0)
    return opened[0][1].inside


def _loosen(lines: list[str], opened: list[tuple[str, _Pair]], depth: int) -> None:
    """What was opened above that depth, and is closed nowhere, is a label."""
    for _, pair in opened[depth + 1 :]:
        lines[pair.first] = _label(pair)
        opened[depth][1].inside += pair.inside
    del opened[depth + 1 :]


def _label(pair: _Pair) -> str:
    return f"\n**{pair.label}:**\n" if pair.label else ""


def _place(
    lines: list[str],
    code: Container[int],
    pairs: Sequence[_Pair],
    scope: range,
    level: int,
    *,
    is_tag: bool,
) -> None:
    """Each of the pairs that stand in these lines, and what is in it; level: of a heading here;
    is_tag: a tag is around them, so that their own headings begin at that level."""
    own = _own(pairs, scope)
    heads = {at: len(m[1]) for at in own if at not in code and (m := _HEADING.match(lines[at]))}
    deeper = level - min(heads.values(), default=level) if is_tag else 0
    above = {id(p): max((at for at in heads if at < p.first), default=-1) for p in pairs}
    often = Counter((pair.label, above[id(pair)]) for pair in pairs)
    for at in heads:
        heads[at] = min(heads[at] + deeper, 6)
        lines[at] = f"{'#' * heads[at]} {lines[at].lstrip('#').strip()}"
    for pair in pairs:
        inside = range(pair.first + 1, pair.last)
        _dedent(lines, inside)
        if pair.inside and not any(lines[at].strip() for at in _own(pair.inside, inside)):
            lines[pair.first] = lines[pair.last] = ""
            _place(lines, code, pair.inside, inside, level, is_tag=is_tag)
            continue
        before = [at for at in own if at < pair.first and lines[at].strip()]
        head = above[id(pair)]
        here = level if head < 0 else max(heads[head] + (head == before[-1]), level)
        is_one = often[pair.label, head] == 1 or pair.named
        if is_one and here <= DEEPEST and pair.label and _is_apart(lines, pair, own, heads):
            lines[pair.first] = f"\n{'#' * here} {pair.label}\n"
            if _is_template(lines, pair, inside):
                marks = (_FENCED.match(lines[at]) for at in inside)
                fence = "`" * (1 + max((len(mark[1]) for mark in marks if mark), default=2))
                lines[pair.first] += f"\n{fence}markdown"
                lines[pair.last] = fence
                continue
            _place(lines, code, pair.inside, inside, here + 1, is_tag=True)
        else:
            lines[pair.first] = _label(pair)
            _place(lines, code, pair.inside, inside, here, is_tag=False)
        lines[pair.last] = ""


def _is_template(lines: Sequence[str], pair: _Pair, inside: range) -> bool:
    """Is it the form of a result, whose headings are that one's own?"""
    said = [lines[at] for at in inside if lines[at].strip()]
    is_form = _FORM.search(pair.label) is not None and _HEADING.match("".join(said[:1]))
    slots = sum(_SLOT.search(line) is not None for line in said)
    return bool(is_form) and 4 * slots >= len(said)


def _dedent(lines: list[str], inside: range) -> None:
    """What a tag holds is often indented; four blanks would make code of it."""
    said = [lines[at] for at in inside if lines[at].strip()]
    blanks = min((len(line) - len(line.lstrip(" ")) for line in said), default=0)
    for at in inside if blanks else ():
        lines[at] = lines[at][blanks:]


def _own(pairs: Sequence[_Pair], scope: range) -> list[int]:
    """The lines of a scope that no pair in it has."""
    held = {at for pair in pairs for at in range(pair.first, pair.last + 1)}
    return [at for at in scope if at not in held]


def _is_apart(lines: Sequence[str], pair: _Pair, own: Sequence[int], heads: Container[int]) -> bool:
    """Is it a section, and not in the midst of what is said around it?"""
    said = [at for at in own if lines[at].strip()]
    before = next((at for at in reversed(said) if at < pair.first), None)
    after = next((at for at in said if at > pair.last), None)
    announced = before is not None and lines[before].rstrip("*_ ").endswith(":")
    return (
        not lines[pair.first][:1].isspace() and not announced and (after is None or after in heads)
    )


LABELS = 2
"""Labels of a text that are headings."""
_LABEL = pattern(r"\*\*([A-Z][^*\n.!?]{2,60})\*\*:?[ \t]*")
_FORM = pattern(r"\b(?:format|template|structure)$", re.I)
_SLOT = pattern(r"\[[^\]\n]+\](?!\()|\{[^}\n]+\}|<[\w /-]+>|\.\.\.")
DEEPEST = 5
"""The level of a heading below which a tag is a label."""
_TAG = pattern(r"[ \t]*<(/?)([A-Za-z][\w-]*)((?:\s[^<>]*)?)>[ \t]*$")
_NAME = pattern(r"\bname=[\"']([^\"'<>]+)[\"']")
_FENCED = pattern(r"\s*(`{3,}|~{3,})(.*)$")
_HEADING = pattern(r"(#{1,6}) +\S")
