"""Text of a stranger made fit for quoting. Cleaning takes away (HTML, images, badges, emoji, links
that would not resolve), and tells in words what would be replaced when a skill is loaded
(`$ARGUMENTS`); it never changes code: what could not be published as it stands is left out as a
whole.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from nightpress.backends.offline import filled
from nightpress.lazy import pattern
from nightpress.plugin import kind_of


class Place(Struct, frozen=True):
    """Where quoted text comes from and goes to, so that links can be kept: the path of the source
    file and its folder, the folder of the target, and the plugin's paths; own: it is the document's
    own text so far, whose code stays byte for byte, the words of its fences included; quotes:
    characters of a listing that is quoted whole; whole: it is told whole, and its emoji stay;
    excerpts: of a listing that is longer its most telling function is quoted."""

    path: str
    source: str
    target: str
    paths: frozenset[str]
    own: bool = False
    quotes: int = 3_200  # USUAL
    whole: bool = False
    excerpts: bool = False

    @property
    def is_for_people(self) -> bool:
        """Is it of a README or another document of the plugin, and not the document's own text?"""
        return not self.own and kind_of(self.path) in ("doc", "readme")

    @property
    def is_pointed_to(self) -> bool:
        """Is what cannot be quoted of the file told by where it stands? A README is for people."""
        name = posixpath.basename(self.path).lower()
        return bool(self.path) and not self.own and not name.startswith("readme")

    def link(self) -> str:
        """A link to the file that is quoted."""
        return f"[{self.path}]({posixpath.relpath(self.path or '.', self.target or '.')})"


