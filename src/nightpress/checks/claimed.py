"""What a plugin's prose claims and its own structure gainsays: commands, agents, skills, files,
programs, options, and variables that nothing reads.

Pure. Held against what is there: commands, agents and skills are a closed set, and so are the
options of a command or script that declares some.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from msgspec import Struct

from nightpress.checks import form, paths
from nightpress.checks.document import Document, parse
from nightpress.checks.gate import Context, Spot
from nightpress.checks.known_names import AGENTS, COMMANDS, SKILLS
from nightpress.checks.mentions import commands, components
from nightpress.lazy import pattern
from nightpress.model import Anatomy, FactKind, SourceFile
from nightpress.plugin import Facts, collect, kind_of
from nightpress.text import suggestion

__all__ = [
    "ALONE",
    "PROSE",
    "Market",
    "SourceFinding",
    "calls",
    "claims",
    "count",
    "disputed",
    "known_options",
    "overstated",
]

PROSE = ("readme", "doc", "command", "agent", "skill")
CODE = 200
"""Characters of a file of code from which it is no mere stand-in."""

_PLAIN_FILE = pattern(
    r"\b(?:[Ss]ee|[Rr]ead|[Rr]efer to|[Ii]n|described in|documented in)\s+`?((?:docs?"
    r"|references?|examples?)/[\w./-]*\w\.\w{2,4})\b"
)
_SET = pattern(
    r"\b(?:set|sets|export|env(?:ironment)?|variables?|configure|requires?|needs?)"
    r"\b|^\s*[-*|]|=",
    re.I,
)
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
    """What is known beyond the plugin: whether another one of the marketplace is called so (by its
    slug, which is lower case), or has a component (kind, name), and the description that the
    marketplace gives this one."""

    is_plugin: Callable[[str], bool] | None = None
    elsewhere: Callable[[str, str], bool] | None = None
    description: str = ""

    def calls(self, name: str) -> bool:
        return self.is_plugin is not None and self.is_plugin(name)

    def has(self, kind: str, name: str) -> bool:
        return self.elsewhere is not None and self.elsewhere(kind, name)


ALONE = Market()


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
    found = claims(key.anatomy, key.paths, ALONE)
    return frozenset((str(one.kind), one.name.lower()) for one in found if one.kind)


def overstated(anatomy: Anatomy, text: str) -> Iterator[re.Match[str]]:
    """Where a text numbers more commands, agents or skills than the plugin has ("19 commands");
    groups: number, kind."""
    for match in _COUNT.finditer(text):
        if int(match["number"].replace(",", "")) > count(anatomy, match["kind"].lower()):
            yield match


def count(anatomy: Anatomy, kind: str) -> int:
    """How many of these (`commands`, `agents`, `skills`) a plugin has."""
    return len(anatomy.of(kind.removesuffix("s").removeprefix("sub")))


_COUNT = pattern(
    r"(?<![\w.,/-])(?P<number>\d{1,3}(?:,?\d{3})?)\+? +(?:(?:slash|ai|claude|expert(?:-level)?"
    r"|speciali[sz]ed|professional|powerful|custom|dedicated|auto-loading|production-ready"
    r"|pre-built|built-in) +){0,2}(?P<kind>commands|(?:sub)?agents|skills)\b",
    re.I,
)


def claims(
    anatomy: Anatomy, plugin_paths: frozenset[str], market: Market
) -> Iterator[SourceFinding]:
    facts = collect(anatomy)
    for file in anatomy.files:
        kind = kind_of(file.path)
        if kind not in PROSE or not file.text.strip():
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
        existing = own | facts.names("alias") | COMMANDS
        existing |= {name.rpartition(":")[2] for name in existing}
        for name, offset in commands(document):
            plugin, _, tail = name.rpartition(":")
            foreign = plugin and plugin != anatomy.name.lower()
            if foreign or tail in existing or market.calls(tail) or market.has("command", name):
                continue
            hint = suggestion(tail, facts.names("command", "structural"), "/{}", cutoff=0.5)
            message = f"/{name} is not a command of this plugin"
            yield _told(
                file, document, "command-missing", message, offset,
                hint or "write the command, or remove it", "command", tail,
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
                hint = suggestion(plain, names, "{}") or "write it, or remove it"
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
        message = f"{option} is not an option of {owner}"
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
