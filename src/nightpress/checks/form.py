"""Form of the body: size, structure, links, characters."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote

from nightpress.checks.document import DEFINITION, Document, Heading, parse
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.substance import unquoted
from nightpress.lazy import pattern

# zero-width and invisible, fillers, bidirectional, line and paragraph separators, annotations,
# variation selectors (but for those of emoji), tag characters, soft hyphen, C0 and C1 controls
HIDDEN = pattern(
    "[\u200b-\u200d\u2028\u2029\u2060-\u206f\ufeff\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u202a-\u202e\u200e\u200f\u061c\u3164\uffa0\ufff9-\ufffb\ufe00-\ufe0d\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
JOINED = pattern(  # emoji; letters of scripts that join or part with them
    "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"
    "|[\u0600-\u06ff\u0900-\u0dff][\u200c\u200d](?=[\u0600-\u06ff\u0900-\u0dff])"
)
SCHEME = pattern(r"[A-Za-z][A-Za-z0-9+.-]*:|//|#|/|\$|\{|<")
EXAMPLE_TARGET = pattern(
    r"(?:url|link|href|path|file|target|\.\.\.|…|image\.png|path/to/.*|.*[<>{}*|].*|.*\.\.\..*)",
    re.I,
)
REFERENCE = pattern(r"(?<![\w\]\\])\[([A-Za-z][^\[\]\n]*)\]\[((?:[A-Za-z][^\[\]\n]*)?)\](?![\[(])")
EXPLICIT_ANCHOR = pattern(r"<a\s[^>]*?(?:id|name)\s*=\s*[\"']([^\"']+)[\"']", re.I)
OTHERS_TAG = pattern(
    r"</?(?:script|iframe|object|embed|applet|base|meta|link|style|form|system|untrusted|source|picture"
    r"|insert[ _-]|your[ _-]|plugin-data-)|<[^<>]*\son\w+\s*=",
    re.I,
)
TAG = pattern(r"</?([A-Za-z][A-Za-z0-9_-]*)(?:\s[^<>\n]*)?/?>")
ELEMENTS = frozenset(  # of HTML that stand around something, those that run something apart
    "abbr address article aside audio bdi bdo blockquote body button canvas caption cite code col"
    " colgroup datalist dd del dfn dialog div dl dt fieldset figcaption figure font footer"
    " h1 h2 h3 h4 h5 h6 head header html ins label legend li map menu meter nav noscript"
    " ol optgroup option pre progress q rp rt ruby s samp select small span"
    " svg table tbody td textarea tfoot th thead time title tr u ul var video".split()
)
INLINE_MARKUP = pattern(r"!?\[([^\]]*)\]\([^)]*\)|[*`]|<[^>]+>")


def size_window(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """The document's size in bytes (UTF-8) lies within the enhancement's window: of a draft as it
    will be published, of what people keep as it stands on disk."""
    window = context.window
    if window is None:
        return
    said = document.text if context.ours else document.raw
    size = len(said.encode("utf-8", "replace"))
    if size < window.min:
        yield Spot(f"{size:,} of {window.min:,} bytes", hint="say more about what the plugin has")
    elif size > window.max:
        yield Spot(f"{size:,} bytes, {window.max:,} at most", hint="move detail to a reference")


def outline(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """A document of ours has every section that its generator's `outline` requires: enough headings
    below the title that say one of the words given for it (`?`: that ask a question)."""
    if not context.ours:
        return
    heads = [h.text.lower().rstrip("` ") for h in document.headings if h.level > 1]
    for section in context.outline:
        words = [str(word).lower() for word in section.get("headings", ())]
        if not section.get("required") or not words:
            continue
        found = sum(any(_says(head, word) for word in words) for head in heads)
        least = int(section.get("least", 1))
        if found < least:
            many = f"{found} of {least} headings" if least > 1 else "no heading"
            named = ", ".join(repr(word) for word in words[:5])
            yield Spot(
                f"{many} of the section for {section['for']!r}",
                hint=f"add it, under a heading with {named}",
            )


def _says(heading: str, word: str) -> bool:
    if word == "?":
        return heading.endswith(("?", "\uff1f"))
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", heading) is not None


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


def fence_closed(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every code fence is closed, and none stands around the whole document, as around replies."""
    if _wrapped(document, context):
        yield Spot("the whole document is in a fence", document.blocks[0].line, 1, "take it off")
    for block in document.blocks:
        if not block.closed:
            hint = "close it with the same number of backticks; a fence in a fence needs more"
            yield Spot("code fence is never closed", block.line, 1, hint)


