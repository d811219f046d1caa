"""A prompt that asks to mend a draft: which of its lines were complained of."""

from __future__ import annotations

import re

DRAFT = re.compile(
    r"^<(?P<tag>[\w-]*draft[\w-]*)[^>\n]*>\n(?P<text>.*)\n</(?P=tag)>",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
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
