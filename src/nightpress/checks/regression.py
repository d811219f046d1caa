"""Regression against the file that stands there, and the marks of a reply that was cut off."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from nightpress.checks.document import DEFINITION, LINK, Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.grounding import mentions
from nightpress.checks.losses import Loss, losses
from nightpress.lazy import pattern

HINT = "keep what is true of the current file; doit force=1 enhance:PLUGIN/NAME overrules"
FENCE = pattern(r"^[ \t>]*(`{3,}|~{3,})", re.M)
HEADING = pattern(r" {0,3}#{1,6}[ \t]+\S")
OPEN_END = pattern(
    r"(?:[,;:(\[{&=…]|(?<!\w)[/+-]|\.\.\.|\b(?:and|or|the|a|an|of|to|with|for|in|is|are|that|which))$"
)


class Outline(Struct, frozen=True):
    """What a text holds, counted the same way for both sides of a comparison, without the price
    of a second parse."""

    size: int
    headings: int
    blocks: int
    links: int


_FIELDS = Outline.__struct_fields__


@lru_cache(maxsize=64)
def outline(text: str) -> Outline:
    """Bytes, headings, fenced blocks and links of a text."""
    headings = blocks = 0
    fence = ""
    for line in text.split("\n"):
        if marks := FENCE.match(line):
            if not fence:
                fence, blocks = marks[1], blocks + 1
            elif marks[1].startswith(fence) and not line[marks.end() :].strip():
                fence = ""
        elif not fence and HEADING.match(line):
            headings += 1
    links = len(LINK.findall(text)) + len(DEFINITION.findall(text))
    return Outline(len(text.encode("utf-8", "replace")), headings, blocks, links)


def _both(document: Document, context: Context) -> tuple[Outline, Outline] | None:
    """The standing file's outline and the document's, with what moved into its references; None
    where nothing is to be compared."""
    if context.standing is None or context.forced or not context.standing.strip():
        return None
    before = outline(context.standing)
    gone = _leads_nowhere(context.standing, context)
    moved = [outline(document.text), *map(outline, _moved(document, context).values())]
    after = Outline(*(sum(getattr(one, name) for one in moved) for name in _FIELDS))
    return replace(before, links=before.links - gone), after


def _moved(document: Document, context: Context) -> Mapping[str, str]:
    """Path -> text of the references that the document links to, where the standing file had none
    of them: what it said in one document may be in those now."""
    own, folder = linked(document, context), posixpath.dirname(context.target or "") or "."
    known = any(posixpath.relpath(path, folder) in (context.standing or "") for path in own)
    return {} if known else own


def _leads_nowhere(text: str, context: Context) -> int:
    """How many of its links are to files that will not be there: to references that its bundle no
    longer has, say."""
    if (paths := context.plugin_paths) is None:
        return 0
    folder = posixpath.dirname(context.target or "")
    targets = (found[2].strip("<>").partition("#")[0] for found in LINK.finditer(text))
    local = (unquote(one) for one in targets if one and ":" not in one)
    files = (posixpath.normpath(posixpath.join(folder, one)) for one in local)
    return sum(file.endswith(".md") and file not in paths for file in files)


def lost(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Each heading, list item, table row, code block, link, rule, number, file and frontmatter
    value that the standing file has, and neither the document nor a reference of its bundle that
    it links to, is told with its line; beyond a hundred the rest is counted. Each costs a point of
    the score."""
    gone = losses_of(document, context)
    hint = "keep it if it is still true"
    for loss in gone[:TOLD]:
        yield Spot(f"of the current file, {loss.message}", hint=hint)
    if len(gone) > TOLD:
        yield Spot(f"and {len(gone) - TOLD:,} more things of the current file", hint=hint)


TOLD = 100
"""Losses that are told one by one; as many cost the whole score."""


def losses_of(document: Document, context: Context) -> tuple[Loss, ...]:
    """What the standing file says and the document no longer does; nothing where nothing is to be
    compared."""
    if context.standing is None or context.forced or not context.standing.strip():
        return ()
    return _losses(context.standing, document.text, tuple(linked(document, context).items()))


@lru_cache(maxsize=8)
def _losses(old: str, new: str, files: tuple[tuple[str, str], ...]) -> tuple[Loss, ...]:
    return losses(old, new, dict(files))


