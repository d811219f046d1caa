"""The press is killed at every step of its batch jobs: no reply is lost, and none is paid twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, environment, plugin
from tests.pipeline.test_gemini import configure
from tests.preloaded import preloaded


def courses(tmp_path: Path, mutant: str = "", only: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What became of each course; the first was not killed."""
    source, work = tmp_path / "source", tmp_path / "work"
    plugin(source, "alpha", size=4_000)
    plugin(source, "beta", size=4_000)
    made = Market(source)
    assert made.run("nightpress", "init").code == 0
    configure(made, "gemini: {lane: batch}\npaid: true\npace: {profile: unpaced}")
    work.mkdir()
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        environ = {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}
        words = [str(source), str(work), mutant, *only]
        code, out, err = preloaded().run(
            "tests.pipeline.batch_crash", words, tmp_path, environment(**environ), seconds=600
        )
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


def violations(found: Sequence[dict[str, Any]]) -> list[str]:
    whole, broken = found[0], []
    for one in found:
        where = f"run {one['run']}, {one['step']}"
        for holds, what in (
            (set(one["targets"]) == set(whole["targets"]), "not all documents"),
            (one["twice"] == 0, f"{one['twice']} questions paid twice"),
            (one["paid"] == whole["paid"], f"{one['paid']} replies paid, {whole['paid']} needed"),
            (one["recorded"] == one["paid"], f"{one['recorded']} of {one['paid']} on record"),
            (one["left"] == [0, 0], f"jobs and questions left open: {one['left']}"),
            (one["jobs"] <= whole["jobs"] + 1, f"{one['jobs']} jobs"),
        ):
            if not holds:
                broken.append(f"{where}: {what}")
    return broken


def test_no_kill_point_loses_or_doubles_a_batch_job(tmp_path: Path) -> None:
    found = courses(tmp_path)
    steps = {one["step"] for one in found}
    assert {"before:provider.send", "after:provider.send", "before:batches.take"} <= steps
    assert len(found) > 20
    assert len(found[0]["targets"]) == 2
    assert violations(found) == []


def test_nor_does_one_that_goes_by_a_file(tmp_path: Path) -> None:
    """Killed after the upload, after the creation, before each look and download."""
    steps = ["after:provider.upload", "after:provider.create", "before:provider._get"]
    found = courses(tmp_path, "by-file", steps)
    assert {one["step"] for one in found} == {"", *steps}
    assert [one["by_file"] for one in found] == [one["jobs"] for one in found]
    assert len(found[0]["targets"]) == 2
    assert violations(found) == []


@pytest.mark.parametrize("mutant", ["no-search", "name-last"])
def test_a_job_that_is_not_named_first_or_not_looked_for_is_paid_twice(
    tmp_path: Path, mutant: str
) -> None:
    found = courses(tmp_path, mutant, ["after:provider.send"])
    assert any("paid twice" in text for text in violations(found))
