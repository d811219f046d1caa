"""What leaves this machine: the plugin's text without its secrets, and one last look at each
request.

Sources are cleaned as they are read, and each place is told; `check` is asked of every request that
a provider would get, whatever it was put together from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.checks import secrets
from nightpress.errors import Withheld
from nightpress.model import Anatomy, Request, SourceFile
from nightpress.plan import PluginState
from nightpress.plugin import is_secret, sources


def anatomy(plugin: PluginState, read: sources.Sources) -> Anatomy:
    """The plugin as a provider may see it. A keyword, or an author, that holds a secret is left
    out; a text keeps the rest of it."""
    files = tuple(_cleaned(file) for file in read.files)
    told = {key: _without(said) for key, said in plugin.told.items()}
    built = sources.anatomy_of(plugin.root, replace(read, files=files), told)
    return replace(
        built,
        author="" if secrets.MARK in built.author else built.author,
        version="" if secrets.MARK in built.version else built.version,
        keywords=tuple(word for word in built.keywords if secrets.MARK not in word),
    )


def clean(text: str) -> str:
    """The text without its secrets."""
    return _clean(text)[0]


def analysis(told: Mapping[str, Any]) -> dict[str, Any]:
    """An analysis without the secrets that a reply echoes."""
    return {key: _without(value) for key, value in told.items()}


def _without(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {key: _without(inner) for key, inner in value.items()}
    return [_without(inner) for inner in value] if isinstance(value, list) else value


def places(plugin: PluginState, read: sources.Sources) -> Iterator[str]:
    """`PATH:LINE: what` of each secret in the plugin's sources (`PATH: what` of one that is a
    name), for the user."""
    folder = plugin.manifest.path if plugin.manifest is not None else plugin.slug
    prefix = "" if folder == "." else f"{folder}/"
    for path in plugin.files:
        if (kind := secrets.is_called_by(path)) and is_secret(path, plugin.secret_names):
            # no message holds it either: they travel to logs, and to whoever is told of a run
            names = (f"{n[:4]}..." if secrets.is_called_by(n) else n for n in path.split("/"))
            yield (
                f"{prefix}{'/'.join(names)}: its name looks like a secret ({kind}): no document is"
                " made from it; if it is real, revoke it"
            )
    for file in read.files:
        for line, kind in _clean(file.text)[1]:
            yield (
                f"{prefix}{file.path}:{line}: looks like a secret ({kind}): it is left out of what"
                " is sent; if it is real, revoke it"
            )


def check(request: Request) -> None:
    """Raises Withheld for a request that still holds what looks like a secret. The one way out:
    nothing goes to a provider but what passed here."""
    schema = fingerprint.canonical(request.schema) if request.schema is not None else ""
    for part, text in (("system", request.system), ("prompt", request.prompt), ("schema", schema)):
        for start, _end, kind in secrets.find(text):
            line = text.count("\n", 0, start) + 1
            raise Withheld(
                f"not sent: line {line} of the {part} of its {request.phase} looks like a secret"
                f" ({kind})",
                "look at the generator's files and the manifest; no call is made for it until they,"
                " or the plugin, change",
            )


def _cleaned(file: SourceFile) -> SourceFile:
    text, found = _clean(file.text)
    return replace(file, text=text) if found else file


@lru_cache(maxsize=1_024)
def _clean(text: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """(the text without its secrets, (line, kind) of each); a plugin's files are looked at for
    each of its documents."""
    found = tuple(secrets.find(text))
    places = tuple((text.count("\n", 0, start) + 1, kind) for start, _, kind in found)
    return secrets.redacted(text, found)[0], places
