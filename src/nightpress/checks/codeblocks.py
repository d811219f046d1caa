"""Code blocks that say json, yaml, toml or python must parse as such.

A block may hold placeholders where it says so: an ellipsis, `<name>`, `{{name}}`, or one of the
words template, placeholder, partial, pseudo, invalid in its info string. Then it is not judged, for
nobody can tell what stands in the gap.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
import tomllib
import warnings
from collections.abc import Callable, Iterator
from threading import Lock

from nightpress import bounded_yaml
from nightpress.checks.document import CodeBlock, Document
from nightpress.checks.gate import Context, Options, Spot

PLACEHOLDER = re.compile(
    r"\.\.\.|…|<[A-Za-z][^<>\n]*>|\{\{|\{%|\$\{|\[(?:your|insert|todo)\b|(?:^|\s)//|/\*|:\s*\$\w",
    re.I,
)
SAID = re.compile(
    r"\b(?:template|placeholder|partial|pseudo\w*|invalid|bad|wrong|broken|excerpt)\b", re.I
)
REPL = re.compile(r"^\s*(?:>>>|In \[|[%!]\w)", re.M)
NAMES = {
    "json": "json",
    "yaml": "yaml",
    "yml": "yaml",
    "toml": "toml",
    "python": "python",
    "py": "python",
}

QUIET = Lock()  # warning filters belong to the process, and documents are judged in threads

Fault = tuple[str, int] | None  # what the parser says, line within the block from 1


def block_parses(document: Document, _context: Context, options: Options) -> Iterator[Spot]:
    """Code blocks marked json, yaml, toml or python parse. Blocks with placeholders (`...`,
    `<name>`, `{{name}}`, or the word template in the info string) are left out."""
    for block in document.blocks:
        language = NAMES.get(block.language, "")
        if language not in options["languages"] or not block.closed or not block.text.strip():
            continue
        if SAID.search(block.info) or PLACEHOLDER.search(block.text):
            continue
        if fault := PARSERS[language](block):
            message, line = fault
            hint = "mend it, or name the gap with <...>"
            yield Spot(f"{language} block does not parse: {message}", block.line + line, 1, hint)


def _json(block: CodeBlock) -> Fault:
    try:
        json.loads(block.text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and _json_lines(block.text):
            return None
        return error.msg, error.lineno
    except RecursionError:
        return "nested too deep", 1
    return None


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
        try:
            bounded_yaml.load(part)
        except bounded_yaml.YamlError as error:
            # our own bounds are no mistake of an example, and a tag is its application's
            if re.search(r"alias|anchor|merge|large|many|deep|tag", error.message):
                return None
            return error.message, line + max(error.line, 1)
        line += part.count("\n")
    return None


def _toml(block: CodeBlock) -> Fault:
    try:
        tomllib.loads(block.text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        return str(error), int(found[1]) if found else 1
    except RecursionError:
        return "nested too deep", 1
    return None


def _python(block: CodeBlock) -> Fault:
    source = textwrap.dedent(block.text.expandtabs(8))
    if REPL.search(source):
        return None
    fault = _compiles(source)
    # a body without its function: return, await and yield at the top level
    if fault and _compiles("async def _():\n" + textwrap.indent(source, "    ")) is None:
        return None
    return fault


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
