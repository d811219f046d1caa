"""Findings that were accepted, so that only new ones count: those of a document in the lock file,
and a project's old sins in its baseline. Pure.

A finding is known by its file, its check and its message, not by its line: text above it may
move. Nor by the numbers of its message: a document that is too small is so with one word more. Of
equal findings in one file as many are accepted as were recorded.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256

from nightpress.errors import UsageError
from nightpress.model import Finding

Told = tuple[str, Finding]  # path relative to the project, finding
FORMAT = 1
# a size, a share, a count; a single digit is a level or a list's number
_NUMBER = re.compile(r"(?<![\w./-])\d[\d,.]*\d(?![\w./-]*\w)")


def fingerprints(findings: Iterable[Told]) -> list[str]:
    """One mark per finding, in order; equal findings of one file are numbered."""
    seen: Counter[tuple[str, str, str]] = Counter()
    marks = []
    for path, finding in findings:
        key = (path, *_known_by(finding))
        text = json.dumps([*key, seen[key]])
        marks.append(sha256(text.encode()).hexdigest()[:24])
        seen[key] += 1
    return marks


def marks(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Findings of one document as the lock file names them: `check#digest`, sorted, each once."""
    return tuple(sorted({_mark(finding) for finding in findings}))


def new(findings: Iterable[Finding], accepted: Collection[str]) -> tuple[Finding, ...]:
    """The findings that nobody has accepted, by mark, or with all others of their check."""
    return tuple(f for f in findings if f.check not in accepted and _mark(f) not in accepted)


def _known_by(finding: Finding) -> tuple[str, str]:
    return finding.check, _NUMBER.sub("#", finding.message)


def _mark(finding: Finding) -> str:
    text = json.dumps(_known_by(finding))
    return f"{finding.check}#{sha256(text.encode()).hexdigest()[:12]}"


def dump(findings: Sequence[Told]) -> str:
    """The baseline file: JSON, one finding a line, sorted, so that it merges and reads well."""
    rows = sorted(
        json.dumps([path, finding.check, finding.message, mark], ensure_ascii=True)
        for (path, finding), mark in zip(findings, fingerprints(findings), strict=True)
        if finding.severity != "info"
    )
    inner = ",\n".join(f"  {row}" for row in rows)
    return f'{{"nightpress-baseline": {FORMAT}, "findings": [\n{inner}\n]}}\n'


def without_marks(text: str) -> str:
    """A text; of lines as a baseline has them without the marks, which are digests and no keys."""
    return _ROW.sub(r"\1", text) if '", "' in text else text


_ROW = re.compile(r'(?m)^(  \[".*, )"[0-9a-f]{24}"(?=\],?$)')


def load(text: str) -> frozenset[str]:
    """The marks of a baseline file; raises UsageError for anything else."""
    hint = "write it again with nightpress check --write-baseline"
    try:
        baseline = json.loads(text)
        version = baseline["nightpress-baseline"]
        marks = frozenset(str(row[3]) for row in baseline["findings"])
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise UsageError(f"no baseline file: {type(error).__name__}: {error}", hint) from error
    if version != FORMAT:
        raise UsageError(f"baseline of format {version!r}, {FORMAT} expected", hint)
    return marks


def split(findings: Sequence[Told], accepted: frozenset[str]) -> tuple[list[Told], list[Told]]:
    """(new, accepted) findings, each in the order given."""
    new: list[Told] = []
    old: list[Told] = []
    for finding, mark in zip(findings, fingerprints(findings), strict=True):
        (old if mark in accepted else new).append(finding)
    return new, old
