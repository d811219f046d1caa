"""Code blocks that say json, yaml, toml or python must parse as such.

A block may hold placeholders where it says so: an ellipsis, `<name>`, `{{name}}`, or one of the
words template, placeholder, partial, pseudo, invalid in its info string. A fault beside a
placeholder is not judged, for nobody can tell what stands in the gap. What people show of such
files is often a piece: members without their object, a body without its function, a request line
above its JSON, a change with + and -.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator
from threading import Lock

from msgspec.structs import replace

from nightpress.checks.document import CodeBlock, Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.lazy import pattern
from nightpress.plugin import yaml

PLACEHOLDER = pattern(
    r"\.\.\.|…|<[A-Za-z][^<>\n]*>|\{\{|\{%|\$\{|\[(?:your|insert|todo)\b|:\s*\$\w", re.I
)
TEMPLATE = pattern(r"\$?\{\{[^\n]*?\}\}|\{%[^\n]*?%\}|<%[^\n]*?%>")
COMMENT = pattern(r"(?:^|\s)//|/\*")  # no JSON, but what everybody writes into it
QUOTED = pattern(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
BESIDE = 2  # lines between a gap and the place where a parser stumbles over it
SAID = pattern(
    r"\b(?:template|placeholder|partial|pseudo\w*|invalid|bad|wrong|broken|excerpt)\b", re.I
)
SHELLS = ("bash", "sh", "shell", "zsh")
ASKS = pattern(r"(?:^\s*(?:if|elif|while|until) (?:! )?|\$\()(/[a-z][\w:-]*)(?=[\s;)])")
"""A slash command in a script's condition, or whose output it takes; a path has more slashes."""
REPL = pattern(r"^\s*(?:>>>|In \[|\(Pdb\)|[%!]\w)", re.M)
REQUEST = pattern(r"\s*(?:GET|POST|PUT|PATCH|DELETE|HEAD)\s+\S+[^\n]*\n")
CHANGE = pattern(r"^[+-](?: |$)", re.M)
BRANCH = pattern(r"\s*(elif|else|except|finally)\b")
HEAD = pattern(
    r"\s*(?:async\s+)?(?:if|elif|else|for|while|try|except|finally|with|def|class|match|case)\b"
    r"[^#]*:\s*(?:#.*)?$"
)
DECORATED = pattern(r"\s*(?:@|def\b|class\b|async\s+def\b)")
NAMES = {
    "json": "json",
    "jsonl": "json",
    "ndjson": "json",
    "yaml": "yaml",
    "yml": "yaml",
    "toml": "toml",
    "python": "python",
    "py": "python",
    "python3": "python",
    "py3": "python",
}

QUIET = Lock()  # warning filters belong to the process, and documents are judged in threads

Fault = tuple[str, int] | None  # what the parser says, line within the block from 1


def shell_asks(document: Document, _context: Context, _: Options) -> Iterator[Spot]:
    """No script asks a slash command (`if /scan | grep -q X; then`): a user types those, a shell
    has none, and what the script guards goes through."""
    for block in document.blocks:
        if block.language not in SHELLS or SAID.search(block.info):
            continue
        for number, line in enumerate(block.text.split("\n")):
            if found := ASKS.search(line):
                said = f"a script asks {found[1]}, which no shell has"
                yield Spot(said, block.line + block.fenced + number, 1, "say who runs it, and when")


def block_parses(document: Document, _context: Context, options: Options) -> Iterator[Spot]:
    """Code blocks marked json, yaml, toml or python parse. A fault beside a placeholder (`...`,
    `<name>`, `{{name}}`) or in a block with the word template in its info string is left out."""
    for block in document.blocks:
        language = NAMES.get(block.language, "")
        if language not in options["languages"] or not block.closed or not block.text.strip():
            continue
        if SAID.search(block.info):
            continue
        fault = PARSERS[language](block)
        if fault and TEMPLATE.search(block.text):  # of Helm, Jinja, Liquid, Go, ERB: its subject
            fault = PARSERS[language](replace(block, text=_rendered(block.text)))
        if fault and not _beside_a_gap(block.text, fault[1], language):
            message, line = fault
            hint = "fix it, or mark the gap with <...>"
            yield Spot(f"{language} block does not parse: {message}", block.line + line, 1, hint)


def _rendered(text: str) -> str:
    """A template as it may come out: each tag a word, a line of nothing but tags gone."""
    plain = TEMPLATE.sub("x", text)
    lines = zip(text.split("\n"), plain.split("\n"), strict=False)
    if text.count("\n") != plain.count("\n"):
        return plain
    return "\n".join(
        "" if re.fullmatch(r"[\sx]*", new) and new != old else new for old, new in lines
    )


def _beside_a_gap(text: str, line: int, language: str) -> bool:
    """Whether a placeholder stands within a few lines of the fault, outside of quotes."""
    lines = text.split("\n")[max(0, line - 1 - BESIDE) : line + BESIDE]
    near = QUOTED.sub("''", "\n".join(lines))
    if language == "json" and COMMENT.search(QUOTED.sub("''", text)):
        return True
    return bool(PLACEHOLDER.search(near))