def linked(document: Document, context: Context) -> Mapping[str, str]:
    """Path -> text of what is published with the document and to which it links. (Any other file
    of the plugin was there before: what leaves the document for it is not said where it was.)"""
    folder = posixpath.dirname(context.target or "")
    paths = (
        posixpath.normpath(posixpath.join(folder, unquote(link.target.partition("#")[0])))
        for link in document.links
        if not link.image
    )
    return {path: context.bundle[path] for path in paths if path in context.bundle}


def _loss(before: int, after: int, what: str, options: Options) -> Iterator[Spot]:
    if before >= int(options["from"]) and after < before * (1 - float(options["loss"])):
        yield Spot(f"{after:,} {what} instead of {before:,}", hint=HINT)


def regression_size(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The document does not lose more than the option loss of the current file's bytes; where
    the window's maximum demands a loss, it is measured from that."""
    if both := _both(document, context):
        most = context.window.max if context.window else both[0].size
        yield from _loss(min(both[0].size, most), both[1].size, "bytes", options)


def regression_headings(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The document does not lose more than the option loss of the current file's headings."""
    if both := _both(document, context):
        yield from _loss(both[0].headings, both[1].headings, "headings", options)


def regression_code(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The document does not lose more than the option loss of the current file's code blocks."""
    if both := _both(document, context):
        yield from _loss(both[0].blocks, both[1].blocks, "code blocks", options)


def regression_links(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The document does not lose more than the option loss of the current file's links."""
    if both := _both(document, context):
        yield from _loss(both[0].links, both[1].links, "links", options)


def regression_commands(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Every command of the plugin that the standing file mentions is still mentioned."""
    if _both(document, context) is None or context.anatomy is None or context.standing is None:
        return
    told = "\n".join([document.text, *_moved(document, context).values()])
    names = sorted({c.name for c in context.anatomy.of("command")})
    kept = [n for n in names if mentions(context.standing, n)]
    gone = [n for n in kept if not mentions(told, n)]
    if gone and len(gone) > len(kept) * float(options["loss"]):
        listed = ", ".join(f"/{name}" for name in gone[:8])
        more = f" and {len(gone) - 8} more" if len(gone) > 8 else ""
        yield Spot(f"no longer mentions {listed}{more}", hint=HINT)


def finish_reason(_document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """The reply ended because it was done, not at the token limit."""
    if context.finish == "circle":
        hint = "say each thing once; write a shorter document"
        yield Spot("the reply repeats itself and was cut off", hint=hint)
    elif context.finish != "stop":
        hint = "raise max_output_tokens, or ask for less"
        yield Spot(f"the reply was cut off ({context.finish})", hint=hint)


def ending(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """The document does not end in the middle: in a heading without text, an item without text, a
    table's row that stops, a sentence without its end, or open brackets, code or bold."""
    lines = document.body.rstrip().split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or DEFINITION.match(lines[-1])):
        lines.pop()
    last = lines[-1].strip()
    number = document.body_line + len(lines) - 1
    place = (number, len(lines[-1]))
    if not last:
        return
    if document.last == "heading_close":
        hint = "write the section or drop it"
        yield Spot(f"ends with the heading {last[:50]!r}", number, 1, hint)
    elif document.last == "paragraph_close" and _in_midsentence(last):
        yield Spot(f"ends in mid-sentence: {last[-50:]!r}", *place, "end it")
    elif document.last.endswith("_list_close") and _in_midlist(last):
        yield Spot(f"ends in mid-list: {last[-50:]!r}", *place, "end it")
    elif document.last == "table_close" and _in_midrow(last, lines[-2].strip()):
        yield Spot(f"ends in the middle of a row: {last[-50:]!r}", *place, "end it")


def _in_midlist(line: str) -> bool:
    if re.fullmatch(r"(?:[-*+]|\d+[.)])", line):
        return True
    return bool(OPEN_END.search(line)) and not line.endswith("/")


def _in_midrow(line: str, above: str) -> bool:
    return above.endswith("|") and (not line.endswith("|") or line.count("|") < above.count("|"))


def _in_midsentence(line: str) -> bool:
    if line.count("`") % 2 or line.count("**") % 2:
        return True
    if line.endswith(("*", "_")) or re.search(r"https?://\S+$", line):
        return False  # set off as a whole: a footer, a signature; an address
    if OPEN_END.search(line) or line.count("(") > line.count(")"):
        return True
    # a long line that ends in a letter; a short one may be a label or a signature
    return len(line) >= 60 and line[-1].isalpha()
