"""A prompt that asks to mend a draft: which of its lines were complained of, and the sections that
hold them, mended."""

from __future__ import annotations

import re

DRAFT = re.compile(
    r"^<(?P<tag>[\w-]*draft[\w-]*)[^>\n]*>\n(?P<text>.*)\n</(?P=tag)>",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
SECTIONS = re.compile(r"\b(?:only|with) the sections that change\b", re.IGNORECASE)
PLACE = re.compile(r"^- .*?\bline (\d+)\b", re.MULTILINE)


def complained(prompt: str) -> frozenset[str]:
    """The lines of the draft that the prompt names by number; none where it holds no draft."""
    draft = DRAFT.search(prompt)
    if draft is None:
        return frozenset()
    lines = draft["text"].split("\n")
    named = {int(number) for number in PLACE.findall(prompt[: draft.start()])}
    found = (lines[n - 1].strip() for n in named if 0 < n <= len(lines))
    return frozenset(line for line in found if len(line) > 3)


def sections(prompt: str) -> str | None:
    """The draft's sections with lines that were complained of, without those lines; None where no
    line was, or whole documents are asked for."""
    draft, shunned = DRAFT.search(prompt), complained(prompt)
    if draft is None or not shunned or SECTIONS.search(prompt[: draft.start()]) is None:
        return None
    mended = []
    for lines in _cut(draft["text"]):
        kept = [line for line in lines if line.strip() not in shunned]
        if kept != lines and lines[0].startswith("#"):
            whole = lines[0] in kept
            mended.append("\n".join(kept).strip() if whole else f"{lines[0]}\n\nREMOVE")
    return "\n\n".join(mended) + "\n" if mended else None


def _cut(text: str) -> list[list[str]]:
    """The lines, cut before each heading that stands in no fence."""
    cut: list[list[str]] = [[]]
    fenced = False
    for line in text.split("\n"):
        fenced ^= line.lstrip().startswith("```")
        if not fenced and re.match(r"#{1,6} ", line):
            cut.append([])
        cut[-1].append(line)
    return [lines for lines in cut if lines]
