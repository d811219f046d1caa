"""Safety: nothing that runs, tracks or steers a model when the document is merely read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.injection import ACTIVE, DESTRUCTIVE, INJECTION, PIPE
from nightpress.checks.prefilter import Guarded, matches
from nightpress.checks.source import URL, PluginText, comparable, source_of
from nightpress.checks.substance import unquoted
from nightpress.lazy import pattern

LIVE = pattern(r"!(?<![`\w]!)`[^`\n]+`")
ARGUMENTS = pattern(r"\$(?<!\\\$)(?:ARGUMENTS\b(?:\[\d+\])?|[0-9](?![\d.,]|\w))")
PRIVATE = pattern(  # addresses of no one, or of the reader's own network
    r"(?:0|10|127|169\.254|192\.168|192\.0\.2|198\.51\.100|203\.0\.113|172\.(?:1[6-9]|2\d|3[01]))"
    r"\.[\d.]+"
)
BAD_SCHEME = pattern(r"(?:javascript|vbscript|data|file):", re.I)


def live_syntax(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """No live syntax (an exclamation mark before a code span or after a fence's backticks): it
    executes when the skill is loaded. Allowed by the manifest's `allow_live_syntax`."""
    if context.allow_live_syntax:
        return
    hint = "describe the command; it would run as soon as the skill is loaded"
    if not context.ours:
        hint = "if that is intended, set allow_live_syntax in the manifest"
    covered = {n for b in document.blocks for n in range(b.line, b.line + b.text.count("\n") + 2)}
    for match in LIVE.finditer(document.text):
        place = document.place(match.start())
        if place[0] not in covered:
            yield Spot(f"runs on load: {match[0][:60]}", *place, hint)
    for block in document.blocks:
        if block.info.startswith("!"):
            yield Spot("code block that runs on load", block.line, 1, hint)


def arguments_text(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Unescaped `$ARGUMENTS`, `$0` ... `$9` in a skill are replaced when it is loaded. In code a
    script's own `$1` is meant, and nothing else would run; in what people write, a skill that
    declares arguments means them."""
    if context.frontmatter != "skill":
        return
    if not context.ours and {"argument-hint", "arguments"} & (document.fields or {}).keys():
        return
    start = document.starts[min(document.body_line, len(document.starts)) - 1]
    for match in ARGUMENTS.finditer(document.text, start):
        in_code = document.prose[match.start()] != "$"
        if in_code and not match[0].startswith("$ARGUMENTS"):
            continue
        hint = "write \\$ if it is meant literally"
        yield Spot(f"{match[0]} is replaced on load", *document.place(match.start()), hint)


def pipe_to_shell(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """No download is piped into an interpreter, unless the plugin's own files do so."""
    yield from _unless_in_source(document, context, PIPE, "pipes a download into an interpreter")


def destructive(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """No command that wipes a disk or a home folder, unless the plugin's own files have it."""
    yield from _unless_in_source(document, context, DESTRUCTIVE, "destroys data")


def _unless_in_source(
    document: Document, context: Context, guards: tuple[Guarded, ...], what: str
) -> Iterator[Spot]:
    source = source_of(context) if context.anatomy else None
    for match, _ in matches(guards, document.text):
        if source is None or not source.says(match[0].strip()):
            place = document.place(match.start())
            yield Spot(
                f"{what}: {match[0].strip()[:60]}", *place, "the plugin's files have no such line"
            )


def instruction_echo(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No instruction to a model that was carried over from the plugin's content ("ignore previous
    instructions", "do not tell the user", chat control marks). Quotations are left out."""
    description = unquoted(document.text_field("description"))
    for match, _kind in matches(INJECTION, description) if description else ():
        line = document.field_line("description")
        yield Spot(f"reads like an injected instruction: {match[0][:60]!r}", line, 1, "remove it")
    for match, _kind in matches(INJECTION, unquoted(document.prose)):
        place = document.place(match.start())
        yield Spot(f"reads like an injected instruction: {match[0][:60]!r}", *place, "remove it")


def html_active(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No HTML that loads or runs something, and no link with a scheme that does (`javascript:`,
    `data:`, `file:`)."""
    for tag in ACTIVE.finditer(document.prose):
        yield Spot(f"active HTML {tag[0][:40]}", *document.place(tag.start()), "remove it")
    for link in document.links:
        if BAD_SCHEME.match(link.target):
            place = document.place(link.offset)
            yield Spot(f"link with the scheme of {link.target[:40]!r}", *place, "use https")


def image_remote(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No image from elsewhere: it tells its server who reads the document."""
    for link in document.links:
        if link.image and re.match(r"(?:https?:)?//", link.target, re.I):
            place = document.place(link.offset)
            yield Spot(f"remote image {link.target[:60]}", *place, "keep images in the plugin")


def url_known(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """URLs are those of the plugin's own files, of an allow-list of hosts, or plainly examples
    (localhost, example.com, a placeholder)."""
    if context.anatomy is None or not comparable(document.body, context):
        return
    source = source_of(context)
    allowed = {str(host).lower() for host in options["hosts"]}
    images = {link.target for link in document.links if link.image}
    for match in URL.finditer(document.text):
        url = match[0].rstrip(".,;:!?*_")
        if url not in images and not _known(url, source, allowed):
            hint = "only URLs of the plugin's own files; option hosts allows others"
            yield Spot(f"URL from nowhere: {url[:80]}", *document.place(match.start()), hint)


def _known(url: str, source: PluginText, allowed: set[str]) -> bool:
    """Whether the URL is one of the source's, leads to one, is on a host that is named alone, or is
    an example."""
    if re.search(r"[{}$*%\[^]|\.\.\.|…", url):
        return True
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    if "." not in host:
        return True
    if re.search(
        r"(?:^|\.)(?:example|test|invalid|localhost|local|internal)(?:\.(?:com|org|net|io))?$", host
    ):
        return True
    if PRIVATE.fullmatch(host) or re.search(r"\b(?:your|my|example)[.-]?", host):
        return True
    if host in allowed or any(host.endswith("." + parent) for parent in allowed):
        return True
    plain = url.rstrip("/")
    return any(
        plain == own.rstrip("/")
        or (plain.startswith(own.rstrip("/") + "/") and _is_host(own))
        or own.startswith(plain + "/")
        for own in source.urls
    )


def _is_host(url: str) -> bool:
    """An address that names a host alone; its pages are its own."""
    return url.rstrip("/").count("/") == 2
