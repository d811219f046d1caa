"""What a README and documents say beside the components' own texts: at which place, and how much of
it must be news."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from nightpress.backends.offline import wording
from nightpress.backends.offline.blocks import Block, is_ordered, items_of
from nightpress.backends.offline.outline import function_of
from nightpress.backends.offline.part import LAST, Part
from nightpress.backends.offline.worth import EXAMPLES

SUMMARY, BESIDE, TWICE, AGAIN = 0.34, 0.3, 0.45, 0.75
"""News of what sums up the rest, of what is said beside the components' own texts, of what does
what one of those does, and of what tells in short the steps that one of those takes."""


def under(chapters: Sequence[Part], more: Sequence[Part]) -> Iterator[Part]:
    """The parts; one of a chapter that there is already goes to the end of that, or, without a
    heading of its own, above the first one there, and is news where that does not say it."""
    held: dict[str, list[Part]] = {}
    for part in sorted(chapters, key=lambda part: part.order):
        if part.path:
            held.setdefault(part.path[0].lower(), []).append(part)
    for part in more:
        chapter = held.get(part.path[0].lower()) if part.path else None
        if chapter:
            part.path = (chapter[0].path[0], *part.path[1:])
            part.rank = max(part.rank, 1 + max(one.rank for one in chapter))
            below = next((n for n, one in enumerate(chapter) if len(one.path) > 1), len(chapter))
            before = chapter[below - 1] if len(part.path) == 1 and below else chapter[-1]
            if len(part.path) == 1 and not below:
                *above, last = chapter[0].order
                part.order = (*above, last - 1, LAST, *part.order)
            else:
                part.order = (*before.order, *part.order)
        yield part


def but_said(more: Sequence[Part], described: Sequence[Part]) -> list[Part]:
    """The parts of the README and documents; of a chapter that does what one of a component's own
    does, more has to be news: who reads of one thing twice looks for the difference."""
    done: dict[tuple[str, bool], int] = {}  # (function, by code?) -> characters
    for part in described:
        base = len(part.home.base) if part.home else len(part.path)
        if len(part.path) > base and not part.is_aside:
            key = _function(replace(part, path=part.path[base:]))
            done[key] = done.get(key, 0) + sum(len(block.text) for block in part.blocks)
    heads = {
        frozenset(wording.stems(part.path[-1]))
        for part in described
        if part.home and len(part.path) > len(part.home.base) and not part.is_aside
    }
    inner = (n for part in described if part.home for n in part.path[len(part.home.base) :])
    shown = [wording.stems(name) for name in inner if EXAMPLES.search(name)]
    functions = {key for key, size in done.items() if key[0] and size >= ENOUGH}
    functions |= {(name, False) for name, _ in functions}
    if functions & {("process", False), ("features", False)}:
        functions |= {("process", False), ("features", False)}
    steps = sum(size for (name, _), size in done.items() if name == "process")
    found = []
    procedures = [_steps(b) for part in described for b in part.blocks if is_ordered(b)]
    for part in more:
        if steps >= ENOUGH and _sums_up_steps(part):
            continue
        part = replace(part, blocks=_but_steps(part.blocks, procedures))
        own = part.path and frozenset(wording.stems(part.path[-1])) in heads
        own = own or (part.path and _is_of_examples(part.path[0], shown))
        if part.path and (own or _function(part) in functions):
            short = 2 * sum(len(block.text) for block in part.blocks) < steps
            again = short and function_of(part.path[-1]) == "process"
            part = replace(part, news=AGAIN if again else TWICE, rank=part.rank + 20)
            part.is_aside = _is_sample(part) and ("output", True) in functions
        found.append(part)
    return [part for part in found if part.blocks]


def _sums_up_steps(part: Part) -> bool:
    """Is it a list below another heading of what is done, in a few words each?"""
    lists = len(part.path) > 1 and function_of(part.path[-1]) == "process"
    return lists and all(block.kind == "list" or block.announces for block in part.blocks)


def _steps(block: Block) -> list[frozenset[str]]:
    return [wording.stems(item) for item in items_of(block.text)]


def _but_steps(blocks: Sequence[Block], known: Sequence[list[frozenset[str]]]) -> list[Block]:
    """The blocks without a procedure that one of those known tells in other words, step by step,
    and what announces it."""
    kept = list[Block]()
    for block in blocks:
        steps = _steps(block) if is_ordered(block) else []
        if len(steps) > 2 and any(_is_same(steps, one) for one in known):
            while kept and kept[-1].announces:
                kept.pop()
        else:
            kept.append(block)
    return kept


def _is_same(steps: Sequence[frozenset[str]], others: Sequence[frozenset[str]]) -> bool:
    """Has each step one of the others, in their order, that says half of it?"""
    at = 0
    for step in steps:
        same = (n for n in range(at, len(others)) if 2 * len(step & others[n]) >= len(step))
        at = next(same, len(others)) + 1
        if at > len(others):
            return False
    return True


def _is_of_examples(heading: str, shown: Iterable[frozenset[str]]) -> bool:
    """Is it a chapter of examples of what a component shows examples of?"""
    of = wording.stems(EXAMPLES.sub("", heading)) if EXAMPLES.search(heading) else frozenset()
    return bool(of) and any(of <= one for one in shown)


def _is_sample(part: Part) -> bool:
    """Is it only what a run shows?"""
    said = [block for block in part.blocks if not block.announces]
    return function_of(part.path[0]) == "output" and all(block.kind == "code" for block in said)


def _function(part: Part) -> tuple[str, bool]:
    return function_of(part.path[0]), any(block.kind == "code" for block in part.blocks)


ENOUGH = 100
"""Characters of a component's own section, from which the README's of the same is not needed."""
