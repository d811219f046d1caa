"""SARIF: what a forge needs to annotate a file, and nothing that deceives its reader."""

from __future__ import annotations

import json

from nightpress.model import Finding
from nightpress.report.sarif import sarif

FOUND = Finding("secret", "error", "looks like a secret", 7, 3, "revoke it")
WHOLE = Finding("size-window", "warning", "3,279 of 8,000 bytes")


def test_a_run_with_rules_places_and_levels() -> None:
    log = sarif([("a b/SKILL.md", FOUND), ("c.md", WHOLE)], "1.0", {"secret": "No\n  secret."})
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("nightpress", "1.0")
    assert [rule["id"] for rule in driver["rules"]] == ["secret", "size-window"]
    assert driver["rules"][0]["shortDescription"]["text"] == "No secret."
    assert all(rule["help"]["text"] for rule in driver["rules"])
    first, second = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/SKILL.md"
    assert place["region"] == {"startLine": 7, "startColumn": 3}
    assert first["message"]["text"] == "looks like a secret. revoke it"
    assert (first["level"], second["level"]) == ("error", "warning")
    assert driver["rules"][second["ruleIndex"]]["id"] == second["ruleId"]
    whole = second["locations"][0]["physicalLocation"]["region"]
    assert whole == {"startLine": 1}


def test_marks_stay_when_lines_move() -> None:
    def mark(line: int) -> str:
        moved = Finding("secret", "error", "looks like a secret", line, 3)
        log = sarif([("a.md", moved)], "1", {})
        return str(log["runs"][0]["results"][0]["partialFingerprints"]["nightpress/v1"])

    assert mark(7) == mark(70)


def test_hostile_text_is_escaped_and_json() -> None:
    hostile = Finding("x", "info", "a\x1b[31m\u202eb\ud800", 1, 1)
    log = sarif([("\udcff/é.md", hostile)], "1", {})
    text = json.dumps(log, ensure_ascii=False)
    text.encode()
    assert "\x1b" not in text and "\u202e" not in text
    (result,) = log["runs"][0]["results"]
    assert result["level"] == "note"
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "%FF/%C3%A9.md"


def test_no_finding_is_a_valid_log() -> None:
    assert sarif([], "1", {})["runs"][0]["results"] == []
