"""One YAML file of the project, read and held to its schema: a value and its problems."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from nightpress.backends import BACKENDS
from nightpress.plugin import YamlDocument, YamlError, yaml
from nightpress.project import schema as schemas
from nightpress.project.problems import Problem

MAX_BYTES = 1024 * 1024
MAX_NODES = 20_000


class Memory(Protocol):
    """A cache of texts by key; without it everything is found out anew."""

    def appraisal(self, key: str) -> str | None: ...

    def keep_appraisal(self, key: str, value: str) -> None: ...

    def __hash__(self) -> int: ...


def load(
    path: Path, shown: str, schema: str, memory: Memory | None = None
) -> tuple[YamlDocument | None, list[Problem]]:
    """The document, and every problem; None if it cannot be used at all.

    What memory knows to be without a problem is neither parsed nor held to the schema again
    (loading jsonschema costs as much as making a document offline): the document has its value,
    and no places."""
    data, problem = _bytes(path, shown)
    if problem is not None:
        return None, [problem]
    key = f"parsed {schema} {_digest(schema, data)}"
    appraisal = memory.appraisal(key) if memory is not None else None
    if appraisal is not None:
        return YamlDocument(json.loads(appraisal)), []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place(data, error.start)
        message = f"not UTF-8: byte 0x{data[error.start]:02x}"
        return None, [Problem(shown, line, column, "", message, "save the file as UTF-8")]
    try:
        document = yaml.load(text, max_bytes=MAX_BYTES, max_nodes=MAX_NODES)
    except YamlError as error:
        return None, [Problem(shown, error.line, error.column, "", error.message, _hint(error))]
    if document.value is None:
        hint = schemas.needed(schema)
        return None, [Problem(shown, 1, 1, "", "the file is empty", hint)]
    problems = [*_characters(document, shown), *schemas.problems(document, shown, schema)]
    if memory is not None and not problems:
        memory.keep_appraisal(key, json.dumps(document.value))
    return document, problems


def _digest(schema: str, data: bytes) -> str:
    """Over the schema and a file's bytes: whatever validity turns on."""
    total = _begun(schema, tuple(BACKENDS.scanned())).copy()
    total.update(data)
    return total.hexdigest()


@lru_cache(maxsize=8)
def _begun(schema: str, names: tuple[str, ...]) -> hashlib._Hash:
    return hashlib.sha256(f"{schemas.text(schema)}{list(names)}".encode())


def peek(path: Path) -> dict[str, Any] | None:
    """The mapping that a file holds, unchecked; None if it holds none."""
    data, problem = _bytes(path, "")
    try:
        value = yaml.load(data.decode("utf-8-sig"), max_bytes=MAX_BYTES, max_nodes=MAX_NODES).value
    except (UnicodeDecodeError, YamlError):
        return None
    return value if problem is None and isinstance(value, dict) else None


def _bytes(path: Path, shown: str) -> tuple[bytes, Problem | None]:
    """The file's bytes. A FIFO would hang whoever opens it, so its kind is looked at first."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return b"", Problem(shown, 0, 0, "", "not a regular file", "put a file in its place")
        if status.st_size > MAX_BYTES:
            return b"", Problem(shown, 0, 0, "", f"larger than {MAX_BYTES:,} bytes")
        return path.read_bytes(), None
    except OSError as error:
        hint = f"rename {path.stem}.yml" if path.with_suffix(".yml").exists() else ""
        return b"", Problem(shown, 0, 0, "", f"cannot be read: {error.strerror}", hint)


def _place(data: bytes, offset: int) -> tuple[int, int]:
    before = data[:offset].removeprefix(b"\xef\xbb\xbf")
    row = before[before.rfind(b"\n") + 1 :]
    return before.count(b"\n") + 1, len(row.decode("utf-8", "replace")) + 1


def _characters(document: YamlDocument, shown: str) -> Iterator[Problem]:
    r"""Strings that an escape (`"\ud800"`, `"\0"`) made unfit for files, SQLite and UTF-8."""
    for path, (line, column) in document.keys.items():
        if _is_odd(path[-1]):
            yield Problem(shown, line, column, "", "the key holds a surrogate or NUL")
    for path, (line, column) in document.places.items():
        value = _at(document.value, path)
        if isinstance(value, str) and _is_odd(value):
            dotted = ".".join(map(str, path))
            yield Problem(shown, line, column, dotted, "the value holds a surrogate or NUL")


def _is_odd(text: Any) -> bool:
    return isinstance(text, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _hint(error: YamlError) -> str:
    if "\\t" in error.message or "tab" in error.message:
        return "indent with spaces"
    if "mapping values" in error.message:
        return "quote the value, or indent the line as its neighbours"
    if "anchors" in error.message or "merge keys" in error.message:
        return "write it out; what manifests share belongs in manifests/_defaults.yaml"
    if "duplicate key" in error.message:
        return "remove one of the two"
    return "the mistake may be further up: a bracket, quote or colon that is missing"
