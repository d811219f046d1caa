"""What a command's text is filled in with when it runs, told in words: "Read `$ARGUMENTS`" gives
"Read the arguments". A SKILL.md is filled in, too, when it is loaded, with something else. Pure;
code that holds such a thing among others stays as it is.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container

from nightpress.lazy import pattern


def told(text: str, path: str = "", paths: Container[str] = ()) -> str:
    """The text in words: "Branch: !`git branch`" gives "Branch: run `git branch`", "Follow
    @STYLE.md" "Follow `STYLE.md`"; "It costs $5" keeps its price ("\\$5"); a line that only hands
    on what the user typed ("**Input**: $ARGUMENTS") is gone. path: the file that it is from; in a
    command `$1` is an argument. paths: the plugin's files, which are linked to."""
    if not _ANY.search(text):
        return text
    first = (0 if _ZERO.search(text) else 1) if path.startswith("commands/") else None
    pieces, at = [], 0
    for span in _SPAN.finditer(text):
        before, code = text[at : span.start()], span.group()
        if before.endswith("!") and not re.search(r"[`\w]!\Z", before) and span[1] == "`":
            before, code = before[:-1], f"{_MARK}the output of {code}"
        elif span[1] == "`" and not _joined(text, span.start(), span.end()):
            code = _span(code, span[2], first)
        pieces += [_outside(before, text, at, first), code]
        at = span.end()
    pieces.append(_outside(text[at:], text, at, first))
    return _worded(_FILE.sub(lambda m: _file(m[1], path, paths), "".join(pieces)))


def _span(code: str, inside: str, first: int | None) -> str:
    if found := _ONE.fullmatch(inside):
        return _argument(found, first) or code
    if (found := _PASSED.fullmatch(inside)) and "$ARGUMENTS" not in found[1]:
        return f"`{found[1]}` with {_MARK}the arguments"
    return code


def _outside(text: str, whole: str, at: int, first: int | None) -> str:
    def replaced(found: re.Match[str]) -> str:
        start, end = at + found.start(), at + found.end()
        price = first is None or found["digit"] == "0" or _PRICE.match(whole, end)
        if found["digit"] and price:
            return found.group().replace("$", "\\$")
        if _joined(whole, start, end):
            return found.group()
        return _argument(found, first) or found.group()

    return _ONE.sub(replaced, text)


def _joined(text: str, start: int, end: int) -> bool:
    """Is it part of a longer name or path?"""
    before, after = text[start - 1 : start] if start else "", text[end : end + 2]
    return bool(re.match(r"[\w/{.=@\\-]", before) or re.match(r"[\w/{}=\[-]|\.\w", after))


def _argument(found: re.Match[str], first: int | None) -> str:
    """How a sentence says it; "" where it cannot."""
    words = "the arguments"
    if found["digit"] or found["index"]:
        if found["digit"] and first is None:
            return ""
        at = int(found["digit"]) - (first or 0) if found["digit"] else int(found["index"])
        if not 0 <= at < len(_ORDINAL):
            return ""
        words = f"the {_ORDINAL[at]} argument"
    if found["at"]:
        words = f"the file that {words} name{'s' if words.endswith('t') else ''}"
    return f"{_MARK}{words}"


def _file(name: str, path: str, paths: Container[str]) -> str:
    """A file that a command's text would include: a link to one of the plugin's, else its name."""
    inside = name.removeprefix("${CLAUDE_PLUGIN_ROOT}/")
    if inside in paths:
        return f"[{inside}]({posixpath.relpath(inside, posixpath.dirname(path) or '.')})"
    if (scope := _PACKAGE.fullmatch(name)) and scope[1] not in _FOLDERS:
        return f"@{name}"  # one of npm's: "@solana/web3.js"
    return f"`{inside}`"


def _worded(text: str) -> str:
    """The words that were put in, as a sentence has them."""
    text = _RUNS.sub(r"\1", text)
    text = _PROBE.sub(_probed, text)
    text = _OR.sub(r"\1 ", text)
    text = _NAMES.sub(rf"\1 that {_MARK}the arguments name", text)
    text = _TWICE.sub(r"\1\2\3", text)
    text = _ADJECTIVE.sub(r"the \1 arguments", _ARTICLE.sub(r"\1 arguments", text))
    text = _BOLD.sub(rf"{_MARK}\2", text)
    text = _PLURAL.sub(lambda m: f"{m[1]}{_VERBS.get(m[2], m[2].removesuffix('s'))}", text)
    text = _HANDED_ON.sub(_titled, text)
    text = _BEGINS.sub(lambda m: f"{m[1]}{m[2].upper()}", text)
    return text.replace(_MARK, "")


def _probed(found: re.Match[str]) -> str:
    """What a line runs to know something, as an order: "- Changes: run `git status | wc -l`
    (uncommitted files)"."""
    label, code, rest = found.groups()
    rest = f" ({rest.strip()})" if re.fullmatch(r" [a-z][\w /-]*", rest) else rest
    return f"{label}{'run' if label.rstrip('* ').endswith(':') else 'Run'} {code}{rest}"


