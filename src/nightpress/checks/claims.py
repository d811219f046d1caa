"""Claims of a draft: its options, variables, tools, events, settings, packages, files, versions and
numbers are the plugin's.

Each must be a structural fact, or one that the plugin's own text says and nothing of it gainsays. A
draft of ours is held to that; in a file that people keep, only what code contradicts is told, for a
person knows more than the files say. What another program's command line says is no claim.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from nightpress.checks import paths
from nightpress.checks.cited import ENDING
from nightpress.checks.claimed import calls, disputed, known_options
from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.known_names import ENVIRONMENT, FILES, TOOLS
from nightpress.checks.source import source_of
from nightpress.lazy import pattern
from nightpress.plugin import Facts, collect, said
from nightpress.text import suggestion

MOST_NAMED = 6
"""Known names that a message lists."""

EXAMPLE = pattern(
    r"(?:\be\.g\.|\b(?:for example|for instance|such as|examples?|say|imagine|suppose|your|my)\b)"
    r"[^.;\n]{0,60}$",
    re.I,
)
SHELL = frozenset({"", "bash", "sh", "shell", "console", "text", "zsh", "plaintext"})


def facts_of(context: Context) -> Facts | None:
    return collect(context.anatomy) if context.anatomy is not None else None


def is_disputed(context: Context, kind: str, name: str) -> bool:
    if context.anatomy is None or context.plugin_paths is None:
        return False
    return (kind, name.lower()) in disputed(context.anatomy, context.plugin_paths)


def known_as(names: Iterable[str]) -> str:
    """`known: a, b, c and 4 more`; "" if there are none."""
    every = sorted(set(names))
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return f"known: {', '.join(every[:MOST_NAMED])}{more}" if every else ""


def hint_of(name: str, names: Iterable[str]) -> str:
    every = list(names)
    return suggestion(name, every, "{}") or known_as(every) or "name only what the plugin has"


@lru_cache(maxsize=4)
def _prose(document_text: str, prose: str, spans: tuple[tuple[str, int], ...]) -> str:
    """The prose with its code spans put back: what is said, position by position."""
    text = list(prose)
    for span, offset in spans:
        if document_text.startswith(span, offset):
            text[offset : offset + len(span)] = span
    return "".join(text)


def said_in(document: Document) -> str:
    """Everything but code blocks and frontmatter, position by position."""
    return _prose(document.text, document.prose, tuple((s.text, s.offset) for s in document.spans))


def is_example(document: Document, offset: int) -> bool:
    """Do the words before it, or a quotation mark of Markdown, say that it is an example?"""
    start = document.starts[document.place(offset)[0] - 1]
    return bool(EXAMPLE.search(document.text[start:offset])) or document.text.startswith(
        ">", start + len(document.text[start:offset]) - len(document.text[start:offset].lstrip())
    )


def _shell_lines(document: Document) -> Iterator[tuple[str, int]]:
    """(line, offset) of the blocks that are typed at a prompt."""
    for block in document.blocks:
        if block.language not in SHELL:
            continue
        first = block.line + (1 if block.fenced else 0)
        for number, line in enumerate(block.text.split("\n")):
            if first + number <= len(document.starts):
                yield line, document.starts[first + number - 1]


# --- options and arguments ---

_BARE = pattern(r"^(--?[A-Za-z][\w-]*)(?:[ =]\S+)?(?:\s*[,|/]\s*(--?[A-Za-z][\w-]*)(?:[ =]\S+)?)*$")
_IN_PROSE = pattern(r"(?<![\w`/-])(--[a-z][\w-]*\w)\b")
_OWNER = pattern(r"(?<![\w/.-])(/[a-z][\w:-]*|(?:[\w.-]+/)*[\w-]+\.(?:sh|py|js|ts|mjs|rb))\b")


def option_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every option stands among those of the command or script that it is given to; one that is
    named alone is somewhere in the plugin. Options of other programs (`git log --stat`) are none of
    the plugin's."""
    facts = facts_of(context)
    if facts is None:
        return
    seen: set[tuple[str, str]] = set()
    for owner, option, offset in calls(document.text):
        known = known_options(owner, facts)
        if (owner, option) in seen or not known or option in known:
            continue
        seen.add((owner, option))
        hint = hint_of(option, known)
        shown = f"{option} is not an option of {owner} ({known_as(known)})"
        yield Spot(shown, *document.place(offset), hint)
    if not context.ours:
        return
    source = source_of(context)
    every = facts.names("option")
    for option, offset in _bare_options(document):
        owner = _owner(document, offset)
        known = known_options(owner, facts) if owner else frozenset()
        if (owner, option) in seen or option in known or _is_unknown(owner, facts):
            continue
        if option in known_options(_above(document, offset), facts):
            continue  # of the section's command: "Run `/other`, at most `--limit` times"
        if known:
            message = f"{option} is not an option of {owner} ({known_as(known)})"
        elif option.lower() in every or source.names(option):
            continue
        else:
            message = f"{option} is not an option of this plugin"
        seen.add((owner, option))
        yield Spot(message, *document.place(offset), hint_of(option, known or every))


