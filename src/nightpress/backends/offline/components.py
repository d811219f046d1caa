"""A plugin's components as they will stand in a document."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from typing import TypeGuard

from msgspec.structs import replace

from nightpress.backends.offline import filled, trim, voice, wording
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.clean import Place, is_quotable, shown
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.trim import Group, Owned
from nightpress.backends.offline.wording import code, cut, duties, sentence, sentences, third_person
from nightpress.lazy import pattern
from nightpress.model import Component, Material
from nightpress.plugin import collect, kind_of

_MATTERS = {"command": "commands", "agent": "agents", "skill": "skills"}
MOST_FILES = 15
MANY = 15

Described = tuple[str, str, list[Block], list[Block], list[Group], Place]
"""Matter, name as a user types it, how it is called and where it stands, what it is for, sections
of its own text, and where that stands."""


def all_of(
    material: Material, topic: Topic, own: Owned, *, told: bool = False
) -> Iterator[Described]:
    """Every command, agent and skill that the topic uses; of two with one name the first. What an
    agent's file says to the agent is left out: what it does is told in the third person. told: a
    table says what each command and agent is for, and where it stands."""
    many = is_many(material, topic)
    for kind, matter in _MATTERS.items():
        for component in once(material, kind):
            if not topic.uses(component):
                continue
            name = name_of(component)
            # another skill has a document of its own
            groups = (
                [] if kind == "skill" and not topic.whole else about_of(material, component, own)
            )
            known = told and kind != "skill"
            about = [] if known else purpose(component, own)
            lead = _lead(material, component, name, told=known, listed=known and many)
            source = place_of(material, component.path)
            yield matter, name, lead, about, groups, source


def about_of(material: Material, component: Component, own: Owned) -> list[Group]:
    """The component's own text, in groups that stand or fall together."""
    found = trim.quoted(component.body.lstrip(), place_of(material, component.path), own)
    if component.kind != "agent":
        return found
    told = voice.impersonal
    return [replace(group, sections=tuple(map(told, group.sections))) for group in found]


def once(material: Material, kind: str) -> list[Component]:
    """The components of a kind; of two with one name the first."""
    components: dict[str, Component] = {}
    for component in material.anatomy.of(kind):
        if component.path != material.target and code(component.name):
            components.setdefault(component.name, component)
    return list(components.values())


def name_of(component: Component) -> str:
    """Its name as a user types it."""
    name = code(component.name)[:120]
    return f"/{name}" if component.kind == "command" else name


def purpose(component: Component, own: Owned) -> list[Block]:
    """What it is for, by its description."""
    if wording.is_cast(shown(component.description)):
        return []
    text = wording.occasion(duties(sentence(trim.prose(component.description, own))))
    if component.kind == "agent":
        text = third_person(text) or text
    return [Block("text", text)] if text else []


def _lead(
    material: Material, component: Component, name: str, *, told: bool, listed: bool
) -> list[Block]:
    """How it is called, and where all of it is; told: a table says where; listed: and a list how it
    is called."""
    is_command = component.kind == "command"
    short = component.meta.get("shortcut")
    short = f"/{code(short).lstrip('/')}" if isinstance(short, str) and code(short) else name
    also = f" (shortcut: `{short}`)" if short != name and is_command else ""
    blocks = []
    if not told:
        which = f"Run `{name}`{also}," if is_command else f"The {component.kind} `{name}` is"
        blocks.append(Block("text", f"{which} defined in {link(material, component.path)}."))
    elif also:
        blocks.append(Block("text", f"Shortcut: `{short}`."))
    hint = component.meta.get("argument-hint")
    if is_command and _is_hint(hint):
        if not listed:
            blocks.append(Block("code", f"```text\n{name} {code(hint)}\n```"))
        blocks += _arguments(material, component)
    return blocks


