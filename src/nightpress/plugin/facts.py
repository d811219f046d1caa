"""What a plugin has, fact by fact, with file and lines: commands, options, agents, hooks, tools,
variables, settings, files, packages, versions, ports, addresses and models.

Pure; one pass over the sources. A fact is *structural* where a manifest, frontmatter, code or
configuration holds it, and *said* where only prose does. What code holds is found by `declared`,
what prose says by `said`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct

from nightpress.lazy import pattern
from nightpress.model import FACT_KINDS, Anatomy, Basis, Component, Fact, FactKind, SourceFile

MOST_LINES = 20
"""Lines of one fact that are kept."""


class Raw(Struct, frozen=True):
    """A fact as it was met: offset: in the text of its file."""

    kind: FactKind
    name: str
    offset: int
    value: str = ""
    of: str = ""


class Facts(Struct, frozen=True):
    """Every fact of a plugin, by kind and file."""

    all: tuple[Fact, ...]

    def of(self, kind: FactKind, basis: Basis | None = None) -> tuple[Fact, ...]:
        return tuple(f for f in self.all if f.kind == kind and basis in (None, f.basis))

    def names(self, kind: FactKind, basis: Basis | None = None) -> frozenset[str]:
        """Names of that kind, lower case."""
        return frozenset(f.name.lower() for f in self.of(kind, basis))

    def belonging(self, owner: str, kind: FactKind = "option") -> tuple[Fact, ...]:
        """What belongs to a command (`/locks`) or a script (its path)."""
        return tuple(f for f in self.all if f.kind == kind and f.of == owner)


class _Key(Struct, frozen=True):
    """An anatomy, equal to another one where both were built from the same files."""

    anatomy: Anatomy

    def __eq__(self, other: object) -> bool:
        mine = self.anatomy
        return isinstance(other, _Key) and (
            (mine.files, mine.name, mine.facts)
            == (other.anatomy.files, other.anatomy.name, other.anatomy.facts)
        )

    def __hash__(self) -> int:
        return hash(self.anatomy.files)


def collect(anatomy: Anatomy) -> Facts:
    """The facts of the plugin; remembered, for its documents are judged one after the other."""
    return _collected(_Key(anatomy))


@lru_cache(maxsize=8)
def _collected(key: _Key) -> Facts:
    anatomy = key.anatomy
    texts = {file.path: file.text for file in anatomy.files}
    by_file: dict[str, list[Raw]] = {}
    elsewhere = {fact.file for fact in anatomy.facts}
    for component in anatomy.components:
        if component.path in elsewhere:
            continue
        by_file.setdefault(component.path, []).extend(_component(component, texts))
    found = [
        fact
        for path, raws in by_file.items()
        for fact in _facts(path, texts.get(path, ""), raws, "structural")
    ]
    for file in anatomy.files:
        found += _of_file(file)
    order = {kind: at for at, kind in enumerate(FACT_KINDS)}
    found += anatomy.facts
    found.sort(key=lambda f: (order[f.kind], f.basis == "said", f.file, f.lines[:1], f.name))
    return Facts(tuple(found))


@lru_cache(maxsize=4_096)
def _of_file(file: SourceFile) -> tuple[Fact, ...]:
    """What one file says; remembered: another file's change is no change of this one."""
    from nightpress.plugin import declared, said
    from nightpress.plugin.anatomy import kind_of

    kind = kind_of(file.path)
    if kind == "license":
        return ()
    structural, prose = declared.of(file, kind), said.of(file, kind)
    return (
        *_facts(file.path, file.text, structural, "structural"),
        *_facts(file.path, file.text, prose, "said"),
    )


_LINE_END = pattern("\n")


def _facts(path: str, text: str, raws: Iterable[Raw], basis: Basis) -> Iterator[Fact]:
    """The facts of one file: what has one kind, name and owner is one."""
    starts = [0, *(line.end() for line in _LINE_END.finditer(text))]
    merged: dict[tuple[FactKind, str, str], tuple[dict[int, None], dict[str, None]]] = {}
    for raw in raws:
        lines, values = merged.setdefault((raw.kind, raw.name, raw.of), ({}, {}))
        if len(lines) < MOST_LINES:
            lines[bisect_right(starts, max(raw.offset, 0))] = None
        if raw.value and len(values) < MOST_LINES:
            values[raw.value] = None
    for (kind, name, of), (lines, values) in merged.items():
        yield Fact(kind, name, path, tuple(lines), basis, tuple(values), of)


# --- components ---

_HINT = pattern(r"(?<![\w-])(--?[A-Za-z][\w-]*)(?:[ =]+[<\[]?([A-Za-z][\w|.:-]*)[>\]]?)?")
_POSITIONAL = pattern(r"[<\[]([a-zA-Z][\w ./|-]{0,40})(?:\.\.\.)?[>\]]")
_SCRIPT = pattern(r"(?:\$\{?CLAUDE_PLUGIN_ROOT\}?/|\./)?((?:[\w.-]+/)*[\w.-]+\.\w{1,4})\b")


def _component(component: Component, texts: dict[str, str]) -> Iterator[Raw]:
    text = texts.get(component.path, "")
    name, meta = component.name, component.meta
    if component.kind == "command":
        yield Raw("command", name, 0, component.description)
        owner = f"/{name}"
        for key in ("shortcut", "alias", "aliases"):
            value = meta.get(key)
            for alias in value if isinstance(value, list | tuple) else [value]:
                if isinstance(alias, str) and alias.strip():
                    yield Raw("alias", alias.strip().lstrip("/"), key_at(text, key), of=owner)
        yield from _arguments(meta.get("argument-hint"), key_at(text, "argument-hint"), owner)
        yield from _arguments(meta.get("arguments"), key_at(text, "arguments"), owner)
    elif component.kind in ("agent", "skill"):
        yield Raw("agent" if component.kind == "agent" else "skill", name, 0, component.description)
    elif component.kind == "hook":
        at = max(text.find(f'"{name}"'), 0)
        yield Raw("hook", name, at, str(meta.get("matcher", "")))
        for script in _SCRIPT.finditer(component.description):
            yield Raw("hook", name, at, script[1])
    elif component.kind == "mcp":
        yield Raw("server", name, max(text.find(f'"{name}"'), 0), component.description)
    elif component.kind == "script":
        yield Raw("script", component.path, 0, component.description)
    model = meta.get("model")
    if component.kind != "hook" and isinstance(model, str) and model.strip():
        yield Raw("model", model.strip(), key_at(text, "model"), of=name)


def _arguments(hint: object, at: int, owner: str) -> Iterator[Raw]:
    """`[--since MINUTES] <table>`: options with the name of their value, and positional ones."""
    for text in hint if isinstance(hint, list | tuple) else [hint]:
        if not isinstance(text, str):
            continue
        rest = text
        for option in _HINT.finditer(text):
            yield Raw("option", option[1], at, option[2] or "", owner)
            rest = rest.replace(option[0], " ", 1)
        for argument in _POSITIONAL.finditer(rest):
            if argument[1].strip(" -|"):
                yield Raw("argument", argument[1].strip(), at, of=owner)


def key_at(text: str, key: str) -> int:
    """Offset of a frontmatter key's line; 0 if it is not there."""
    match = re.search(rf"^[\"']?{re.escape(key)}[\"']?\s*:", text[:20_000], re.M)
    return match.start() if match else 0
