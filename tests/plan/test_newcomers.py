"""Plugins that come and go: told, whichever way a run looks."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from nightpress.clock import RealClock
from nightpress.plan.newcomers import Newcomers, newcomers
from nightpress.project.project import Project
from tests.market import Market, plugin, published

TOLD = "new plugin without a manifest: plugins/gamma (doit manifests writes it)"


@pytest.fixture
def market(tmp_path: Path) -> Market:
    return published(tmp_path / "shop", "alpha", "beta")


def quiet(market: Market) -> None:
    for _ in range(3):
        time.sleep(0.15)  # younger files are not trusted
        market.done()


def test_a_new_folder_is_told_by_plain_doit_also_on_the_short_way(market: Market) -> None:
    quiet(market)
    assert "new plugin" not in market.done().out
    plugin(market.root, "gamma")
    assert TOLD in market.done().out
    quiet(market)
    assert market.done().out == f"nothing to do: 2 up to date\n{TOLD}\n"
    assert TOLD in market.done("plan").out
    assert json.loads(market.done("plan", "--format", "json").out)["new_plugins"] == [
        "plugins/gamma"
    ]
    assert "new plugin" not in market.done("enhance:alpha").out
    market.done("manifests")
    assert "new plugin" not in market.doit().out


def test_a_folder_becomes_a_plugin_later(market: Market) -> None:
    (market.root / "plugins" / "gamma" / ".claude-plugin").mkdir(parents=True)
    quiet(market)
    assert "new plugin" not in market.done().out
    (market.root / "plugins" / "gamma" / ".claude-plugin" / "plugin.json").write_text("{}")
    assert TOLD in market.done().out


def seen(root: Path, *known: str) -> Newcomers:
    project = Project(root, {}, {}, RealClock())
    try:
        return newcomers(project, known)
    finally:
        project.index.close()


def test_what_is_listed_counts_wherever_it_lies(tmp_path: Path) -> None:
    listed = [
        {"name": "far", "source": "./other/far"},
        {"name": "based", "source": "based"},
        {"name": "gone", "source": "./other/gone"},
        {"name": "up", "source": "./../up"},
        {"name": "remote", "source": {"source": "github", "repo": "a/b"}},
        "odd",
    ]
    value = {"metadata": {"pluginRoot": "./more"}, "plugins": listed}
    for folder in ("other/far", "more/based", ".claude-plugin", "manifests"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / ".claude-plugin" / "marketplace.json").write_text(json.dumps(value))
    assert seen(tmp_path).folders == ("more/based", "other/far")
    assert seen(tmp_path, "more/based").folders == ("other/far",)
    (tmp_path / "manifests" / "_defaults.yaml").write_text("ignore: [other]\n")
    assert seen(tmp_path).folders == ("more/based",)
    (tmp_path / ".claude-plugin" / "marketplace.json").write_text("{")
    assert seen(tmp_path).folders == ()


def test_what_is_hidden_ignored_or_a_link_is_no_newcomer(tmp_path: Path) -> None:
    for name in ("known", ".hidden", "node_modules", "real"):
        plugin(tmp_path, name)
    (tmp_path / "plugins" / "link").symlink_to("real")
    assert seen(tmp_path, "plugins/known").folders == ("plugins/real",)


def test_many_are_told_in_one_line() -> None:
    said = Newcomers(tuple(f"p/{n}" for n in range(1200))).sentence()
    assert said.startswith("1,200 new plugins without a manifest: p/0, p/1, p/2, ... (doit")
    assert Newcomers().sentence() == ""


def test_no_manifests_folder_is_an_error(market: Market) -> None:
    quiet(market)
    shutil.rmtree(market.root / "manifests")
    for words in ((), ("plan",), ("validate",)):
        ran = market.doit(*words)
        assert ran.code == 3, words
        assert "there is no manifests/ folder here\n  hint: nightpress init" in ran.out + ran.err