def _arguments(material: Material, component: Component) -> list[Block]:
    """What the plugin's texts say of each argument that a command declares, as a table; none where
    they say nothing of any."""
    declared = [
        fact
        for kind in ("argument", "option")
        for fact in collect(material.anatomy).belonging(f"/{component.name}", kind)
        if fact.basis == "structural"
    ]
    files = [f.text for f in material.anatomy.files if kind_of(f.path) in ("readme", "doc")]
    said = [s for text in (component.body, *files) for s in _plain_sentences(text)]
    rows = []
    for fact in declared:
        names = [re.compile(rf"(?<![\w-]){re.escape(one.name)}(?![\w-])") for one in declared]
        mine = names[declared.index(fact)]
        only = (s for s in said if mine.search(s) and sum(bool(n.search(s)) for n in names) == 1)
        about = next(only, "") if fact.kind == "option" else ""
        values = " ".join(value for value in fact.values if value)
        shape = fact.name if fact.kind == "option" else f"<{fact.name}>"
        shape = code(f"{shape} {values}".strip())
        about = re.sub(rf"^`{re.escape(fact.name)}[^`]*` (?=\S)", "", about)
        about = re.sub(r"^(\([^)]*\)) (.*?)\.?$", r"\2 \1.", about)
        rows.append((f"`{shape}`", about[:1].upper() + about[1:]))
    table = [f"| {name} | {about} |" for name, about in rows if about]  # the usage has them all
    if not table:
        return []
    return [Block("table", "\n".join(["| Argument | Meaning |", "| --- | --- |", *table]))]


def _plain_sentences(text: str) -> Iterator[str]:
    """The sentences of a text's paragraphs and items, each on one line, without cells and code;
    none that only announces something."""
    pieces: list[str] = [""]
    for line in re.sub(r"(?ms)^```.*?^```", "", text).split("\n"):
        if _BEGINS.match(line) or not line.strip():
            pieces.append("")
        if not line.lstrip().startswith(("|", "#")):
            pieces[-1] = f"{pieces[-1]} {_BEGINS.sub('', line).strip()}".strip()
    for piece in pieces:
        for one in sentences(filled.told(piece)):
            if is_quotable(one) and "|" not in one and not one.rstrip().endswith(":"):
                yield one.strip()


_BEGINS = pattern(r"^\s*(?:[-*+]|\d+[.)])\s+|^#")


def link(material: Material, path: str, label: str = "") -> str:
    """A link to one of the plugin's files from the document; its path where that makes none."""
    relative = posixpath.relpath(path, posixpath.dirname(material.target) or ".")
    shown = code(path)
    if material.profile == "upload" and not _travels(material, path):
        return label or f"`{shown}`"
    if shown != path or re.search(r"[\s()<>\[\]]", relative):
        return f"`{shown}`"
    return f"[{label or path}]({relative})"


def _travels(material: Material, path: str) -> bool:
    """Does the file lie in the folder of the document's skill?"""
    folder = material.target.partition("/references/")[0].removesuffix("/SKILL.md")
    return path.startswith(f"{folder}/")


def choice(material: Material, topic: Topic, own: Owned) -> list[Block]:
    """Each command and agent with what it is for: a table, or where that would be too long to
    choose from, lists by folder. None where there is no choice."""
    rows: list[tuple[Component, str]] = []
    for kind in ("command", "agent"):
        for component in filter(topic.uses, once(material, kind)):
            text = trim.prose(_whole(component), own)
            if not text or re.match(rf"\s*# +{re.escape(component.description)}", component.body):
                text = _opening(material, component, own) or text  # a title says less
            text = _doing(text) or text
            text = wording.modest(wording.occasion(duties(text)))
            reference = component.path in material.references
            told = _upto(text, 400) if reference else next(iter(sentences(text)), "")
            about = shown(re.sub(r"[<>|]", "", told)).rstrip(". ")
            rows.append((component, about if reference else wording.clause(about, 200)))
    rows = list(_without_templates(rows))
    if len(rows) < 2:
        return []
    if len(rows) > MOST_ROWS and not material.references:
        return list(_roster(material, rows))
    table = ["| Use | For |", "| --- | --- |"]
    for component, about in rows:
        path = material.references.get(component.path, component.path)
        name = link(material, path, f"`{name_of(component)}`")
        table.append(f"| {name}{_kinds.get(component.kind, '')} | {about} |")
    read = [Block("text", _READ)] if material.references else []
    return [Block("table", "\n".join(table)), *read]


