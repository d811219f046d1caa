"""What a plugin's prose says of commands, options, variables, files, packages, versions, numbers.

Pure. Prose is Markdown and plain text, a component's body too: what it names may be true, but
nothing but the words vouches for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nightpress.lazy import pattern
from nightpress.model import SourceFile
from nightpress.plugin.declared import everywhere
from nightpress.plugin.facts import Raw

EVENTS = frozenset(
    "PreToolUse PostToolUse PostToolUseFailure PermissionRequest PermissionDenied Notification"
    " UserPromptSubmit Stop StopFailure SubagentStart SubagentStop PreCompact PostCompact Setup"
    " SessionStart SessionEnd TeammateIdle TaskCreated TaskCompleted ConfigChange CwdChanged"
    " FileChanged InstructionsLoaded WorktreeCreate WorktreeRemove Elicitation"
    " ElicitationResult UserPromptExpansion PostToolBatch".split()
)
"""Claude Code's hook events (its documentation of hooks, 2026-11)."""

COMMAND = pattern(
    r"(?<![\w/.:~*<>$}\])-])/([a-z][a-z0-9_-]*(?::[a-z0-9_:-]+)?)(?![\w/*{<(=]|-\w|\.\w)"
)
OPTION = pattern(r"(?<![\w-])(--[A-Za-z][\w-]*\w)(?:[ =](?:`)?<?([\w.:/-]+))?")
VARIABLE = pattern(r"(?<![\w<{\[-])\$?\{?\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b(?![>\]-])")
ENVIRONMENT = pattern(r"(?:\bexport\s+|\$\{?|process\.env\.)([A-Z][A-Z0-9_]{3,})\b(?:=([^\s`]+))?")
FILE = pattern(
    r"(?<![\w/.$@:\\-])((?:\./)?(?:[\w.-]+/)*[\w.-]*[\w-]\.[A-Za-z][A-Za-z0-9]{1,5})\b(?![\w/(-])"
)
INSTALL = pattern(
    r"\b(?:npm (?:i|install|add)|npx|pnpm (?:add|dlx)|yarn (?:add|dlx)|bunx?(?: add)?|pip3? install"
    r"|pipx (?:install|run)|uv (?:add|pip install|tool install)|uvx|cargo (?:install|add)"
    r"|gem install|brew install|go (?:install|get)|apt(?:-get)? install|composer require)\s+"
    r"((?:(?:-{1,2}[\w-]+(?:=\S+)?|[@\w][\w./@:^~=<>\[\]-]*)[ \t]*)+)"
)
PACKAGE = pattern(r"^(?:@[\w.-]+/)?[A-Za-z][\w./-]*")
VERSION = pattern(
    r"(?<![\w.-])v?(\d+\.\d+(?:\.\d+)?(?:-[a-z]+[\d.]*)?)(?![\w%]|\.\d)"
    r"|\b([A-Z][A-Za-z.+#]{1,20})[ \t](?:v|>=?\s?)?(\d{1,3}(?:\.\d+)*)\+?(?![\w.%-])"
)
NUMBER = pattern(
    r"(?<![\w.,$-])(\$?\d+(?:,\d{3})*(?:\.\d+)?)[ \u00a0-]?"
    r"(%|(?:ms|milliseconds?|s|secs?|seconds?|min|mins|minutes?|h|hours?|days?|weeks?|months?|years?"
    r"|bytes?|[kKMGT]i?B|px|rows?|lines?|files?|requests?|calls?|tokens?|characters?|items?|retries"
    r"|attempts?|times|users?|workers?|threads?|connections?|entries|pages?|records?|steps?"
    r"|commands?|agents?|skills?|hooks?|tools?|checks?|rules?|points?|percent)\b)",
    re.I,
)
EXIT = pattern(
    r"\bexit(?:s|ed)?\s+(?:code|status)?s?\s*(?:with\s+)?(?:code\s+)?[`=]?(\d{1,3})\b", re.I
)
MCP = pattern(r"\bmcp__[\w-]+__(\w+)")
TOOL = pattern(r"`([a-z]\w*_\w+)`\s+tool\b|\btool\s+`([a-z]\w*)`")
SETTING = pattern(
    r"`([a-z][\w-]*(?:[._][\w-]+)+|[a-z]+[A-Z]\w*)`(?:\s*(?:[:=]|\(default:?"
    r"|defaults? to)\s*`?([\w.:/-]+))?"
)
_WORDS = ("Stop", "Setup", "Notification")  # as code only
EVENT = pattern(rf"\b({'|'.join(sorted(EVENTS.difference(_WORDS)))})\b|`({'|'.join(_WORDS)})`")

