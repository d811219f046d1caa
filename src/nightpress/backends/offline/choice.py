"""What there is to choose from: each command and agent of a plugin, with what it is for."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence

from nightpress.backends.offline import cells, order, packs, pointers, shares, wording
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.components import (
    MATTERS,
    MOST_ROWS,
    is_hint,
    is_placeholder,
    is_skill,
    link,
    name_of,
    once,
)
from nightpress.backends.offline.part import Part
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.trim import Owned
from nightpress.backends.offline.wording import code
from nightpress.lazy import pattern
from nightpress.model import Component, Material


def choice(material: Material, topic: Topic, own: Owned) -> list[Block]:
    """Each command and agent with what it is for, and the order in which they are used: a table, or
    where that would be too long to choose from, lists by folder. None where there is no choice."""
    found: list[cells.Row] = []
    chains = []
    for kind in ("command", "agent"):
        every = list(filter(topic.uses, once(material, kind)))
        found += [(one, cells.cell(material, one, own)) for one in every]
        chains.append(order.chain(every))
    if len(found) < 2:
        return []
    rows = cells.apart(material, found, own)
    if len(rows) > MOST_ROWS and not material.references:
        return list(_roster(material, rows))
    rows = cells.shortened(rows, MOST_TABLE)
    table = list(_tables(material, rows))
    names = {component.name: f"`{name_of(component)}`" for component, _ in rows}
    follow = [Block("text", f"Order of use: {', then '.join(names[one] for one in chain)}.")
              for chain in chains if chain]  # fmt: skip
    every = [component for component, _ in rows]
    places = list(order.places(every, "\n".join(about for _, about in rows)))[:MOST_PLACES]
    if places:
        said = "\n".join(f"- `{name_of(one)}`: {place}." for one, place in places)
        follow += [Block("text", PLACES), Block("list", said)]
    read = [Block("text", _read(every))] if material.references else []
    return [*table, *follow, *read]


def _tables(material: Material, rows: Sequence[cells.Row]) -> Iterator[Block]:
    """The rows as a table, or as one for each group of a large pack."""
    group = packs.groups(material)
    own = {one.path: group.get(one.path, "") for one, _ in rows}
    for label in dict.fromkeys(one for one in (*group.values(), "") if one in own.values()):
        table = ["| Use | For |", "| --- | --- |"]
        for component, about in (row for row in rows if own[row[0].path] == label):
            path = material.references.get(component.path, component.path)
            name = link(material, path, f"`{name_of(component)}`")
            short = packs.shortcut(component) if material.references else ""
            also = f" or `/{short}`" if short else _kinds.get(component.kind, "")
            table.append(f"| {name}{also} | {about or wording.title(component.name, ())} |")
        if label:
            yield Block("text", f"{label}:")
        yield Block("table", "\n".join(table))


def notes(
    material: Material, topic: Topic, described: Sequence[Part], table: Sequence[Block]
) -> list[Block]:
    """What a table does not say: how an agent is called, and, where names link to files, what is
    in these: all of an agent's instructions, and of some commands what has nothing below."""
    mine = [part for part in described if part.home is not None]
    agents = [part for part in mine if shares.is_agent([part])]
    linked = any("](" in block.text for block in table)
    said = []
    if is_skill(material) and any(map(topic.uses, material.anatomy.of("agent"))):
        one = "an agent" if any(map(topic.uses, material.anatomy.of("command"))) else "one"
        said.append(f"Delegate to {one} by its name{INSTRUCTIONS if linked else ''}.")
    bare = [f"`{name_of(one)}`" for one in once(material, "command") if is_placeholder(one)]
    if bare:
        said.append(BARE.format(wording.together(bare), "they are" if bare[1:] else "it is"))
    if untold := pointers.untold(described) if linked else "":
        said.append(untold)
    elif linked and any(part.is_aside for part in mine if part not in agents):
        said.append(pointers.READ)
    return [Block("text", note) for note in said]


def noted(material: Material, text: str) -> str:
    """The document; below its table of commands and agents what in it is none of the plugin's."""
    table = _TABLE.search(text)
    notes = list(_foreign(material, text)) if table else []
    at = text.find("\n\n#", table.end()) if table else -1
    return text if at < 0 else "\n\n".join([text[:at], *notes]) + text[at:]


