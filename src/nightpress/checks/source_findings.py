"""Source findings: what contradicts itself, is missing or was never filled in, in a plugin itself.

Pure. They are told to the plugin's maintainer with file and line, and are never copied into a
document: what the plugin's own structure gainsays is `disputed`. Known are the plugin's files; what
only its prose says is held against commands, agents, skills, scripts and files that are there.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

from nightpress.checks import form, paths
from nightpress.checks.document import Document, parse
from nightpress.checks.gate import Context, Spot
from nightpress.checks.known_names import AGENTS, COMMANDS, SKILLS, TOOLS
from nightpress.checks.mentions import commands, components
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component, SourceFile
from nightpress.plugin import FactKind, Facts, collect, hollow, kind_of
from nightpress.text import suggestion

MOST = 40
"""Source findings of one plugin that are told."""
CODE = 200
"""Characters of a file of code from which it is no mere stand-in."""

_HOME = pattern(
    r"(?<![\w/])(?:/Users|/home)/(?!(?:user(?:name)?|you|me|x+|foo|bar|name|runner|node"
    r"|\.+)\b|\.|\w*[<$\[{])"
    r"[\w.-]+/[\w./-]+|\b[A-Z]:\\{1,2}Users\\{1,2}(?!(?:user(?:name)?|you|me|x+|foo|bar)\b)[\w.-]+"
)
_SET = pattern(
    r"\b(?:set|sets|export|env(?:ironment)?|variables?|configure|requires?|needs?)"
    r"\b|^\s*[-*|]|=",
    re.I,
)
_PLAIN_FILE = pattern(
    r"\b(?:[Ss]ee|[Rr]ead|[Rr]efer to|[Ii]n|described in|documented in)\s+`?((?:docs?"
    r"|references?|examples?)/[\w./-]*\w\.\w{2,4})\b"
)
_PROSE = ("readme", "doc", "command", "agent", "skill")
_PROGRAM = pattern(r"^\s*(?:\$\s+)?([a-z][a-z0-9_-]{3,})(?:\s+[a-z-]|\s*$)")
_VARIABLE = pattern(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")


class SourceFinding(Struct, frozen=True):
    """One thing about the plugin's own files. kind, name: the said fact that is gainsaid, "" where
    it is none; line: from 1."""

    check: str
    message: str
    file: str
    line: int
    hint: str = ""
    kind: FactKind | str = ""
    name: str = ""


class Market(Struct, frozen=True):
    """What is known beyond the plugin: names of the marketplace's plugins, whether another one has
    a component (kind, name), and the description that the marketplace gives this one."""

    plugins: frozenset[str] = frozenset()
    elsewhere: Callable[[str, str], bool] | None = None
    description: str = ""

    def has(self, kind: str, name: str) -> bool:
        return self.elsewhere is not None and self.elsewhere(kind, name)


ALONE = Market()


def find(
    anatomy: Anatomy, plugin_paths: frozenset[str], market: Market = ALONE
) -> tuple[SourceFinding, ...]:
    """The source findings of a plugin, by file and line. plugin_paths: every path in it."""
    found: dict[tuple[str, str], SourceFinding] = {}
    for one in sorted(_all(anatomy, plugin_paths, market), key=lambda f: (f.file, f.line)):
        found.setdefault((one.file, one.message), one)  # where it stands first
    return tuple(sorted(found.values(), key=lambda f: (f.file, f.line, f.check)))


def disputed(anatomy: Anatomy, plugin_paths: frozenset[str]) -> frozenset[tuple[str, str]]:
    """(kind, name) of what the plugin's prose says and its structure gainsays; names as in Facts,
    in lower case. Remembered: each of a plugin's documents asks."""
    return _disputed(_Key(anatomy, plugin_paths))


class _Key(Struct, frozen=True):
    anatomy: Anatomy
    paths: frozenset[str]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Key)
            and self.anatomy.files == other.anatomy.files
            and self.paths == other.paths
        )

    def __hash__(self) -> int:
        return hash((self.anatomy.files, self.paths))


@lru_cache(maxsize=8)
def _disputed(key: _Key) -> frozenset[tuple[str, str]]:
    found = _claims(key.anatomy, key.paths, ALONE)
    return frozenset((str(one.kind), one.name.lower()) for one in found if one.kind)


