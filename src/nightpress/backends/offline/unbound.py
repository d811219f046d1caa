"""Names that the listings of a text use, and nothing in them defines, imports or hands over: who
runs the code as it stands gets an error. Pure."""

from __future__ import annotations

import builtins
import keyword
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from nightpress.lazy import pattern

Token = tuple[str, bool]
"""What stands in code, and whether it is a name."""


@lru_cache(maxsize=512)
def unbound(text: str) -> tuple[str, ...]:
    """The functions and modules that a whole file among the listings of Python or JavaScript uses
    (one that imports something, or holds a class), and that stand nowhere else in any of them. Part
    of a file says nothing of what the rest of it has."""
    listings = [
        (_LANGUAGES[one[1].lower()], _REMARK.sub("", one[2]))
        for one in _LISTING.finditer(text)
        if one[1].lower() in _LANGUAGES
    ]
    if not any(map(_is_file, (code for _, code in listings))):
        return ()
    read = [(language, code, list(_tokens(language, code))) for language, code in listings]
    every = Counter(name for _, _, tokens in read for name in _names(tokens))
    used = Counter(name for language, _, tokens in read for name in _used(language, tokens))
    files = (pair for pair in read if _is_file(pair[1]))
    found = (name for language, _, tokens in files for name in _used(language, tokens))
    return tuple(dict.fromkeys(name for name in found if used[name] == every[name]))


def _is_file(code: str) -> bool:
    return len(code) >= WHOLE and _IMPORTS.search(code) is not None and not _CUT.search(code)


def _tokens(language: str, code: str) -> Iterator[Token]:
    """The code without strings, remarks and spaces."""
    from pygments import lexers, token

    lexer = lexers.PythonLexer() if language == "python" else lexers.TypeScriptLexer()
    aside = (token.Comment, token.String, token.Whitespace, token.Text)
    for kind, text in lexer.get_tokens(code):
        if any(kind in one for one in aside) or not text.strip():
            continue
        name = text.strip().removeprefix("...")  # it is one token with what it spreads
        if name.startswith("@") and name[1:]:  # pygments takes a decorator for one token
            yield "@", False
            name = name[1:]
        yield name, _IDENTIFIER.fullmatch(name) is not None


def _names(tokens: Sequence[Token]) -> Iterator[str]:
    """Each name, but for what something else has (`rope.tie`)."""
    for at, (text, is_name) in enumerate(tokens):
        if is_name and not _is_owned(tokens, at):
            yield text


def _used(language: str, tokens: Sequence[Token]) -> Iterator[str]:
    """The names that are called, or of which a method is (`tie(rope)`, `rope.tie()`)."""
    known = _GLOBALS[language]
    for at, (text, is_name) in enumerate(tokens):
        before = tokens[at - 1][0] if at else ""
        if (
            not is_name
            or text in known
            or len(text) < 2
            or text.isupper()
            or _is_owned(tokens, at)
            or before in _DEFINES[language]
        ):
            continue
        after = [one for one, _ in tokens[at + 1 : at + 4]]
        calls = after[:1] and after[0].startswith("(") and not _is_signature(tokens, at + 1)
        asks = after[:1] == ["."] and len(after) == 3 and after[2].startswith("(")
        if calls or asks:
            yield text


def _is_owned(tokens: Sequence[Token], at: int) -> bool:
    """Does it stand behind what has it (`rope.tie`)?"""
    return at > 0 and tokens[at - 1][0].endswith(".")


def _is_signature(tokens: Sequence[Token], at: int) -> bool:
    """Do the brackets that open there end before a body, or a type?"""
    depth = 0
    for n in range(at, len(tokens)):
        depth += tokens[n][0].count("(") - tokens[n][0].count(")")
        if depth <= 0:
            rest = tokens[n][0].rpartition(")")[2] or (tokens[n + 1][0] if tokens[n + 1 :] else "")
            return rest.startswith(("{", ":", "=>"))
    return True  # it is cut off


WHOLE = 600
"""Characters of a listing that may be a file."""
_LANGUAGES = {
    "python": "python", "py": "python", "javascript": "node", "js": "node", "jsx": "node",
    "typescript": "node", "ts": "node", "tsx": "node",
}  # fmt: skip
_LISTING = pattern(r"(?ms)^[ \t]*`{3,}(\w+)[^\n`]*\n(.*?)^[ \t]*`{3,}[ \t]*$")
_REMARK = pattern(r"(?m)^[ \t]*--[ \t].*$")
"""One of SQL, which people show in the same block."""
_IMPORTS = pattern(r"(?m)^(?:import|from|(?:export )?(?:default )?class) |\brequire\(")
_CUT = pattern(r"(?im)^[ \t]*(?:#|//|/\*) ?(?:\.\.\.|(?:rest|remainder) of|existing)")
_IDENTIFIER = pattern(r"[A-Za-z_$][\w$]*")
_DEFINES = {
    "python": ("def", "class"),
    "node": ("function", "class", "@", "*"),  # an @ may be a directive of GraphQL
}
_GLOBALS = {
    "python": frozenset(dir(builtins)) | {"self", "cls", *keyword.kwlist, *keyword.softkwlist},
    "node": frozenset(
        "this super require module exports process console Buffer setTimeout setInterval"
        " setImmediate clearTimeout clearInterval queueMicrotask structuredClone fetch URL"
        " URLSearchParams Headers Request Response FormData Blob File AbortController"
        " TextEncoder TextDecoder crypto performance global globalThis window document"
        " navigator location history localStorage sessionStorage alert confirm prompt event"
        " Object Array String Number Boolean Symbol BigInt Math JSON Date RegExp Error"
        " TypeError RangeError Promise Proxy Reflect Map Set WeakMap WeakSet Intl Atomics"
        " Uint8Array ArrayBuffer DataView parseInt parseFloat isNaN isFinite"
        " encodeURIComponent decodeURIComponent encodeURI decodeURI atob btoa describe it test"
        " expect beforeEach afterEach beforeAll afterAll before after jest vi cy suite assert"
        " page browser Function eval WebSocket requestAnimationFrame React ReactDOM chrome"
        " Deno Bun constructor get set of as async await break case catch class const continue"
        " debugger default delete do else export extends finally for function if import in"
        " instanceof let new return static super switch throw try typeof var void while with"
        " yield".split()
    ),
}
"""What any program has: builtins, and those of browsers, Node and the usual test runners."""
