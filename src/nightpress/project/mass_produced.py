"""Which documents were mass-produced: one template, filled in plugin after plugin.

Such a file may be replaced; a person's may not, so all signs must be there together: many plugins
have a document with the very same headings, and a good part of its lines begin with the words with
which lines of many others begin ("This skill empowers Claude ..."). A house style, where people
agree on headings alone, is none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from nightpress.lazy import pattern

PLUGINS = 10
"""So many plugins, at least, have the same headings; fewer may be a person's habit."""

HEADINGS = 3
"""A document with fewer headings of its second level has no skeleton to be known by."""

STOCK = 0.25
"""Share of a document's lines, 0 to 1, that begin as lines of `STOCK_PLUGINS` plugins do."""

STOCK_PLUGINS = 5
GROUP = 0.9
"""Of files that lie at one place in many plugins, so many make a mass-produced group of all."""


class Candidate(Struct, frozen=True):
    """A document that stands somewhere. plugin: whose; path: relative to the plugin's folder."""

    plugin: str
    path: str
    text: str


def mass_produced(documents: Iterable[Candidate]) -> frozenset[Candidate]:
    """Those of a marketplace's documents that one template has made."""
    alike: defaultdict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    openings: dict[Candidate, list[str]] = {}
    plugins: defaultdict[str, set[str]] = defaultdict(set)
    places: defaultdict[str, list[Candidate]] = defaultdict(list)
    for document in documents:
        prose = _FENCE.sub("", _FRONTMATTER.sub("", document.text.replace("\r\n", "\n")))
        alike[tuple(_HEADING.findall(prose))].append(document)
        openings[document] = list(_openings(prose))
        places[document.path].append(document)
        for opening in openings[document]:
            plugins[opening].add(document.plugin)
    template = {
        document
        for headings, group in alike.items()
        if len(headings) >= HEADINGS and _spread(group) >= PLUGINS
        for document in group
        if _stock(openings[document], plugins) >= STOCK
    }
    for group in places.values():  # the few of a group that its template hardly shows through
        if _spread(group) >= PLUGINS and len(template.intersection(group)) >= GROUP * len(group):
            template.update(group)
    return frozenset(template)


def _spread(group: Iterable[Candidate]) -> int:
    return len({document.plugin for document in group})


def _stock(openings: list[str], plugins: Mapping[str, set[str]]) -> float:
    stock = sum(len(plugins[opening]) >= STOCK_PLUGINS for opening in openings)
    return stock / len(openings) if openings else 0.0


def _openings(prose: str) -> Iterable[str]:
    """The first three words of each line that has two."""
    for line in prose.split("\n"):
        words = _WORD.findall(line.lower())[:3]
        if len(words) > 1:
            yield " ".join(words)


_FRONTMATTER = pattern(r"\A---\n.*?\n---\n", re.S)
_FENCE = pattern(r"^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1`*[ \t]*$", re.M | re.S)
_HEADING = pattern(r"^##[ \t]+(.*?)[ \t]*$", re.M)
_WORD = pattern(r"[^\W\d_]+(?:'[^\W\d_]+)*")