def _wrapped(document: Document, context: Context) -> bool:
    """Is Markdown in a fence all there is? A skill without frontmatter has that to say first."""
    if len(document.blocks) != 1 or not document.blocks[0].fenced:
        return False
    if document.frontmatter is None and context.frontmatter != "none":
        return False
    only = not re.sub(r"[`~]{3,}.*", "", document.prose).strip()
    return only and document.blocks[0].language in ("", "markdown", "md", "mdx", "text", "txt")


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
        leaves = path.startswith("..") or (folder and not path.startswith(f"{folder}/"))
        if leaves and context.anatomy is None:
            continue  # where the plugin ends is not known
        if path.startswith(".."):
            yield Spot(f"link leaves the plugin: {target}", *document.place(link.offset))
        elif not stands(path, context.plugin_paths):
            hint = "links are relative to the document's own folder"
            yield Spot(f"link to a missing file: {target}", *document.place(link.offset), hint)
    defined = {m[1].lower() for m in DEFINITION.finditer(document.prose)}
    if not defined and not context.ours:
        return  # `[country code][number]` is none where nothing is ever defined
    for reference in REFERENCE.finditer(document.prose) if "][" in document.prose else ():
        if (reference[2] or reference[1]).lower() not in defined:
            hint = "define it: [label]: target"
            yield Spot(
                f"link without a definition: {reference[0]}",
                *document.place(reference.start()),
                hint,
            )


def stands(path: str, paths: frozenset[str]) -> bool:
    """Whether a file stands at `path`, or a folder that holds one."""
    if path in paths or path == ".":
        return True
    folder = path.rstrip("/") + "/"
    return any(existing.startswith(folder) for existing in paths)


def anchor_resolves(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """A `#anchor` leads to a heading, of the document or of the plugin's file that is linked to, by
    the forges' rule for heading ids."""
    texts = {f.path: f.text for f in context.anatomy.files} if context.anatomy else {}
    anchors: dict[str, set[str]] = {}
    for link in document.links:
        file, mark, name = link.target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(context.target or ""), file))
        if not mark or (file and not (path.endswith(".md") and path in texts)):
            continue
        if file not in anchors:
            anchors[file] = _anchors(parse(texts[path]) if file else document)
        name = unquote(name)
        # forges differ in dashes and emoji only: what is left must still be equal
        if name not in {"", "top"} and _loose(name.lower()) not in anchors[file]:
            hint = "anchors are headings in lower case with dashes"
            yield Spot(
                f"link to a missing heading: {file}#{name}", *document.place(link.offset), hint
            )


def _anchors(document: Document) -> set[str]:
    anchors = set(EXPLICIT_ANCHOR.findall(document.prose)) | heading_ids(document.headings)
    return {_loose(anchor) for anchor in anchors}


def _loose(anchor: str) -> str:
    return re.sub(r"[\W_]+", "", anchor)


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
    A joiner between two emoji, or letters that join, is one of them."""
    if document.text.isascii() and document.text.isprintable():
        return
    joiners = {m.end() - 1 for m in JOINED.finditer(document.text)}
    for hidden in HIDDEN.finditer(document.text):
        if hidden.start() not in joiners:
            place = document.place(hidden.start())
            yield Spot(f"hidden character U+{ord(hidden[0]):04X}", *place, "remove it")


def characters_encoding(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """The file was UTF-8: no replacement character, no lone surrogate."""
    if broken := re.search("[\ufffd\ud800-\udfff]", document.text):
        yield Spot("not UTF-8 here", *document.place(broken.start()), "save the file as UTF-8")


def html_raw(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Raw HTML outside code is limited to a few harmless tags; `<name>` in prose vanishes when
    the document is rendered. What runs, steers or is left to fill in has gates of its own. In what
    people write, quotations, and marks of their own (`<rules> ... </rules>`), are left to them."""
    prose = document.prose if context.ours else unquoted(document.prose)
    tags = list(TAG.finditer(prose))
    names = {tag[1] for tag in tags if tag[0].startswith("</") and tag[1].lower() not in ELEMENTS}
    pairs = set() if context.ours else names & {tag[1] for tag in tags if tag[0][1] != "/"}
    for tag in tags:
        if tag[1].lower() in options["allowed"] or tag[1] in pairs:
            continue
        if not OTHERS_TAG.match(tag[0]):
            hint = "put it into backticks"
            yield Spot(f"raw HTML {tag[0][:40]}", *document.place(tag.start()), hint)
