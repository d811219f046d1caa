"""Form of the body: size, structure, links, characters."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote

from nightpress.checks.document import Document, Heading
from nightpress.checks.gate import Context, Options, Spot

# zero-width and invisible, bidirectional, tag characters, soft hyphen, C0 and C1 controls
HIDDEN = re.compile(
    "[\u200b\u200c\u200d\u2060-\u2064\ufeff\u00ad\u180e\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c"
    "\U000e0000-\U000e007f\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
JOINED_EMOJI = re.compile(
    "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"
)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|#|/|\$|\{|<")
EXAMPLE_TARGET = re.compile(
    r"(?:url|link|href|path|file|target|\.\.\.|…|image\.png|path/to/.*|.*[<>{}*|].*|.*\.\.\..*)",
    re.I,
)
EXPLICIT_ANCHOR = re.compile(r"<a\s[^>]*?(?:id|name)\s*=\s*[\"']([^\"']+)[\"']", re.I)
INLINE_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`]|<[^>]+>")


def size_window(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """The document's size in bytes (UTF-8) lies within the enhancement's window."""
    window = context.window
    if window is None:
        return
    size = len(document.text.encode("utf-8", "replace"))
    if size < window.min:
        yield Spot(f"{size:,} of {window.min:,} bytes", hint="say more of what the plugin holds")
    elif size > window.max:
        yield Spot(f"{size:,} bytes, {window.max:,} at most", hint="move detail to a reference")


def body_size(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """A skill's body has at most 500 lines and 5,000 tokens (four bytes each)."""
    if context.frontmatter != "skill":
        return
    lines = document.body.count("\n") + 1
    tokens = len(document.body.encode("utf-8", "replace")) // 4
    if lines > int(options["lines"]):
        yield Spot(
            f"body of {lines} lines, {options['lines']} at most", hint="split off references"
        )
    elif tokens > int(options["tokens"]):
        hint = "split off references"
        yield Spot(f"body of about {tokens:,} tokens, {options['tokens']:,} at most", hint=hint)


def heading_single(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """At most one heading of level 1."""
    tops = [h for h in document.headings if h.level == 1]
    for heading in tops[1:]:
        hint = f"the first is in line {tops[0].line}; make this one ##"
        yield Spot(f"a second level-1 heading: {heading.text[:60]}", heading.line, 1, hint)


def heading_order(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No heading skips a level on the way down (## then ####)."""
    above = 0
    for heading in document.headings:
        if above and heading.level > above + 1:
            hint = f"use {'#' * (above + 1)}"
            yield Spot(f"level {heading.level} follows level {above}", heading.line, 1, hint)
        above = heading.level


def fence_closed(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """Every code fence is closed."""
    for block in document.blocks:
        if not block.closed:
            hint = "close it with the same number of backticks; a fence in a fence needs more"
            yield Spot("code fence is never closed", block.line, 1, hint)


def link_resolves(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Relative links lead to a file or folder that stands in the plugin."""
    if context.plugin_paths is None or context.target is None:
        return
    folder = posixpath.dirname(context.target)
    for link in document.links:
        target = unquote(link.target.split("#")[0].split("?")[0])
        if not target or SCHEME.match(target) or EXAMPLE_TARGET.fullmatch(target):
            continue
        path = posixpath.normpath(posixpath.join(folder, target))
        if path.startswith(".."):
            if context.anatomy is None:
                continue  # where the plugin ends is not known
            yield Spot(f"link leaves the plugin: {target}", *document.place(link.offset))
        elif not stands(path, context.plugin_paths):
            hint = "links are relative to the document's own folder"
            yield Spot(f"link to a missing file: {target}", *document.place(link.offset), hint)


def stands(path: str, paths: frozenset[str]) -> bool:
    """Whether a file stands at `path`, or a folder that holds one."""
    if path in paths or path == ".":
        return True
    folder = path.rstrip("/") + "/"
    return any(known.startswith(folder) for known in paths)


def anchor_resolves(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """A `#anchor` leads to a heading of the document, by the forges' rule for heading ids."""
    wanted = [link for link in document.links if link.target.startswith("#")]
    if not wanted:
        return
    anchors = set(EXPLICIT_ANCHOR.findall(document.prose)) | heading_ids(document.headings)
    loose = {re.sub(r"[\W_]+", "", anchor) for anchor in anchors}
    for link in wanted:
        name = unquote(link.target[1:])
        # forges differ in dashes and emoji only: what is left must still be equal
        if name not in {"", "top"} and re.sub(r"[\W_]+", "", name.lower()) not in loose:
            hint = "anchors are headings in lower case with dashes"
            yield Spot(f"link to a missing heading: #{name}", *document.place(link.offset), hint)


def heading_ids(headings: tuple[Heading, ...]) -> set[str]:
    """The ids that forges give to headings."""
    seen: Counter[str] = Counter()
    ids: set[str] = set()
    for heading in headings:
        plain = INLINE_MARKUP.sub(lambda m: m[1] or "", heading.text)
        base = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        ids.add(f"{base}-{seen[base]}" if seen[base] else base)
        seen[base] += 1
    return ids


def characters_hidden(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No zero-width, bidirectional, tag or control character: they hide text from a reviewer.
    A joiner between two emoji is a letter of theirs."""
    if document.text.isascii() and document.text.isprintable():
        return
    joiners = {m.end() - 1 for m in JOINED_EMOJI.finditer(document.text)}
    for found in HIDDEN.finditer(document.text):
        if found.start() not in joiners:
            place = document.place(found.start())
            yield Spot(f"hidden character U+{ord(found[0]):04X}", *place, "remove it")


def characters_encoding(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """The file was UTF-8: no replacement character, no lone surrogate."""
    if found := re.search("[\ufffd\ud800-\udfff]", document.text):
        yield Spot("not UTF-8 here", *document.place(found.start()), "save the file as UTF-8")


def html_raw(document: Document, _context: Context, options: Options) -> Iterator[Spot]:
    """Raw HTML outside code is limited to a few harmless tags; `<name>` in prose vanishes when
    the document is rendered."""
    for found in re.finditer(r"</?([A-Za-z][A-Za-z0-9_-]*)(?:\s[^<>\n]*)?/?>", document.prose):
        if found[1].lower() not in options["allowed"]:
            hint = "put it into backticks"
            yield Spot(f"raw HTML {found[0][:40]}", *document.place(found.start()), hint)
