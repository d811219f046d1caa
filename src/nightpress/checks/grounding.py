"""Grounding: what the document names exists in the plugin. Facts come from the plugin's files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from nightpress.checks.builtins import COMMANDS, ROOTS, VARIABLES
from nightpress.checks.document import Document
from nightpress.checks.form import stands
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.source import source_of, words_of
from nightpress.model import Anatomy

COMMAND = re.compile(
    r"(?<![\w/.:~*<>$}\])-])/([a-z][a-z0-9_-]*(?::[a-z0-9_:-]+)?)(?![\w/.*{<(=]|-\w)"
)
ROUTE = re.compile(
    r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|endpoints?|routes?|paths?|urls?|apis?|director(?:y|ies)"
    r"|folders?|mount(?:ed|s)?|pages?|https?|curl|slash|users?|root)\b",
    re.I,
)
FOREIGN = re.compile(
    r"\b(?:your|their|users?'?s?|e\.g\.|for example|such as|like|example|project|repo(?:sitory)?"
    r"|creates?|generates?|writes?|produces?|output|new|target|if (?:it|they) exists?)\b",
    re.I,
)
VARIABLE = re.compile(r"\$\{?(CLAUDE_[A-Z0-9_]+)\}?")
PATH = re.compile(
    r"(?<![\w/.$}~@:-])(?:\$\{CLAUDE_PLUGIN_ROOT\}/|\{baseDir\}/|\./)?"
    r"((?:[\w.-]++/)+[\w.-]*[\w-]\.[A-Za-z][A-Za-z0-9]{0,7})(?![\w/*{<])"
)
FILE_HEADER = re.compile(r"\s*(?://|#|/\*|<!--|--)\s*[\w./-]+\s*(?:\*/|-->)?")  # of shown code
OWN_FOLDERS = frozenset(
    "scripts references reference assets commands agents skills hooks bin templates resources"
    " .claude-plugin output-styles workflows monitors".split()
)


def _names(anatomy: Anatomy, *kinds: str) -> set[str]:
    return {c.name.lower() for c in anatomy.components if c.kind in kinds}


def _aliases(anatomy: Anatomy) -> set[str]:
    """Short forms that commands declare in their frontmatter, as some marketplaces do."""
    said: set[str] = set()
    for command in anatomy.of("command"):
        for key in ("shortcut", "alias", "aliases"):
            value = command.meta.get(key)
            names = value if isinstance(value, list | tuple) else [value]
            said.update(name.lstrip("/").lower() for name in names if isinstance(name, str))
    return said


def _suggest(name: str, known: Iterable[str], mark: str = "") -> str:
    close = get_close_matches(name, sorted(known), n=1)
    return f"did you mean {mark}{close[0]}?" if close else "name only what the plugin has"


def command_exists(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Every `/command` in a code span, or alone at the start of a code line, exists: in the
    plugin, in Claude Code itself, or in the plugin's own text. Routes and folders of a file
    system (`GET /users`, `/tmp`) are none."""
    if context.anatomy is None:
        return
    known = _names(context.anatomy, "command", "skill")
    known |= {n.rpartition(":")[2] for n in known} | COMMANDS | _aliases(context.anatomy)
    known |= {plugin.lower() for plugin in context.marketplace_plugins}
    known |= {str(name).lstrip("/") for name in options["allowed"]}
    source = source_of(context)
    for name, offset in _commands(document):
        own = name.rpartition(":")
        if own[2] in known and own[0] in {"", context.anatomy.name.lower()}:
            continue
        if source.says(f"/{name}") or own[0] in context.marketplace_plugins - {""}:
            continue
        hint = _suggest(name, _names(context.anatomy, "command"), "/")
        yield Spot(f"/{name} is no command of this plugin", *document.place(offset), hint)


def _commands(document: Document) -> Iterator[tuple[str, int]]:
    """What is plainly meant as a slash command: (name without slash, offset)."""
    for span in document.spans:
        found = COMMAND.match(span.text)
        if found and found[1] not in ROOTS and not ROUTE.search(document.line_at(span.offset)):
            yield found[1].lower(), span.offset
    for block in document.blocks:
        if block.language not in {"", "text", "bash", "sh", "shell", "console", "plaintext"}:
            continue
        for number, line in enumerate(block.text.split("\n")):
            found = COMMAND.match(line.strip())
            if found and found[1] not in ROOTS and not ROUTE.search(line):
                where = block.line + number + (1 if block.fenced else 0)
                start = document.starts[min(where, len(document.starts)) - 1]
                yield found[1].lower(), start + len(line) - len(line.lstrip())


