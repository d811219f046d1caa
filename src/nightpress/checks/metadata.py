"""Form of the frontmatter: the Agent Skills specification, field by field.

Rules: agentskills/agentskills docs/specification.mdx, Anthropic's authoring best practices and
the upload validator of anthropics/skills.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from nightpress.checks import author
from nightpress.checks.behaviour import KNOWN
from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.lazy import pattern
from nightpress.text import suggestion

NAME = pattern(r"[a-z0-9]+(?:-[a-z0-9]+)*")
QUOTED = pattern(r"\"[^\"]*\"|“[^”]*”|`[^`]*`|(?<!\w)'[^']*'(?!\w)")
FIRST_PERSON = pattern(
    r"(?<![\w/.&-])I(?=['\u2019](?:ll|m|ve|d)\b| (?!/)[a-z]{2,}| (?:[A-Z]\w+ly|[a-z]+) )"
    r"|\b[Ww]e(?=['\u2019](?:ll|re|ve)\b| [a-z]{3,})|\b[Mm]y (?=[a-z])"
    r"|\b(?i:helps?|lets?|allows?|enables?|gives?|shows?|tells?) me\b"
)
SECOND_PERSON = pattern(r"\b(?:you(?:rs?|rself)?)\b(?!-)", re.I)
WHEN_CLAUSE = pattern(r"\b(?:when|whenever|if|while|before|after|where)\b[^.;!?]*", re.I)
TRIGGER = pattern(
    r"\b(?:when(?:ever)?|trigger(?:s|ed|ing)?|activates?|invoke[ds]?|before|after|if (?:the )?user"
    r"|use (?:this|it|for|to|if|proactively|with|on)|for (?:tasks|requests|questions)|on request"
    r"|asks?|asked|asking|mentions?|needs? to|requests?)\b",
    re.I,
)


def _judged(document: Document, context: Context) -> bool:
    return context.frontmatter == "skill" and document.fields is not None


def frontmatter_present(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """A skill begins with frontmatter between two `---` lines."""
    if context.frontmatter == "skill" and document.frontmatter is None:
        yield Spot("no frontmatter", 1, 1, "begin with ---, name, description and ---")


def frontmatter_syntax(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """The frontmatter is YAML, a mapping, and within bounds (no anchors, no merge keys)."""
    if context.frontmatter == "skill" and document.problem is not None:
        message, line, column = document.problem
        yield Spot(f"frontmatter: {message}", line, column, "one `key: value` a line, block style")


def frontmatter_keys(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """At the top level stand only keys that the specification or Claude Code documents, and those
    of the option allowed; others are refused on upload. What stands in the file before is its
    author's."""
    if not _judged(document, context):
        return
    kind = _kind(context)
    allowed = KNOWN[kind] | {str(key) for key in options["allowed"]}
    others = allowed | author.keys(document, context)
    for key in document.fields or {}:
        if key in others:
            continue
        hint = suggestion(key, allowed, "{}") or "move it under metadata: an upload refuses it"
        if key in KNOWN["agent"] and hint.startswith("move"):
            hint = f"Claude Code reads it in an agent, not in a {kind}"
        yield Spot(f"unknown frontmatter key {key!r}", document.field_line(key), 1, hint)


def _kind(context: Context) -> Literal["skill", "command", "agent"]:
    """What Claude Code takes a document at this path for."""
    folders = (context.target or "").split("/")[:-1]
    if folders[:1] == ["agents"]:
        return "agent"
    return "command" if folders[:1] == ["commands"] else "skill"


