"""What a document names: commands, agents, skills and plugins, wherever it says them.

Only what is plainly a name counts. A route of an API (`GET /users`), a folder (`/tmp`), a switch
(`setup.exe /quiet`), an adjective in kebab case ("a long-running agent") and an example ("such as a
`pdf-editor` skill") are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nightpress.checks.document import CodeBlock, Document, parse
from nightpress.checks.known_names import COMMANDS, ROOTS
from nightpress.checks.prefilter import BESIDE, around
from nightpress.lazy import pattern

Named = tuple[str, int]
"""A name and the offset at which it stands."""

KEBAB = r"[A-Za-z][A-Za-z0-9]*(?:[-:][A-Za-z0-9]+)+"
COMMAND = pattern(
    r"(?<![\w/.:~*<>$}\])-])/([A-Za-z][A-Za-z0-9_-]*(?::[A-Za-z0-9_:-]+)?)(?![\w/.*{<(=]|-\w)"
)
DOTTED = pattern(r"/([A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)+)(?![\w/.])")
ART = pattern(r"\S\\(?:\s|$)")
"""A line of a drawing: a backslash, and no continued line, which has a blank before it."""
SAID = pattern(  # in prose: a name with a hyphen, or one where a command is expected
    r"(?:^[ \t>]*(?:(?:[-*+]|\d+\.|#{1,6})[ \t]+)?(?:\*\*)?|\|[ \t]*(?:\*\*)?"
    r"|\b(?:[Rr]un|[Tt]ype|[Uu]se|[Ii]nvoke|[Ee]xecute|[Cc]all|[Ee]nter|[Tt]ry)[ \t]+"
    r"|(?<!\]\()(?<!=[\"'])(?<=[\s(\"'“*])(?=/[a-z]\w*-))"
    r"/([a-z][a-z0-9]*(?:[-_:][a-z0-9]+)*)(?![\w/{<(=]|-\w|\.\w)",
    re.M,
)
ROUTE = pattern(
    r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|endpoints?|routes?|paths?|urls?|apis?|director(?:y|ies)"
    r"|folders?|mount(?:ed|s)?|pages?|https?|curl|sites?|domain|subpath|server|prefix"
    r"|switch(?:es)?|flags?|\w+\.exe|msiexec)\b",
    re.I,
)
METHOD = r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD)"
BEFORE, AFTER = 40, 25  # characters of the line in which a word can say that it is a route
TYPED = frozenset({"", "text", "bash", "sh", "shell", "console", "plaintext", "markdown", "md"})
PROMPT = pattern(r"^(?:[$>\u276f]\s+|(?:User|You|Human|Me)\s*:\s*)", re.I)

EXAMPLE = pattern(
    r"(?:\be\.g\.|\b(?:for example|such as|examples?|like|imagine|suppose|hypothetical)\b)"
    r"[^.;\n]*$",
    re.I,
)
OWN_WORDS = pattern(r"(?:my|your|some|example|foo|new)(?:-|$)", re.I)
AGENTIVE = pattern(r"(?:er|or|ist|expert|architect|analyst|pilot|guide|bot)$")
ADJECTIVE = pattern(
    r"(?:ed|ing|able|ible|ful|less|ive|wide|level|based|specific|purpose|party|like|free|only|step"
    r"|scale|end|side|quality|time|ready|aware|first|grade|class|source|native|term|context|file"
    r"|model|tool|turn|shot|domain|language|platform|user|in|to|of|up|on"
    r"|known|made|new|style|rich|heavy|safe|proof|friendly|oriented|centric|agnostic)$"
)


def called(text: str) -> frozenset[str]:
    """The slash commands that a piece of Markdown names, lower case, without slash and without
    Claude Code's own."""
    return frozenset(name.lower() for name, _ in commands(parse(text))) - COMMANDS


def commands(document: Document) -> Iterator[Named]:
    """What is plainly meant as a slash command: (name without slash, offset)."""
    for span in document.spans:
        if "/" not in span.text:
            continue
        command = COMMAND.match(PROMPT.sub("", span.text, count=1))
        if command is None and " " in span.text:
            command = re.search(rf"\b(?:run|type|use)\s+{COMMAND.pattern}", span.text, re.I)
        if command and _is_command(document, command[1], span.offset, span.offset + len(span.text)):
            yield command[1].lower(), span.offset + span.text.find("/")
    for command in around(SAID, "/", document.prose, after=BESIDE):
        if _is_command(document, command[1], command.start(1) - 1, command.end()):
            yield command[1], command.start(1) - 1
    for block in document.blocks:
        if block.language in TYPED:
            yield from _typed(document, block)


def dotted_commands(document: Document) -> Iterator[Named]:
    """What may be a slash command with a dot in its name (or a file): as code, or typed."""
    for span in document.spans:
        if found := DOTTED.match(span.text):
            yield found[1].lower(), span.offset
    for block in document.blocks:
        for number, line in enumerate(block.text.split("\n") if block.language in TYPED else ()):
            if found := DOTTED.match(PROMPT.sub("", line.strip(), count=1)):
                where = block.line + number + (1 if block.fenced else 0)
                start = document.starts[min(where, len(document.starts)) - 1]
                yield found[1].lower(), start + max(document.line_at(start).find("/"), 0)


