"""A plugin's components as they will stand in a document."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TypeGuard

from msgspec.structs import replace

from nightpress.backends.offline import filled, packs, scripts, servers, trim, voice, wording
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.clean import Place, is_quotable, shown
from nightpress.backends.offline.limits import Limits, limits
from nightpress.backends.offline.order import in_order
from nightpress.backends.offline.person import third_person
from nightpress.backends.offline.phrases import bidden
from nightpress.backends.offline.topic import Topic
from nightpress.backends.offline.trim import Group, Owned
from nightpress.backends.offline.wording import code, duties, sentence, sentences
from nightpress.checks import called
from nightpress.lazy import pattern
from nightpress.model import Component, Material, SourceFile
from nightpress.plugin import collect, kind_of

MATTERS = {"command": "commands", "agent": "agents", "skill": "skills"}
MOST_FILES = 15
MANY = 15

Described = tuple[str, str, list[Block], list[Block], Limits, list[Group], Place]
"""Matter, name as a user types it, how it is called and where it stands, what it is for, what it
may not do, sections of its own text, and where that stands."""


def all_of(
    material: Material, topic: Topic, own: Owned, *, told: bool = False
) -> Iterator[Described]:
    """Every command, agent and skill that the topic uses; of two with one name the first. What an
    agent's file says to the agent is left out: what it does is told in the third person. told: a
    table says what each command and agent is for, and where it stands: one of which there is no
    more to say has no place beside it."""
    many = is_many(material, topic)
    texts = {file.path: file.text for file in material.anatomy.files}
    for kind, matter in MATTERS.items():
        for component in once(material, kind):
            if not topic.uses(component) or (told and is_placeholder(component)):
                continue
            name = name_of(component)
            # another skill has a document of its own
            groups = (
                [] if kind == "skill" and not topic.whole else about_of(material, component, own)
            )
            known = told and kind != "skill"
            about = [] if known else purpose(component, own)
            lead = _lead(material, component, name, told=known, listed=known and many)
            bound = limits(component, texts.get(component.path, ""))
            source = place_of(material, component.path)
            yield matter, name, lead, about, bound, groups, source


def is_placeholder(component: Component) -> bool:
    """Does its text say no more than that it documents it, and how it is called?"""
    text = re.sub(r"(?m)^#.*$", "", component.body)
    code_lines = [line for found in _FENCED.findall(text) for line in found.split("\n")]
    prose = [line.strip(" *_:") for line in _FENCED.sub("", text).split("\n") if line.strip()]
    said = [line for line in prose if not _LABEL.fullmatch(line)]
    return bool(said) and len(code_lines) < 3 and all(map(_DOCUMENTS.match, said))


_FENCED = pattern(r"(?ms)^[ \t]*```[^\n]*\n(.*?)\n?^[ \t]*```[ \t]*$")
_LABEL = pattern(r"(?:usage|syntax|command|example)s?", re.I)
_DOCUMENTS = pattern(
    r"(?:this is )?(?:the )?(?:command |agent )?documentation (?:for|of) [^.]*\.?$"
    r"|(?:documentation |details )?(?:todo|tbd|coming soon|to be (?:written|added))\b.{0,40}$",
    re.I,
)


def about_of(material: Material, component: Component, own: Owned) -> list[Group]:
    """The component's own text, in groups that stand or fall together."""
    found = trim.quoted(component.body.lstrip(), place_of(material, component.path), own)
    if component.kind != "agent":
        return found
    told = voice.impersonal
    return [replace(group, sections=tuple(map(told, group.sections))) for group in found]


def once(material: Material, kind: str) -> list[Component]:
    """The components of a kind, in the order in which they are used; of two with one name the
    first."""
    components: dict[str, Component] = {}
    for component in material.anatomy.of(kind):
        if component.path != material.target and code(component.name):
            components.setdefault(component.name, component)
    found = list(components.values())
    return found if kind == "skill" else in_order(found)


def name_of(component: Component) -> str:
    """Its name as a user types it."""
    name = code(component.name)[:120]
    return f"/{name}" if component.kind == "command" else name


