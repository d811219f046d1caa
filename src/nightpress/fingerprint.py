"""What an enhancement is made from, as one digest per ingredient.

Pure functions of values. Change one ingredient, and exactly the enhancements that are made from it
are stale; the names of the ingredients are the words of the reasons.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from nightpress.model import Enhancement, Fingerprint, Generator


def digest(*parts: str) -> str:
    """sha256 of the parts, each with its length, so that no two lists of parts run together."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        total.update(b"%d:" % len(data))
        total.update(data)
    return total.hexdigest()


def sha256(data: bytes) -> str:
    """Digest of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def content(files: Mapping[str, str]) -> str:
    """Digest of a plugin's content: path -> sha256 of each file that counts."""
    return digest(*(part for path in sorted(files) for part in (path, files[path])))


def canonical(value: object) -> str:
    """One text for one value: JSON, sorted."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)


def settings(enhancement: Enhancement, told: Mapping[str, str]) -> str:
    """Digest of what the manifest says of this enhancement, defaults included; told: and of the
    plugin itself, where its own plugin.json is silent."""
    declared = {
        key: value for key, value in enhancement.settings.items() if key not in _NOT_SETTINGS
    }
    size = (str(enhancement.size.min), str(enhancement.size.max))
    more = [canonical(told)] if told else []
    return digest(enhancement.generator, enhancement.target, *size, canonical(declared), *more)


def writer(backend: str, model: str) -> str:
    """Who writes, in words: `offline`, `BACKEND:MODEL`."""
    return backend if backend == "offline" else f"{backend}:{model}"


def of(
    files: Mapping[str, str],
    enhancement: Enhancement,
    generator: Generator,
    analysis: Generator,
    schema: str,
    written_by: str,
    told: Mapping[str, str],
) -> Fingerprint:
    """The fingerprint of one enhancement; schema: the text of the analysis contract; told: what
    the manifest says of the plugin."""
    return Fingerprint(
        content=content(files),
        generator=digest(generator.digest, analysis.digest),
        schemas=digest(schema),
        settings=settings(enhancement, told),
        model=digest(written_by),
    )


# how a document is made does not depend on who may publish it, nor is the model a setting twice
_NOT_SETTINGS = frozenset(
    {"publish", "standing", "backend", "model", "generator", "target", "size"}
)
