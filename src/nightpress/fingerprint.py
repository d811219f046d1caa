"""What an enhancement is made from, as one digest per ingredient.

Pure functions of values. Change one ingredient, and exactly the enhancements that are made from it
are stale; the names of the ingredients are the words of the reasons.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Mapping

from nightpress.model import Enhancement, Fingerprint, Generator, Request


def digest(*parts: str) -> str:
    """sha256 of the parts, each with its length, so that no two lists of parts run together."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        total.update(b"%d:" % len(data))
        total.update(data)
    return total.hexdigest()


def marks(made_from: Fingerprint) -> frozenset[str]:
    """Short digests of all ingredients, with the content as it is and, where that is known, with
    what it tells: either says that nothing differs which would make another document."""
    others = (made_from.generator, made_from.schemas, made_from.settings, made_from.model)
    told = [("content", made_from.content), ("telling", made_from.telling)]
    return frozenset(digest(*one, *others)[:_MARK] for one in told if one[1])


_MARK = 16


def sha256(data: bytes) -> str:
    """Digest of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def normal(data: bytes) -> bytes:
    """A text as git holds it and editors leave it: no byte order mark, line ends LF, no blanks at
    line ends, one newline at the end. What is no text stays as it is."""
    if b"\0" in data[:8192]:
        return data
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    if b" \n" in data or b"\t\n" in data or data[-1:] in (b" ", b"\t"):
        data = b"\n".join(line.rstrip(b" \t") for line in data.split(b"\n"))
    return data.rstrip(b"\n") + b"\n" if data.strip() else data


def broken(data: bytes) -> bytes:
    """`normal`, with the blanks that mean something in Markdown: two before a line
    end within a paragraph break the line there."""
    lines = data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").split(b"\n")
    found = (
        line.rstrip(b" \t") + (b"  " if _BREAK.search(line) and _GOES_ON.match(below) else b"")
        for line, below in zip(lines, [*lines[1:], b""], strict=True)
    )
    return b"\n".join(found).rstrip(b"\n") + b"\n"


_BREAK = re.compile(rb"^(?!\s*[#|`~]).*\S {2,}$")
_GOES_ON = re.compile(rb"\s*(?![-*+]\s|\d+[.)]\s|[#|>]|```|~~~|---)\S")


def held(path: str, data: bytes) -> str:
    """Digest of a file as content: the same for whatever checkout and formatter it went through.
    Of a pointer that Git LFS left in its place: that of the file; of JSON: of its value, of a
    plugin.json without what speaks of the release alone, which no document is made from."""
    if (oid := lfs_oid(data)) is not None:
        return oid
    if path.endswith(".json") and len(data) <= _JSON_CAP:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return sha256(normal(data))
        if path.rpartition("/")[2] == "plugin.json" and isinstance(value, dict):
            said = canonical({k: value[k] for k in value if k not in RELEASE})
            return digest("plugin.json", said)
        return digest("json", json.dumps(value))
    return sha256(normal(data))


def lfs_oid(data: bytes) -> str | None:
    """The sha256 of the file that a Git LFS pointer stands for; None: it is no pointer."""
    if len(data) > 1024 or not data.startswith(_POINTER):
        return None
    found = re.search(rb"\noid sha256:([0-9a-f]{64})\n", data)
    return found[1].decode() if found else None


_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_JSON_CAP = 64 * 1024
RELEASE = frozenset({"version", "author", "license", "homepage", "repository", "$schema"})
"""What of a plugin.json no document is made from: fields of the frontmatter follow it."""


def content(files: Mapping[str, str]) -> str:
    """Digest of a plugin's content: path -> sha256 of each file that counts. Some file systems
    spell a letter with an accent as one character, some as two: it is the same path."""
    spelled = sorted((composed(path), files[path]) for path in files)
    return digest(*(part for row in spelled for part in row))


def composed(path: str) -> str:
    """The path with each letter and its accent as one character, where there is one (NFC)."""
    if path.isascii():
        return path
    from unicodedata import normalize

    return normalize("NFC", path)


def canonical(value: object) -> str:
    """One text for one value: JSON, sorted."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)


def settings(enhancement: Enhancement, told: Mapping[str, object]) -> str:
    """Digest of what the manifest says of this enhancement, defaults included; told: and of the
    plugin itself, where its own plugin.json is silent."""
    declared = {
        key: value for key, value in enhancement.settings.items() if key not in _NOT_SETTINGS
    }
    size = [str(enhancement.size.min), str(enhancement.size.max)]
    if enhancement.size.floor == "fixed":  # content is what it was before there was a choice
        size.append("fixed")
    more = [canonical(told)] if told else []
    return digest(enhancement.generator, enhancement.target, *size, canonical(declared), *more)


def question(writer: str, request: Request) -> str:
    """Digest of all that a reply depends on; the same question has the same one for ever."""
    system, prompt = request.asked or (request.system, request.prompt)
    return digest(
        writer, request.phase, system, prompt, canonical(request.schema),
        str(request.max_output_tokens),
    )  # fmt: skip


def ingredients(request: Request) -> dict[str, str]:
    """What a question is made from, in words -> its digest; the plugin's files by their paths."""
    made, anatomy = request.material, request.material.anatomy
    plugin = [anatomy.name, anatomy.description, anatomy.version, anatomy.author, anatomy.keywords]
    place = [made.target, made.window.min, made.window.max, made.window.upto, made.links,
             made.siblings, made.profile, made.references]  # fmt: skip
    parts: dict[str, object] = {
        "what plugin.json says of the plugin": plugin,
        "what is known of its other files": [[f.kind, f.name, f.values] for f in anatomy.facts],
        "the generator": made.generator.digest if made.generator is not None else "",
        "the schema": request.schema,
        "the manifest (target, size, links)": place,
        "the text that stood there before": made.standing,
        "the output budget": request.max_output_tokens,
        ANALYSIS: made.analysis,
        WORDING: list(request.asked or (request.system, request.prompt)),
    }
    files = {file.path: (file.sha256 or sha256(file.text.encode("utf-8", "replace")))[:12]
             for file in anatomy.files}  # fmt: skip
    return files | {name: digest(canonical(part))[:12] for name, part in parts.items()}


ANALYSIS = "the analysis of the plugin"
WORDING = "the wording"


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What of a question is another one than it was, in words. That the analysis is another, or the
    wording, is only said where nothing is that they are made from."""
    found = {
        name: "changed" if name in before and name in now else "is gone" if name in before else
        "is new"
        for name in {**before, **now}
        if before.get(name) != now.get(name)
    }  # fmt: skip
    for derived in (WORDING, ANALYSIS):
        if len(found) > 1:
            found.pop(derived, None)
    return [f"{name} {how}" for name, how in found.items()]


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
    told: Mapping[str, object],
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