def purpose(component: Component, own: Owned) -> list[Block]:
    """What it is for, by its description."""
    if wording.is_cast(shown(component.description)):
        return []
    text = bidden(wording.occasion(duties(sentence(trim.prose(component.description, own)))))
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
        there = link(material, component.path)
        which = {
            "command": f"Run `{name}`{also}, defined in {there}.",
            "agent": f"Delegate to the agent `{name}`, defined in {there}.",
            "skill": f"The skill `{name}` is defined in {there}.",
        }[component.kind]
        blocks.append(Block("text", which))
    elif also:
        blocks.append(Block("text", f"Shortcut: `{short}`."))
    hint = component.meta.get("argument-hint")
    if is_command and is_hint(hint):
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
        texts = (component.body, *files)
        about = ""
        if fact.kind == "option":
            about = next(filter(None, (_defined(fact.name, text) for text in texts)), "")
            about = about or next(only, "")
        values = " ".join(value for value in fact.values if value)
        shape = fact.name if fact.kind == "option" else f"<{fact.name}>"
        shape = code(f"{shape} {values}".strip())
        about = re.sub(rf"^`{re.escape(fact.name)}[^`]*` (?=\S)", "", about)
        about = re.sub(r"^(\([^)]*\)) (.*?)\.?$", r"\2 \1.", about)
        cell = (about[:1].upper() + about[1:]).replace("|", "\\|")
        rows.append((f"`{shape}`".replace("|", "\\|"), cell))
    table = [f"| {name} | {about} |" for name, about in rows if about]  # the usage has them all
    if not table:
        return []
    return [Block("table", "\n".join(["| Argument | Meaning |", "| --- | --- |", *table]))]


def _defined(option: str, text: str) -> str:
    """What a line that defines an option says of it (`- **--raw**: prints ...`), whole; "" where
    none does, or where it goes on elsewhere."""
    mark = rf"(?m)^\s*(?:[-*+] +)?[*`]*{re.escape(option)}\b[^\n`*:\u2014\u2013|]{{0,30}}[*`]*"
    found = re.search(rf"{mark} *(?:[:\u2014\u2013]| - ) *(\S[^\n]*)$", text)
    said = shown(found[1]) if found else ""
    return said if is_quotable(said) and "|" not in said and not said.endswith(":") else ""


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


def is_many(material: Material, topic: Topic) -> bool:
    """Are there more commands and agents than a table has rows for?"""
    found = (once(material, kind) for kind in ("command", "agent"))
    return sum(topic.uses(one) for kind in found for one in kind) > MOST_ROWS


def is_hint(hint: object) -> TypeGuard[str]:
    return isinstance(hint, str) and bool(code(hint)) and not _NO_HINT.search(hint)


_NO_HINT = pattern(r"\*\*|^\s*(?:\d+[.)]|[-*+]) ")  # a line of the text that slipped in
MOST_ROWS = 40


def tools(material: Material, topic: Topic) -> Iterator[tuple[str, str, list[Block]]]:
    """(matter, heading, list) of hooks and MCP servers, one line each."""
    for matter, heading, kind in (("hooks", "Hooks", "hook"), ("servers", servers.HEADING, "mcp")):
        rows = []
        for c in filter(topic.uses, material.anatomy.of(kind)):
            matcher = code(str(c.meta.get("matcher") or ""))
            on = f" on `{matcher}`" if matcher else ""
            runs = f" runs `{code(c.description)}`" if code(c.description) else ""
            about = f": {sentence(c.body)}" if sentence(c.body) else "."
            run = [
                f.path for f in material.anatomy.files if kind == "hook" and f.path in c.description
            ]
            if into := [one for path in run for one in _written(material, path)]:
                about = f", which writes {wording.together(into)}{about}"
            if (
                kind == "mcp"
                and len(material.anatomy.of("mcp")) == 1
                and (named := _tools(material))
            ):
                about = f"; its tools: {named}."
            rows.append(f"- `{code(c.name)}`{on}{runs}{about}")
        if rows:
            commands = [c.description for c in filter(topic.uses, material.anatomy.of(kind))]
            built = servers.built(material.anatomy, commands) if kind == "mcp" else []
            yield matter, heading, [*built, Block("list", "\n".join(dict.fromkeys(rows)))]


