"""action.yml, the script and the example workflows: what they say exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.market import Market, environment, published

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "ci" / "nightpress-ci.sh"


def _yaml(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((ROOT / name).read_text())


def test_the_action_hands_nothing_to_a_shell_but_by_the_environment() -> None:
    action = _yaml("action.yml")
    assert action["runs"]["using"] == "composite"
    runs = [step for step in action["runs"]["steps"] if "run" in step]
    assert runs
    for step in runs:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
    named = set(re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text()))
    assert named == set(action["inputs"])
    outputs = set(re.findall(r"outputs\.([a-z-]+)", (ROOT / "action.yml").read_text()))
    source = (ROOT / "src" / "nightpress" / "cli" / "nightly.py").read_text()
    assert all(f"{name.replace('-', '_')}=" in source for name in outputs)


@pytest.mark.parametrize("name", ["ci/check.yml", "ci/nightly.yml"])
def test_an_example_gives_the_action_what_it_knows(name: str) -> None:
    inputs, seen = _yaml("action.yml")["inputs"], 0
    for job in _yaml(name)["jobs"].values():
        for step in job["steps"]:
            if "nightpress@" in step.get("uses", ""):
                seen += 1
                assert set(step.get("with", {})) <= set(inputs)
                for line in step["with"]["arguments"].split():
                    assert line.partition("=")[0] in _help(step["with"].get("job", "check"))
    assert seen == 1


def test_the_example_for_gitlab_has_options_that_exist() -> None:
    text = (ROOT / "ci" / "gitlab.yml").read_text()
    _yaml("ci/gitlab.yml")
    assert set(re.findall(r" (--[a-z-]+)", text.partition("ci nightly")[2])) <= set(
        re.findall(r"--[a-z-]+", _help("nightly"))
    )


def _help(job: str) -> str:
    return Market(ROOT).run("nightpress", "ci", job, "--help-all").out


def test_the_script_runs_the_job_with_arguments_one_a_line(tmp_path: Path) -> None:
    market = published(tmp_path / "a market", "alpha")
    nightpress = Path(sys.executable).parent / "nightpress"
    sarif = market.root / "out file.sarif"
    environ = environment(
        NIGHTPRESS=str(nightpress), NIGHTPRESS_ARGUMENTS=f"--sarif={sarif}\n--stale=ignore\n"
    )
    environ.pop("GITHUB_ACTIONS", None)
    done = subprocess.run(
        [str(SCRIPT), "check"], cwd=market.root, env=environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 document: 0 errors" in done.stdout
    assert sarif.exists()
    assert os.access(SCRIPT, os.X_OK)