def frontmatter_values(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Values have the specification's types: metadata maps strings to strings, compatibility
    is a string of at most 500 characters, license a string, allowed-tools a string (or, in what
    people write, a list of them, which Claude Code documents)."""
    if not _judged(document, context):
        return
    fields = document.fields or {}
    own = author.keys(document, context)
    for key, limit in (("compatibility", 500), ("license", 500), ("allowed-tools", 4_000)):
        value = fields.get(key, "")
        if key in own or (key == "allowed-tools" and not context.ours and _is_list(value)):
            continue
        if not isinstance(value, str):
            hint = "separate the tools by spaces" if key == "allowed-tools" else "quote it"
            yield Spot(f"{key} is not a string", document.field_line(key), 1, hint)
        elif len(value) > limit:
            yield Spot(f"{key} has {len(value)} of {limit} characters", document.field_line(key), 1)
    metadata = fields.get("metadata", {})
    if "metadata" in own:
        return
    if not isinstance(metadata, dict):
        yield Spot("metadata is not a mapping", document.field_line("metadata"), 1)
        return
    for key, value in metadata.items():
        if not isinstance(value, str):
            line = document.field_line("metadata")
            yield Spot(f"metadata.{key} is not a string", line, 1, "put quotes around it")


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def frontmatter_portable(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """The frontmatter is written so that every parser accepts it: the description in one line,
    no `[a, b]` lists, no unquoted `: ` and no `---` in a value. Strict parsers refuse the rest. In
    what people write, lists and values of several lines are left to them."""
    if not _judged(document, context):
        return
    own = author.keys(document, context)
    key = ""
    for number, line in enumerate((document.frontmatter or "").split("\n"), start=2):
        entry = re.match(r"([A-Za-z_][\w-]*):\s*(.*)$", line)
        if not entry:
            if key and line.strip() and not line.startswith("#"):
                yield Spot(f"{key} continues on a second line", number, 1, "write it on one line")
            key = ""
            continue
        value = entry[2]
        key = entry[1] if context.ours and re.match(r"[^|>\[{#\s]", value) else ""
        if entry[1] in own:
            key = ""
        elif context.ours and re.match(r"[|>][+-]?\d?\s*$", value):
            yield Spot(f"{entry[1]} is a block scalar", number, 1, "write it on one quoted line")
        elif value.startswith(("[", "{")):
            if context.ours:
                yield Spot(f"{entry[1]} is a flow collection", number, 1, "use block style")
        elif "---" in value:
            yield Spot(
                f"{entry[1]} holds '---'", number, 1, "some parsers end the frontmatter there"
            )
        elif re.match(r"[^\"'#].*: ", value):
            yield Spot(f"{entry[1]} contains an unquoted ': '", number, 1, "quote the value")


def name_form(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """name: 1-64 characters of a-z, 0-9 and single inner hyphens."""
    if not _judged(document, context):
        return
    value = (document.fields or {}).get("name")
    line = document.field_line("name")
    if value is None or value == "":
        yield Spot("no name", line, 1, "name: the skill's folder")
    elif not isinstance(value, str) or len(value) > 64 or not NAME.fullmatch(value):
        hint = "lower-case letters, digits and single hyphens, at most 64"
        yield Spot(f"name {str(value)[:80]!r} breaks the rule", line, 1, hint)


def name_directory(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """name equals the folder that the SKILL.md stands in."""
    parents = (context.target or "").split("/")[:-1]
    name = document.text_field("name")
    if not _judged(document, context) or not parents or not NAME.fullmatch(name):
        return
    if len(name) <= 64 and name != parents[-1]:
        message = f"name {name!r} is not its folder's name {parents[-1]!r}"
        yield Spot(message, document.field_line("name"), 1, f"name: {parents[-1]}")


def name_reserved(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """name holds no reserved word."""
    name = document.text_field("name")
    for word in options["words"]:
        if context.frontmatter == "skill" and str(word) in name:
            yield Spot(f"name contains the reserved word {word!r}", document.field_line("name"), 1)


def description_length(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """description: there, a string, and at most 1,024 characters."""
    if not _judged(document, context):
        return
    line = document.field_line("description")
    value = (document.fields or {}).get("description")
    if not isinstance(value, str) or not value.strip():
        yield Spot("no description", line, 1, "say what the skill does and when to use it")
    elif len(value.strip()) > int(options["max"]):
        yield Spot(f"description has {len(value.strip())} of {options['max']} characters", line, 1)


def description_when(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """The description says when to use the skill, not only what it does."""
    value = document.text_field("description")
    if not value or context.frontmatter != "skill":
        return
    line = document.field_line("description")
    if not TRIGGER.search(value):
        yield Spot(
            "description does not say when to use it",
            line,
            1,
            'add "Use when ..." and trigger words',
        )
    elif len(value) < int(options["min"]):
        yield Spot(f"description of {len(value)} characters says too little", line, 1)


def description_voice(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """The description speaks in the third person: it is read beside a hundred others. What stands
    in quotes, and "when you need ...", is no voice."""
    value = document.text_field("description")
    if not value or context.frontmatter != "skill":
        return
    bare = WHEN_CLAUSE.sub(" ", QUOTED.sub(" ", value))
    line = document.field_line("description")
    if voice := FIRST_PERSON.search(bare):
        hint = "say what the skill does: 'Checks ...'"
        yield Spot(f"description in the first person ({voice[0].strip()!r})", line, 1, hint)
    elif voice := SECOND_PERSON.search(bare):
        hint = "say what the skill does: 'Checks ...'"
        yield Spot(f"description in the second person ({voice[0].strip()!r})", line, 1, hint)


def description_brackets(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """The description holds no angle brackets: it is put into a prompt as it is."""
    value = document.text_field("description")
    if context.frontmatter == "skill" and re.search(r"[<>]", value):
        yield Spot("angle bracket in the description", document.field_line("description"), 1)
