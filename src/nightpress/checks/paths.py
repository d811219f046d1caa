"""Paths and variables that the document names exist in the plugin."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from nightpress.checks.document import Document
from nightpress.checks.form import stands
from nightpress.checks.gate import Context, Options, Spot
from nightpress.checks.known_names import VARIABLES
from nightpress.checks.prefilter import BESIDE, around
from nightpress.checks.source import source_of
from nightpress.lazy import pattern
from nightpress.text import suggestion

OWN_FOLDERS = frozenset(
    "scripts references reference assets commands agents skills hooks bin templates resources"
    " .claude-plugin output-styles workflows monitors".split()
)
SKILLS_FOLDERS = frozenset("scripts references reference assets templates resources".split())
# of a plugin that has them; but so has every project, and it is the project that is mostly meant
ORDINARY = frozenset("src test tests docs lib app public config build dist node_modules".split())
VARIABLE = pattern(r"\$\{?(CLAUDE_[A-Z0-9_]+)\}?")
PATH = pattern(
    r"(?<![\w/.$}~@:\\-])"
    r"(?:(?P<root>\$\{?CLAUDE_PLUGIN_ROOT\}?|\$\{?CLAUDE_SKILL_DIR\}?|\{baseDir\})/|\./)?"
    r"(?P<path>(?:[\w.-]++/)+[\w.-]*[\w-]\.[A-Za-z][A-Za-z0-9]{0,7})(?![\w/*{<])"
)
ROOTED = pattern(  # under the root a folder, and a file without an ending, counts, too
    r"\$\{?(?P<root>CLAUDE_PLUGIN_ROOT|CLAUDE_SKILL_DIR)\}?/(?P<path>(?:[\w.-]+/)*[\w.-]*[\w-]/?)"
    r"(?![\w/.*{<$-])"
)
RUNNABLE = pattern(r"(?:\./)?((?:scripts|bin|hooks)/[\w-]+|[\w.-]+/)(?=\s|$)")  # as code
SCRIPT = pattern(
    r"\b(?:the|bundled|included|helper)\s+(?:\w+\s+)?scripts?\s+`([\w-]+\.(?:py|sh|js|ts|rb|ps1))`"
    r"|\bthe\s+`([\w-]+\.(?:py|sh|js|ts|rb|ps1))`\s+script\b",
    re.I,
)
BACKWARD = pattern(rf"(?<![\w\\:])(?:{'|'.join(map(re.escape, sorted(OWN_FOLDERS)))})\\[\w.\\-]+\w")
FILE_HEADER = pattern(r"\s*(?://|#|/\*|<!--|--)\s*[\w./-]+\s*(?:\*/|-->)?")  # of shown code
# words before a path, or after it, that say whose it is
FOREIGN_BEFORE = pattern(
    r"(?:\be\.g\.|\b(?:your|their|users?'?s?|for example|such as|like|examples?|project"
    r"|repo(?:sitory)?|creat(?:es?|ed|ing)|generat(?:es?|ed|ing)|writ(?:es?|ten|ing)"
    r"|produc(?:es?|ed|ing)|saves?|add(?:s|ed)?|output|new|target|into|named|called|mkdir|touch))\b"
    r"[^.;!?\n]{0,40}$",
    re.I,
)
MADE = pattern(  # "The command generates:", above a list
    r"\b(?:creat|generat|produc|writ|output)(?:e|es|ed|s)\b[^.;!?\n]*:\W*$", re.I
)
ITEM = pattern(r"\s*(?:[-*+]|\d+[.)])\s")
FOREIGN_AFTER = pattern(
    r"[`\"'*)\s]*(?:(?:in|of|from|under|inside|into|at|to)\s+(?:[a-z]+\s+)?"
    r"(?:your|the user|their|the target|an? |the (?:\w+ )?(?:project|repo))"
    r"|\(?(?:if (?:it|they|one) exists?|example|e\.g\.|optional))",
    re.I,
)
FAMILIES = pattern(  # Claude Code has more settings than anybody lists
    r"CLAUDE_CODE_(?:DISABLE|ENABLE|MAX|USE|SKIP|PLUGIN|AUTO|EXPERIMENTAL|OAUTH|OTEL|FORCE|NO)_\w+"
)


def path_exists(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Paths into the plugin's own folders, and scripts called its own, that are not there; see
    `claims.path_exists`, which is the gate."""
    if not context.plugin_paths:
        return
    source = source_of(context) if context.anatomy else None
    linked = {link.target.split("#")[0].removeprefix("./") for link in document.links}
    reported: set[str] = set()
    for path, offset, rooted in _named(document, context, options):
        if "PLUGIN_ROOT" in rooted and context.anatomy is None:
            continue  # where that is, is not known
        if path in reported or path in linked or _stands(path, context, rooted, document):
            continue
        if source and source.says(path):
            continue
        if not rooted and _foreign(document, offset, path):
            continue
        reported.add(path)
        whole = "plugin" if context.anatomy else "skill"
        beside = posixpath.dirname(context.target or "") if whole == "skill" else ""
        existing = [p.removeprefix(f"{beside}/") if beside else p for p in context.plugin_paths]
        hint = suggestion(path, existing, "{}") or f"name only what the {whole} has"
        yield Spot(f"no file {path} in this {whole}", *document.place(offset), hint)
    for match in BACKWARD.finditer(document.text) if "\\" in document.body else ():
        if match[0] in linked:
            continue
        place = document.place(match.start())
        yield Spot(f"path with backslashes: {match[0]}", *place, "write forward slashes")


