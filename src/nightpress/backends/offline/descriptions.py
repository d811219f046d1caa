"""A description of many lines, as some agents have: what it begins with, and what else it says."""

from __future__ import annotations

import textwrap

from nightpress.backends.offline import wording
from nightpress.lazy import pattern
from nightpress.model import Component


def first(component: Component) -> str:
    """The first paragraph of a description; one that only leads to a list with what the list has:
    "Use this agent for mooring ships, tarring hulls"."""
    lead, rest = _parted(component)
    if not lead:
        return component.description
    titles = [found[1] or found[2] for found in map(_ITEM.match, rest.split("\n")) if found]
    if not lead.endswith(":") or not titles:
        return lead
    named = [wording.untitled_case(one.strip()) for one in titles[:MOST]]
    named = [one if one[:2].isupper() else one[:1].lower() + one[1:] for one in named]
    return f"{_WHEN.sub(' for', lead.rstrip(':'))} {', '.join(named)}"


def rest(component: Component) -> str:
    """What follows the first paragraph, as Markdown, without examples of how it is called."""
    return _parted(component)[1]


def _parted(component: Component) -> tuple[str, str]:
    said = component.meta.get("description")
    if not isinstance(said, str):
        return "", ""
    text = _EXAMPLES.sub("", textwrap.dedent(said.replace("\\n", "\n"))).strip()
    lead, *more = _BREAK.split(text, maxsplit=1)
    lead = " ".join(lead.split())
    return (lead, more[0].strip()) if more and more[0].strip() else ("", "")


MOST = 4
"""Items of a list that stand for it."""
_EXAMPLES = pattern(r"(?s)\n?(?:[Ee]xamples?:\s*)?<(examples?|commentary)>.*?</\1>")
_BREAK = pattern(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)])\s)")
_ITEM = pattern(r"\s*(?:[-*+]|\d+[.)])\s+(?:\*\*([^*\n]+?):?\*\*|([^\n:]+))")
_WHEN = pattern(r" when$")
