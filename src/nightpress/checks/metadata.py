"""Form of the frontmatter: the Agent Skills specification, field by field.

Rules: agentskills/agentskills docs/specification.mdx, Anthropic's authoring best practices and
the upload validator of anthropics/skills.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    """Only keys of the specification stand at the top level; others are refused on upload."""
    if not _judged(document, context):
        return
    allowed = [str(key) for key in options["allowed"]]
    for key in document.fields or {}:
        if key not in allowed:
            hint = suggestion(key, allowed, "{}") or "move it under metadata"
            yield Spot(f"unknown frontmatter key {key!r}", document.field_line(key), 1, hint)


def frontmatter_values(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Values have the specification's types: metadata maps strings to strings, compatibility
    is a string of at most 500 characters, license a string, allowed-tools a string."""
    if not _judged(document, context):
        return
    fields = document.fields or {}
    for key, limit in (("compatibility", 500), ("license", 500), ("allowed-tools", 4_000)):
        value = fields.get(key, "")
        if not isinstance(value, str):
            hint = "separate the tools by spaces" if key == "allowed-tools" else "quote it"
            yield Spot(f"{key} is no string", document.field_line(key), 1, hint)
        elif len(value) > limit:
            yield Spot(f"{key} has {len(value)} of {limit} characters", document.field_line(key), 1)
    metadata = fields.get("metadata", {})
    if not isinstance(metadata, dict):
        yield Spot("metadata is no mapping", document.field_line("metadata"), 1)
        return
    for key, value in metadata.items():
        if not isinstance(value, str):
            line = document.field_line("metadata")
            yield Spot(f"metadata.{key} is no string", line, 1, "put quotes around it")


def frontmatter_portable(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """The frontmatter is written so that every parser accepts it: the description in one line,
    no `[a, b]` lists, no unquoted `: ` and no `---` in a value. Strict parsers refuse the rest."""
    if not _judged(document, context):
        return
    key = ""
    for number, line in enumerate((document.frontmatter or "").split("\n"), start=2):
        entry = re.match(r"([A-Za-z_-]+):\s*(.*)$", line)
        if not entry:
            if key and line.strip():
                yield Spot(f"{key} goes on in a second line", number, 1, "write it in one line")
            key = ""
            continue
        value = entry[2]
        key = entry[1] if re.match(r"[^|>\[{#\s]", value) else ""
        if re.match(r"[|>][+-]?\d?\s*$", value):
            yield Spot(f"{entry[1]} is a block scalar", number, 1, "write it in one quoted line")
        elif value.startswith(("[", "{")):
            yield Spot(f"{entry[1]} is a flow collection", number, 1, "use block style")
        elif "---" in value:
            yield Spot(
                f"{entry[1]} holds '---'", number, 1, "some parsers end the frontmatter there"
            )
        elif re.match(r"[^\"'#].*: ", value):
            yield Spot(f"{entry[1]} holds an unquoted ': '", number, 1, "quote the value")


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
            yield Spot(f"name holds the reserved word {word!r}", document.field_line("name"), 1)


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
        yield Spot("description says no 'when'", line, 1, 'add "Use when ..." and trigger words')
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
