"""What a component's own listings lack of what its text promises: functions that only stand in for
what they are called, and options that the one script that is listed does not read. Pure."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence

from msgspec import Struct

from nightpress.backends.offline.unbound import unbound
from nightpress.backends.offline.wording import code, together
from nightpress.checks import QUIET
from nightpress.lazy import pattern

Lines = Sequence[str]


class Shortfalls(Struct, frozen=True):
    """rows: one for each kind of shortfall; unread: the options that no script reads."""

    rows: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()


def shortfalls(name: str, body: str, *, runs: bool = True) -> Shortfalls:
    """What a component's text says of itself, and does not do; name: how it is called; runs: its
    listings are to be run, and no agent's, which show a way."""
    listings = [one for one in _FENCED.findall(body) if len(one) > SHORT]
    if not listings:
        return Shortfalls()
    prose = {_stem(word) for word in _WORD.findall(_FENCED.sub("", body).lower())}
    found = [one for listing in listings for one in _stand_ins(listing)]
    done = {function for function, lacks in found if lacks is None}
    named = [one for one in found if one[0] not in done]
    named = [(one, lacks) for one, lacks in named if lacks == STUB or _is_told(one, prose)]
    stubs = list(dict.fromkeys(f"`{one}`" for one, lacks in named if lacks == STUB))
    fixed = list(dict.fromkeys(f"`{one}`" for one, lacks in named if lacks == MADE_UP))
    kept = (f"`{lacks}` of `{one}`" for one, lacks in named if lacks and lacks not in _WHOLE)
    fields = list(dict.fromkeys(kept))
    rows = [_stubs(stubs)] if stubs else []
    if fixed:
        does = "returns" if len(fixed) == 1 else "return"
        rows.append(f"Made-up values in the listings: what {together(fixed[:MOST])} {does}.")
    if fields:
        rows.append(f"Fixed placeholders in the listings: {together(fields[:MOST])}.")
    methods = [f"`{one}`" for one in dict.fromkeys(_undefined(listings) if runs else ())]
    if methods:
        rows.append(_lacking(name, "call", "method", "defines", methods))
    names = [f"`{one}`" for one in (unbound(body) if runs else ())]
    names = [one for one in names if one not in methods]
    if names:
        rows.append(_lacking(name, "use", "name", "defines or imports", names))
    fallen = dict.fromkeys(f"`{one}`" for text in listings for one in _FALLS_BACK.findall(text))
    if fallen:
        what, it = together([*fallen][:MOST]), "it" if len(fallen) == 1 else "them"
        rows.append(f"A listing takes a fixed value where {what} is not set: set {it}.")
    if runs and (wrong := _unparsed(body)):
        rows.append(wrong)
    reads, unread = _unread(name, body, listings)
    if unread:
        verb = "is" if len(unread) == 1 else "are"
        called = {code(one) for one in _SCRIPT.findall(body)}
        which = f" (`{called.pop()}`)" if len(called) == 1 else ""
        rows.append(
            f"The listed script{which} reads only {_named(reads)}; {_named(unread)} {verb} still to"
            " be added to it."
        )
    return Shortfalls(tuple(rows), frozenset(unread))


def _unparsed(body: str) -> str:
    """Of the first listing in Python that is none, where; "" for none."""
    for text in _PYTHON.findall(body):
        try:
            with QUIET, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            at = getattr(error, "lineno", 0) or 1  # the end of a text may be a line behind it
            line = "".join(text.split("\n")[at - 1 : at]).strip()
            if len(text) > SHORT and 0 < len(line) <= LINE and "`" not in line:
                return f"A listing in Python does not parse, at `{code(line)}`: mend it first."
    return ""


LINE = 80
_PYTHON = pattern(r"(?ms)^`{3,}(?:python|py)3?[ \t]*\n(.*?)^`{3,}[ \t]*$")


