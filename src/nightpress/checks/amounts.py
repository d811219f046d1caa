"""Amounts that a draft states: values of settings, numbers with a unit, versions, ports, exit
codes, and which model is meant.

Each must stand in the plugin: the number itself with its unit, a value beside the name that it is
told of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from nightpress.checks.cited import ENDING
from nightpress.checks.claims import facts_of, is_example, known_as, said_in
from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.known_names import PRODUCTS
from nightpress.checks.source import PluginText, source_of
from nightpress.lazy import pattern
from nightpress.plugin import Facts, said
from nightpress.text import suggestion

_SETTING = pattern(r"([a-z][\w-]*(?:[._][\w-]+)+|[a-z]+[A-Z]\w*)")
_TOOL_AFTER = pattern(r"`+\s+(?:MCP\s+)?tools?\b")
_VALUE = pattern(r"\s*(?:=|:)\s*[\"']?([\w./:-]+)[\"']?$")
_DEFAULT = pattern(
    r"[`*|\s]*(?:\([^()\n]{0,30}?)?(?:defaults? (?:to|is|of|value)|default:?|is set to|set to|=|:)"
    r"\s*[`\"']?([\w./-]*\w)",
    re.I,
)


def setting_exists(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every setting, field or other identifier that stands as code (`max_rows`, `lock.timeout`) is
    the plugin's, and a value or default that is told of it, or of an option, stands beside it in
    the plugin."""
    facts = facts_of(context)
    if facts is None or not context.ours:
        return
    source = source_of(context)
    every = [*facts.names("setting", "structural"), *facts.names("option")]
    seen: set[str] = set()
    for span in document.spans:
        match = re.match(r"(--[a-z][\w-]*)", span.text) or _SETTING.match(span.text)
        if match is None:
            continue
        name, rest = match[1], span.text[match.end() :]
        if rest and not rest.startswith((" ", "=", ":")):
            continue
        if _TOOL_AFTER.match(document.text, span.offset + len(span.text)) or name[:5] == "mcp__":
            continue  # another gate's
        if name in seen or ENDING.search(name) or "/" in span.text or "." in name[-1:]:
            continue
        value = _VALUE.match(rest)
        if rest and value is None and not name.startswith("--"):
            continue
        if not name.startswith("--") and not source.names(name):
            if is_example(document, span.offset):
                continue
            seen.add(name)
            hint = suggestion(name, every, "{}") or "name only what the plugin has"
            yield Spot(f"no {name!r} in this plugin", *document.place(span.offset), hint)
            continue
        told = value or _DEFAULT.match(document.text, span.offset + len(span.text))
        if told is None or not _is_value(told[1]) or is_example(document, span.offset):
            continue
        beside = _beside(source, name, told[1])
        if beside is False:
            seen.add(name)
            there = next(
                (f" (there: {', '.join(f.values[:3])})" for f in facts.all
                 if f.name == name and f.values and f.basis == "structural"), "",
            )  # fmt: skip
            message = f"{name} is not {told[1]} in this plugin{there}"
            yield Spot(message, *document.place(span.offset))


def _is_value(text: str) -> bool:
    return bool(re.fullmatch(r"\d[\w.]*|true|false|on|off|yes|no|none|null", text, re.I))


def _beside(source: PluginText, name: str, value: str) -> bool | None:
    """Whether the value stands within two lines of the name somewhere; None: the name does not."""
    low, wanted = name.lower(), value.lower()
    at, found = source.text.find(low), False
    token = re.compile(rf"(?<![\w.-]){re.escape(wanted)}(?![\w-])")
    while at >= 0:
        found = True
        begin = source.text.rfind("\n", 0, max(source.text.rfind("\n", 0, at), 0))
        end = source.text.find("\n", at)
        end = source.text.find("\n", end + 1) if end >= 0 else -1
        if token.search(source.text, max(begin, 0), end if end >= 0 else len(source.text)):
            return True
        at = source.text.find(low, at + 1)
    bare = low.lstrip("-").replace("-", "_")
    if bare != low and bare in source.text:  # --max-rows is max_rows in code
        return _beside(source, bare, value) or (False if found else None)
    return False if found else None


@lru_cache(maxsize=8)
def _numbers(text: str) -> frozenset[str]:
    """Numbers with their unit that a text says, as `said.number` writes them."""
    return frozenset(said.number(match) for match in said.NUMBER.finditer(text))


