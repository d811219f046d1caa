"""A plugin's components as they will stand in a document."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec.structs import replace

from nightpress.backends.offline import trim
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.clean import Place, shown
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.trim import Group, Owned
from nightpress.backends.offline.wording import code, cut, duties, sentence, sentences, third_person
from nightpress.lazy import pattern
from nightpress.model import Component, Material
from nightpress.plugin import collect, kind_of

_CHAPTERS = {"command": "Commands", "agent": "Agents", "skill": "Skills"}
_INSTALL = pattern(
    r"\s*(?:[>$] )?(?:(?:claude )?/(?:plugin|reload-plugins)(?![\w:-])|claude plugins? )"
)

MOST_FILES = 15
MANY = 15

Described = tuple[str, Component, str, list[Block], list[Group]]
"""Chapter, component, name as a user types it, lead blocks, sections of its own text."""


def all_of(material: Material, topic: Topic, own: Owned) -> Iterator[Described]:
    """Every command, agent and skill that the topic uses; of two with one name the first. What an
    agent's file says to the agent is left out: what it does is told in the third person."""
    for kind, chapter in _CHAPTERS.items():
        for component in _once(material, kind):
            if not topic.uses(component):
                continue
            name = _name(component)
            # another skill has a document of its own
            about = [] if kind == "skill" and not topic.whole else _about(material, component, own)
            lead = _lead(material, component, name, own)
            texts = {_plain(block.text) for block in lead}
            for section in [section for group in about for section in group.sections][:2]:
                section.blocks = [b for b in section.blocks if _plain(b.text) not in texts]
            yield chapter, component, name, lead, about


def _about(material: Material, component: Component, own: Owned) -> list[Group]:
    """The component's own text, in groups that stand or fall together."""
    found = trim.quoted(component.body.lstrip(), place_of(material, component.path), own)
    if component.kind != "agent":
        return found
    return [replace(group, sections=tuple(map(trim.impersonal, group.sections))) for group in found]


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()


def _once(material: Material, kind: str) -> list[Component]:
    components: dict[str, Component] = {}
    for component in material.anatomy.of(kind):
        if component.path != material.target and code(component.name):
            components.setdefault(component.name, component)
    return list(components.values())


def _name(component: Component) -> str:
    name = code(component.name)[:120]
    return f"/{name}" if component.kind == "command" else name


def _lead(material: Material, component: Component, name: str, own: Owned) -> list[Block]:
    """What it is for, how it is called if that takes more than its name, and where all of it is."""
    text = duties(sentence(trim.prose(component.description, own)))
    if component.kind == "agent":
        text = third_person(text) or text
    blocks = [Block("text", text)] if text else []
    hint = component.meta.get("argument-hint")
    if component.kind == "command" and isinstance(hint, str) and code(hint):
        blocks.append(Block("code", f"```text\n{name} {code(hint)}\n```"))
    short = component.meta.get("shortcut")
    short = f"/{code(short).lstrip('/')}" if isinstance(short, str) and code(short) else name
    if short != name:
        blocks.append(Block("text", f"Shortcut: `{short}`."))
    return [*blocks, Block("text", f"Defined in {_link(material, component.path)}.")]


def _link(material: Material, path: str, label: str = "") -> str:
    relative = posixpath.relpath(path, posixpath.dirname(material.target) or ".")
    shown = code(path)
    if shown != path or re.search(r"[\s()<>\[\]]", relative):
        return f"`{shown}`"
    return f"[{label or path}]({relative})"


def choice(material: Material, topic: Topic, own: Owned) -> list[Block]:
    """Which command or agent for what, as a table; none where there is no choice."""
    rows: list[str] = []
    for kind in ("command", "agent"):
        for component in _once(material, kind):
            text = trim.prose(component.description, own)
            about = next(iter(sentences(duties(text))), "").strip().rstrip(".")
            if topic.uses(component) and about and len(rows) < MOST_ROWS:
                about = shown(re.sub(r"[<>|]", "", cut(about, 200)))
                rows.append(f"| {about} | `{_name(component)}`{_kinds.get(kind, '')} |")
    if len(rows) < 2:
        return []
    return [Block("table", "\n".join(["| For | Use |", "| --- | --- |", *rows]))]