def _named(
    document: Document, context: Context, options: Options
) -> Iterator[tuple[str, int, str]]:
    """(path, offset, root that it stands under or "") of every path that is the plugin's."""
    beside = posixpath.dirname(context.target or "")
    own = _folders(context.plugin_paths or frozenset(), beside)
    usual = OWN_FOLDERS if context.anatomy else SKILLS_FOLDERS  # without its plugin
    folders = usual | own | {str(name) for name in options["folders"]}
    start = document.starts[document.body_line - 1]
    for match in around(PATH, "/", document.text, BESIDE, start):
        if match["root"] or match["path"].split("/")[0] in folders:
            yield match["path"], match.start("path"), match["root"] or ""
    for match in ROOTED.finditer(document.text, start) if "CLAUDE_" in document.text else ():
        yield match["path"], match.start("path"), match["root"]
    for span in document.spans:
        runs = RUNNABLE.match(span.text)
        if runs and runs[1].split("/")[0] in folders and runs[1].strip("/") not in ("", "."):
            yield runs[1], span.offset, ""
    for match in SCRIPT.finditer(document.text, start) if "script" in document.text else ():
        name = match[1] or match[2]
        if not any(p.rpartition("/")[2] == name for p in context.plugin_paths or ()):
            yield name, match.start(1 if match[1] else 2), ""


@lru_cache(maxsize=16)
def _folders(paths: frozenset[str], beside: str) -> frozenset[str]:
    """Folders that only the plugin can have: of its root, and beside the document."""
    inner = {p.removeprefix(beside + "/") if beside else p for p in paths}
    return frozenset(p.split("/")[0] for p in inner | paths if "/" in p) - ORDINARY


def _stands(path: str, context: Context, rooted: str, document: Document) -> bool:
    """Whether the path exists, from the root or beside the document; or in another skill's folder,
    if the document names that skill."""
    paths = context.plugin_paths or frozenset()
    folder = posixpath.dirname(context.target or "")
    places = ("",) if "PLUGIN_ROOT" in rooted else (folder, "")
    if any(stands(posixpath.normpath(posixpath.join(at, path)), paths) for at in places):
        return True
    if rooted:
        return False
    return any(
        existing.endswith("/" + path)
        and existing.removesuffix("/" + path).rpartition("/")[2] in document.text
        for existing in paths
    )


def _foreign(document: Document, offset: int, path: str) -> bool:
    line_start = document.starts[document.place(offset)[0] - 1]
    before = document.text[line_start:offset]
    after = document.text[offset + len(path) : offset + len(path) + 60].partition("\n")[0]
    return bool(
        FOREIGN_BEFORE.search(before)
        or FOREIGN_AFTER.match(after)
        or FILE_HEADER.fullmatch(document.line_at(offset))
        or MADE.search(_lead(document, document.place(offset)[0] - 1))
    )


def _lead(document: Document, at: int) -> str:
    """What announces the list that line `at` is an item of; "" where it is none."""
    lines = document.text.split("\n")
    above = (line for line in reversed(lines[:at]) if line.strip() and not ITEM.match(line))
    return next(above, "") if ITEM.match(lines[at]) else ""


def variable_exists(document: Document, context: Context, options: Options) -> Iterator[Spot]:
    """Every `${CLAUDE_...}` variable is one that Claude Code sets, or that the plugin's text
    names."""
    source = source_of(context) if context.anatomy else None
    existing = VARIABLES | {str(name) for name in options["allowed"]}
    for variable in VARIABLE.finditer(document.text):
        exists = variable[1] in existing or FAMILIES.fullmatch(variable[1])
        if not exists and not (source and source.says(variable[1])):
            hint = suggestion(variable[1], existing, "{}") or "name only what the plugin has"
            yield Spot(f"unknown variable {variable[1]}", *document.place(variable.start()), hint)
