"""What a text says of who made it, and to whoever visits its repository. Pure."""

from __future__ import annotations

import re

from nightpress.backends.offline.clean import inline
from nightpress.backends.offline.wording import sentences
from nightpress.lazy import pattern

__all__ = ["is_imprint", "unsigned"]

_IMPRINT = pattern(
    r"(?:(?:proudly |lovingly )?(?:built|created|made|developed|maintained|powered) (?:by|with|for)"
    r"\b"
    r"|(?:version|release(?:d| date)?|last updated|author|maintainer|copyright|licen[cs]e|homepage"
    r"|repository) ?(?:[:|]|\d+\.)|(?:support|contact|e-?mail|website) ?: ?(?:\S+@|https?:)|©).*",
    re.I,
)
_MADE = r"(?:built|created|made|designed|developed|licen[sc]ed|maintained|written)"
_OWNER = pattern(
    rf"^(?:originally |proudly )?{_MADE}(?: and {_MADE})?(?: \w+ly)? (?:by|with (?:love|care))"
    r"\b(?! (?:the )?(?:commands?|agents?|skills?|plugins?)\b)"
    r"|\b(?:this|these|the|all) (?:\w+ )?(?:repo(?:sitory)?|project|package|collection|plugins?"
    r"|pack|skills?|examples?)(?: [\w ]+)? (?:is|are|was|were) "
    rf"(?:{_MADE} (?:and|by|under|with (?:love|care))\b(?! `)|licen[sc]ed"
    r"|(?:MIT|BSD|Apache\S*)[- ]lic)"
    r"|^(?:[\w ]{1,15}, )?(?:MIT|Apache(?:[- ]2\.0)?|BSD|ISC|A?GPL\S*)[- ]licen[sc]ed\b"
    r"|\b(?:please|feel free to|if\b[^.!?]+?|in doubt)\W+(?:open|file|submit|raise|create) "
    r"(?:an? |new )*\[?(?:github )?(?:issue|pull request|pr|bug)\b"
    r"|\bfeel free to (?:fork|use|modify|contribute|customi[sz]e|share)\b"
    r"|^(?:\[|\W)*(?:star|fork) (?:it|this|us|the repo\w*)\b"
    r"|\b(?:no|without) (?:attribution|sign-?up)|\bbuy me a coffee\b|\bfollow (?:me|us)\b"
    r"|\bno-signup\b|\bfree\b(?! (?:disk|memory|ports?|space|text)\b).*https?://(?!localhost|\d)|"
    r"\bfree (?:updates|for (?:life|everyone))\b"
    r"|\bjoin (?:our|the) (?:\w+ )?(?:community|discord|newsletter|slack)\b"
    r"|\bsubscribe to (?:our|my)\b|^\W*the marketplace (?:is hosted|lives)\b"
    r"|\b(?:contributions|pull requests|prs) (?:are )?(?:always )?welcome\b"
    r"|^(?:also )?(?:available|featured|listed) (?:in|on) \["
    r"|^(?:average )?(?:time saved|roi|payback(?: period)?|conversion lift) ?: ?\S"
    r"|\bmoney[- ]back\b|\brefunds? (?:policy|within)\b",
    re.I,
)
_MARKS = pattern(r"[*_>#]|https?://\S+(?=\))")


def is_imprint(line: str) -> bool:
    """Does a line tell who made the plugin, when, or in which version? The frontmatter does."""
    return _IMPRINT.fullmatch(re.sub(r"[*_>]", "", inline(line, None)).strip()) is not None


_TONGUE = (
    r"(?:english|deutsch|german|espa\u00f1ol|spanish|fran\u00e7ais|french|italiano|italian|portugu\u00eas"
    r"|portuguese|\u0440\u0443\u0441\u0441\u043a\u0438\u0439|russian|t\u00fcrk\u00e7e|turkish|korean|\ud55c\uad6d\uc5b4|japanese|\u65e5\u672c\u8a9e"
    r"|(?:simplified |traditional )?chinese|(?:\u7b80\u4f53|\u7e41\u9ad4)?\u4e2d\u6587(?:\u7248)?)"
)
_TONGUES = pattern(rf"{_TONGUE}(?:\W+{_TONGUE})*", re.I)
_LINKED = pattern(r"\[([^\]]*)\]\([^)]*\)")


def _is_switch(paragraph: str) -> bool:
    """Does a paragraph only lead to the same text in other languages?"""
    bare = _LINKED.sub(r"\1", paragraph).strip("*_ |\n\t")
    return _TONGUES.fullmatch(bare) is not None


def unsigned(paragraph: str) -> str:
    """A README's paragraph without the sentences about its owner, its licence, what somebody saved
    with it, and its visitors, who are asked for stars and issues; one that begins with such is
    about nothing else."""
    if _is_switch(paragraph):
        return ""
    kept: list[str] = []
    for sentence in sentences(paragraph):
        if not _OWNER.search(" ".join(_MARKS.sub("", sentence).split())):
            kept.append(sentence)
            continue
        if kept and kept[-1].rstrip(" *_\n").endswith("?"):
            kept.pop()  # which it answers
        if not kept:
            return ""
    return "".join(kept).rstrip()