_kinds = {"agent": " (agent)"}
MOST_ROWS = 40


def installs(block: Block) -> bool:
    """Is it code that does nothing but install plugins?"""
    lines = block.text.split("\n")[1:-1] if block.kind == "code" else []
    commands = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return bool(commands) and all(_INSTALL.match(line) for line in commands)


def tools(material: Material, topic: Topic) -> Iterator[tuple[str, list[Block]]]:
    """Hooks and MCP servers as lists of one line each."""
    for heading, kind in (("Hooks", "hook"), ("MCP servers", "mcp")):
        rows = []
        for c in filter(topic.uses, material.anatomy.of(kind)):
            matcher = code(str(c.meta.get("matcher") or ""))
            on = f" on `{matcher}`" if matcher else ""
            runs = f" runs `{code(c.description)}`" if code(c.description) else ""
            about = f": {sentence(c.body)}" if sentence(c.body) else "."
            rows.append(f"- `{code(c.name)}`{on}{runs}{about}")
        if rows:
            yield heading, [Block("list", "\n".join(dict.fromkeys(rows)))]


def files(material: Material, topic: Topic) -> list[Block]:
    """Scripts and documents that the topic has, each with what it says of itself."""
    descriptions = {
        c.path: c.description for c in material.anatomy.components if c.kind == "script"
    }
    rows = []
    for file in material.anatomy.files:
        kind = kind_of(file.path)
        if file.path == material.target or kind not in ("script", "doc", "mcp", "hook"):
            continue
        if not (topic.is_own(file.path) or topic.names(file.path)):
            continue
        about = descriptions.get(file.path, "") if kind == "script" else ""
        if kind == "doc" and (heading := re.search(r"(?m)^# +(\S.*)$", file.text[:4_000])):
            about = heading.group(1).replace("`", "").replace("*", "")
        name = code(file.path)
        more = [sentence(about), _interface(material, file.path) if kind == "script" else ""]
        said = " ".join(part for part in more if part)
        rows.append(f"- `{name}`: {said}" if said else f"- `{name}`")
    return [Block("list", "\n".join(rows[:MOST_FILES]))] if rows else []


def _interface(material: Material, path: str) -> str:
    """What a script reads of the environment, and what its exit codes mean."""
    facts = collect(material.anatomy)
    reads = [code(f.name) for f in facts.belonging(path, "variable") if f.basis == "structural"]
    exits = [
        f"exit code {code(f.name)}: {shown(f.values[0]).rstrip('.')}"
        for f in facts.belonging(path, "exit code")
        if f.values and shown(f.values[0])
    ]
    parts = [f"reads {', '.join(f'`{name}`' for name in reads[:MANY])}"] if reads else []
    said = "; ".join([*parts, *exits[:MANY]])
    return f"{said[0].upper()}{said[1:]}." if said else ""


def names(material: Material) -> list[Block]:
    """The names of the commands, where there are many."""
    quoted = [f"`{_name(command)}`" for command in _once(material, "command")]
    return [Block("text", f"{', '.join(quoted)}.")] if len(quoted) > MANY else []


def contents(material: Material) -> list[Block]:
    """A list of the reference's entries, linked to their headings."""
    rows = []
    for kind in ("command", "agent"):
        for component in _once(material, kind):
            name = _name(component)
            # the forges' rule for heading ids
            anchor = re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-")
            rows.append(f"- [`{name}`](#{anchor})")
    return [Block("list", "\n".join(rows))] if 2 < len(rows) <= MANY else []


def place_of(material: Material, path: str) -> Place:
    """Where the text of the plugin's file `path` comes from and goes to."""
    paths = frozenset(file.path for file in material.anatomy.files)
    own = path == material.target
    return Place(path, posixpath.dirname(path), posixpath.dirname(material.target), paths, own)