def _foreign(material: Material, text: str) -> Iterator[str]:
    """That a path is of its author's machine, commands are called by the name of another plugin,
    or a name is of another plugin's agent."""
    if homes := dict.fromkeys(_HOME.findall(text)):
        named = wording.together([f"`{home}`" for home in homes])
        yield f"What lies below {named} is its author's own, and not in the plugin: use yours."
    yield from packs.called(material, text)
    own = {one.name.lower() for one in material.anatomy.of("command")}
    called = {(m[1], m[2].replace(":", "-").lower()) for m in _SPACED.finditer(text)}
    spaces = Counter(space for space, name in called if name in own)
    for space, count in spaces.items():
        if count > 1 and space != material.anatomy.name:
            yield (
                f"Its texts put `{space}:` before the names of these commands: run them as the"
                " table names them."
            )
    names = {one.name.lower() for one in material.anatomy.of("agent")}
    kin = Counter(name.partition("-")[0] for name in names if "-" in name)
    other = [
        name
        for name in dict.fromkeys(_MENTIONED.findall(text))
        if name not in names and kin[name.partition("-")[0]] > 2
    ]
    if other:
        named = wording.together([f"`@{name}`" for name in other])
        yield f"{named} {'are no agents' if other[1:] else 'is no agent'} of this plugin."


_TABLE = pattern(r"(?m)^\| Use \| For \|$")
_HOME = pattern(
    r"(?<![\w.~-])(?:/Users|/home)/"
    r"(?!(?:x|you|me|users?|name|username|runner|node|app|ubuntu|vscode)\b)[A-Za-z][\w.-]*"
)
_SPACED = pattern(r"(?<![\w/.:])/([A-Za-z][\w-]*):([\w-]+(?::[\w-]+)*)")
_MENTIONED = pattern(r"(?<![\w/@])@([a-z]\w*(?:-\w+)+)(?![\w/])")


def _roster(material: Material, rows: list[tuple[Component, str]]) -> Iterator[Block]:
    """The commands and agents of each folder, and where they are defined; in fewer words, where
    they would take too much of the document."""
    folders: dict[tuple[str, str], list[tuple[Component, str]]] = {}
    for component, about in rows:
        folder = posixpath.dirname(component.path)
        folders.setdefault((component.kind, folder), []).append((component, about))
    for of_command, of_agent in ((160, 160), (90, 90), (90, 0), (50, 0), (0, 0)):
        blocks = []
        for (kind, folder), own in folders.items():
            most = of_command if kind == "command" else of_agent
            what = f"{MATTERS[kind].capitalize()} in {link(material, folder)}"
            if most:
                lines = (f"- `{_called(one)}`{_colon(about, most)}"
                         for one, about in own)  # fmt: skip
                blocks += [Block("text", f"{what}:"), Block("list", "\n".join(lines))]
            else:
                named = ", ".join(f"`{name_of(one)}`" for one, _ in own)
                blocks.append(Block("text", f"{what}: {named}."))
        if sum(len(block.text) for block in blocks) <= MOST_ROSTER:
            break
    yield from blocks


def _colon(about: str, most: int) -> str:
    brief = wording.clause(about, most)
    return f": {brief}" if brief else ""


def _called(component: Component) -> str:
    """The name, and for a command the arguments that it declares."""
    hint = component.meta.get("argument-hint") if component.kind == "command" else None
    return f"{name_of(component)} {code(hint)}" if is_hint(hint) else name_of(component)


INSTRUCTIONS = "; its linked file has its full instructions"
BARE = "Of {} the plugin says no more than how {} called."


def _read(every: Sequence[Component]) -> str:
    """How to go on from here, where each has a reference."""
    uses = {
        ("agent",): "delegate to one of them by its name",
        ("command",): "run one of them",
        ("agent", "command"): "run a command, or delegate to an agent by its name",
    }[tuple(sorted({one.kind for one in every}))]
    return f"Before you {uses}, read the file that its name links to: it has the full text."


PLACES = "When they are used, and what comes next:"
MOST_PLACES = 10
"""Commands and agents of which it is said when they are used."""
_kinds = {"agent": " (agent)"}

MOST_TABLE = 5_500
"""Characters of all that a table says."""
MOST_ROSTER = 8_500
"""Bytes of the lists that stand in for a table of more rows than that."""