_COUNTED = frozenset("command agent skill hook tool".split())
_ORDINARY = frozenset(
    "1 time|1 file|1 line|2 line|1 step|1 command|100 %|1 item|1 row|1 page".split("|")
)
_VERSION = pattern(
    rf"\b({'|'.join(PRODUCTS)})[ \t`*]+(?:v|version[ ]|>=?[ ]?)?(\d{{1,4}}(?:\.\d+)*)", re.I
)
_FULL = pattern(
    r"(?<![\w.$/@:-])v?(\d+\.\d+\.\d+(?:-[a-z]+[\d.]*)?)(?![\w.])"
    r"|\bv(?:ersion )?(\d+(?:\.\d+)+)\b|\bversion (\d+(?:\.\d+)*)\b",
    re.I,
)
_PORT = pattern(r"\bports?[ `]+(\d{2,5})\b", re.I)


def number_known(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every number with a unit, every version, port and exit code of a draft's prose stands in the
    plugin; a count of its commands, agents, skills or hooks may be counted."""
    facts = facts_of(context)
    if facts is None or not context.ours:
        return
    source = source_of(context)
    text = said_in(document)
    known = _numbers(source.text)
    for match in said.NUMBER.finditer(text):
        number = said.number(match)
        if number in known or number in _ORDINARY or is_example(document, match.start()):
            continue
        value, _space, unit = number.partition(" ")
        if unit in _COUNTED and value == str(len(facts.names(unit, "structural"))):  # type: ignore[arg-type]
            continue
        if unit in ("ms", "s", "min", "h", "kb", "mb", "gb", "token", "row") and _in_code(
            facts, value
        ):
            continue
        line = document.line_at(match.start())
        if line.lstrip().startswith("#") or (
            unit == "line" and _is_linked(document, match.start())
        ):
            continue  # the length of what is linked to was counted
        yield Spot(
            f"no such number is in the plugin: {match[0].strip()}", *document.place(match.start()),
            "take the number from the plugin, or leave it out",
        )  # fmt: skip
    yield from _versions(document, facts, source, text)


def _is_linked(document: Document, offset: int) -> bool:
    """Does the line link to a file, or the one that announces its list ("In [a.md](a.md):")?"""
    line = document.line_at(offset)
    if line.lstrip().startswith("- "):
        above = document.text[:offset].rpartition("\n")[0].split("\n")
        rest = (one for one in reversed(above) if one.strip() and not one.lstrip().startswith("- "))
        announced = next(rest, "")
        line = line + announced if announced.rstrip().endswith(":") else line
    return "](" in line


def _in_code(facts: Facts, value: str) -> bool:
    """Is the bare number a default that code or configuration holds?"""
    return any(value in f.values for f in facts.all if f.basis == "structural")


def _versions(document: Document, facts: Facts, source: PluginText, text: str) -> Iterator[Spot]:
    where = "take it from the plugin, or leave it out"
    for match in _VERSION.finditer(text):
        if _beside(source, match[1], match[2]) is not True:
            said_so = f"no such version is in the plugin: {match[1]} {match[2]}"
            yield Spot(said_so, *document.place(match.start()), where)
    for match in _FULL.finditer(text):
        version = match[1] or match[2] or match[3]
        if not source.names(version) and not source.names(f"v{version}"):
            yield Spot(
                f"no version {version} in this plugin", *document.place(match.start()), where
            )
    for match in _PORT.finditer(text):
        if not source.names(match[1]):
            yield Spot(f"no port {match[1]} in this plugin", *document.place(match.start()), where)
    codes = facts.names("exit code")
    for match in said.EXIT.finditer(text):
        if match[1] not in codes and match[1] not in ("0", "1"):
            hint = known_as(codes) or where
            yield Spot(
                f"no exit code {match[1]} in this plugin", *document.place(match.start()), hint
            )


_MODEL = pattern(
    r"\b(?:claude-(?:opus|sonnet|haiku|instant)?[\w.-]*\d[\w.-]*|gpt-\d[\w.-]*"
    r"|gemini-\d[\w.-]*|o[134](?:-mini|-preview|-pro))\b",
    re.I,
)


def model_known(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """Every AI model that a draft names stands in the plugin."""
    if context.anatomy is None or not context.ours:
        return
    source = source_of(context)
    for match in _MODEL.finditer(document.text, document.starts[document.body_line - 1]):
        name = match[0].rstrip(".-")
        if not source.names(name):
            yield Spot(
                f"the plugin does not mention the model {name}", *document.place(match.start())
            )
