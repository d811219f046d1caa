"""What a component's frontmatter makes Claude Code do, and what another in its place would change.

The other frontmatter keys say something to a reader; these decide who may start the component, with
which tools, where and on what model. A lost guard beside a kept permission is the worst of changes,
so what widens is told apart from what is merely lost.

Keys: Claude Code's skills, slash commands and subagents reference. Rules for tools: its permissions
reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from operator import eq
from typing import Literal

from msgspec import Struct

from nightpress.checks.document import Document
from nightpress.checks.gate import Context, Options, Spot
from nightpress.lazy import pattern
from nightpress.plugin import frontmatter

__all__ = ["BEHAVIOUR", "KNOWN", "Change", "behaviour", "changes", "covers", "rules"]

Change_kind = Literal["lost", "changed", "added", "widened"]

_SKILL = frozenset(
    "name description when_to_use argument-hint arguments disable-model-invocation user-invocable"
    " allowed-tools disallowed-tools model effort context agent background hooks paths shell"
    " license compatibility metadata".split()
)
_AGENT = frozenset(
    "name description tools disallowedTools model permissionMode maxTurns skills mcpServers hooks"
    " memory background effort isolation color initialPrompt".split()
)

KNOWN: Mapping[Literal["skill", "command", "agent"], frozenset[str]] = {
    "skill": _SKILL,
    "command": _SKILL,  # a command is a skill in one file
    "agent": _AGENT,
}
"""The documented frontmatter keys, those of the Agent Skills specification included."""

BEHAVIOUR: frozenset[str] = (_SKILL | _AGENT) - frozenset(
    "name description license compatibility metadata color".split()
)
"""The keys that change what Claude Code does."""

GUARDS: Mapping[str, bool] = {"disable-model-invocation": True, "user-invocable": False}
"""The value with which a key holds somebody off; the other one is the default."""

OPENS: Mapping[str, str] = {
    "disable-model-invocation": "the model may start it unasked",
    "user-invocable": "it shows up as a command",
}

GRANTS = frozenset({"allowed-tools", "hooks", "mcpServers"})
"""What is listed may be done; nothing listed, nothing granted."""

LIMITS = frozenset({"tools", "paths"})
"""Only what is listed; nothing listed, everything."""

DENIALS = frozenset({"disallowed-tools", "disallowedTools"})
"""All but what is listed."""

TREES = frozenset({"hooks", "mcpServers"})
"""Of these each value counts as it is; the others are lists of patterns."""

MODES = ("plan", "dontAsk", "default", "acceptEdits", "auto", "bypassPermissions")
"""Values of permissionMode, from the strictest on."""


class Change(Struct, frozen=True):
    """One change of behaviour; before, after: what the key says, or the rules that it is about, ""
    where it says nothing."""

    kind: Change_kind
    key: str
    before: str
    after: str

    @property
    def message(self) -> str:
        """The change in one line of plain English."""
        before, after = self.before or "nothing", self.after or "nothing"
        if self.kind == "widened" and self.key in OPENS:
            return f"{OPENS[self.key]} ({self.key}: {before} -> {after})"
        if self.kind == "widened":
            return f"{self.key} permits more: {before} -> {after}"
        if self.kind == "lost":
            return f"{self.key} is lost: {before}"
        if self.kind == "added":
            return f"{self.key} is new: {after}"
        return f"{self.key} changes: {before} -> {after}"


def behaviour(document: Document, context: Context, _: Options) -> Iterator[Spot]:
    """No key of the current file's frontmatter that changes what Claude Code does
    (`disable-model-invocation`, `allowed-tools`, `model`, ...) is lost or changed, and nothing is
    permitted that was not. No setting, and no force, turns this off."""
    if not context.standing:
        return
    for change in changes(_fields(context.standing), document.fields or {}):
        if change.kind != "added":
            hint = "the frontmatter is its author's: keep the key as it is"
            yield Spot(change.message[:300], document.field_line(change.key), 1, hint)


@lru_cache(maxsize=8)
def _fields(standing: str) -> Mapping[str, object]:
    """The frontmatter of a text; of one that cannot be read nothing is known."""
    raw = frontmatter.split(standing.replace("\r\n", "\n").replace("\r", "\n")).raw
    try:
        return frontmatter.parse(raw or "")
    except frontmatter.FrontmatterError:
        return {}


def changes(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[Change, ...]:
    """Each behaviour key of two frontmatters that is lost, changed, added, or permits more."""
    keys = [*old, *(key for key in new if key not in old)]
    found = (_change(key, old, new) for key in keys if key in BEHAVIOUR)
    return tuple(change for some in found for change in some)


def _change(key: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    was, now = old.get(key), new.get(key)
    if key in old and key in new and _same(was, now):
        return
    if key in GRANTS or key in LIMITS or key in DENIALS:
        yield from _listed(key, was, now)
        return
    kind: Change_kind = "added" if key not in old else "lost" if key not in new else "changed"
    if _loosens(key, was, now):
        kind = "widened"
    yield Change(kind, key, _text(was), _text(now))


def _same(was: object, now: object) -> bool:
    """The white space of a text apart; true is neither 1 nor "true"."""
    if isinstance(was, str) and isinstance(now, str):
        return was.split() == now.split()
    return type(was) is type(now) and was == now


def _loosens(key: str, was: object, now: object) -> bool:
    if key in GUARDS:  # what may have been a guard was one; only what surely is one, is one
        on = GUARDS[key]
        return str(was).lower() in _words(on) and now is not on
    if key == "permissionMode":
        before, after = (str(value or "default") for value in (was, now))
        return after not in MODES or (before in MODES and MODES.index(after) > MODES.index(before))
    return False


def _words(value: bool) -> tuple[str, ...]:
    return ("true", "yes", "on", "1") if value else ("false", "no", "off", "0")


def _listed(key: str, was: object, now: object) -> Iterator[Change]:
    """Which rules cover what none did before, and which are no longer covered."""
    before, after = _rules_of(key, was), _rules_of(key, now)
    if key in LIMITS:
        before = ["*"] if was is None else before
        after = ["*"] if now is None else after
    cover = eq if key in TREES else covers
    gone = [rule for rule in before if not any(cover(other, rule) for other in after)]
    come = [rule for rule in after if not any(cover(other, rule) for other in before)]
    if key in DENIALS:
        if gone:
            rest = [rule for rule in after if any(cover(other, rule) for other in gone)]
            yield Change("widened", key, ", ".join(gone), ", ".join(rest))
        elif come:
            yield Change("added", key, "", ", ".join(come))
        return
    if come:
        narrower = [rule for rule in before if any(cover(other, rule) for other in come)]
        yield Change("widened", key, ", ".join(narrower), ", ".join(come))
    if gone and was is None:
        yield Change("added", key, "", ", ".join(after))
    elif gone:
        yield Change("lost", key, ", ".join(gone), "")


def _rules_of(key: str, value: object) -> list[str]:
    return list(dict.fromkeys(_leaves(value) if key in TREES else rules(value)))


def _leaves(value: object, above: str = "") -> Iterator[str]:
    """Every value of a tree, behind the keys that lead to it."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{above}{key}: ")
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, above)
    elif value is not None:
        yield above + _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value, default=str)


