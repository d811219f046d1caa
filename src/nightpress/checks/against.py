"""Regression against the file that stands there, and the marks of a reply that was cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nightpress.checks.document import Document, parse
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.grounding import mentions

HINT = "keep what is true of the standing file; doit force=1 overrules"
OPEN_END = re.compile(
    r"(?:[,;:(\[{/&+=-]|\b(?:and|or|the|a|an|of|to|with|for|in|is|are|that|which))$"
)


def _standing(context: Context) -> Document | None:
    if context.standing is None or context.forced or not context.standing.strip():
        return None
    return parse(context.standing)


def _loss(before: int, after: int, what: str, options: Options) -> Iterator[Spot]:
    if before >= int(options["from"]) and after < before * (1 - float(options["loss"])):
        yield Spot(f"{after:,} {what} instead of {before:,}", hint=HINT)


def regression_size(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The document does not lose more than the option loss of the standing file's bytes; where
    the window's maximum demands a loss, it is measured from that."""
    if standing := _standing(context):
        before = len(standing.text.encode("utf-8", "replace"))
        if context.window is not None:
            before = min(before, context.window.max)
        yield from _loss(before, len(document.text.encode("utf-8", "replace")), "bytes", options)


def regression_headings(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The document does not lose more than the option loss of the standing file's headings."""
    if standing := _standing(context):
        yield from _loss(len(standing.headings), len(document.headings), "headings", options)


def regression_code(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The document does not lose more than the option loss of the standing file's code blocks."""
    if standing := _standing(context):
        yield from _loss(len(standing.blocks), len(document.blocks), "code blocks", options)


def regression_links(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The document does not lose more than the option loss of the standing file's links."""
    if standing := _standing(context):
        yield from _loss(len(standing.links), len(document.links), "links", options)


def regression_commands(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Every command of the plugin that the standing file mentions is still mentioned."""
    standing = _standing(context)
    if standing is None or context.anatomy is None:
        return
    names = sorted({c.name for c in context.anatomy.of("command")})
    lost = [n for n in names if mentions(standing, n) and not mentions(document, n)]
    if lost and len(lost) > len(names) * float(options["loss"]):
        listed = ", ".join(f"/{name}" for name in lost[:8])
        yield Spot(f"no longer mentions {listed}", hint=HINT)


def finish_reason(_document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """The reply ended because it was done, not at the token limit."""
    if context.finish != "stop":
        hint = "raise max_output_tokens, or ask for less"
        yield Spot(f"the reply was cut off ({context.finish})", hint=hint)


def ending(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """The document does not end in the middle: in a heading without text, a sentence without its
    end, or open brackets."""
    lines = document.body.rstrip().split("\n")
    last = lines[-1].strip()
    number = document.body_line + len(lines) - 1
    if not last:
        return
    if document.last == "heading_close":
        yield Spot(
            f"ends with the heading {last[:50]!r}", number, 1, "write the section or drop it"
        )
    elif document.last == "paragraph_close" and _in_midsentence(last):
        yield Spot(f"ends in mid-sentence: {last[-50:]!r}", number, len(lines[-1]), "end it")
    elif document.last.endswith("_list_close") and OPEN_END.search(last) and not last.endswith("/"):
        yield Spot(f"ends in mid-list: {last[-50:]!r}", number, len(lines[-1]), "end it")


def _in_midsentence(line: str) -> bool:
    plain = line.rstrip("*_")
    if OPEN_END.search(plain) or plain.count("(") > plain.count(")"):
        return True
    # a long line that ends in a letter; a short one may be a label or a signature
    return len(plain) >= 60 and plain[-1].isalpha() and not re.search(r"https?://\S+$", plain)