def _whole(component: Component) -> str:
    """What its description says; of one that was cut off ("delegate tasks to the correc...") the
    sentence of its text that begins so."""
    said = shown(component.description)
    if not (found := _CUT_OFF.search(said)):
        return component.description
    begins = re.sub(r"^.{2,30} - (?=You )", "", said[: found.start()])
    for line in component.body.splitlines():
        for one in sentences(line):
            if len(begins) > MARK and one.startswith(begins[:-MARK]):
                return one
    return wording.clause(begins, len(begins) - 1)


_CUT_OFF = pattern(r"(?:\.\.\.|\u2026)\s*$")
MARK = 12
"""Characters at the end of a cut-off description that may be half a word, or a mark."""


def is_many(material: Material, topic: Topic) -> bool:
    """Are there more commands and agents than a table has rows for?"""
    found = (once(material, kind) for kind in ("command", "agent"))
    return sum(topic.uses(one) for kind in found for one in kind) > MOST_ROWS


def _without_templates(rows: list[tuple[Component, str]]) -> Iterator[tuple[Component, str]]:
    """The rows; what one sentence says of several, but for their names ("Documentation of
    swarm-status"), says nothing of any. (Of a name that is one word it may say something.)"""

    def of(row: tuple[Component, str]) -> str:
        name, about = row[0].name.lower(), row[1].lower()
        return about.replace(name, "_") if "-" in name else ""

    counts = Counter(filter(lambda said: "_" in said, map(of, rows)))
    for row in rows:
        yield row if counts[of(row)] < SAME_SENTENCE else (row[0], "")


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
            what = f"{_MATTERS[kind].capitalize()} in {link(material, folder)}"
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
    return f"{name_of(component)} {code(hint)}" if _is_hint(hint) else name_of(component)


def _is_hint(hint: object) -> TypeGuard[str]:
    return isinstance(hint, str) and bool(code(hint)) and not _NO_HINT.search(hint)


def _opening(material: Material, component: Component, own: Owned) -> str:
    """What a component without a description is for: its first paragraph; where that stands under
    a heading, what of it says what is done, else the component's own title."""
    found = [one for group in about_of(material, component, own)[:2] for one in group.sections]
    texts = [
        (one.path, block.text) for one in found for block in one.blocks[:1] if block.kind == "text"
    ]
    if texts and not texts[0][0]:
        return texts[0][1]
    for _, text in texts[:2]:
        if doing := next(filter(None, map(_doing, sentences(text))), ""):
            return doing
    title = re.search(r"(?m)\A\s*# +(\S.*)$", component.body)
    named = _WHO.sub("", title[1]).strip() if title else ""
    return named or next((text for path, text in texts if len(path) < 2), "")


def _doing(text: str) -> str:
    """What a text says that is done: "This tool moors ships." gives "Moors ships."; "" where it
    does not begin so."""
    found = _DOES.match(text)
    rest = text[found.end() :] if found else ""
    return rest[:1].upper() + rest[1:]


_DOES = pattern(
    r"(?:this|the) (?:[\w-]+ )?(?:tool|command|agent|workflow|skill|generator|prompt) "
    r"(?=[a-z]+s\b(?<!\bis)(?<!\bhas)(?<!\bwas)(?<!\bdoes))"
    r"|the user (?:needs|wants|asks)(?: to| for| help (?:with|to)| assistance (?:with|in))? ",
    re.I,
)
_WHO = pattern(r" (?:expert|specialist|assistant|agent|command|skill|slash command)$", re.I)


def _upto(text: str, most: int) -> str:
    """The first sentences, whole, that take at most so many characters together; one at least."""
    taken, *more = sentences(text) or [""]
    for one in more:
        if len(taken) + len(one) > most:
            break
        taken += one
    return taken if len(taken) <= most else cut(taken, most)


_READ = (
    "Before you use one of them, read the file that its name links to: it has the arguments, the"
    " steps and the examples."
)


