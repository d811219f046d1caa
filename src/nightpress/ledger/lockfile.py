"""nightpress.lock: what is true of the committed tree, committed with it.

One line of JSON per enhancement, sorted by job: the target, its sha256, one digest per ingredient,
who wrote it. A clone without a ledger judges staleness from it. One line each, so that two branches
that made different documents merge without a conflict.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Container, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import asdict

from nightpress.errors import UsageError
from nightpress.model import Fingerprint
from nightpress.storage import private
from nightpress.storage import stamp as stamps

NAME = "nightpress.lock"
HEADER = '{"nightpress.lock":1}'
EMPTY = f"{HEADER}\n".encode()


class Entry(Struct, frozen=True):
    """What was published (or adopted) last: target is relative to the project.

    writer: `offline` or `backend:model`, in words (the model's digest is an ingredient);
    accepted: marks (`check#digest`) of findings that the user accepted with `doit adopt`, or that
    only the document that ours was made from spares it; extends: sha256 of the person's file that
    ours was made from without a loss; witness: of the one that it was made from at all; named:
    short digests of what an adopted document speaks of, by path (a folder ends with `/`); normal:
    the file's digest as `fingerprint.held` tells it, where it is another; linked: folders of the
    plugin's other skills that it was made from, too, and files to which the person's text leads
    that it was made from; own: fields of its frontmatter that its author wrote, where others follow
    plugin.json; declined: marks (`fingerprint.marks`) of the ingredients of a draft that somebody
    rejected: as long as they are the same, the text that stands is right. Lines of before have none
    of them.
    """

    job: str
    target: str
    sha256: str
    status: str
    writer: str
    fingerprint: Fingerprint
    accepted: tuple[str, ...] = ()
    extends: str = ""
    witness: str = ""
    normal: str = ""
    linked: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)


_WORDS = ("job", "target", "sha256", "status", "writer")


def line(entry: Entry) -> str:
    """The entry's line, without its newline; `parse` reads it back."""
    fields: dict[str, object] = {name: getattr(entry, name) for name in _WORDS}
    if entry.accepted:
        fields["accepted"] = entry.accepted
    if entry.extends:
        fields["extends"] = entry.extends
    if entry.witness and entry.witness != entry.extends:
        fields["witness"] = entry.witness
    if entry.normal:
        fields["normal"] = entry.normal
    if entry.linked:
        fields["linked"] = entry.linked
    if entry.own:
        fields["own"] = entry.own
    if entry.declined:
        fields["declined"] = entry.declined
    if entry.named:
        fields["named"] = dict(sorted(entry.named.items()))
    fields |= {name: one for name, one in asdict(entry.fingerprint).items() if one}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def parse(text: str) -> Entry:
    """One line; raises ValueError for what is none."""
    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise ValueError("not an object")
    ingredients = {name: str(fields[name]) for name in Fingerprint.__struct_fields__[:-1]}
    words = {name: str(fields[name]) for name in _WORDS}
    return Entry(
        **words,
        fingerprint=Fingerprint(**ingredients, telling=str(fields.get("telling", ""))),
        accepted=tuple(str(name) for name in fields.get("accepted", ())),
        extends=str(fields.get("extends", "")),
        witness=str(fields.get("witness", fields.get("extends", ""))),
        normal=str(fields.get("normal", "")),
        linked=tuple(str(folder) for folder in fields.get("linked", ())),
        own=tuple(str(name) for name in fields.get("own", ())),
        declined=tuple(str(mark) for mark in fields.get("declined", ())),
        named={str(path): str(short) for path, short in dict(fields.get("named", {})).items()},
    )


class Lock(Mapping[str, Entry]):
    """The file's entries by job. One run looks at a few of tens of thousands, so they stay the
    bytes that they are: a line is found by bisection, and parsed when it is asked for.

    data: the file as `render` writes it; sha256: of the file as it was read; in_order: those are
    the same bytes.
    """

    def __init__(self, data: bytes, sha256: str, *, in_order: bool) -> None:
        self.data = data
        self.sha256 = sha256
        self.in_order = in_order

    def __getitem__(self, job: str) -> Entry:
        start, end = _place(self.data, job)
        if start == end:
            raise KeyError(job)
        return parse(self.data[start:end].decode("utf-8"))

    def __iter__(self) -> Iterator[str]:
        return (_job(line) for line in self._lines())

    def __len__(self) -> int:
        return self.data.count(b"\n") - 1

    def _lines(self) -> list[bytes]:
        return self.data.split(b"\n")[1:-1]

    def strangers(self, slugs: Container[str]) -> Iterator[Entry]:
        """The entries of the plugins that are none of these."""
        for line in self._lines():
            if _job(line).partition("/")[0] not in slugs:
                yield parse(line.decode("utf-8"))

    def digests(self) -> dict[str, str]:
        """slug -> digest of its lines, of every plugin."""
        plugins = groupby(self._lines(), lambda line: _job(line).partition("/")[0])
        return {slug: _digest(b"\n".join(lines) + b"\n") for slug, lines in plugins}

    def digest(self, slug: str) -> str:
        """The digest of one plugin's lines; "" if it has none."""
        lines = self._lines_of(slug)
        return _digest(lines) if lines else ""

    def of(self, slug: str) -> list[Entry]:
        """The entries of one plugin, by job."""
        return [parse(line) for line in self._lines_of(slug).decode("utf-8").split("\n")[:-1]]

    def _lines_of(self, slug: str) -> bytes:
        bounds = (b"/", b"0")  # from the first `slug/` to what follows the last: "0" is next to "/"
        start, end = (_first(self.data, _BEGINNING + slug.encode() + bound) for bound in bounds)
        return self.data[start:end]


def _digest(lines: bytes) -> str:
    return hashlib.sha256(lines).hexdigest()


def spliced(data: bytes, lines: Mapping[str, str | None]) -> bytes:
    """The file with these lines put in by job; None takes one out."""
    parts: list[bytes | memoryview] = []
    view, at = memoryview(data), 0
    for job in sorted(lines, key=_head):
        start, end = _place(data, job)
        parts.append(view[at:start])
        if (line := lines[job]) is not None:
            parts.append(f"{line}\n".encode())
        at = end
    return b"".join([*parts, view[at:]])


_BEGINNING = b'{"job":"'


def _head(job: str) -> bytes:
    """How the line of a job begins: what the lines are sorted by."""
    return _BEGINNING + job.encode() + b'"'


def _job(line: bytes) -> str:
    return line[len(_BEGINNING) : line.index(b'"', len(_BEGINNING))].decode()


def _place(data: bytes, job: str) -> tuple[int, int]:
    """Where the line of a job begins and ends; where it would stand, twice, if there is none."""
    head = _head(job)
    start = _first(data, head)
    there = data.startswith(head, start)
    return start, data.index(b"\n", start) + 1 if there else start


def _first(data: bytes, head: bytes) -> int:
    """Where the first line begins that does not sort before `head`."""
    low, high = data.index(b"\n") + 1, len(data)
    while low < high:
        start = max(low, data.rfind(b"\n", low, (low + high) // 2) + 1)
        if data[start : start + len(head)] < head:
            low = data.index(b"\n", start) + 1
        else:
            high = start
    return low


def read(path: Path, known: str = "") -> Lock:
    """Every entry by job; a missing file is an empty one. known: sha256 of a file of which every
    line was found good, and in order, before.

    Raises UsageError with file and line for damage (a merge conflict, say).
    """
    global _read
    try:
        with open(path, "rb", opener=private.opened) as file:
            stamp = (str(path), stamps.of(os.fstat(file.fileno())))
            if _read is not None and _read[0] == stamp:
                return _read[1]
            data = file.read()
    except FileNotFoundError:
        return Lock(EMPTY, "", in_order=True)
    except OSError as error:
        is_none = path.exists() and not path.is_file()
        hint = f"mv {path.name} elsewhere" if is_none else f"ls -l {path.name}"
        raise UsageError(f"{path.name} cannot be read: {error.strerror}", hint) from error
    sha256 = hashlib.sha256(data).hexdigest()
    ours = data if sha256 == known else render(_rows(path.name, data))
    lock = Lock(ours, sha256, in_order=ours == data)
    _read = (stamp, lock)
    return lock


def _rows(name: str, data: bytes) -> dict[str, str]:
    """Each line by its job, as `line` writes it; of two of one job, the last."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: not UTF-8 ({error.reason})", _REBUILD) from error
    rows = {}
    for number, row in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not row or row == HEADER:
            continue
        try:
            job, row = _canonical(row)
        except (ValueError, KeyError, RecursionError) as error:
            if row[:7] in _CONFLICT:
                raise UsageError(f"{name}:{number}:1: a merge conflict", _REBUILD) from error
            raise UsageError(f"{name}:{number}:1: not an entry ({error})", _REPAIR) from error
        rows[job] = row
    return rows


def _canonical(row: str) -> tuple[str, str]:
    """A line's job, and the line so that it begins with it; raises as `parse`."""
    entry = parse(row)
    head = _head(entry.job)
    for text in (row, line(entry)):
        if text.encode().startswith(head):
            return entry.job, text
    raise ValueError(f"no enhancement can be named {entry.job!r}")


_read: tuple[tuple[object, ...], Lock] | None = None
"""The file as it was read last in this process, and its stamp: one run reads it several times."""


def render(rows: Mapping[str, str]) -> bytes:
    """The whole file: the header, then the lines sorted by job."""
    return ("\n".join([HEADER, *(rows[job] for job in sorted(rows, key=_head))]) + "\n").encode()


_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")
_REPAIR = "correct the line, or: git restore nightpress.lock; then run doit"
_REBUILD = "correct the line, or take one side: git checkout --ours nightpress.lock; then run doit"
