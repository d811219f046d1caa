"""Grounding: what the document names exists in the plugin. Facts come from the plugin's files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.known_names import AGENTS, COMMANDS, SKILLS
from nightpress.checks.mentions import Named, commands, components, dotted_commands
from nightpress.checks.source import comparable, source_of, words_of
from nightpress.lazy import pattern
from nightpress.model import Anatomy
from nightpress.text import suggestion

SUBAGENT = pattern(r"subagent_type[\"']?\s*[:=]\s*[\"']([A-Za-z][\w:-]+)[\"']")
INSTALL = pattern(r"/plugin\s+install\s+([a-z][a-z0-9-]*[a-z0-9])\b")
FROM_ELSEWHERE = pattern(
    r"/plugin\s+marketplace\s+add\b|/?\bplugin\s+install\s+[\w-]+@[\w-]+", re.I
)
INSTALLED = pattern(r"\bplugin\s+install\s+([\w-]+)", re.I)
PRODUCT = pattern(
    r"(?:\bnpx|\bnpm (?:i|install)|\bpipx? install|\bbrew install|\bplugin install|\bgit clone)"
    r"[ \t][^\n]*", re.I
)  # fmt: skip
TO_COME = pattern(
    r"[^\n]{0,80}\b(?:coming (?:soon|in|later)|is to come|in a (?:later|future) (?:version|release)"
    r"|not (?:yet )?(?:available|there) yet|planned for)\b", re.I
)  # fmt: skip
PLACES = frozenset({"plugin", "plugin-name", "my-plugin", "your-plugin", "namespace"})
BUILT_IN = {"agent": AGENTS, "skill": SKILLS}


def _names(context: Context, *kinds: str) -> set[str]:
    """Names of the plugin's components, also of those that other enhancements make, or keep."""
    anatomy = context.anatomy
    names = {c.name for c in anatomy.components if c.kind in kinds} if anatomy else set()
    for kind in kinds:
        names |= _made(context.plugin_paths or frozenset(), kind)
    return {name.lower() for name in names}


@lru_cache(maxsize=16)
def _made(paths: frozenset[str], kind: str) -> frozenset[str]:
    """Names of the components of one kind that stand, or will stand, at the paths."""
    if kind == "skill":
        folders = (p.rpartition("/")[0] for p in paths if p.lower().endswith("/skill.md"))
        return frozenset(folder.rpartition("/")[2] for folder in folders)
    inside = (p for p in paths if p.startswith(f"{kind}s/") and p.endswith(".md"))
    return frozenset(p.rpartition("/")[2].removesuffix(".md") for p in inside)


def _aliases(anatomy: Anatomy) -> set[str]:
    """Short forms that commands declare in their frontmatter, as some marketplaces do."""
    aliases: set[str] = set()
    for command in anatomy.of("command"):
        for key in ("shortcut", "alias", "aliases"):
            value = command.meta.get(key)
            names = value if isinstance(value, list | tuple) else [value]
            aliases.update(name.lstrip("/").lower() for name in names if isinstance(name, str))
    return aliases


def _suggest(name: str, names: Iterable[str], mark: str = "") -> str:
    return suggestion(name, names, mark + "{}") or "name only what the plugin has"


def _elsewhere(context: Context, kind: str, name: str) -> bool:
    return context.elsewhere is not None and context.elsewhere(kind, name)