def _typed(document: Document, block: CodeBlock) -> Iterator[Named]:
    """Commands at the start of a code line, after a prompt or not."""
    for number, line in enumerate(block.text.split("\n")):
        if "/" not in line:
            continue
        typed = PROMPT.sub("", line.strip(), count=1)
        command = COMMAND.match(typed)
        if command is None or typed[command.end() :].strip() == ":":  # a key, as of OpenAPI's paths
            continue
        if ART.search(typed):
            continue
        where = block.line + number + (1 if block.fenced else 0)
        start = document.starts[min(where, len(document.starts)) - 1]
        at = start + max(document.line_at(start).find("/"), 0)
        if _is_command(document, command[1], at, at + len(command[0])):
            yield command[1].lower(), at


def _is_command(document: Document, name: str, start: int, end: int) -> bool:
    if name.lower() in ROOTS or re.search(rf"{METHOD}[ `]+/{re.escape(name)}\b", document.text):
        return False
    line_start = document.starts[document.place(start)[0] - 1]
    before = document.text[max(line_start, start - BEFORE) : start]
    after = document.text[end : end + AFTER].partition("\n")[0]
    return not (
        ROUTE.search(before) or ROUTE.match(after.lstrip("`*\"') ")) or _of_routes(document, start)
    )


def _of_routes(document: Document, offset: int) -> bool:
    """Whether the section, or the line that introduces the list, is about routes."""
    line = document.place(offset)[0]
    above = [heading for heading in document.headings if heading.line < line]
    if above and ROUTE.search(above[-1].text):
        return True
    lead = [p for p in document.paragraphs if p.line < line and not p.listed]
    return bool(lead and lead[-1].raw.rstrip().endswith(":") and ROUTE.search(lead[-1].raw))


def components(document: Document, noun: str) -> Iterator[Named]:
    """Names that the noun (a pattern: agents?, skills?, plugins?) stands beside, or that a section
    or a table of that name lists."""
    if re.search(noun, document.body, re.I):
        yield from _spans_beside(document, noun)
        yield from _prose_beside(document, noun)
        yield from _listed(document, noun)


def _spans_beside(document: Document, noun: str) -> Iterator[Named]:
    """`name` agent, the agent `name`."""
    after = re.compile(rf"`\s+{noun}\b", re.I)
    before = re.compile(rf"\b{noun}\s+(?:named\s+|called\s+)?`$", re.I)
    for span in document.spans:
        name = span.text.removeprefix("@")
        end = span.offset + len(span.text)
        kebab = re.fullmatch(KEBAB, name)
        if not kebab and not re.fullmatch(r"[a-z][a-z0-9]{3,}", name):
            continue
        lead = document.text[max(0, span.offset - 60) : span.offset]
        beside = after.match(document.text, end) or (kebab and before.search(lead))
        if beside and not EXAMPLE.search(lead) and not OWN_WORDS.match(name):
            yield name, span.offset


def _prose_beside(document: Document, noun: str) -> Iterator[Named]:
    """**name** agent, and the name-of-it agent in plain words."""
    word = noun.removesuffix("s?")
    beside = re.compile(rf"(?:\*\*({KEBAB})\*\*|\b[Tt]he[ \t]+({KEBAB}))[ \t]+{word}\b(?!-)")
    for mention in around(beside, word.rpartition("?")[2], document.prose):
        name = mention[1] or mention[2]
        plain = mention[1] is None
        tail = name.lower().rpartition("-")[2]
        if plain and (("agent" in noun and not AGENTIVE.search(tail)) or ADJECTIVE.search(tail)):
            continue
        lead = document.text[max(0, mention.start() - 60) : mention.start()]
        if not EXAMPLE.search(lead) and not OWN_WORDS.match(name):
            yield name, mention.start(1 if mention[1] else 2)


def _listed(document: Document, noun: str) -> Iterator[Named]:
    """The first code span of each item, or row, of a section that is called after the noun, and of
    each row of a table whose first column is."""
    title = re.compile(rf"(?:the |its |available |included |bundled )?{noun}", re.I)
    column = re.compile(rf"^[ \t]*\|\s*{noun}\s*\|", re.I | re.M)
    titled = any(title.fullmatch(heading.text.strip("*_: ")) for heading in document.headings)
    if not titled and not column.search(document.prose):
        return
    lines = document.text.split("\n")
    shown = {n for b in document.blocks for n in range(b.line, b.line + b.text.count("\n") + 1)}
    inside = table = 0
    levels = {heading.line: heading for heading in document.headings}
    for number, line in enumerate(lines, start=1):
        if heading := levels.get(number):
            if not inside or heading.level <= inside:
                inside = heading.level if title.fullmatch(heading.text.strip("*_: ")) else 0
            continue
        table = line.lstrip().startswith("|") and (table or bool(column.match(line)))
        if number in shown or not (inside or table):
            continue
        item = re.match(rf"\s*(?:[-*+]|\d+\.|\|)\s+(?:\*\*)?`({KEBAB})`", line)
        if item and not OWN_WORDS.match(item[1]):
            yield item[1], document.starts[number - 1] + item.start(1)
