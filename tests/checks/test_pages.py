"""docs/checks.md is what the registry says; the benchmark measures what it promises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from nightpress.checks import REGISTRY
from nightpress.checks.registry_docs import page, rules

ROOT = Path(__file__).parents[2]


def test_the_page_is_current() -> None:
    written = (ROOT / "docs" / "checks.md").read_text("utf-8")
    assert written == page(), "run: python -m nightpress.checks > docs/checks.md"


def test_every_gate_is_explained() -> None:
    for gate in REGISTRY.values():
        assert (gate.check.__doc__ or "").strip(), gate.name
        assert f"| `{gate.name}` |" in page()
    assert set(rules()) == set(REGISTRY) and all(rules().values())


def test_the_benchmark_is_one_json_object() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "gates", "--json", "--rounds", "1", "--corpus",
         "/none", "--field", "/none"],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["defects"] >= 60 and result["caught"] == result["defects"], result["missed"]
    assert result["clean_findings"] == 0
    assert result["ms_per_document"] > 0


def test_an_unknown_benchmark_is_a_usage_error() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "gate"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 3 and "did you mean gates?" in done.stderr