_NO_HINT = pattern(r"\*\*|^\s*(?:\d+[.)]|[-*+]) ")  # a line of the text that slipped in
_kinds = {"agent": " (agent)"}
MOST_ROWS = 40
MOST_ROSTER = 8_500
"""Bytes of the lists that stand in for a table of more rows than that."""
SAME_SENTENCE = 3
"""Commands of which one sentence, but for their names, says nothing."""


def tools(material: Material, topic: Topic) -> Iterator[tuple[str, str, list[Block]]]:
    """(matter, heading, list) of hooks and MCP servers, one line each."""
    for matter, heading, kind in (("hooks", "Hooks", "hook"), ("servers", "MCP servers", "mcp")):
        rows = []
        for c in filter(topic.uses, material.anatomy.of(kind)):
            matcher = code(str(c.meta.get("matcher") or ""))
            on = f" on `{matcher}`" if matcher else ""
            runs = f" runs `{code(c.description)}`" if code(c.description) else ""
            about = f": {sentence(c.body)}" if sentence(c.body) else "."
            if (
                kind == "mcp"
                and len(material.anatomy.of("mcp")) == 1
                and (named := _tools(material))
            ):
                about = f"; its tools: {named}."
            rows.append(f"- `{code(c.name)}`{on}{runs}{about}")
        if rows:
            yield matter, heading, [Block("list", "\n".join(dict.fromkeys(rows)))]


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
        if not (topic.is_own(file.path) or topic.names(file.path)) or is_aside(file.path):
            continue
        about = descriptions.get(file.path, "") if kind == "script" else ""
        if kind == "doc" and (heading := re.search(r"(?m)^# +(\S.*)$", file.text[:4_000])):
            about = heading.group(1).replace("`", "").replace("*", "")
        name = code(file.path)
        about = _USAGE.sub(r"`\1`", about) if "`" not in about else about
        more = [sentence(about), interface(material, file.path) if kind == "script" else ""]
        said = " ".join(part for part in more if part)
        rows.append(f"- `{name}`: {said}" if said else f"- `{name}`")
    return [Block("list", "\n".join(rows[:MOST_FILES]))] if rows else []


_USAGE = pattern(r"^usage: +(\S.*?)\.?$", re.I)


def _tools(material: Material) -> str:
    """The tools that the plugin's code registers."""
    found = collect(material.anatomy).of("tool", "structural")
    return ", ".join(dict.fromkeys(f"`{code(fact.name)}`" for fact in found[:MANY]))


_ASIDE = pattern(  # files that only whoever works on the plugin reads
    r"(?:^|/)(?:tests?|__tests__|spec|node_modules|\.github)/|[._-](?:test|spec|config)\.\w+$"
    r"|(?:^|/)examples?/.*\.(?:[jt]sx?|py|go|rs|rb|java)$"
    r"|(?:^|/)(?:contributing|changelog|code_of_conduct|security)\.md$|^\.mcp\.json$"
    r"|(?:^|/)hooks\.json$|(?-i:(?:^|/)[A-Z_]*(?:TEST|SEO|SUMMARY|ROADMAP|TODO|MARKETING|RELEASE"
    r"|STATUS)[A-Z_]*\.md$)",
    re.I,
)


def is_aside(path: str) -> bool:
    """Is the file one that only whoever works on the plugin reads?"""
    return _ASIDE.search(path) is not None


def interface(material: Material, path: str) -> str:
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
    quoted = [f"`{name_of(command)}`" for command in once(material, "command")]
    return [Block("text", f"{', '.join(quoted)}.")] if len(quoted) > MANY else []


def contents(material: Material) -> list[Block]:
    """A list of the reference's entries, linked to their headings."""
    rows = []
    for kind in ("command", "agent"):
        for component in once(material, kind):
            name = name_of(component)
            # the forges' rule for heading ids
            anchor = re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-")
            rows.append(f"- [`{name}`](#{anchor})")
    return [Block("list", "\n".join(rows))] if 2 < len(rows) <= MANY else []


def place_of(material: Material, path: str) -> Place:
    """Where the text of the plugin's file `path` comes from and goes to."""
    paths = frozenset(file.path for file in material.anatomy.files)
    own = path == material.target
    return Place(path, posixpath.dirname(path), posixpath.dirname(material.target), paths, own)