def files(material: Material, topic: Topic) -> list[Block]:
    """Scripts and documents that the topic has, each with what it says of itself."""
    descriptions = {
        c.path: c.description for c in material.anatomy.components if c.kind == "script"
    }
    rows = []
    for file in material.anatomy.files:
        kind = kind_of(file.path)
        made = file.path in (material.target, *material.references.values())
        if made or kind not in ("script", "doc", "mcp", "hook"):
            continue
        sets_up = material.references and _SETS_UP.search(file.path)
        if not (topic.is_own(file.path) or topic.names(file.path)):
            continue
        if is_aside(file.path) and not sets_up:
            continue
        about = descriptions.get(file.path, "") if kind == "script" else ""
        if _STANDS_IN.match(about):
            continue
        if kind == "doc" and (heading := re.search(r"(?m)^# +(\S.*)$", file.text[:4_000])):
            about = heading.group(1).replace("`", "").replace("*", "")
            about = packs.document(material, about, file) if material.references else about
        name = f"`{code(file.path)}`"
        if material.references:  # elsewhere there may be no room for them, and links are missed
            name = link(material, file.path, name)
        about = _USAGE.sub(r"`\1`", about) if "`" not in about else about
        more = [sentence(about), interface(material, file.path) if kind == "script" else ""]
        said = " ".join(part for part in more if part)
        rows.append(f"- {name}: {said}" if said else f"- {name}")
    return [Block("list", "\n".join(rows[:MOST_FILES]))] if rows else []


_SETS_UP = pattern(r"(?i)(?:^|/)install(?:ation)?\.md$")
_STANDS_IN = pattern(r"\W*(?:this is )?(?:an? )?(?:stand-in|placeholder|stub) (?:for|of)\b", re.I)
"""What a file says of itself that is in another one's place."""
_USAGE = pattern(r"^usage: +(\S.*?)\.?$", re.I)


def _tools(material: Material) -> str:
    """The tools that the plugin's code registers."""
    found = collect(material.anatomy).of("tool", "structural")
    return ", ".join(dict.fromkeys(f"`{code(fact.name)}`" for fact in found[:MANY]))


_ASIDE = pattern(  # files that only whoever works on the plugin reads
    r"(?:^|/)(?:tests?|__tests__|spec|node_modules|\.github)/|[._-](?:test|spec|config)\.\w+$"
    r"|(?:^|/)examples?/.*\.(?:[jt]sx?|py|go|rs|rb|java)$|(?:^|/)(?:sample|demo|fixture)[\w-]*/"
    r"|(?:^|/)(?:contributing|changelog|code_of_conduct|security|install(?:ation)?)\.md$"
    r"|^\.mcp\.json$"
    r"|(?:^|/)hooks\.json$|(?-i:(?:^|/)[A-Z_]*(?:TEST|SEO|SUMMARY|ROADMAP|TODO|MARKETING|RELEASE"
    r"|REPORT|NOTES|STATUS|COMPLETE)[A-Z_]*\.md$)",
    re.I,
)


def is_aside(path: str) -> bool:
    """Is the file one that only whoever works on the plugin reads?"""
    return _ASIDE.search(path) is not None


def is_of_another(file: SourceFile, own: Owned) -> bool:
    """Is a document to be filled in, or an example that calls none of the plugin's commands? What
    it says, it says of something else."""
    if _FORM.search(file.path):
        return True
    return _EXAMPLE.search(file.path) is not None and own.commands.isdisjoint(called(file.text))


_FORM = pattern(r"(?:^|[/._-])(?:starter|template|skeleton)s?(?=[/._-])", re.I)
_EXAMPLE = pattern(r"(?:^|/)(?:example|sample|fixture)s?/(?!.*readme\.md$)", re.I)


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
    if into := _written(material, path):
        parts.append(f"writes {wording.together(into)}")
    said = "; ".join([*parts, *exits[:MANY]])
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _written(material: Material, path: str) -> list[str]:
    """What a script of the plugin writes below the user's home folder."""
    texts = (file.text for file in material.anatomy.files if file.path == path)
    return [f"`{one}`" for text in texts for one in scripts.written(text)][:MANY]


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
            rows.append(f"- [`{name}`](#{anchor(name)})")
    return [Block("list", "\n".join(rows))] if 2 < len(rows) <= MANY else []


def anchor(heading: str) -> str:
    """The forges' rule for heading ids."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def is_own_file(material: Material, path: str) -> bool:
    """Is it the file of a command, an agent or another component?"""
    return any(c.path == path for c in material.anatomy.components)


def is_skill(material: Material) -> bool:
    """Is the document one that a model reads as a skill?"""
    return material.generator is not None and material.generator.frontmatter == "skill"


def place_of(material: Material, path: str) -> Place:
    """Where the text of the plugin's file `path` comes from and goes to."""
    paths = frozenset(file.path for file in material.anatomy.files)
    own = path == material.target
    target = posixpath.dirname(material.target)
    shows = material.quotes, False, material.excerpts
    return Place(path, posixpath.dirname(path), target, paths, own, *shows)
