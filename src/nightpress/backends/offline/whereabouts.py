"""A listing: its language, where it is to be read that a document does not quote, and what it
holds. Pure."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Sequence

from nightpress.backends.offline.clean import Place, heading
from nightpress.checks import QUIET
from nightpress.lazy import pattern
from nightpress.plugin import yaml


def whereabouts(text: str, language: str, place: Place) -> str:
    """Where a listing stands that is not quoted, and what it holds; "" where it stands nowhere."""
    if not place.path:
        return ""
    lines = text.count("\n") + 1
    drawn = (
        3 * sum(map(bool, map(_BOX.search, text.split("\n")))) >= lines
    )  # whatever its fence says
    named = "diagrams" if drawn else _LANGUAGES.get(language, language)
    kind = f" of {named}" if named not in ("text", "") else ""
    holds = f"{lines} line{'s' if lines > 1 else ''}{kind}{'' if drawn else _holds(text, language)}"
    begins = _FILE_NAMED.match(_SHEBANG.sub("", text))
    files = list(dict.fromkeys(_FILE_NAMED.findall(text))) if begins else []
    named = ", ".join(f"`{_OWN.sub('', file)}`" for file in files)
    return f"See the listing{f' of {named}' if named else ''} in {place.link()} ({holds})."


_BOX = pattern(r"[\u2500-\u257f]")
_OWN = pattern(r"^(?:commands|agents|skills|scripts|hooks)/(?:.*/)?")
"""A folder that a plugin has: of a user's it would be taken for the plugin's own."""
_SHEBANG = pattern(r"\A\s*#![^\n]*\n\s*")
_FILE_NAMED = pattern(
    r"(?m)^[ \t]*(?://|#|--|/\*|<!--) *(?:[Ff]ile(?:name)?: *)?"
    r"((?:[\w.-]+/)*[\w.-]+\.[a-z]{1,5})(?=[ \t]*(?:$|[:(,\u2013\u2014*-]))"
)
_LANGUAGES = {
    "javascript": "JavaScript", "js": "JavaScript", "jsx": "JSX", "typescript": "TypeScript",
    "ts": "TypeScript", "tsx": "TSX", "python": "Python", "py": "Python", "sql": "SQL",
    "json": "JSON", "jsonc": "JSON", "yaml": "YAML", "yml": "YAML", "toml": "TOML",
    "html": "HTML", "css": "CSS", "xml": "XML", "java": "Java", "go": "Go", "rust": "Rust",
    "ruby": "Ruby", "php": "PHP",
    "markdown": "Markdown", "md": "Markdown", "graphql": "GraphQL", "solidity": "Solidity",
    "dockerfile": "Dockerfile", "hcl": "HCL", "bash": "shell", "sh": "shell", "shell": "shell",
    "swift": "Swift", "kotlin": "Kotlin", "csharp": "C#", "cpp": "C++", "c": "C",
}  # fmt: skip
"""Info string of a fence -> the language's name."""


def _holds(text: str, language: str) -> str:
    """What a long listing holds, by its headings, or by its classes, or by what else it defines; ""
    where that is less than two things, and no class; of a single class what it is used by."""
    if language in ("markdown", "md"):
        found = [heading(name) for name in re.findall(r"(?m)^#{2,3} +(\S.*)$", text)]
        named = [name for name in found if _PLAIN_NAME.fullmatch(name)]
        named = named if len(named) > 1 else []
    else:
        named = [f"`{name}`" for name in _CLASSES.findall(text)]
        named = named or [f"`{name}`" for name in _DEFINES.findall(text)]
        named = named if len(named) != 1 or _CLASSES.search(text) else []
    named = list(dict.fromkeys(named))
    if not named:
        return ""
    does = [f"`{one}`" for one in dict.fromkeys(_METHODS.findall(text))]
    if len(named) == 1 and len(does) > 1 and language not in ("markdown", "md"):
        return f": {named[0]} with {_some(does, MOST_USED)}"
    return f": {_some(named, MOST_NAMED)}"