def commands_covered(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Every command that the plugin has is mentioned (option share: which part must be)."""
    if context.anatomy is None:
        return
    names = sorted(_names(context.anatomy, "command"))
    missing = [name for name in names if not mentions(document.text, name)]
    if names and 1 - len(missing) / len(names) < float(options["share"]):
        listed = ", ".join(f"/{name}" for name in missing[:8])
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        hint = "say what each command does"
        yield Spot(
            f"{len(missing)} of {len(names)} commands unmentioned: {listed}{more}", hint=hint
        )


def mentions(text: str, command: str) -> bool:
    """Whether the text names the command: `/name`, `/plugin:name`, or `name` as code."""
    tail = command.rpartition(":")[2].lower()
    low = text.lower()
    if tail not in low:
        return False
    name = re.escape(tail)
    return bool(re.search(rf"(?<![\w-])/(?:[\w-]+:)*{name}(?![\w-])|`{name}`", low))


def agent_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every agent named as code ("the `code-reviewer` agent") exists in the plugin or stands in
    its text."""
    yield from _component_exists(document, context, "agent", r"(?:sub-?)?agents?")


def skill_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every skill named as code ("the `pdf-forms` skill") exists in the plugin or stands in its
    text."""
    yield from _component_exists(document, context, "skill", r"skills?")


def _component_exists(document: Document, context: Context, kind: str, noun: str) -> Iterator[Spot]:
    if context.anatomy is None:
        return
    known = _names(context.anatomy, kind) | {context.anatomy.name.lower()}
    known.add(document.text_field("name").lower())
    source = source_of(context)
    for name, offset in _said_to_be(document, noun):
        plain = name.rpartition(":")[2].lower()
        if plain not in known and not source.says(plain):
            hint = _suggest(plain, known)
            yield Spot(f"no {kind} {name!r} in this plugin", *document.place(offset), hint)


def _said_to_be(document: Document, noun: str) -> Iterator[tuple[str, int]]:
    """Code spans in kebab case with the noun beside them."""
    after = re.compile(rf"`\s+{noun}\b", re.I)
    before = re.compile(rf"\b{noun}\s+(?:named\s+|called\s+)?`$", re.I)
    for span in document.spans:
        if not re.fullmatch(r"[A-Za-z][a-z0-9]*(?:[-:][a-z0-9]+)+", span.text):
            continue
        end = span.offset + len(span.text)
        if after.match(document.text, end) or before.search(
            document.text[max(0, span.offset - 40) : span.offset]
        ):
            yield span.text, span.offset


def path_exists(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Every path into the plugin's own folders (scripts/, references/, commands/, ...) or under
    `${CLAUDE_PLUGIN_ROOT}` exists. Where the line says that it is the user's ("your project",
    "creates"), or the plugin's own text names it, it is an example."""
    paths = context.plugin_paths
    if paths is None or not paths:
        return
    source = source_of(context) if context.anatomy else None
    folder = posixpath.dirname(context.target or "")
    linked = {link.target.split("#")[0].removeprefix("./") for link in document.links}
    reported: set[str] = set()
    for found in PATH.finditer(document.text, document.starts[document.body_line - 1]):
        path = found[1]
        rooted = "PLUGIN_ROOT" in found[0]
        if path in reported or path in linked or (source and source.says(path)):
            continue
        if not rooted and path.split("/")[0] not in OWN_FOLDERS | set(options["folders"]):
            continue
        line = document.line_at(found.start())
        if not rooted and (FOREIGN.search(line) or FILE_HEADER.fullmatch(line)):
            continue
        if any(stands(posixpath.normpath(posixpath.join(at, path)), paths) for at in (folder, "")):
            continue
        reported.add(path)
        hint = _suggest(path, paths)
        yield Spot(f"no file {path} in this plugin", *document.place(found.start()), hint)


def variable_exists(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Every `${CLAUDE_...}` variable is one that Claude Code sets, or that the plugin's text
    names."""
    source = source_of(context) if context.anatomy else None
    known = VARIABLES | {str(name) for name in options["allowed"]}
    for found in VARIABLE.finditer(document.text):
        if found[1] not in known and not (source and source.says(found[1])):
            hint = _suggest(found[1], known)
            yield Spot(f"unknown variable {found[1]}", *document.place(found.start()), hint)


def plugin_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Other plugins are named (as code, with the word plugin) only if the marketplace has them or
    the plugin's own text names them."""
    if context.anatomy is None or not context.marketplace_plugins:
        return
    known = {name.lower() for name in context.marketplace_plugins} | {context.anatomy.name.lower()}
    source = source_of(context)
    for name, offset in _said_to_be(document, r"plugins?"):
        if name.lower() not in known and not source.says(name):
            hint = _suggest(name.lower(), known)
            yield Spot(f"no plugin {name!r} in the marketplace", *document.place(offset), hint)


def vocabulary(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The share of the document's distinct words that also stand in the plugin's source lies
    above a floor: below it, the text is about something else."""
    share = vocabulary_share(document, context)
    if share is not None and share < float(options["floor"]):
        hint = "write about this plugin, in its own words"
        message = f"{share:.2f} of the words stand in the source, {options['floor']} at least"
        yield Spot(message, hint=hint)


def vocabulary_share(document: Document, context: Context) -> float | None:
    """0-1, or None where there is no source to compare with."""
    if context.anatomy is None:
        return None
    source = source_of(context)
    words = words_of(document.body)
    if not words or not source.words:
        return None
    return len(words & source.words) / len(words)
