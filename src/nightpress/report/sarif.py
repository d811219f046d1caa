"""Findings as SARIF 2.1.0, which forges turn into annotations of files. Pure.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0; GitHub's "SARIF support for code
scanning" (level, partialFingerprints, relative URIs).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from nightpress.checks import baseline
from nightpress.model import Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif(
    findings: Iterable[tuple[str, Finding]], version: str, rules: Mapping[str, str]
) -> dict[str, Any]:
    """One run as a SARIF log.

    findings: (path relative to the repository's root, finding); version: of nightpress; rules:
    what each check demands, by name (a finding's check may be absent). Characters that SARIF's
    readers would show raw (controls, lone surrogates) are escaped.
    """
    placed = list(findings)
    names = sorted({finding.check for _, finding in placed})
    index = {name: at for at, name in enumerate(names)}
    marks = baseline.fingerprints(placed)
    driver = {
        "name": "nightpress",
        "version": version,
        "rules": [_rule(name, rules.get(name, name)) for name in names],
    }
    results = [
        _result(path, finding, index[finding.check], mark)
        for (path, finding), mark in zip(placed, marks, strict=True)
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name: str, text: str) -> dict[str, Any]:
    sentence = _shown(" ".join(text.split()))
    return {
        "id": name,
        "shortDescription": {"text": sentence},
        "fullDescription": {"text": sentence},
        "help": {"text": f"{sentence} nightpress check --explain {name} says the same."},
    }


def _result(path: str, finding: Finding, rule: int, mark: str) -> dict[str, Any]:
    text = f"{finding.message}. {finding.hint}" if finding.hint else finding.message
    region = {"startLine": max(1, finding.line)}
    if finding.column:
        region["startColumn"] = finding.column
    uri = quote(path.encode("utf-8", "surrogateescape"))
    return {
        "ruleId": finding.check,
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": _shown(text)},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}],
        "partialFingerprints": {"nightpress/v1": mark},
    }


def _shown(text: str) -> str:
    """Text with what could deceive a reader written as \\uXXXX."""
    return re.sub(
        "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]",
        lambda m: f"\\u{ord(m[0]):04x}",
        text,
    )