def _json(block: CodeBlock) -> Fault:
    text = REQUEST.sub("", block.text, count=1) if REQUEST.match(block.text) else block.text
    try:
        json.loads(text or "null")
    except json.JSONDecodeError as error:
        if _json_lines(text) or _json_piece(text):
            return None
        return error.msg, error.lineno
    except RecursionError:
        return "nested too deep", 1
    return None


def _json_piece(text: str) -> bool:
    """Members without their object, or items without their list."""
    inner = text.strip().removesuffix(",")
    for piece in (f"{{{inner}}}", f"[{inner}]") if inner[:1] in '"{[' else ():
        try:
            json.loads(piece)
        except (json.JSONDecodeError, RecursionError):
            continue
        return True
    return False


def _json_lines(text: str) -> bool:
    """Several JSON values one after the other: a stream, or examples side by side."""
    decoder = json.JSONDecoder()
    rest = text.strip()
    try:
        while rest:
            _, end = decoder.raw_decode(rest)
            rest = rest[end:].lstrip()
    except (json.JSONDecodeError, RecursionError):
        return False
    return True


def _yaml(block: CodeBlock) -> Fault:
    line = 0
    for part in re.split(r"^---[ \t]*$", textwrap.dedent(block.text), flags=re.M):
        fault = _yaml_part(part)
        if fault and _values(part):
            continue
        if fault and not (fault[0].startswith("duplicate") and _side_by_side(part)):
            return fault[0], line + fault[1]
        line += part.count("\n")
    return None


def _yaml_part(text: str) -> Fault:
    try:
        yaml.load(text)
    except yaml.YamlError as error:
        # our own bounds are no mistake of an example, and a tag is its application's
        if re.search(r"alias|anchor|merge|large|many|deep|tag", error.message):
            return None
        return error.message, max(error.line, 1)
    return None


def _values(text: str) -> bool:
    """Values one below the other, each of them whole: expressions that are shown side by side."""
    lines = [line for line in text.split("\n") if line.strip() and line.lstrip()[0] != "#"]
    return len(lines) > 1 and all(line[0] in "\"'" and _yaml_part(line) is None for line in lines)


def _side_by_side(text: str) -> bool:
    """Several examples with the same keys, one after the other, with a blank line between."""
    parts = re.split(r"\n[ \t]*\n", text)
    return len(parts) > 1 and not any(_yaml_part(part) for part in parts)


def _toml(block: CodeBlock) -> Fault:
    import tomllib  # rare in documents, and its import costs as much as three gates

    try:
        tomllib.loads(block.text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        return str(error), int(place[1]) if place else 1
    except RecursionError:
        return "nested too deep", 1
    return None


def _python(block: CodeBlock) -> Fault:
    source = textwrap.dedent(block.text.expandtabs(8))
    if REPL.search(source):
        return None
    fault = _compiles(source)
    return None if fault is None or any(_compiles(p) is None for p in _pieces(source)) else fault


def _pieces(source: str) -> Iterator[str]:
    """What the source may be a piece of: a body without its function (return, await and yield at
    the top level), decorators without theirs, comments in place of a body, a change with + and -.
    """
    yield "async def _():\n" + textwrap.indent(source, "    ")
    if source.lstrip().startswith(("@", "#")):
        yield source.rstrip() + "\ndef _(): pass\n"
    yield re.sub(r"^([ \t]*)#.*$", r"\1pass", source, flags=re.M)
    whole = _completed(source)
    yield whole
    yield "async def _():\n" + textwrap.indent(whole, "    ")
    if CHANGE.search(source):
        for sign in "+-":
            kept = [line for line in source.split("\n") if not line.startswith(sign)]
            yield "\n".join(re.sub(r"^[+ -] ", "", line) for line in kept)


def _completed(source: str) -> str:
    """Heads of statements side by side, each with a body; a branch with what it belongs to; a
    decorator with what it decorates."""
    lines = source.split("\n")
    code = [n for n, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#"]
    after = dict(zip(code, [*code[1:], None], strict=True))
    found: list[str] = []
    for number, line in enumerate(lines):
        indent = line[: len(line) - len(line.lstrip())]
        if code and number == code[0] and (branch := BRANCH.match(line)):
            head = "try" if branch[1] in ("except", "finally") else "if _"
            found.append(f"{indent}{head}:\n{indent}    pass")
        found.append(line)
        if number not in after:
            continue
        then = after[number]
        following = "" if then is None else lines[then]
        depth = len(following) - len(following.lstrip())
        wrong = then == number + 1 and not HEAD.match(following)  # its body, not indented
        if HEAD.match(line) and not wrong and depth <= len(indent):
            found.append(f"{indent}    pass")
        elif line.lstrip().startswith("@") and not DECORATED.match(following):
            found.append(f"{indent}def _(): pass")
    return "\n".join(found)


def _compiles(source: str) -> Fault:
    try:
        with QUIET, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        return error.msg, error.lineno or 1
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, nesting
        return str(error), 1
    return None


PARSERS: dict[str, Callable[[CodeBlock], Fault]] = {
    "json": _json,
    "yaml": _yaml,
    "toml": _toml,
    "python": _python,
}