def _some(named: Sequence[str], most: int) -> str:
    return f"{', '.join(named[:most])}{' and more' if len(named) > most else ''}"


MOST_NAMED, MOST_USED = 8, 5
_METHODS = pattern(  # not private, and no statement
    r"(?m)^ {2,4}(?:public )?(?:async )?(?:def (?!decorator|wrapper)(?=[a-z])"
    r"|(?!(?:constructor|if|for|while|switch|catch|return|await|super)\b)"
    r"(?=[a-z]\w*\([^()\n]*\) \{$))"
    r"([a-z]\w*)\("
)
_PLAIN_NAME = pattern(r"[A-Z][\w /&'-]{2,40}")
_CLASSES = pattern(
    r"(?m)^(?:export )?(?:default )?(?:abstract )?(?:class|interface|contract) +([A-Za-z_]\w*)"
)
_DEFINES = pattern(
    r"(?m)^(?:export )?(?:default )?(?:async )?(?:def|class|function|interface|struct|enum|model"
    r"|CREATE (?:OR REPLACE )?(?:MATERIALIZED )?(?:TABLE|FUNCTION|VIEW|PROCEDURE|TRIGGER)"
    r"(?: IF NOT EXISTS)?) +([A-Za-z_][\w.]*)"
)


TOLD = pattern(r"See the listing(?: of (`[^`]+`(?:, `[^`]+`)*))? in \[[^\]]*\]\([^)]*\) \((.+)\)\.")
POINTER = pattern(
    r"\b[Ss]ee (?:the listing[^\[\n]* in )?\[[^\]\n]*\]\(|^(?:In|Also in|Follow the steps in) \["
)
"""What says where something is to be read, and a listing alone."""


def _toml(text: str) -> object:
    import tomllib  # rare in plugins

    return tomllib.loads(text)


def _python(text: str) -> object:
    with QUIET, warnings.catch_warnings():  # of an odd escape in a listing nobody wants to hear
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _yaml(text: str) -> object:
    return [yaml.load(one) for one in re.split(r"(?m)^---[ \t]*$", text) if one.strip()]


_PARSERS: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "yaml": _yaml,
    "yml": _yaml,
    "toml": _toml,
    "python": _python,
    "py": _python,
}


SHELLS = ("bash", "sh", "shell", "zsh", "console")
_TYPED = pattern(
    r"(?m)^[ \t]*/[a-z][\w:-]*(?: [^|\n]*)? \| *"
    r"(?:grep|jq|tee|head|tail|wc|sort|awk|sed|xargs|less)\b"
)


def _is_commented(text: str) -> bool:
    """Is it JSON but for comments, and commas at an end?"""
    try:
        json.loads(_TRAILING.sub(r"\1", _REMARKS.sub(r"\1", text)))
    except (ValueError, RecursionError):
        return False
    return True


_REMARKS = pattern(r"(\"(?:[^\"\\\n]|\\.)*\")|//[^\n]*|(?s:/\*.*?\*/)")
_TRAILING = pattern(r",(\s*[}\]])")


def language(info: str, text: str) -> str:
    """The block's language, `text` where there is none or the block is not what it says: a shell
    has no use for what a user says ("Moor the ship"), nor for a pipe from what he types."""
    words = info.split()
    name = words[0].lower().strip("{}.") if words else ""
    no_shell = name in SHELLS and (_is_said(text) or _TYPED.search(text))
    if no_shell or not re.fullmatch(r"[a-z0-9+#_.-]+", name):
        return "text"
    parse = _PARSERS.get(name)
    try:
        if parse is not None:
            parse(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return "jsonc" if name == "json" and _is_commented(text) else "text"
    return name


def _is_said(text: str) -> bool:
    """Is each line, but for comments, something that a user says in quotes?"""
    lines = [line.strip() for line in text.split("\n")]
    lines = [line for line in lines if line and not line.startswith("#")]
    return bool(lines) and all(map(_SAID.fullmatch, lines))


_SAID = pattern(r'"[A-Z][^"\s]* [^"\s]+ [^"]*"')