def _all(anatomy: Anatomy, plugin_paths: frozenset[str], market: Market) -> Iterator[SourceFinding]:
    yield from _unfilled(anatomy)
    yield from _claims(anatomy, plugin_paths, market)
    yield from _references(anatomy)
    yield from _manifest(anatomy, plugin_paths, market)
    yield from _tools(anatomy)
    for file in anatomy.files:
        if kind_of(file.path) == "license":
            continue
        for match in (
            _HOME.finditer(file.text) if ("/home/" in file.text or "Users" in file.text) else ()
        ):
            yield SourceFinding(
                "home-path", f"a path of one machine: {match[0][:60]}", file.path,
                _line(file.text, match.start()), "write it relative, or as a variable",
            )  # fmt: skip


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


# --- what was never filled in ---


def _unfilled(anatomy: Anatomy) -> Iterator[SourceFinding]:
    parts = {c.path: c for c in anatomy.components if c.kind in ("command", "agent", "skill")}
    for file in anatomy.files:
        kind = kind_of(file.path)
        if kind not in _PROSE:
            continue
        if not file.text.strip():
            yield SourceFinding(
                "empty", "the file is empty", file.path, 1, "write it, or remove it"
            )
            continue
        component = parts.get(file.path)
        if component is not None and hollow.unfilled(component):
            yield SourceFinding(
                "placeholder", f"the {component.kind} {component.name!r} was never written",
                file.path, _first(file.text), "say what it is for and what it does",
            )  # fmt: skip
            continue
        in_code = False
        for number, line in enumerate(file.text.split("\n"), start=1):
            if line.lstrip().startswith(("```", "~~~")):
                in_code = not in_code
            match = None if in_code or "`" in line else hollow.PLACEHOLDER.search(line)
            if match and kind == "readme":
                message = f"placeholder {match[0][:40]!r}"
                yield SourceFinding(
                    "placeholder", message, file.path, number, "say what belongs there"
                )
    if hollow.is_placeholder(anatomy.description):
        where = next((f for f in anatomy.files if kind_of(f.path) == "manifest"), None)
        if where is not None:
            at = max(where.text.find('"description"'), 0)
            yield SourceFinding(
                "placeholder", "the plugin's description was never written", where.path,
                _line(where.text, at), "one sentence: what it does, and for whom",
            )  # fmt: skip


def _first(text: str) -> int:
    match = hollow.PLACEHOLDER.search(text)
    return _line(text, match.start()) if match else 1


# --- what prose says and structure gainsays ---


def _claims(
    anatomy: Anatomy, plugin_paths: frozenset[str], market: Market
) -> Iterator[SourceFinding]:
    facts = collect(anatomy)
    for file in anatomy.files:
        kind = kind_of(file.path)
        if kind not in _PROSE or not file.text.strip():
            continue
        document = parse(file.text)
        context = Context(
            target=file.path, anatomy=anatomy, plugin_paths=plugin_paths, ours=False,
            frontmatter="none",
        )  # fmt: skip
        if kind != "skill":
            yield from _components(document, file, anatomy, facts, market)
        yield from _files(document, file, context)
        if kind == "readme":
            yield from _unread(document, anatomy, file, facts)
            yield from _programs(document, file, anatomy, facts)
        yield from _options(document, file, facts)


def _told(file: SourceFile, document: Document, check: str, message: str, offset: int, hint: str,
          kind: str, name: str) -> SourceFinding:  # fmt: skip
    line = document.place(offset)[0]
    return SourceFinding(check, message, file.path, line, hint, kind, name)


def _components(
    document: Document, file: SourceFile, anatomy: Anatomy, facts: Facts, market: Market
) -> Iterator[SourceFinding]:
    own = facts.names("command", "structural") | facts.names("skill", "structural")
    if own:
        existing = own | facts.names("alias") | COMMANDS | {p.lower() for p in market.plugins}
        existing |= {name.rpartition(":")[2] for name in existing}
        for name, offset in commands(document):
            plugin, _, tail = name.rpartition(":")
            foreign = plugin and plugin != anatomy.name.lower()
            if foreign or tail in existing or market.has("command", name):
                continue
            hint = suggestion(tail, facts.names("command", "structural"), "/{}", cutoff=0.5)
            message = f"/{name} is no command of this plugin"
            yield _told(
                file, document, "command-missing", message, offset,
                hint or "write the command, or take it out", "command", tail,
            )  # fmt: skip
    if kind_of(file.path) != "readme":
        return
    for kind, noun, built_in in (
        ("agent", r"(?:sub-?)?agents?", AGENTS), ("skill", r"skills?", SKILLS)
    ):  # fmt: skip
        names = facts.names(kind, "structural")  # type: ignore[arg-type]
        if names:
            existing = names | built_in | {anatomy.name.lower()}
            for name, offset in components(document, noun):
                plain = name.rpartition(":")[2].lower()
                if plain in existing or ":" in name or market.has(kind, plain):
                    continue
                hint = suggestion(plain, names, "{}") or "write it, or take it out"
                message = f"no {kind} {name!r} in this plugin"
                yield _told(
                    file, document, f"{kind}-missing", message, offset, hint, kind, plain
                )  # fmt: skip