# HTML's own elements alone: any other `<word>` is a slot to be filled in, or a tag that means
# something to the reader
_HTML = pattern(
    r"<!--.*?-->|</?(?:a|abbr|article|aside|audio|b|big|blockquote|body|br|button|caption|center|cite"
    r"|code|col|colgroup|dd|del|details|dfn|div|dl|dt|em|embed|figcaption|figure|font|footer|form"
    r"|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|mark|meta|nav"
    r"|noscript|object|ol|optgroup|option|p|picture|pre|q|s|samp|script|section|select|small|source|span|strike|strong"
    r"|style|sub|summary|sup|svg|table|tbody|td|template|tfoot|th|thead|time|title|tr|tt|u|ul|var"
    r"|video|wbr)(?:\s[^<>\n]*)?/?>",
    re.S | re.I,
)
_IMAGE = pattern(r"\[?!\[[^\]]*\]\([^)\s]*(?:\s[^)]*)?\)(?:\]\([^)]*\))?")
_LINK = pattern(r"(?<!!)\[([^\]\[]+)\]\(\s*<?([^)\s>]+)>?(?:\s+[^)]*)?\)")
_SLOT = pattern(r"\]\((?:url|uri|link|path|href|src|target|destination)\)", re.I)
_TARGET = pattern(r"\]\(\s*<?([^)\s>]+)")
_REFERENCE = pattern(r"\[([^\]\[]+)\]\[[^\]]*\]")
_AUTOLINK = pattern(r"<(https?://[^<>\s]+)>")
_NEXT_ITEM = pattern(r"\n\s*(?:[-*+]|\d+[.)])\s")
_SPAN = pattern(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_EMOJI = pattern(
    "[\U0001f000-\U0001faff\u2139\u231a\u231b\u23e9-\u23fa\u2600-\u27bf\u2b00-\u2bff\ufe0f]+ ?"
)
_HIDDEN = pattern(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe0f\ufeff\U000e0000-\U000e007f"
    "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
)


def inline(source: str, place: Place | None) -> str:
    """Clean outside of code spans, which stay byte for byte; "" where the text holds something that
    would run, or be replaced, when a skill is loaded: then it cannot be quoted at all."""
    if place is None or not place.own:
        source = filled.told(source, *((place.path, place.paths) if place else ()))
    if not is_quotable(source):
        return ""
    source = _outside_spans(_IMAGE, source, lambda m: f"`{m[0]}`" if _SLOT.search(m[0]) else "")
    source = _outside_spans(_LINK, source, lambda m: _link(m[1], m[2], place))
    pieces, at = [], 0
    kept = place is not None and place.whole
    for span in _SPAN.finditer(source):
        if _HIDDEN.search(span.group().replace("\ufe0f", "")):  # that makes a sign an emoji
            return ""
        pieces += [_outside(source[at : span.start()], kept), span.group()]
        at = span.end()
    pieces.append(_outside(source[at:], kept))
    return "".join(pieces)


def _outside_spans(found: re.Pattern[str], text: str, told: Callable[[re.Match[str]], str]) -> str:
    """The text with what is found told otherwise, but where it begins in a code span."""
    every = _SPAN.finditer(text)
    spans = [one.span() for one in every if not _NEXT_ITEM.search(one[0])]  # backticks named in two
    return found.sub(
        lambda m: m[0] if any(at < m.start() < end for at, end in spans) else told(m), text
    )


def is_quotable(text: str) -> bool:
    """Is there nothing in a text that runs, or is replaced, when a skill is loaded? A script's own
    `$1`, in code, is neither."""
    return not (_LIVE.search(text) or _REPLACED.search(_SPAN.sub("", text)))


def is_quotable_code(text: str, most: int = 0) -> bool:
    """May a block of code be quoted as it is, byte for byte? What makes an emoji of a character
    does no harm; a long listing with such is a picture of what is shown, and worth its room only
    where there is enough: for a listing of so many characters (most)."""
    shown = most > USUAL or text.count("\n") < MOST_PICTURED
    seen = text.replace("\ufe0f", "") if shown else text
    return not (_HIDDEN.search(seen) or _ARGUMENTS.search(text))


MOST_PICTURED = 45
"""Lines of a listing with emoji that is quoted, about a screen."""
USUAL = 3_200
"""Characters of a listing that is quoted where there is much else to say."""


def _outside(text: str, kept: bool) -> str:
    """kept: emoji stay."""
    text = _AUTOLINK.sub(r"\1", text)
    text = _REFERENCE.sub(r"\1", text)
    text = _STAR.sub(r"\1\\***", _HTML.sub("", text))
    if kept:
        return _STRAY.sub("", _TAG.sub(r"`\g<0>`", text))
    text = _NAMED_MARK.sub(lambda m: f"{m[1]} {_SIGNS[m[2]]}", text)
    return _GAP.sub(" ", _HIDDEN.sub("", _EMOJI.sub("", text)))


_STRAY = pattern(
    rf"(?<![\U0001f000-\U0001faff\u2600-\u27bf\ufe0f])[\u200d\ufe0f]|(?![\u200d\ufe0f]){_HIDDEN.pattern}"
)
"""What is hidden, but for what joins and colours emoji."""
_TAG = pattern(r"</?[A-Za-z][\w-]*(?:\s[^<>\n`]*)?/?>")
"""What HTML would take for one of its own, and show nothing of."""
_SIGNS = {"\u2705": "a check mark", "\u274c": "a cross", "\u26a0": "a warning sign"}
_NAMED_MARK = pattern(  # a sign that a sentence names: "mark it with X for passed steps"
    rf"(?i)(\b(?:with|as|by|using|use|and|or)) ([{''.join(_SIGNS)}])\ufe0f?"
    r"(?= (?:for|to|if|on|when|next|in|at)\b)"
)


def full(table: str) -> str:
    """A table's source without the columns that are empty in every row."""
    rows = [_CELL.split(row.strip().strip("|")) for row in table.strip().split("\n")]
    wide = len(rows[0])
    if len(rows) < 3 or any(len(row) != wide for row in rows):
        return table
    kept = [n for n in range(wide) if any(row[n].strip() for row in rows[2:])]
    if len(kept) in (wide, 0, 1):
        return table
    return "\n".join(f"| {' | '.join(row[n].strip() for n in kept)} |" for row in rows)


_CELL = pattern(r"(?<!\\)\|")


def told_marks(table: str) -> str:
    """A table's source; a cell of nothing but marks says in words what they say."""
    return _MARKED.sub(lambda cell: f" {' / '.join(map(_mark, _MARK.findall(cell[1])))} ", table)


def _mark(mark: str) -> str:
    return "yes" if mark in _YES else "no" if mark in _NO else "partly"


_YES, _NO = "\u2705\u2714\u2713\u2611", "\u274c\u2716\u2717\u2718\u274e"
_A_MARK = f"[{_YES}{_NO}\u26a0]"
_MARK = pattern(_A_MARK)
_MARKED = pattern(rf"(?<=\|)[ \t]*({_A_MARK}\ufe0f?(?: */? *{_A_MARK}\ufe0f?)*)[ \t]*(?=\|)")
_STAR = pattern(r"(?<!\*)(\*\*(?=\w)[^*\n]+ )\*\*\*(?![\w*])")  # "**No SELECT ***"
_GAP = pattern(r"(?<=[^\s|]) {2,}(?=[^\s|])")  # what an emoji has left


def _link(label: str, target: str, place: Place | None) -> str:
    """The link, rewritten for where the text will stand, if its file exists; else its label. A
    URL stays: it is the plugin's own."""
    if _SLOT.fullmatch(f"]({target})"):
        return f"`[{label}]({target})`"  # how a link is written
    path, _, anchor = target.partition("#")
    if place is None or not path or anchor:
        return label
    if re.match(r"https?://", path):
        return f"[{label}]({path})"
    resolved = posixpath.normpath(posixpath.join(place.source, path))
    if resolved not in place.paths:
        return label
    return f"[{label}]({posixpath.relpath(resolved, place.target or '.')})"


def links(text: str, place: Place) -> Iterator[tuple[str, str]]:
    """(target, what a link to it becomes) for whatever could be a link in the text."""
    for target in dict.fromkeys(_TARGET.findall(text)):
        yield target, _link("", target, place)


def uncoded(text: str) -> str:
    """A Markdown text without its code blocks and code spans: its own words."""
    return _CODE.sub("", text)


_CODE = pattern(r"(?ms)^([ \t]*)(`{3,}|~{3,}).*?^\1\2[ \t]*$|`[^`\n]*`")


def shown(text: str) -> str:
    """One line without emoji, hidden characters and what UTF-8 cannot hold."""
    return " ".join(_HIDDEN.sub("", _EMOJI.sub("", text)).split())


_LIVE = pattern(r"!(?<![`\w]!)`|\$ARGUMENTS")
_ARGUMENTS = pattern(r"(?<!\\)\$ARGUMENTS")
_REPLACED = pattern(r"(?<!\\)\$\d(?!\w|[.,]\d)")


def heading(content: str) -> str:
    """A heading's text, without what Markdown reads in it."""
    plain = inline(content, None).replace("**", "").replace(" ()", "").strip(" :#*_-")
    return " ".join(_COUNT.sub("", plain).split())[:150]


_COUNT = pattern(  # "4 MCP tools" counts what it holds
    r"^\d+ (?=(?:[A-Za-z][\w-]* ){0,3}[A-Za-z][\w-]*s\b)"
    r"(?!\w+ *(?:second|minute|hour|day|week|month|year)s?\b"
    r"|(?:second|minute|hour|day|week|month|year|step)s?\b)"
)
