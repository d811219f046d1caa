"""One bad input is one notice: whatever it sets off, the others go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightpress.clock import RealClock
from nightpress.plan import gather
from nightpress.project import Project, discover
from tests.market import Market, plugin

TOKEN = "ghp_" + "Zk3qWv9TbX1mLr7YpN5sDf8HjC2aGu4EoKi6"


@pytest.fixture
def market(tmp_path: Path) -> Market:
    for name in ("alpha", "beta"):
        plugin(tmp_path, name, size=12_000)
    return Market(tmp_path)


def listing(market: Market, *entries: object) -> None:
    path = market.root / ".claude-plugin" / "marketplace.json"
    path.parent.mkdir(exist_ok=True)
    alpha = {"name": "alpha", "source": "./plugins/alpha"}
    path.write_text(json.dumps({"name": "m", "plugins": [alpha, *entries]}))


ODD = [
    {"name": "b", "source": {"source": ["github"]}},
    {"name": "b", "source": {"source": {"a": 1}, "path": "x"}},
    {"name": ["b"], "source": 7},
    {"name": "b", "source": "\0"},
    {"name": "b", "source": "x/" * 3_000},
    {"name": "b", "source": {"source": "local", "path": ["plugins", "beta"]}},
    "no object",
    [],
    None,
]


@pytest.mark.parametrize("entry", ODD, ids=lambda e: json.dumps(e)[:30])
def test_an_odd_entry_of_a_marketplace_is_a_notice(market: Market, entry: object) -> None:
    listing(market, entry)
    done = market.run("nightpress", "init")
    assert done.code == 0 and "Traceback" not in done.out + done.err
    assert ".claude-plugin/marketplace.json" in done.out
    assert (market.root / "manifests" / "alpha.yaml").exists()


def test_it_stops_neither_manifests_nor_a_backup(market: Market) -> None:
    listing(market, *ODD)
    assert market.run("nightpress", "init").code == 0
    for words in (("manifests",), ("backup",), ("plan",)):
        done = market.doit(*words)
        assert done.code == 0 and "Traceback" not in done.out + done.err, (words, done)


@pytest.mark.parametrize("name", ["x" * 300, "../../etc", "\\x00", "a/b", "ä" * 90])
def test_a_generator_of_an_impossible_name_is_a_problem_of_its_manifest(
    market: Market, name: str
) -> None:
    market.run("nightpress", "init")
    path = market.root / "manifests" / "beta.yaml"
    path.write_text(path.read_text().replace("generator: skill", f"generator: {name!r}"))
    done = market.doit()
    assert done.code == 1 and "Traceback" not in done.out + done.err
    assert "manifests/beta.yaml:" in done.out + done.err
    assert market.target("alpha").exists()
    assert "manifests/beta.yaml:" in market.doit("validate").out


def test_a_bug_that_one_plugin_sets_off_is_kept_in_a_file(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    market.run("nightpress", "init")
    project = Project(market.root, {}, {}, RealClock())
    whole = gather.Gatherer._read

    def read(self: gather.Gatherer, plugin: object, manifest: object) -> None:
        if manifest.slug == "alpha":  # type: ignore[attr-defined]
            raise ZeroDivisionError(f"with the token {TOKEN}")
        whole(self, plugin, manifest)  # type: ignore[arg-type]

    monkeypatch.setattr(gather.Gatherer, "_read", read)
    gatherer = gather.Gatherer(project)
    alpha, beta = gatherer.gather("alpha"), gatherer.gather("beta")
    assert not alpha.states and beta.states
    [problem] = alpha.problems
    assert problem.severity == "error" and "ZeroDivisionError" in problem.message
    path = market.root / problem.message.rpartition(" ")[2]
    text = path.read_text()
    assert "manifests/alpha.yaml" in text and "raise ZeroDivisionError" in text
    assert TOKEN not in text and path.stat().st_mode & 0o077 == 0
    assert gatherer.gather("alpha").problems == [problem]
    assert len([*path.parent.iterdir()]) == 1


def test_a_bug_that_one_folder_sets_off_passes_over_it(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = discover._found

    def found(market: object, path: str, *rest: object) -> discover.FoundPlugin:
        if path.endswith("beta"):
            raise KeyError("beta")
        return whole(market, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(discover, "_found", found)
    seen = discover.discover(market.root)
    assert [p.path for p in seen.plugins] == ["plugins/alpha"]
    assert any("plugins/beta" in n and "KeyError" in n for n in seen.notices)


def test_the_machines_trouble_is_no_bug(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    market.run("nightpress", "init")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gather.content, "foreign", full)
    with pytest.raises(OSError, match="No space"):
        gather.Gatherer(Project(market.root, {}, {}, RealClock())).gather("alpha")
    assert not (market.root / ".nightpress" / "crashes").exists()