def _files(document: Document, file: SourceFile, context: Context) -> Iterator[SourceFinding]:
    known = context.plugin_paths or frozenset()
    for spot in form.link_resolves(document, context, {}):
        if spot.message.startswith("link to a missing"):
            target = spot.message.partition(": ")[2]
            path = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), target))
            yield _of_spot("link-dead", file, spot, "file", path)
    alone = Context(target=file.path, plugin_paths=known, anatomy=_bare(context), ours=False)
    readme = kind_of(file.path) == "readme"
    shown = {n for b in document.blocks for n in range(b.line, b.line + b.text.count("\n") + 2)}
    for spot in paths.path_exists(document, alone, {"folders": ()}):
        if spot.message.startswith("no file ") and (readme or spot.line not in shown):
            path = spot.message.removeprefix("no file ").partition(" in this ")[0]
            yield _of_spot("file-missing", file, spot, "file", path)
    if kind_of(file.path) == "readme":
        for match in _PLAIN_FILE.finditer(document.text):
            path = match[1]
            if not form.stands(posixpath.normpath(path), known) and not form.stands(
                posixpath.normpath(posixpath.join(posixpath.dirname(file.path), path)), known
            ):
                message = f"no file {path} in this plugin"
                yield _told(
                    file, document, "file-missing", message, match.start(1), "", "file", path
                )


def _bare(context: Context) -> Anatomy | None:
    """The anatomy without texts: what another file says is no proof that a file is there."""
    anatomy = context.anatomy
    if anatomy is None:
        return None
    return Anatomy(
        anatomy.name, anatomy.description, anatomy.version, anatomy.author, anatomy.keywords,
        anatomy.components, (),
    )  # fmt: skip


def _of_spot(
    check: str, file: SourceFile, spot: Spot, kind: str = "", name: str = ""
) -> SourceFinding:
    return SourceFinding(check, spot.message, file.path, spot.line, spot.hint, kind, name)


def _unread(
    document: Document, anatomy: Anatomy, file: SourceFile, facts: Facts
) -> Iterator[SourceFinding]:
    """Variables that a README tells to set, of a plugin whose code is there and reads none."""
    code = (f for f in anatomy.files if kind_of(f.path) in ("script", "code"))
    if not any(len(f.text) >= CODE for f in code):
        return
    reads = [fact.name for fact in facts.of("variable", "structural")]
    others = "\n".join(f.text for f in anatomy.files if f.path != file.path)
    for fact in facts.of("variable", "said"):
        if fact.file != file.path or not _VARIABLE.fullmatch(fact.name):
            continue
        line = document.text.split("\n")[fact.lines[0] - 1]
        if fact.name in others or fact.name.startswith("CLAUDE_") or not _SET.search(line):
            continue
        message = f"nothing in this plugin reads {fact.name}"
        hint = suggestion(fact.name, reads, "{}")
        yield SourceFinding(
            "variable-unread", message, file.path, fact.lines[0], hint, "variable", fact.name
        )