def _is_unknown(owner: str, facts: Facts) -> bool:
    """A command that the plugin does not have is another gate's finding."""
    return owner.startswith("/") and owner[1:].lower() not in facts.names("command", "structural")


def _bare_options(document: Document) -> Iterator[tuple[str, int]]:
    for span in document.spans:
        if span.text.startswith("-") and _BARE.match(span.text):
            for match in re.finditer(r"(?<![\w-])--?[A-Za-z][\w-]*", span.text):
                yield match[0], span.offset + match.start()
        elif re.match(r"/[a-z][\w:-]*\s", span.text):
            for option in re.finditer(r"(?<![\w-])--[A-Za-z][\w-]*\w", span.text):
                yield option[0], span.offset + option.start()
    for match in _IN_PROSE.finditer(document.prose) if "--" in document.prose else ():
        yield match[1], match.start(1)
    for line, at in _shell_lines(document):
        if re.match(r"\s*(?:[$>]\s+)?/[a-z]", line):
            for option in re.finditer(r"(?<![\w-])--[A-Za-z][\w-]*\w", line):
                yield option[0], at + option.start()


def _owner(document: Document, offset: int) -> str:
    """The command or script that the line names, else the section's heading."""
    line = document.line_at(offset)
    owners = {m[1] for m in _OWNER.finditer(line)}
    if len(owners) == 1:
        return owners.pop()
    if owners:
        return ""
    above = [h for h in document.headings if h.line < document.place(offset)[0]]
    match = _OWNER.search(above[-1].text) if above else None
    return match[1] if match else ""


def _above(document: Document, offset: int) -> str:
    """The command or script that a section is of, by its heading or the nearest one above that
    names one."""
    line = document.place(offset)[0]
    level = 7
    for heading in reversed([h for h in document.headings if h.line < line]):
        if heading.level >= level:
            continue
        level = heading.level
        if match := _OWNER.search(heading.text):
            return match[1]
    return ""


_ARGUMENT = pattern(r"[<\[]([a-z][\w-]{1,30})(?:\.\.\.)?[>\]]")


