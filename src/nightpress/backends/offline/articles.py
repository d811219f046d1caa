"""The article that a description leaves out: "Build API gateway" makes one gateway."""

from __future__ import annotations

import re

from nightpress.lazy import pattern


def with_article(text: str) -> str:
    """A text that begins with a verb; what is made has its article where it is one thing for
    certain: "create client questionnaire" gives "create a client questionnaire"."""
    found = _ONE.match(text)
    if not found or _OF_MANY.search(found[2]):
        return text
    article = "an" if _VOWEL.match(found[2]) else "a"
    return f"{found[1]} {article} {text[found.start(2) :]}"


_THINGS = (
    "(?:questionnaire|document|suite|application|dashboard|gateway|server|report|plan|proposal"
    "|template|pipeline|changelog|calendar|program|workflow|schema)"
)
_ONE = pattern(
    r"((?:build|create|generate|write|run|design|set up|draft|make|produce|start)s?) "
    r"((?!(?:a|an|the|its|their|each|every|any|all|one|this|no)\b)"
    rf"(?:(?!\w+[^s]s\b)[\w-]+ ){{0,3}}?{_THINGS})"
    r"(?=$|[.,]| (?:with|from|for|in|to|that|by|using|of)\b)",
    re.I,
)
_OF_MANY = pattern(r"\b(?:and|or)\b", re.I)
_VOWEL = pattern(r"(?i:[aeio](?!ne\b|nce\b)|u(?!ni|se|rl))|[FHLMNSX](?=[A-Z]{1,4}\b)")
