"""What holds between the files of one bundle: a SKILL.md and its references."""

from __future__ import annotations

from collections.abc import Container, Iterator

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.lazy import pattern

_LETTERS = pattern(r"\w+")
LEAST = 20
"""Characters of a line, without marks, from which it says something that need not be said twice."""


def bundle_repeats(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Of the lines of a SKILL.md that say something less than the option share stand in one of its
    references: an agent that has read the one would read them again."""
    if context.ours and context.frontmatter == "skill":
        yield from _repeats(document, context, options)


def references_alike(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Of the lines of a reference less than the option share stand in another file beside it, but
    for those of the command or agent that it is of: two of them may say the same."""
    if context.ours and context.frontmatter != "skill":
        bodies = (c.body for c in context.anatomy.components) if context.anatomy else ()
        yield from _repeats(document, context, options, telling("\n".join(bodies)))


def _repeats(
    document: Document, context: Context, options: Options, known: Container[str] = ()
) -> Iterator[Spot]:
    own = telling(document.text)
    for path, text in context.bundle.items():
        others = telling(text)
        shared = [line for line in own if line in others and line not in known]
        if len(shared) > 1 and len(shared) >= float(options["share"]) * len(own):
            yield Spot(
                f"{len(shared)} of {len(own)} lines are also in {path}",
                own[shared[0]],
                1,
                "say it in one of the two, and link to it from the other",
            )


def telling(text: str) -> dict[str, int]:
    """What each telling line says -> its number."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        plain = " ".join(_LETTERS.findall(line.lower()))
        if len(plain) >= LEAST:
            found.setdefault(plain, number)
    return found
