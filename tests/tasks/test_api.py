"""nightpress from Python: docs/api.md, run as it stands, and what it does not show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nightpress
from nightpress.errors import UsageError
from tests.market import Market, plugin, published

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_page_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("alpha", "beta"):
        plugin(tmp_path, name)
    assert Market(tmp_path).run("nightpress", "init").code == 0
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 5
    names: dict[str, object] = {}
    exec("".join(blocks), names)  # noqa: S102
    printed = capsys.readouterr().out
    assert "alpha/skill plugins/alpha/skills/alpha/SKILL.md make never made" in printed
    assert "0 {'published': 1}" in printed
    assert "beta/skill published" in printed
    assert names["work"] == ["alpha/skill", "beta/skill"]


def test_a_project_before_its_first_run(tmp_path: Path) -> None:
    plugin(tmp_path, "alpha")
    assert Market(tmp_path).run("nightpress", "init").code == 0
    project = nightpress.open_project(tmp_path)
    assert project.ledger("SELECT * FROM enhancements") == []
    assert [item.work for item in project.plan()] == [True]
    assert project.check() == [] or all(d.path for d in project.check())
    nothing = project.build("enhance:nobody")
    assert (nothing.status, nothing.counts) == (3, {})
    assert "nobody" in nothing.output


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no manifests/ folder"):
        nightpress.open_project(tmp_path)
    with pytest.raises(UsageError, match="unknown option 'modle'"):
        nightpress.open_project(published(tmp_path / "shop", "alpha").root, modle="x")
    with pytest.raises(AttributeError, match="no attribute 'open_projekt'"):
        _ = nightpress.open_projekt  # type: ignore[attr-defined]