def _titled(found: re.Match[str]) -> str:
    """A line that hands on what the user typed; where it says what is done with that, as a
    sentence: "Design a schema for: $ARGUMENTS"."""
    label = (found[1] or "").strip(" -*_#:")
    words = label.split()
    order = len(words) > 3 and not re.fullmatch(r"\w+(?:tions?|for|of|with|to|in|on|by)", words[-1])
    return f"{label}." if order else ""


_MARK = "\x00"
_ANY = pattern(r"\$(?:ARGUMENTS|\d)|!`|@[\w.~$/]")
_ZERO = pattern(r"`\$0`|\$ARGUMENTS\[0\]")
_SPAN = pattern(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_ONE = pattern(
    r"(?<!\\)[\"']?(?P<at>@)?\$(?:ARGUMENTS(?:\[(?P<index>\d)\])?(?![\w\[])|(?P<digit>\d)(?!\w|[.,]\d))[\"']?"
)
_PASSED = pattern(r"([^$`]*[^$`\s/=:\"'-]) [\"']?\$ARGUMENTS[\"']?")
_PRICE = pattern(
    r"\s?(?:[-+/\u2013]|\||per\b|an?\b|each\b|USD|k\b|million|billion|in\b|to \$|month|year|credit)"
)
_ORDINAL = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_EXTENSIONS = (
    "md|txt|json|ya?ml|toml|tsx?|jsx?|py|sh|go|rs|rb|java|html|css|sql|csv|xml|mdx|ini|lock|mod|sum"
    "|gradle|env|conf|cfg|vue|svelte|php|kt|swift"
)
_FILE = pattern(
    r"(?<![\w`/@.{\[])@(\$\{CLAUDE_PLUGIN_ROOT\}/[\w./-]*\w"
    rf"|(?:\./|~/)?[\w./\[\]-]*\w\.(?:{_EXTENSIONS})|(?:CODEOWNERS|Dockerfile|Makefile|LICENSE)\b"
    r"|(?:\./|~/)?(?:[\w.\[\]-]+/)+|\.[a-z][\w.-]*\*?)(?![\w/(`])"
)
_PACKAGE = pattern(r"([a-z0-9][a-z0-9_-]*)/[a-z0-9][a-z0-9._-]*\.(?:js|ts|css|json|mjs)")
_FOLDERS = frozenset(
    "app apps assets components config data dist doc docs examples lib packages pages public rules"
    " schemas scripts specs src styles templates test tests tools types utils".split()
)
_RUNS = pattern(r"(?i)(\b(?:runs?|running|executes?|executing|use) )\x00the output of ")
_TWICE = pattern(  # "**Arguments:** $ARGUMENTS (optional)"
    r"(?i)(\barguments?(?: provided| given)?)(\*\*)?:(\*\*)? *\x00the arguments\b"
)
_ARTICLE = pattern(  # "the full $ARGUMENTS"
    r"(?i)\b((?:the|these|all|any|its|their|a|an)(?: [a-z]+)?|full) \x00the arguments\b"
)
_ADJECTIVE = pattern(r"\b(original|raw|given|provided|remaining) \x00the arguments\b")
_BOLD = pattern(r"(\*\*|__)\x00(the arguments)\1")
_VERBS = {"is": "are", "was": "were", "has": "have", "does": "do", "specifies": "specify"}
_PLURAL = pattern(
    r"(\x00the arguments )(is|was|has|does|specifies|contains|includes|starts|matches|names|points"
    r"|looks|refers|begins|ends|holds|equals|lacks)\b"
)
_PROBE = pattern(
    r"(?m)^(\s*(?:[-*+] |\d+[.)] )?(?:[^\n:`]{2,60}:[*_]*[ \t]*)?)"
    r"\x00the output of (`[^`\n]+`)([^\n]*)$"
)
_NAMES = pattern(  # "the workflow $ARGUMENTS"
    r"(?i)\b((?:the|an?|specific|this|that|each|given) (?:\w+ )?(?:workflow|file|path|branch|issue"
    r"|ticket|component|command|task|target|director(?:y|ies)|folder|module|package|feature|endpoint"
    r"|test|suite|tag|topic|query|version|service)s?) \x00the arguments\b"
)
_OR = pattern(r"(?<=` )(or|and) \x00the output of ")
_HANDED_ON = pattern(
    r"(?m)(?:^|(?<=[a-z)][.!?] ))(?!\s*\d+[.)])((?:[^\n.\x00]|\.(?=\w)){0,120}:[*_]*)?[ \t>*_-]*"
    r"\x00the arguments[^\w\n]*$\n?"
)
_BEGINS = pattern(r"((?:\A|(?<=[.!?] )|(?m:^)\s*(?:[-*+]|\d+[.)])\s+)\W*)\x00(t)")
