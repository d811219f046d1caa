"""Words of praise: which there are, and a text without them. Pure."""

from __future__ import annotations

import re

from nightpress.backends.offline import verbs, wording
from nightpress.backends.offline.articles import article
from nightpress.lazy import pattern

__all__ = ["boasts", "plainly", "sells", "struck", "without"]

_SALES = pattern(
    r"\b(?:(?<!-)perfect(?:ly)?|instant(?:ly)?(?-i:(?! [A-Z]))|effortless(?:ly)?"
    r"|seamless(?:ly)?|powerful|revolutionary"
    r"|never\b[^.!?\n]{0,60}\bagain|supercharges?|unleash(?:es)?|game[- ]chang(?:ing|er)"
    r"|blazing(?:ly)?|amazing(?:ly)?|ultimate(?-i:(?! [A-Z]))|cutting[- ]edge"
    r"|world[- ]class|best[- ]in[- ]class|magic(?:al|ally)?(?-i:(?! [A-Z]))|next[- ]level"
    r"|10x (?:your|faster|productiv)"
    r"|state[- ]of[- ]the[- ]art|industry[- ]leading"
    r"|\d[\d.,]*x(?:[-\u2013]\d[\d.,]*x)? (?:faster|speed-?up|better|cheaper|improvement)"
    r"|\d[\d.]*% (?:better|faster|improvement|more accura\w+|accuracy (?:gain|improvement))"
    r"|transforms? your (?:[\w-]+ ){0,3}?(?:experience|workflow|productivity|life)"
    r"|\b(?:all|both) (?:[a-z]+ )?are (?:excellent|great|awesome|fantastic)"
    r"|(?:institutional|enterprise|military)-grade"
    r"|in (?:minutes|hours|days),? (?:not|instead of) (?:hours|days|weeks|months)"
    r"|intelligent(?:ly)? automation|saves? (?:you )?(?:hours|countless|time and money))\b"
    r"(?!-(?!fast)\w)",  # of a name ("magic-codex")
    re.I,
)
_AS_IT_IS = pattern(r"(`+)(?!`).+?(?<!`)\1(?!`)|\"[^\"\n]+\"", re.S)
_PRICES = pattern(r"\b(?:plans|pricing|tiers)\b[^.!?\n]*\$\d", re.I)
_ADJECTIVE = (
    r"(?:seamless|effortless|instant(?-i:(?! [A-Z]))|(?<!-)perfect(?! for\b)|powerful|revolutionary"
    r"|game[- ]changing|blazing|amazing|ultimate(?-i:(?! [A-Z]))|cutting[- ]edge|world[- ]class"
    r"|best[- ]in[- ]class|magical|next[- ]level|state[- ]of[- ]the[- ]art|industry[- ]leading"
    r"|(?:institutional|enterprise|military)-grade)"
)
_ADVERB = r"(?:(?:seamless|effortless|instant|perfect|blazing|amazing|magical)ly)"
_PRAISE = pattern(
    rf"(?<!more )(?<!most )(?<!less )\b(?:(an?) )?((?:{_ADJECTIVE}|{_ADVERB})(?:, | and | ))(\w)"
    rf"|(?<=\w) {_ADVERB}(?=[.,;:)]|\s*$)",
    re.I,
)
_SPAN = pattern(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_VALUE = pattern(
    r"\s*[-*+]\s+(?:`[^`\n]+`|[a-z][\w.-]*|\*\*Instant\*\*) ?(?:[:\u2014\u2013]| - ) ?\S"
)
_FACT = pattern(r"`[^`\n]+`|\([A-Z][^()\n]*\)|\b[A-Z][a-z]+[A-Z]|\d")


def sells(text: str) -> bool:
    """Does it praise something, outside of code?"""
    plain = _SPAN.sub("", text)
    praised = any(not _DENIED.search(plain[: one.start()]) for one in _SALES.finditer(plain))
    return praised or _PRICES.search(plain) is not None


_DENIED = pattern(r"(?:\b(?:not|cannot|no|hardly|nor)|n['\u2019]t)(?: \w+){0,2} $", re.I)


def boasts(item: str) -> bool:
    """Does an item praise something? One that says what a value means does not."""
    return sells(item) and _VALUE.match(item) is None


def plainly(item: str) -> str:
    """An item that tells something without its praise, too, without that: "Powerful query language
    (PromQL)". One that says what a value means stays: "blue-green - Instant switchover"."""
    if not boasts(item):
        return item
    bare = struck(item)
    words = len(wording.stems(_ANYBODY.sub("", bare)))
    first = _FIRST.match(bare)
    does = first is not None and verbs.is_third(first[1])  # "Reviews changes instantly"
    return bare if _FACT.search(item) or words >= TELLING - does else item


def without(sentence: str) -> str:
    """A sentence that announces something, or an order, without its praise; one that begins with
    praise is nothing else."""
    first = _FIRST.match(sentence)
    if sentence.rstrip("*_ ").endswith(":"):
        return struck(_PERFECT.sub("Use it for", sentence))
    if first and verbs.is_verb(first[1].lower()):
        return struck(sentence)
    return sentence


_ENSURED = pattern(
    r",? (?:to|and|that|which) (?:ensures?|delivers?|guarantees?|achieves?) "
    rf"(?:an? )?{_ADJECTIVE} [a-z][\w -]*(?=[.;]|$)",
    re.I,
)
"""An aim that is nothing without its praise: "to ensure seamless API evolution"."""
_PERFECT = pattern(r"\b[Pp]erfect for\b")


def struck(text: str) -> str:
    """The text without praising words, outside of code and of quotations, where nothing else may
    go."""
    text = _ENSURED.sub("", text)
    pieces, at = [], 0
    for span in _AS_IT_IS.finditer(text):
        pieces += [_PRAISE.sub(_rest, text[at : span.start()]), span.group()]
        at = span.end()
    return "".join([*pieces, _PRAISE.sub(_rest, text[at:])])


def _rest(found: re.Match[str]) -> str:
    before, word, following = found.groups()
    if word is None:
        return ""
    if before:
        fits = article(found.string[found.start(3) :])[1:]
        return f"{before[0]}{fits} {following}"
    return following.upper() if word[0].isupper() else following


TELLING = 3
"""Words that an item has to have without its praise."""
_ANYBODY = pattern(r"\b(?:every(?:body|one)|anyone|users?|teams?|results?)\b", re.I)
_FIRST = pattern(r"[\W_]*([A-Za-z]+)\b")