def argument_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every `<argument>` that a command is shown with is one that it declares, or its text names.
    A command that declares nothing is not judged."""
    facts = facts_of(context)
    if facts is None or not context.ours:
        return
    texts = {f.path: f.text.lower() for f in context.anatomy.files} if context.anatomy else {}
    lines = [(span.text, span.offset) for span in document.spans]
    lines += _shell_lines(document)
    for text, offset in lines:
        call = re.match(r"\s*(?:[$>]\s+)?(/[a-z][\w:-]*)\s", text)
        if call is None:
            continue
        owner = call[1].lower()
        declared = {f.name.lower() for f in facts.belonging(owner, "argument")}
        if not declared and not facts.belonging(owner):
            continue
        own = [f.file for f in facts.of("command", "structural") if f"/{f.name.lower()}" == owner]
        for match in _ARGUMENT.finditer(text):
            name = match[1].lower()
            if any(name in one for one in declared) or any(name in texts.get(p, "") for p in own):
                continue
            known = declared | {f.name for f in facts.belonging(owner)}
            message = f"<{match[1]}> is not an argument of {owner} ({known_as(known)})"
            yield Spot(message, *document.place(offset + match.start()))


# --- variables, tools, events ---

_VARIABLE = pattern(r"(?<![\w<{\[/.-])\$?\{?\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b(?![>\]/-]|\.\w)")
_OF_ENVIRONMENT = pattern(
    r"\b(?:set|sets|export|env(?:ironment)?|variables?|unset|defined?|reads?|token|key|\$)\b|\$|=",
    re.I,
)
_NAMED_SO = pattern(
    r"_(?:TOKEN|KEY|URL|HOST|PORT|PATH|DIR|SECRET|TIMEOUT|ID|MODE|ENABLED|LEVEL|FILE|USER|PASSWORD"
    r"|NAME|HOME|ROOT|LIMIT|DEBUG|REGION|ENDPOINT|WEBHOOK|DSN)$"
)


def environment_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every environment variable of a draft is read by the plugin's code or configuration, or named
    by its text where nothing gainsays that; a variable of a shown script is its own."""
    facts = facts_of(context)
    if facts is None or not context.ours:
        return
    source = source_of(context)
    known = [f.name for f in facts.of("variable", "structural")]
    said_text, seen = said_in(document), set[str]()
    found = [(m[1], m.start(1)) for m in _VARIABLE.finditer(said_text)] if "_" in said_text else []
    for line, at in _shell_lines(document):
        found += [(m[1], at + m.start(1)) for m in said.ENVIRONMENT.finditer(line) if "_" in m[1]]
    for name, offset in found:
        if name in seen or name.startswith("CLAUDE_") or name in ENVIRONMENT:
            continue
        gainsaid = is_disputed(context, "variable", name)
        if not gainsaid and (name in known or source.names(name)):
            continue
        if not (_NAMED_SO.search(name) or _OF_ENVIRONMENT.search(document.line_at(offset))):
            continue
        seen.add(name)
        yield Spot(
            f"nothing in this plugin reads {name}", *document.place(offset), hint_of(name, known)
        )


_TOOL = pattern(
    r"`((?:mcp__[\w-]+__)?[a-z]\w*_\w+)`\s+(?:MCP\s+)?tools?\b|\btools?\s+(?:called\s+"
    r"|named\s+)?`([a-z]\w*_\w+)`"
    r"|\b(?:[Cc]all|[Ii]nvoke)s?\s+(?:the\s+)?`([a-z]\w*_\w+)`|\bmcp__[\w-]+__(\w+)"
)
_TOOLS = pattern(r"(?:the |its |available |mcp )*tools?", re.I)
_ITEM = pattern(r"[ \t]*(?:[-*+]|\d+\.|\|)[ \t]+(?:\*\*)?`([a-z]\w*)`")


def tool_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every tool that is named (the `list_holds` tool, `mcp__depot__list_holds`, a list under
    Tools) is registered by the plugin's code or stands in its text, or is Claude Code's."""
    facts = facts_of(context)
    if facts is None or not context.ours:
        return
    source, known, seen = source_of(context), facts.names("tool"), set[str]()
    found = [
        (next(g for g in m.groups() if g), m.start()) for m in _TOOL.finditer(document.text)
    ]  # fmt: skip
    inside = 0
    levels = {heading.line: heading for heading in document.headings}
    for number, line in enumerate(document.text.split("\n"), start=1):
        if heading := levels.get(number):
            if not inside or heading.level <= inside:
                inside = heading.level if _TOOLS.fullmatch(heading.text.strip("*_: ")) else 0
        elif inside and (item := _ITEM.match(line)):
            found.append((item[1], document.starts[number - 1] + item.start(1)))
    for full, offset in found:
        name = full.rpartition("__")[2] if full.startswith("mcp__") else full
        if name in seen or name.lower() in known or source.names(name):
            continue
        if name in TOOLS or is_example(document, offset):
            continue
        seen.add(name)
        yield Spot(
            f"no tool {name!r} in this plugin", *document.place(offset), hint_of(name, known)
        )


_HOOK = pattern(
    r"`([A-Z][a-z]+[A-Z]\w+)`\s+(?:hooks?|events?)\b|\b(?:hooks?"
    r"|events?)\s+`([A-Z][a-z]+[A-Z]\w+)`"
)


def event_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every hook event that is named is one that the plugin has a hook for, or that its text
    names."""
    facts = facts_of(context)
    if facts is None or not context.ours:
        return
    source, seen = source_of(context), set[str]()
    known = {f.name for f in facts.of("hook", "structural")}
    text = said_in(document)
    found = [(m[1] or m[2], m.start()) for m in said.EVENT.finditer(text)]
    found += [(m[1] or m[2], m.start()) for m in _HOOK.finditer(document.text)]
    for name, offset in found:
        if name in known or name in seen or source.names(name):
            continue
        seen.add(name)
        message = f"the plugin has no hook for {name}"
        yield Spot(message, *document.place(offset), hint_of(name, known))


