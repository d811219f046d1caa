"""The order in which commands, or agents, are used: by what their own texts name as the next step,
else what sets something up first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from nightpress.backends.offline import descriptions, wording
from nightpress.backends.offline.clean import is_quotable, shown
from nightpress.lazy import pattern
from nightpress.model import Component

Edge = tuple[str, str, bool]
"""What comes first, what comes after that, and whether the first one names it as its next step."""


def in_order(components: Sequence[Component]) -> list[Component]:
    """Components of one kind: each after those that name it as the next step, else as they came,
    what sets up before all others."""
    edges = _edges(_texts(components))
    steps = {name for edge in edges for name in edge[:2]} if _chain(components, edges) else set()
    names = [one.name for one in components]
    left = sorted(components, key=lambda one: (one.name not in steps, _setting_up(one, names)))
    found: list[Component] = []
    while left:
        waits = {then for first, then, _ in edges if any(one.name == first for one in left)}
        ready = next(one for one in left if one.name not in waits)
        left.remove(ready)
        found.append(ready)
    return found


def chain(components: Sequence[Component]) -> list[str]:
    """The names of those of which each names the one after it as its next step, the longest row of
    them; [] where it has fewer than three."""
    return _chain(components, _edges(_texts(components)))


def _chain(components: Sequence[Component], edges: Sequence[Edge]) -> list[str]:
    @cache
    def row(name: str) -> list[str]:
        rest = [row(then) for first, then, names in edges if names and first == name]
        return [name, *max(rest, key=len, default=[])]

    best = max((row(one.name) for one in components), key=len, default=[])
    return best if len(best) > 2 else []


def _setting_up(component: Component, names: Sequence[str]) -> int:
    """0 for a command that sets up what the others work on (`/init`, `/tide-setup` beside
    `/tide-log`), 1 for one that starts it, 2 for any other."""
    above, mark, last = component.name.rpartition(":")[2].lower().rpartition("-")
    beside = any(other.startswith(f"{above}-") for other in names if other != component.name)
    if component.kind != "command" or (mark and not beside):
        return 2
    return 0 if last in _SETS_UP else 1 if last in _STARTS else 2


def _texts(components: Sequence[Component]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    return tuple(
        (c.name, f"{descriptions.rest(c)}\n{c.body}", tuple(_declared(c.meta))) for c in components
    )


def _declared(meta: Mapping[str, object]) -> Iterator[str]:
    """The words that a frontmatter gives as what comes next."""
    for key, value in meta.items():
        if _NEXT_KEY.fullmatch(str(key)):
            for one in value if isinstance(value, list | tuple) else (value,):
                words = one.values() if isinstance(one, Mapping) else (one,)
                yield from (str(word).lstrip("/") for word in words if isinstance(word, str))


@lru_cache(maxsize=256)
def _edges(texts: tuple[tuple[str, str, tuple[str, ...]], ...]) -> tuple[Edge, ...]:
    """None of them goes round in a circle: what is named first counts most."""
    names = {name.rpartition(":")[2].lower(): name for name, _, _ in texts}
    found: list[tuple[int, Edge]] = []
    for name, body, declared in texts:
        found += [(0, (name, names[one], True)) for one in map(_bare, declared) if one in names]
        found += _told(name, body, names)
    after: dict[str, set[str]] = {}
    taken = []
    for _, (first, then, is_next) in sorted(dict.fromkeys(found), key=lambda edge: edge[0]):
        if first != then and not _leads(then, first, after):
            after.setdefault(first, set()).add(then)
            taken.append((first, then, is_next))
    return tuple(dict.fromkeys(taken))


def _bare(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _leads(one: str, other: str, after: Mapping[str, set[str]]) -> bool:
    """Does one come before the other already?"""
    return one == other or any(_leads(then, other, after) for then in after.get(one, ()))


def _told(name: str, body: str, names: Mapping[str, str]) -> Iterator[tuple[int, Edge]]:
    """(how late, what) a text says of the order: of itself and its next steps, of what is run
    first, and of two others of which one comes then."""
    count, scope, optional = 0, "", 99
    for line in body.split("\n"):
        yield from _beside(name, line, names)
        scope = _scope(scope, line)
        indent = len(line) - len(line.lstrip())
        optional = optional if line.strip() and indent > optional else 99
        if optional < indent:
            continue  # it stands below an optional item
        optional = indent if _ONLY_IF.search(line) else optional
        calls = [
            (m.start(), names[m[1].lower()]) for m in _CALL.finditer(line) if m[1].lower() in names
        ]
        if not calls:
            continue
        if scope and not _ONLY_IF.search(line):
            for _, then in calls:
                count += 1
                yield count, (name, then, True)
        elif not scope and _FIRST.search(line):
            yield 0, (calls[0][1], name, False)
        elif not scope:
            for at, (start, then) in enumerate(calls):
                if _THEN.search(line[:start]):
                    yield 1, (calls[at - 1][1] if at else name, then, True)


def _beside(name: str, line: str, names: Mapping[str, str]) -> Iterator[tuple[int, Edge]]:
    """Who works before and after it, where a line says so: "BEFORE me: sounder -> gauger"."""
    if not (found := _NEIGHBOURS.search(line)):
        return
    row = [names[m[1].lower()] for m in _WORKER.finditer(found[2]) if m[1].lower() in names]
    row = [*row, name] if found[1].lower() == "before" else [name, *row]
    yield from ((0, (one, then, True)) for one, then in pairwise(row))


_NEIGHBOURS = pattern(r"(?i)\b(before|after) me\b\W*:(.*)")
_WORKER = pattern(r"\b([A-Za-z][\w-]*)\b(?! *\([^)]*\b(?:if|optional)\b)")


def places(components: Sequence[Component], known: str) -> Iterator[tuple[Component, str]]:
    """Of each what its text says of its place among the others: when it is used, which stage it is,
    and to whom it hands work on. known: what is said of them already."""
    names = {one.name.lower(): one.name for one in components if one.kind == "agent"}
    after: dict[str, set[str]] = {}
    for first, then, _ in _edges(_texts([one for one in components if one.kind == "agent"])):
        after.setdefault(first, set()).add(then)
    for one in components:
        said = [_when(one), _stage(one)]
        found = [text for text in dict.fromkeys(said) if text and text.lower() not in known.lower()]
        hands = [names[name] for name in _hands_to(one, names)]
        # what goes back to one before it is the way of a failure
        if others := [name for name in hands if not _leads(name, one.name, after)][:MOST_NEXT]:
            found.append(f"hands work to {wording.together([f'`{name}`' for name in others])}")
        if found:
            yield one, "; ".join(found)


def _when(component: Component) -> str:
    """When its description says that it is used: "after each dive and before the log is closed"."""
    found = _USED.search(shown(component.description))
    return _plain(found[1]) if found else ""


def _stage(component: Component) -> str:
    """Which stage of several its text says that it is."""
    for line in _FENCED.sub("", component.body).split("\n"):
        if found := _STAGE.search(line):
            return _plain(f"the {found[1]}")
    return ""


def _plain(clause: str) -> str:
    """A clause that speaks to nobody, and holds no markup; "" for any other."""
    clause = clause.strip(" .,;:")
    fits = len(clause) <= MOST_CLAUSE and not _NO_CLAUSE.search(clause)
    return clause if fits and is_quotable(clause) else ""


def _hands_to(component: Component, names: Mapping[str, str]) -> list[str]:
    """The other ones to whom its text says that it gives work, in the order in which it does."""
    found: dict[str, None] = {}
    scope = ""
    for line in _FENCED.sub("", component.body).split("\n"):
        scope = _scope(scope, line)
        for named in _NAMED.finditer(line):
            name = (named[1] or named[2]).lower()
            gives = scope or _GIVES.search(line[: named.start()])
            certain = gives and not (_ONLY_IF.search(line) or _NOT.search(line))
            if certain and name in names and name != component.name.lower():
                found[name] = None
    return list(found)


_USED = pattern(
    r"(?i)\b(?:use|invoke|run|call|used|invoked|called|spawned)\b"
    r"(?: (?:this|the|it|agent|command|proactively|immediately|only))* "
    r"((?:after|before|at the (?:beginning|start|end) of|once)\b[^.<>;(]*)"
)
_STAGE = pattern(
    r"(?i)\b(?:as|is|are) (?:the )?((?:first|second|third|fourth|fifth|sixth|seventh|eighth|final"
    r"|last)(?: and (?:final|last))? (?:stage|step|phase)\b[^.]*)"
)
_GIVES = pattern(
    r"(?i)\b(?:invoke|delegate|deploy|engage|dispatch|hand|route|launch|spawn|forward|call)s?\b"
    r"(?:(?!\b(?:from|by|when)\b)[^.]){0,60}$"
)
_NAMED = pattern(r"(?<![\w/.-])(?:(?:@|`|\*\*)+([A-Za-z][\w-]*)|([A-Za-z]\w*(?:-\w+)+))(?![\w/-])")
_NOT = pattern(r"(?i)\b(?:not|never|instead|unlike|rather)\b|n't\b")
_NO_CLAUSE = pattern(r"(?i)\b(?:you|your|i|we)\b|[|<>`*\[\]]")
_FENCED = pattern(r"(?ms)^[ \t]*(`{3,})[^\n]*\n.*?^[ \t]*\1[ \t]*$")
MOST_CLAUSE, MOST_NEXT = 220, 8
"""Characters of what is said of a place, and names of those who have work handed on."""


def _scope(before: str, line: str) -> str:
    """What a line stands in: a chapter ("#") or a list (":") of next steps; "" for neither."""
    if found := _NEXT.match(line) or _AFTER.fullmatch(line):
        return "#" if found[1] else ":"
    ends = line.startswith("#") or line.lstrip().startswith("```") or not line.strip()
    if before == "#":
        return "" if ends and line.strip() else "#"
    return "" if ends else before


_NEXT = pattern(
    r"\s*(?:[-*>] |\d+\. )?(#*)\W*(?:suggested |recommended )?next"
    r"(?: (?:steps?|phases?|actions?|commands?|agents?|workers?)\b|:)",
    re.I,
)
_AFTER = pattern(r"(#*)\W*after \w[^.,:]{3,60}:\W*", re.I)
_CALL = pattern(r"(?<![\w/.~-])/(?:[\w-]+:)?([A-Za-z][\w-]*)(?![\w/.-]*/)")
_ONLY_IF = pattern(
    r"\b(?:if|optional(?:ly)?|re-?run|again|fix(?:es)?|fail\w*|first|instead)\b", re.I
)
_FIRST = pattern(r"\b(?:run|use|execute) `?/[\w:-]+[^.;]*\bfirst\b(?! if)", re.I)
_THEN = pattern(r"\bthen,?(?: run| use| execute)? [`*]{0,3}$", re.I)
_NEXT_KEY = pattern(r"handoffs?|next(?:[-_](?:steps?|commands?|agents?))?", re.I)
_SETS_UP = ("setup", "init", "initialize", "install", "bootstrap", "onboard")
_STARTS = ("start", "create", "new", "configure", "quickstart")