_COUNTED = frozenset(
    "phase step section level part chapter day week month stage tier option example round item task"
    " priority question agent score top total line figure table appendix rule case sprint".split()
)
_PROSE = frozenset("readme command agent skill doc".split())


def of(file: SourceFile, kind: str) -> Iterator[Raw]:
    """What a file of prose says; kind: of anatomy.kind_of."""
    if kind not in _PROSE or not file.text:
        return
    text = file.text
    if "/" in text:
        for match in COMMAND.finditer(text):
            yield Raw("command", match[1], match.start())
    for match in OPTION.finditer(text) if "--" in text else ():
        yield Raw("option", match[1], match.start(), match[2] or "")
    for match in VARIABLE.finditer(text) if "_" in text else ():
        yield Raw("variable", match[1], match.start(1))
    for match in ENVIRONMENT.finditer(text):
        if match[1] != "ARGUMENTS":
            yield Raw("variable", match[1], match.start(1), match[2] or "")
    for match in FILE.finditer(text):
        yield Raw("file", match[1].removeprefix("./"), match.start(1))
    for match in INSTALL.finditer(text):
        for name, at in packages(match):
            yield Raw("package", name, at)
    for match in VERSION.finditer(text):
        if (match[2] and match[2].lower() in _COUNTED) or _in_heading(text, match.start()):
            continue  # Phase 2, "### 1.2 Plan"
        yield Raw("version", match[1] or match[3], match.start(), of=(match[2] or "").lower())
    for match in NUMBER.finditer(text):
        yield Raw("number", number(match), match.start())
    for match in EXIT.finditer(text):
        yield Raw("exit code", match[1], match.start())
    for match in MCP.finditer(text) if "mcp__" in text else ():
        yield Raw("tool", match[1], match.start(1))
    for match in TOOL.finditer(text) if "tool" in text else ():
        yield Raw("tool", match[1] or match[2], match.start())
    for match in SETTING.finditer(text):
        yield Raw("setting", match[1], match.start(1), match[2] or "")
    for match in EVENT.finditer(text):
        yield Raw("hook", match[1] or match[2], match.start())
    yield from everywhere(text)


def _in_heading(text: str, at: int) -> bool:
    return text.startswith("#", text.rfind("\n", 0, at) + 1)


def packages(install: re.Match[str]) -> Iterator[tuple[str, int]]:
    """(name without version, offset) of what an INSTALL line installs."""
    at = install.start(1)
    for word in install[1].split():
        package = PACKAGE.match(word)
        if package and not word.startswith("-"):
            yield package[0].rstrip("./"), at
        at += len(word) + 1


UNITS = {
    "milliseconds": "ms", "millisecond": "ms", "sec": "s", "secs": "s", "second": "s",
    "seconds": "s", "mins": "min", "minute": "min", "minutes": "min", "hour": "h", "hours": "h",
    "percent": "%", "kib": "kb", "mib": "mb", "gib": "gb", "tib": "tb",
}  # fmt: skip


def number(match: re.Match[str]) -> str:
    """`30 seconds`, `30-second` and `30s` are one."""
    unit = match[2].lower()
    unit = UNITS.get(unit) or (unit if unit in ("ms", "s") else unit.rstrip("s"))
    return f"{match[1].replace(',', '')} {unit}"