# --- packages, files ---

_PACKAGE = pattern(
    r"`((?:@[\w.-]+/)?[a-z][\w.-]+)`\s+(?:npm |Python |PyPI )?(?:package|library|module"
    r"|crate|gem)\b"
)


def package_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every package that is to be installed, or is called one, is declared by the plugin or stands
    in its text."""
    facts = facts_of(context)
    if facts is None or not context.ours:
        return
    source, known, seen = source_of(context), facts.names("package", "structural"), set[str]()
    found = [
        pair for match in said.INSTALL.finditer(document.text) for pair in said.packages(match)
    ]
    found += [(m[1], m.start(1)) for m in _PACKAGE.finditer(document.text)]
    for name, offset in found:
        if name in seen or name.lower() in known or source.names(name) or len(name) < 2:
            continue
        if name.endswith((".txt", ".toml", ".")) or name.startswith("."):
            continue
        seen.add(name)
        message = f"the plugin does not use the package {name!r}"
        yield Spot(message, *document.place(offset), hint_of(name, known))


def path_exists(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Every path into the plugin's own folders (scripts/, references/, commands/, ...) or under
    `${CLAUDE_PLUGIN_ROOT}`, and every script called the plugin's, exists. Where the words beside it
    say that it is the user's ("in your project", "creates"), or the plugin's own text names it, it
    is an example. In a draft of ours every file that it names is one of the plugin's, one that its
    text names and that is not missing, or one that any project has (package.json)."""
    seen = set[str]()
    for spot in paths.path_exists(document, context, options):
        seen.add(spot.message.removeprefix("no file ").partition(" in this ")[0])
        yield spot
    if context.anatomy is not None and context.ours:
        yield from _files(document, context, seen)


def _files(document: Document, context: Context, seen: set[str]) -> Iterator[Spot]:
    source = source_of(context)
    existing = context.plugin_paths or frozenset()
    names = {path.rpartition("/")[2].lower() for path in existing}
    linked = {link.target.split("#")[0].removeprefix("./") for link in document.links}
    for match in said.FILE.finditer(said_in(document)):
        path = match[1].removeprefix("./")
        name = path.rpartition("/")[2]
        if not ENDING.search(name) or path in seen or path in linked or path in existing:
            continue
        if is_disputed(context, "file", path):
            seen.add(path)
            yield Spot(f"no file {path} in this plugin", *document.place(match.start(1)))
            continue
        low = name.lower()
        if low in FILES or low in names or source.names(path) or source.names(name):
            continue
        if "<" in document.text[match.start(1) - 1 : match.end(1) + 1] or is_example(
            document, match.start(1)
        ):
            continue
        after = document.text[match.end(1) : match.end(1) + 60].partition("\n")[0]
        if paths.FOREIGN_AFTER.match(after):  # "in your project"
            continue
        seen.add(path)
        hint = suggestion(path, existing, "{}")
        message = f"the plugin does not mention the file {path}"
        yield Spot(message, *document.place(match.start(1)), hint or "name only what it has")