def _programs(
    document: Document, file: SourceFile, anatomy: Anatomy, facts: Facts
) -> Iterator[SourceFinding]:
    """A program that is called like the plugin, which the plugin does not bring."""
    squashed = re.sub(r"[^a-z0-9]", "", anatomy.name.lower())
    known = facts.names("program") | facts.names("package") | {anatomy.name.lower()}
    stems = {p.rpartition("/")[2].partition(".")[0].lower() for p in facts.names("script")}
    others = "\n".join(f.text for f in anatomy.files if f.path != file.path)
    lines = [(span.text, span.offset) for span in document.spans]
    for block in document.blocks:
        at = document.starts[min(block.line, len(document.starts) - 1)]
        lines += [(line, at) for line in block.text.split("\n")]
    for text, offset in lines:
        match = _PROGRAM.match(text)
        word = match[1] if match else ""
        if not word or re.sub(r"[^a-z0-9]", "", word) != squashed or word in known | stems:
            continue
        if re.search(rf"(?<![\w/-]){re.escape(word)}\s+[a-z-]", others) or " " not in text.strip():
            continue
        message = f"no program {word!r} in this plugin"
        yield _told(file, document, "program-missing", message, offset, "", "program", word)


_CALL = pattern(
    r"(?<![\w/.-])(?:/([a-z][\w-]*)|((?:[\w.-]+/)*[\w-]+\.(?:sh|py|js|ts|mjs"
    r"|rb)))((?:[ \t]+[^\s`|]+){1,12})"
)
_OPTION = pattern(r"(?<![\w-])(--[A-Za-z][\w-]*\w)")


def _options(document: Document, file: SourceFile, facts: Facts) -> Iterator[SourceFinding]:
    """Options that a text gives to a command or script which declares others."""
    for owner, option, offset in calls(document.text):
        known = known_options(owner, facts)
        if not known or option in known:
            continue
        message = f"{option} is no option of {owner}"
        hint = f"known: {', '.join(sorted(known))}"
        yield _told(
            file, document, "option-missing", message, offset, hint, "option", f"{owner} {option}"
        )  # fmt: skip


def calls(text: str) -> Iterator[tuple[str, str, int]]:
    """(command with its slash or script's path, option, offset) wherever one is called with one."""
    for call in _CALL.finditer(text):
        owner = f"/{call[1].lower()}" if call[1] else call[2]
        for option in _OPTION.finditer(call[3]):
            yield owner, option[1], call.start(3) + option.start()


def known_options(owner: str, facts: Facts) -> frozenset[str]:
    """What options a command or script has: declared, or named in its own file; empty where it
    declares none, and nobody can say."""
    if owner.startswith("/"):
        declared = [f.name for f in facts.belonging(owner)]
        if not declared:
            return frozenset()
        name = owner[1:]
        files = {f.file for f in facts.of("command", "structural") if f.name.lower() == name}
    else:
        wanted = owner.removeprefix("./")
        files = {
            f.name for f in facts.of("script") if f.name == wanted or f.name.endswith(f"/{wanted}")
        }
        declared = [f.name for path in files for f in facts.belonging(path)]
        if len(files) != 1 or not any(name.startswith("--") for name in declared):
            return frozenset()
    named = [f.name for f in facts.of("option") if f.file in files]
    return frozenset([*declared, *named, "--help", "--version"])


# --- references, manifest, tools ---


def _references(anatomy: Anatomy) -> Iterator[SourceFinding]:
    """References that no document of their skill names, and those that only another one does."""
    texts = {file.path: file.text for file in anatomy.files}
    for skill in anatomy.of("skill"):
        folder = posixpath.dirname(skill.path)
        prefix = f"{folder}/" if folder else ""
        inside = [
            path for path in texts
            if path.startswith(f"{prefix}references/") and path.endswith(".md")
        ]  # fmt: skip
        main = texts.get(skill.path, "")
        if not inside or "references/`" in main or re.search(r"references/?(?:\*|\s|\))", main):
            continue  # the folder as a whole is named
        for path in inside:
            name = path.rpartition("/")[2]
            if name in main or name.removesuffix(".md") in main:
                continue
            via = next((o for o in inside if o != path and name in texts[o]), "")
            if via:
                yield SourceFinding(
                    "reference-chain", f"only {via.removeprefix(prefix)} leads to it", path, 1,
                    f"name it in {skill.path}: references are read one level deep",
                )  # fmt: skip
            else:
                yield SourceFinding(
                    "reference-orphaned", "no document of its skill names it", path, 1,
                    f"say in {skill.path} when to read it, or remove it",
                )  # fmt: skip