RULE = pattern(r"[^\s,()]+(?:\((?:[^()]|\([^()]*\))*\)?)?|\([^()]*\)?")


def rules(value: object) -> list[str]:
    """The rules of a list of tools or paths: a list, or one string with commas or spaces between
    them, of which those in parentheses part nothing."""
    entries = value if isinstance(value, list) else [value]
    return [
        found[0]
        for entry in entries
        if entry is not None
        for found in RULE.finditer(entry if isinstance(entry, str) else _text(entry))
    ]


def covers(broad: str, narrow: str) -> bool:
    """Whether a rule permits all that another one does: `Bash` all of `Bash(git:*)`, that all of
    `Bash(git add:*)`. A doubt is a no."""
    if broad in (narrow, "*"):
        return True
    name, wanted = _split(broad)
    other, given = _split(narrow)
    if name != other:
        path = "/" in name
        server = name.startswith("mcp__") and other.startswith(f"{name}__")
        return not wanted and (server or _within(_glob(name, path=path), _glob(other, path=path)))
    if wanted in ("", "*") or not given:
        return wanted in ("", "*")
    path = name not in ("Bash", "PowerShell", "WebFetch", "WebSearch")
    many, few = (re.sub(r":\*$", " *", spec) for spec in (wanted, given))
    return many in (few, f"{few} *") or _within(_glob(many, path=path), _glob(few, path=path))


def _split(rule: str) -> tuple[str, str]:
    name, mark, spec = rule.partition("(")
    return name, spec.removesuffix(")").strip() if mark else ""


_ANY, _SOME = "**", "*"


def _glob(text: str, *, path: bool) -> Sequence[str]:
    """Characters, `**` for any of them, and in paths `*` for any but the slash."""
    stars = {1: _SOME if path else _ANY}
    return [
        part if part[0] != "*" else stars.get(len(part), _ANY)
        for part in re.findall(r"\*+|.", text, re.S)
    ]


def _within(broad: Sequence[str], narrow: Sequence[str]) -> bool:
    """Whether one pattern matches all that another does; where both are long, it is not tried."""
    if len(broad) * len(narrow) > 100_000:
        return False
    here = _skip(broad, {0})
    for part in narrow:
        after: set[int] = set()
        for at in here:
            if at < len(broad):
                if broad[at] == _ANY or (broad[at] == _SOME and part not in ("/", _ANY)):
                    after.add(at)
                elif broad[at] == part:
                    after.add(at + 1)
        here = _skip(broad, after)
    return len(broad) in here


def _skip(broad: Sequence[str], here: set[int]) -> set[int]:
    for at in sorted(here):
        while at < len(broad) and broad[at] in (_ANY, _SOME):
            at += 1
            here.add(at)
    return here
