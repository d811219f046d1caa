"""In whose words a command is named: `nightpress build X --force` to who typed `nightpress`, and
`doit force=1 enhance:X` to who typed `doit`.

The texts themselves, also those on record, speak doit's; what is shown passes through `spoken`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

TYPED = "NIGHTPRESS_TYPED"
"""Set to `nightpress` in the environment of what that command starts."""

DRY = "NIGHTPRESS_DRY"
"""Set in the environment of what only says what it would do: to the project, where it is done to a
copy."""

_NAME = r"([^\s,;:`'\"<>()]+(?:/[^\s,;:`'\"<>()]+)?)"
_VERBS = "snapshot|analyse|adopt|apply|reject"
_MARKS = (
    "doit",
    "force=1",
    "enhance:",
    ": expected ",
    "=VALUE",
    *(f"{one}:" for one in _VERBS.split("|")),
)
_OF_DOIT = "forget|clean|info|ignore|list"
_TASKS = (
    "plan|validate|manifests|review|report|explore|restore|audit|prune|backup|backups|drill|"
    "verify-vault|archive|forget-backups"
)


def is_dry() -> bool:
    """Is it only to be said what would be done? Then nothing leaves the project: no call, no
    notice, nothing into a vault."""
    return DRY in os.environ


def is_nightpress() -> bool:
    return os.environ.get(TYPED) == "nightpress"


def spoken(text: str) -> str:
    """The text as whoever typed the command would put it."""
    if not is_nightpress() or not any(word in text for word in _MARKS):
        return text
    for pattern, instead in _rules():
        text = re.sub(pattern, instead, text)
    return text


def nightpress() -> AbstractContextManager[None]:
    """What is shown meanwhile, also by the processes that are started, is for who typed
    `nightpress`."""
    return _meanwhile(TYPED, "nightpress")


def dry(root: str = "") -> AbstractContextManager[None]:
    """Meanwhile it is only said what would be done; root: the project, where it is done to a
    copy."""
    return _meanwhile(DRY, root)


@contextmanager
def _meanwhile(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _rules() -> list[tuple[str, str | Callable[[re.Match[str]], str]]]:
    return [
        (rf"\bdoit help (?:enhance|{_VERBS})\b", "nightpress build --help"),
        (rf"\bdoit help ({_TASKS}|{_OF_DOIT})\b", r"nightpress \1 --help"),
        (rf"\bdoit force=1 enhance:{_NAME}", r"nightpress build \1 --force"),
        (r"\bforce=1 enhance:" + _NAME, r"nightpress build \1 --force"),
        (r"\bdoit force=1\b", "nightpress build --force"),
        (r"\bforce=1\b", "--force"),
        (rf"\bdoit enhance:{_NAME}", r"nightpress build \1"),
        (rf"\bdoit ({_VERBS}):{_NAME}?", r"nightpress \1 \2"),
        (rf"\bdoit ((?:{_OF_DOIT})(?: -+\S+)*) enhance:{_NAME}", r"nightpress \1 \2"),
        (rf"\bdoit ((?:{_OF_DOIT})(?: -+\S+)*) enhance\b", r"nightpress \1"),
        (r"\bdoit ([a-z_]+)=(\S*?[A-Za-z0-9])(?=[\s,;.)`'\"]|$)", _option),
        (rf"\bdoit ({_TASKS}|{_VERBS}|{_OF_DOIT})\b", r"nightpress \1"),
        (r"^([a-z]+(?:_[a-z]+)?)=(\S*): expected ", _value),
        (r"\b([a-z]+(?:_[a-z]+)?)=VALUE\b", lambda found: f"--{found[1].replace('_', '-')} VALUE"),
        (rf"\b(?:enhance|{_VERBS}):(?=['\w])", ""),
        (r"(?<![\w./-])doit(?![\w./]|'s| -|-| help)", "nightpress build"),
    ]


def _value(found: re.Match[str]) -> str:
    return f"--{found[1].replace('_', '-')} {found[2]}".rstrip() + ": expected "


def _option(found: re.Match[str]) -> str:
    name = found[1].replace("_", "-")
    return f"nightpress build --{name}" + ("" if found[2] == "1" else f" {found[2]}")