def _lacking(name: str, do: str, what: str, done: str, missing: list[str]) -> str:
    few = [*missing[:FEW], *(["more"] if len(missing) > FEW else [])]
    one = len(missing) == 1
    counted = f"a {what}" if one else f"{len(missing)} {what}s"
    return (
        f"The listings of `{name}` {do} {counted} that none of them {done} ({together(few)}):"
        f" add {'it' if one else 'them'} before you rely on {'it' if one else 'them'}."
    )


def _named(options: Sequence[str]) -> str:
    return together([f"`{code(one)}`" for one in options[:MOST]])


def _stubs(names: list[str]) -> str:
    shown = together([*names[:MOST], *(["others"] if len(names) > MOST else [])])
    what, it = ("A stub", "it") if len(names) == 1 else ("Stubs", "them")
    return f"{what} in the listings: {shown}. Write {it} before you rely on {it}."


def _stand_ins(listing: str) -> Iterator[tuple[str, str | None]]:
    """(a function, what of it only stands in for something, as it says itself: all that it does, or
    answers, or the name of a value that it works with); None for one that does what it is
    called."""
    lines = listing.split("\n")
    for at, line in enumerate(lines):
        if (found := _DEFINES.match(line)) and not found["name"].startswith("__"):
            body = _body(lines, at)
            does = [one for one in body if _does(one)]
            stands_in = any(map(_STANDS_IN.search, body))
            alone = len(does) == 1
            to_do = len(does) <= TO_DO and any(map(_TO_WRITE.match, body))
            unwritten = to_do and not any(map(_CALLS.search, does))
            passes = alone and _PASSES.match(does[0]) and any(map(_SAYS.match, body))
            if (
                passes
                or unwritten
                or (stands_in and alone and (_NOTHING.match(does[0]) or _OTHER.match(does[0])))
            ):
                yield found["name"], STUB
            elif any(map(_MADE_UP.search, body)) or (stands_in and _is_fixed(does)):
                yield found["name"], MADE_UP
            elif fields := [one[1] for line in body if (one := _FIELD.match(line))]:
                yield from ((found["name"], field) for field in fields)
            elif not (alone and _NOTHING.match(does[0])):
                yield found["name"], None


def _is_fixed(does: Lines) -> bool:
    """Is all that a function does to return a value that is the same each time?"""
    text = _PLAIN.sub("", "\n".join(_REMARK.sub("", line) for line in does))
    returns = text.lstrip().startswith("return")
    return returns and not {*_IDENTIFIER.findall(text)} - _CONSTANTS


def _undefined(listings: Sequence[str]) -> Iterator[str]:
    """The methods that the classes of the listings call on themselves, and none of them has; a
    class may have others from one that stands elsewhere, or be given them."""
    known = {name for one in listings for found in _NAMED.findall(one) for name in found if name}
    known |= _EMITS
    for listing in listings:
        lines = listing.split("\n")
        for at, line in enumerate(lines):
            found = _CLASS.match(line)
            if (
                found
                and {*_IDENTIFIER.findall(found["base"] or found["other"] or "")} <= known | _BASES
            ):
                code = "\n".join(_REMARK.sub("", one) for one in _deeper(lines, at, _depth(line)))
                yield from (one for one in _CALLED.findall(code) if one not in known)


def _body(lines: Lines, at: int) -> Lines:
    """The lines of the function that begins there, without its signature and what describes it."""
    first = at
    while first < len(lines) and not _OPENED.search(lines[first]):
        first += 1
    return _DESCRIBED.sub("", "\n".join(_deeper(lines, first, _depth(lines[at])))).split("\n")


def _deeper(lines: Lines, first: int, depth: int) -> Lines:
    """The lines below one that are indented more; a text of several lines in backticks is all."""
    last = first + 1
    if first < len(lines) and lines[first].rstrip().endswith("{"):
        closing = f"{lines[first][:depth]}}}"
        end = next((n for n, one in enumerate(lines) if n > first and one.startswith(closing)), 0)
        return lines[first + 1 : end or len(lines)]
    while last < len(lines) and (not lines[last].strip() or _depth(lines[last]) > depth):
        last += 1
    return lines[first + 1 : last]


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _does(line: str) -> bool:
    return bool(line.strip()) and not _COMMENT.match(line) and not _LOGS.match(line)