def _manifest(
    anatomy: Anatomy, plugin_paths: frozenset[str], market: Market
) -> Iterator[SourceFinding]:
    manifests = [f for f in anatomy.files if kind_of(f.path) == "manifest"]
    for file in manifests[:1]:
        try:
            value = json.loads(file.text)
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", 1)
            yield SourceFinding("plugin-json", f"no JSON: {error}", file.path, line, "mend it")
            return
        if not isinstance(value, dict):
            yield SourceFinding("plugin-json", "no JSON object", file.path, 1, "mend it")
            return
        yield from _fields(file, value, plugin_paths)
        yield from _disagreeing(anatomy, file, value, market)


_TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str, "version": str, "description": str, "keywords": list, "author": (dict, str),
    "homepage": str, "license": str,
}  # fmt: skip


def _fields(
    file: SourceFile, value: dict[str, Any], plugin_paths: frozenset[str]
) -> Iterator[SourceFinding]:
    def told(key: str, message: str, hint: str = "") -> SourceFinding:
        at = max(file.text.find(f'"{key}"'), 0)
        return SourceFinding("plugin-json", message, file.path, _line(file.text, at), hint)

    if "name" not in value:
        yield told("", "it has no name", "name is the one required field")
    for key, types in _TYPES.items():
        if key in value and not isinstance(value[key], types):
            yield told(key, f"{key} is of a wrong type")
    for key in ("commands", "agents", "skills", "hooks", "mcpServers"):
        entries = value.get(key)
        for entry in entries if isinstance(entries, list) else [entries]:
            if not isinstance(entry, str) or "*" in entry or "$" in entry:
                continue
            path = posixpath.normpath(entry)
            if not form.stands(path, plugin_paths):
                yield told(key, f"{key}: no {entry} in this plugin")


def _disagreeing(
    anatomy: Anatomy, file: SourceFile, value: dict[str, Any], market: Market
) -> Iterator[SourceFinding]:
    """Two descriptions, or two versions, of one plugin."""
    own = value.get("description")
    if isinstance(own, str) and market.description and _differ(own, market.description):
        line = _line(file.text, max(file.text.find('"description"'), 0))
        yield SourceFinding(
            "description-disagrees", "the marketplace describes it otherwise: "
            f"{market.description[:80]!r}", file.path, line, "say the same in both",
        )  # fmt: skip
    for other in anatomy.files:
        if other.path.rpartition("/")[2] != "package.json" or "/" in other.path:
            continue
        try:
            package = json.loads(other.text)
        except (ValueError, RecursionError):
            continue
        version = package.get("version") if isinstance(package, dict) else None
        if version and value.get("version") and version != value["version"]:
            line = _line(other.text, max(other.text.find('"version"'), 0))
            yield SourceFinding(
                "version-disagrees", f"version {version}, but {value['version']} in {file.path}",
                other.path, line, "the two are one plugin",
            )  # fmt: skip


def _differ(one: str, other: str) -> bool:
    words = [set(re.findall(r"\w{4,}", text.lower())) for text in (one, other)]
    least = min(len(words[0]), len(words[1]))
    return least >= 3 and len(words[0] & words[1]) < 0.25 * least


_TOOL = pattern(r"([A-Za-z_][\w-]*(?:__[\w*-]+)*)(?:\([^)]*\))?")


def _tools(anatomy: Anatomy) -> Iterator[SourceFinding]:
    texts = {file.path: file.text for file in anatomy.files}
    for part in anatomy.components:
        if part.kind not in ("command", "agent", "skill"):
            continue
        for key in ("allowed-tools", "tools", "disallowed-tools"):
            for name in _tool_names(part, key):
                if name in TOOLS or name.startswith("mcp__") or name in ("*", "all"):
                    continue
                text = texts.get(part.path, "")
                match = re.search(rf"^{key}\s*:", text, re.M)
                yield SourceFinding(
                    "tool-unknown", f"{key}: {name} is no tool of Claude Code", part.path,
                    _line(text, match.start()) if match else 1, suggestion(name, TOOLS, "{}"),
                )  # fmt: skip


def _tool_names(part: Component, key: str) -> Iterable[str]:
    value = part.meta.get(key)
    texts = value if isinstance(value, list | tuple) else [value]
    for text in texts:
        if isinstance(text, str) and len(text) < 4_000:
            plain = re.sub(r"\([^)]*\)", "", text)  # Bash(git log:*, git diff)
            yield from (m[0] for m in _TOOL.finditer(plain) if m[0].strip())


__all__ = ["ALONE", "MOST", "Market", "SourceFinding", "calls", "disputed", "find", "known_options"]
