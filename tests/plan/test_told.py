"""A plugin that does not tell of itself: its marketplace's word goes into its manifest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, plugin

SAID = "Reconciles the harbour dues of small ports"


@pytest.fixture
def silent(tmp_path: Path) -> Market:
    """A whole repository that is one plugin, and says so only in marketplace.json."""
    root = tmp_path / "checkout-17"
    shutil.move(plugin(tmp_path / "made", "gamma"), root)
    (root / ".claude-plugin" / "plugin.json").unlink()
    entry = {"name": "harbour-dues", "source": "./", "description": f" {SAID}\n", "strict": False}
    listing = {"name": "ports", "plugins": [entry]}
    (root / ".claude-plugin" / "marketplace.json").write_text(json.dumps(listing))
    made = Market(root)
    assert made.run("nightpress", "init").code == 0
    return made


def test_the_marketplaces_word_is_in_the_manifest_and_in_the_document(silent: Market) -> None:
    manifest = silent.root / "manifests" / "harbour-dues.yaml"
    assert f'description: "{SAID}"\n' in manifest.read_text()
    assert silent.run("doit", "validate").code == 0
    silent.done()
    text = (silent.root / "skills" / "harbour-dues" / "SKILL.md").read_text()
    assert SAID in text.split("---")[1], text[:500]
    assert "\n# Harbour Dues\n" in text
    assert "checkout" not in text.lower()


def test_it_is_an_ingredient(silent: Market) -> None:
    silent.done()
    manifest = silent.root / "manifests" / "harbour-dues.yaml"
    before = manifest.read_text()
    for old, new in ((SAID, "Counts gulls"), ('name: "harbour-dues"', 'name: "port-dues"')):
        assert old in before
        manifest.write_text(before.replace(old, new, 1))
        plan = json.loads(silent.done("plan", "--format", "json").out)
        [row] = plan["enhancements"]
        assert [reason["code"] for reason in row["reasons"]] == ["settings"], row
    manifest.write_text(before)
    assert "nothing to do: 1 up to date" in silent.done().out


def test_a_changed_word_is_in_the_next_document_and_not_the_old_one(silent: Market) -> None:
    """Nor in the analysis, which is cached by what it was made from."""
    silent.done()
    manifest = silent.root / "manifests" / "harbour-dues.yaml"
    manifest.write_text(manifest.read_text().replace(SAID, "Counts the gulls of every pier"))
    assert "settings changed" in silent.done().out
    text = (silent.root / "skills" / "harbour-dues" / "SKILL.md").read_text()
    assert "Counts the gulls of every pier" in text.split("---")[1], "nobody's but ours"
    assert SAID not in text


def test_a_model_is_told_it_too(silent: Market) -> None:
    """The analysis is asked for again, and its prompt differs by that word alone."""
    said = "Counts the gulls of every pier"
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        environ = {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}
        assert silent.doit("pace=unpaced", **environ).code == 0
        manifest = silent.root / "manifests" / "harbour-dues.yaml"
        manifest.write_text(manifest.read_text().replace(SAID, said))
        assert silent.doit("pace=unpaced", **environ).code == 0
        calls = server.seen()["list"]
    sizes = [call["prompt_bytes"] for call in calls if call["phase"] == "analysis"]
    assert [sizes[1] - sizes[0]] == [len(said) - len(SAID)], calls


def test_a_plugin_that_tells_of_itself_needs_no_word(tmp_path: Path) -> None:
    root = tmp_path / "market"
    plugin(root, "alpha")
    (root / ".claude-plugin").mkdir()
    entry = {"name": "alpha", "source": "./plugins/alpha", "description": SAID}
    listing = {"name": "m", "plugins": [entry]}
    (root / ".claude-plugin" / "marketplace.json").write_text(json.dumps(listing))
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    manifest = market.root / "manifests" / "alpha.yaml"
    assert "description" not in manifest.read_text()
    market.done()
    renamed = manifest.read_text().replace('name: "alpha"', 'name: "Alpha"', 1)
    assert renamed != manifest.read_text()
    manifest.write_text(renamed)
    assert "nothing to do: 1 up to date" in market.done().out


def test_info_on_what_is_no_task_is_one_sentence(market: Market) -> None:
    done = market.doit("info", "enhance:alhpa")
    assert done.code == 3
    assert "there is no plugin 'alhpa'; did you mean 'enhance:alpha'?\n" in done.err
    assert "every document of alpha" in market.doit("info", "enhance:alpha").out


def test_info_tells_of_documents_and_not_of_tasks(market: Market) -> None:
    market.documented()
    of_plugin = market.run("nightpress", "info", "alpha")
    document = "alpha/skill: skill of alpha: plugins/alpha/skills/alpha/SKILL.md"
    assert of_plugin.out.splitlines() == [
        "alpha: every document of alpha",
        f"  {document}",
        "what becomes of each, and why: nightpress plan alpha",
    ]
    assert of_plugin.code == 0
    current = market.run("nightpress", "info", "alpha/skill")
    assert (current.code, current.out.splitlines()) == (0, [document, "  up to date"])
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text() + "\n## More\n\nThe alpha ledger is kept for a year.\n")
    stale = market.run("nightpress", "info", "alpha/skill")
    assert stale.code == 1
    assert stale.out.splitlines()[1].startswith("  stale: ")
    assert "README.md changed" in stale.out