def command_exists(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Every `/command`, as code, in prose or typed at a prompt, exists: in the plugin, in another
    one of the marketplace, or in Claude Code itself; where the plugin has no command of its own, in
    its text. Routes and folders of a file system (`GET /users`, `/tmp`) are none."""
    if context.anatomy is None:
        return
    existing = _names(context, "command", "skill")
    existing |= {n.rpartition(":")[2] for n in existing} | COMMANDS | _aliases(context.anatomy)
    existing |= {plugin.lower() for plugin in context.marketplace_plugins}
    existing |= {str(name).lstrip("/") for name in options["allowed"]}
    if not context.ours and _brings_its_own(document, context):
        return
    source = source_of(context)
    # the plugin's commands and skills are all there are: what only its prose names is none, but
    # in what quotes all of that prose
    closed = bool(options["closed"]) and context.ours and bool(_names(context, "command"))
    dotted = ((n, at) for n, at in dotted_commands(document) if _is_meant(n, existing))
    for name, offset in (*commands(document), *dotted):
        plugin, _, tail = name.rpartition(":")
        camel = not context.ours and _is_camel(document.text[offset + 1 :][: len(name)])
        if plugin in PLACES or camel:
            continue
        own = plugin in {"", context.anatomy.name.lower()}
        if (own and tail in existing) or (not (closed and own) and source.names(f"/{name}")):
            continue
        if not own and context.elsewhere is None and plugin in context.marketplace_plugins:
            continue
        if (not plugin or not own) and _elsewhere(context, "command", name):
            continue
        hint = _suggest(tail, _names(context, "command"), "/")
        yield Spot(f"/{name} is not a command of this plugin", *document.place(offset), hint)


def _is_meant(name: str, existing: set[str]) -> bool:
    """Is it of a family of commands that have a dot, or one with a dot for its hyphen? Else it may
    be a file."""
    families = {one.partition(".")[0] for one in existing if "." in one}
    return name.partition(".")[0] in families or name.replace(".", "-") in existing


def _is_camel(name: str) -> bool:
    """`/ToUnicode`: a name of something else, which no command has."""
    return re.search(r"[a-z][A-Z]", name) is not None


def _brings_its_own(document: Document, context: Context) -> bool:
    """Does the document say how to install something of another marketplace, or of its own name?
    The commands that it speaks of come with that. (How its plugin is installed is no such thing:
    what comes with that is here.)"""
    here = {plugin.lower() for plugin in context.marketplace_plugins}
    here |= {context.anatomy.name.lower()} if context.anatomy is not None else set()
    installed = {found[1].lower() for found in INSTALLED.finditer(document.text)}
    own = bool(installed) and installed <= here
    if FROM_ELSEWHERE.search(document.text) and not own:
        return True
    name = document.text_field("name").lower().replace("-", "")
    found = (line[0].lower() for line in PRODUCT.finditer(document.text))
    lines = (line.replace("-", "") for line in found if not (own and INSTALLED.match(line)))
    return len(name) > 3 and any(name in line for line in lines)


def commands_covered(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Every command that the plugin has is mentioned (option share: which part must be). Of one
    skill among several none need be: it is not about the whole plugin."""
    if context.anatomy is None or _is_one_of_several(context):
        return
    names = sorted(c.name.lower() for c in context.anatomy.of("command"))
    missing = [name for name in names if not mentions(document.text, name)]
    if names and 1 - len(missing) / len(names) < float(options["share"]):
        listed = ", ".join(f"/{name}" for name in missing[:8])
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        hint = "say what each command does"
        yield Spot(
            f"{len(missing)} of {len(names)} commands unmentioned: {listed}{more}", hint=hint
        )


def _is_one_of_several(context: Context) -> bool:
    if context.frontmatter != "skill":
        return False
    paths = context.plugin_paths or ()
    return any(path.endswith("/SKILL.md") and path != context.target for path in paths)


def mentions(text: str, command: str) -> bool:
    """Whether the text names the command: `/name`, `/plugin:name`, or `name` as code."""
    tail = command.rpartition(":")[2].lower()
    low = text.lower()
    if tail not in low:
        return False
    name = re.escape(tail)
    return bool(re.search(rf"(?<![\w-])/(?:[\w-]+:)*{name}(?![\w-])|`{name}`", low))


def agent_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every agent that is named ("the `code-reviewer` agent", a list under Agents, a subagent_type)
    exists in the plugin, in another one of the marketplace, or stands in the plugin's text."""
    named = list(components(document, r"(?:sub-?)?agents?"))
    named += [(m[1], m.start(1)) for m in SUBAGENT.finditer(document.text)]
    yield from _missing(document, context, "agent", named)


def skill_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every skill that is named ("the `pdf-forms` skill", a list under Skills) exists in the
    plugin, in another one of the marketplace, or stands in the plugin's text."""
    yield from _missing(document, context, "skill", components(document, r"skills?"))


def _missing(
    document: Document, context: Context, kind: str, named: Iterable[Named]
) -> Iterator[Spot]:
    if context.anatomy is None:
        return
    existing = _names(context, kind) | {context.anatomy.name.lower(), *BUILT_IN[kind]}
    existing.add(document.text_field("name").lower())
    source = source_of(context)
    offsets: set[int] = set()
    for name, offset in named:
        plain = name.rpartition(":")[2].lower()
        if offset in offsets or plain in existing or source.names(plain):
            continue
        if not context.ours and _is_explained(document, name, offset):
            continue
        if not _elsewhere(context, kind, name.lower()):
            offsets.add(offset)
            hint = _suggest(plain, existing)
            yield Spot(f"no {kind} {name!r} in this plugin", *document.place(offset), hint)


def _is_explained(document: Document, name: str, offset: int) -> bool:
    """Does the document itself make what it names (`name="scout"`), say that it is to come, or name
    it in a question that somebody is asked (`"What should the scout skill do?"`)?"""
    text = document.text
    if re.search(rf"\bname\s*[=:]\s*[\"']{re.escape(name)}[\"']", text):
        return True
    start, end = text.rfind("\n", 0, offset) + 1, (text + "\n").index("\n", offset)
    quotes = re.finditer(r"[\"“][^\"”\n]*[\"”]", text[start:end])
    quoted = next((q[0] for q in quotes if q.start() <= offset - start < q.end()), "")
    return "?" in quoted or TO_COME.match(text, offset + len(name), end) is not None


def plugin_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Other plugins are named (with the word plugin, or to be installed) only if the marketplace
    has them or the plugin's own text names them."""
    if context.anatomy is None or not context.marketplace_plugins:
        return
    existing = {name.lower() for name in context.marketplace_plugins} | {
        context.anatomy.name.lower()
    }
    source = source_of(context)
    named = list(components(document, r"plugins?"))
    if context.ours or not FROM_ELSEWHERE.search(document.text):
        named += [(m[1], m.start(1)) for m in INSTALL.finditer(document.text)]
    for name, offset in named:
        if name.lower() not in existing and not source.names(name):
            hint = _suggest(name.lower(), existing)
            yield Spot(f"no plugin {name!r} in the marketplace", *document.place(offset), hint)


def vocabulary(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The share of the document's distinct words that also stand in the plugin's source lies
    above a floor: below it, the text is about something else. What a person writes is source
    itself, and not compared."""
    share = vocabulary_share(document, context)
    if share is not None and share < float(options["floor"]):
        hint = "write about this plugin, in its own words"
        message = f"{share:.2f} of the words are in the source, {options['floor']} at least"
        yield Spot(message, hint=hint)


def vocabulary_share(document: Document, context: Context) -> float | None:
    """0-1, or None where there is no source to compare with."""
    if context.anatomy is None or not context.ours:
        return None
    source = source_of(context)
    words = words_of(document.body)
    if not words or not source.words or not comparable(document.body, context):
        return None
    return len(words & source.words) / len(words)
