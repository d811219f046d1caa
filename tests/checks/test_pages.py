"""docs/checks.md is what the registry says; the benchmark measures what it promises."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.__main__ import main as benchmarks

from nightpress.checks import REGISTRY
from nightpress.checks.registry_docs import OTHERS, explained, page, rules
from tests.checks.defects import all_defects

ROOT = Path(__file__).parents[2]


def test_the_page_is_current() -> None:
    written = (ROOT / "docs" / "checks.md").read_text("utf-8")
    assert written == page(), "run: python -m nightpress.checks > docs/checks.md"


def test_every_gate_is_explained() -> None:
    for gate in REGISTRY.values():
        assert (gate.check.__doc__ or "").strip(), gate.name
        assert f"| `{gate.name}` |" in page()
    assert not set(OTHERS) & set(REGISTRY)
    assert set(rules()) == set(REGISTRY) and all(rules().values())


def test_the_benchmark_is_one_json_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    some = all_defects()[::8]  # each of them is a case of test_defects
    monkeypatch.setattr("benchmarks.gates.all_defects", lambda: some)
    words = ["gates", "--json", "--rounds", "1", "--corpus", "/none", "--field", "/none"]
    assert benchmarks(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["defects"] == result["caught"] == len(some) > 30, result["missed"]
    assert result["clean_findings"] == 0
    assert result["ms_per_document"] > 0


def test_an_unknown_benchmark_is_a_usage_error() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "gate"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 3 and "did you mean gates?" in done.stderr


def test_false_alarms_are_counted_by_gate(tmp_path: Path) -> None:
    from benchmarks import false_alarms

    def row(path: str, *gates: str) -> dict[str, object]:
        findings = [{"check": gate, "severity": "error"} for gate in gates]
        return {"path": path, "score": 90, "findings": findings}

    results = [row("a", "name-form"), row("b", "agent-exists"), row("c", "agent-exists"), row("d")]
    (tmp_path / "check.json").write_text(json.dumps({"results": results}))
    (tmp_path / "read.txt").write_text("agent-exists b\n")
    words = [str(tmp_path / "check.json"), "--read", str(tmp_path / "read.txt")]
    result = false_alarms.main(words)
    assert result["gates"]["agent-exists"] == {"documents": 2, "false": 1}
    assert "| agent-exists | 2 | 1 | 25.0 % |" in false_alarms.render(result)
    assert "| name-form | 1 | 0 | 0.0 % |" in false_alarms.render(result)


def test_every_rule_that_the_code_names_is_explained() -> None:
    """Also those of the plugins themselves, and of the project as a whole."""
    package = ROOT / "src" / "nightpress"
    named = {
        match[1]
        for file in (*package.glob("checks/*.py"), *package.glob("plan/*.py"))
        for match in re.finditer(r"\b(?:Source)?Finding\(\s*\"([a-z-]+)\"", file.read_text("utf-8"))
    }
    claimed = (package / "checks" / "claimed.py").read_text("utf-8")
    named |= set(re.findall(r"_(?:of_spot|told)\([^\"()]*\"([a-z]+-[a-z]+)\"", claimed))
    assert len(named) > 15
    assert named - set(explained()) == set()