def _is_told(name: str, prose: set[str]) -> bool:
    """Does the text speak of what a function is called after?"""
    words = [one.lower() for one in _NAME_WORD.findall(name)]
    words = [_stem(one) for one in words if len(one) > 2 and one not in _ANY]
    return bool(words) and all(word in prose for word in words)


def _stem(word: str) -> str:
    return word.removesuffix("s")[:STEM]


def _unread(name: str, body: str, listings: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """(the options that the one script that reads any reads, those that the text gives beside)."""
    scripts = [one for one in listings if _PARSES.search(one)]
    if len(scripts) != 1 or _TAKES_ALL.search(scripts[0]):
        return (), ()
    reads = list(dict.fromkeys(_options(scripts[0])))
    given = list(dict.fromkeys(_given(name, body.replace(scripts[0], ""))))
    known = [one for one in reads if one in given]
    others = [one for one in given if one not in reads and one not in ("--help", "--version")]
    return ((), ()) if len(known) < 2 or 2 * len(known) < len(reads) else (reads, others)


def _options(script: str) -> Iterator[str]:
    for call in _ADDS.findall(script):
        yield from _OPTION.findall(call)


def _given(name: str, body: str) -> Iterator[str]:
    """The options with which the text calls the command, or a script, and those that it lists."""
    calls = re.compile(rf"[\s`$>]*(?:{re.escape(name)}|(?:python3?|node|bash|sh) \S+|\./\S+)(?=\s)")
    goes_on = False
    for line in body.split("\n"):
        if goes_on or calls.match(line) or _LISTED.match(line):
            yield from _OPTION.findall(_COMMENT.sub("", line))
            goes_on = line.rstrip().endswith("\\")


STUB, MADE_UP = "does nothing", "answers what is made up"
_WHOLE = (STUB, MADE_UP)
SHORT, STEM, MOST, FEW = 200, 5, 8, 4
"""Characters of a listing that defines nothing; letters by which words are the same; names told,
and names of what a listing does not define."""
_PLAIN = pattern(r"[rbfu]?(?:\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')|`(?:[^`\\]|\\.)*`")
_CONSTANTS = frozenset("return None True False null true false undefined".split())
_PASSES = pattern(r"\s*pass\s*(?:#.*)?$")
_SAYS = pattern(r"\s*# \w")
TO_DO = 3
"""Lines of a function that says of itself what is to be written there."""
_TO_WRITE = pattern(r"(?i)\s*(?:#|//) *(?:implement|add your|your|insert|replace (?:this|with))\b")
_CALLS = pattern(r"\w\(")
_FALLS_BACK = pattern(
    r"(?:env\.|getenv\(['\"]|environ\.get\(['\"])([A-Z][A-Z0-9_]*(?:PASSWORD|SECRET)[A-Z0-9_]*)"
    r"['\"]?\s*(?:\|\||\?\?|,)\s*['\"][^'\"\s]+['\"]"
)
_FIELD = pattern(
    r"(?i)^\s*['\"]?(?:self\.|this\.|const |let |var )?(\w+)['\"]? ?[:=] ?[^#/(]*"
    r"(?:#|//) ?placeholder\b"
)
_CLASS = pattern(
    r"\s*(?:export )?(?:default )?(?:abstract )?class \w+"
    r"(?:\((?P<base>[^)]*)\):|(?: extends (?P<other>[\w.]+))? ?\{|:)\s*$"
)
_BASES = frozenset(
    "object ABC Enum IntEnum StrEnum str Exception Protocol NamedTuple Error EventEmitter".split()
)
_EMITS = frozenset(
    "on once off emit addListener removeListener removeAllListeners listeners listenerCount"
    " prependListener prependOnceListener setMaxListeners eventNames rawListeners".split()
)
"""What a class has of Node's EventEmitter."""
_IDENTIFIER = pattern(r"[A-Za-z_]\w*")
_NAMED = pattern(  # what a listing defines, or a class is given
    r"(?m)^[ \t]*(?:export )?(?:(?:public|private|protected|static|async|get|set|abstract|override"
    r"|readonly|def|function|class) +)*\*?#?(\w+)[ \t]*(?:[(:=<?!]|$)"
    r"|\b(?:self|this|cls)\.(\w+)[ \t]*(?::[^=\n]+)?(?:=(?!=)|,)"
)
_CALLED = pattern(r"\b(?:self|this)\.([A-Za-z_]\w*)\(")
_OTHER = pattern(r"\s*return (?:await )?(?:self|this)\.\w+\([\w, ]*\);?\s*(?:(?:#|//).*)?$")
_FENCED = pattern(r"(?ms)^[ \t]*`{3,}[^\n`]*\n(.*?)^[ \t]*`{3,}[ \t]*$")
_WORD = pattern(r"[^\W\d_]{3,}")
_NAME_WORD = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ANY = frozenset(
    "get fetch scan find check calculate compute analyze analyse compare generate create build make"
    " run load read parse process handle update set data info result results value values from for"
    " the and with all new is has".split()
)
_DEFINES = pattern(
    r"\s*(?:export )?(?:default )?(?:(?:public|private|protected|static) )*(?:async )?"
    r"(?:(?:def|function) |(?=(?!(?:if|for|while|switch|catch)\b)\w+\([^()]*\) \{$))(?P<name>\w+)\("
)
_OPENED = pattern(r"\).*[:{]\s*(?:#.*|//.*)?$")
_DESCRIBED = pattern(r"(?s)\A\s*(\"\"\"|''').*?\1")
_COMMENT = pattern(r"\s*(?:#|//|/\*|\*|\}|\"\"\")")
_REMARK = pattern(r"(?:^|\s)(?:#|//|/?\*)(?= ).*")
_LOGS = pattern(r"\s*(?:(?:self|this)\.)?(?:log|logger|logging|console|print)\b")
_NOTHING = pattern(
    r"\s*(?:pass|throw new Error\(.[Nn]ot (?:yet )?implemented.*"
    r"|return(?: (?:\[\]|\{\}|None|null|undefined|-?\d[\d.]*|''|\"\""
    r"|[A-Z]\w+\(['\"]?[\d.]*['\"]?\)))?);?\s*(?:(?:#|//).*)?$"
)
_STANDS_IN = pattern(
    r"(?i)(?:#|//).*\b(?:simplified|placeholder|would (?:need|query|use|aggregate|integrate|fetch"
    r"|call|require)|mock|stub|simulat\w+|todo|not (?:yet )?implemented|for demonstration"
    r"|implementation would|would go here"
    r"|for now)\b|Error\(.[Nn]ot (?:yet )?implemented"
)
_MADE_UP = pattern(
    r"(?i)^\s*(?:return ?[^#/(]*(?:#|//) ?(?:placeholder|simulated)"
    r"|[\w.'\"]+ ?[=:] ?[^#/(]*(?:#|//) ?simulated)\b"
    r"|^\s*(?:#|//) .*(?:\(simulated\)|\bsimplified simulation\b)"
)
_PARSES = pattern(r"\bArgumentParser\(|@click\.option\(|\.option\(\s*['\"]-")
_TAKES_ALL = pattern(r"parse_known_args|ignore_unknown_options|allowUnknownOption|add_subparsers")
_ADDS = pattern(r"(?:\.add_argument|@click\.option|\.option)\(\s*((?:['\"][^'\"]*['\"],?\s*)+)")
_OPTION = pattern(r"(?<![\w-])--[a-z][\w-]*")
_SCRIPT = pattern(r"(?m)^[ \t$]*(?:python3?|node) ([\w./-]+\.\w+)(?=[^\n]*(?:\\\n[^\n]*)?--)")
_LISTED = pattern(r"\s*(?:[-*+] |\| *)[*`]*--[a-z]")
