"""A document of a model's whose plugin changed: only the sections that rest on what changed are
asked for, without a new analysis, and where none does, nothing is."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, Ran, plugin
from tests.pipeline.test_gemini import configure


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with GeminiServer(latency=0, limits={"*": Limits()}) as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path, server: GeminiServer) -> Market:
    plugin(tmp_path / "shop", "alpha", size=16_000)
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    configure(made, f"pace: {{profile: unpaced}}\nbase_url: {server.url()}")
    assert "1 published" in build(made).out
    assert server.seen()["by_phase"] == {"analysis": 1, "generation": 1}
    return made


def build(market: Market, *words: str) -> Ran:
    return market.done("backend=gemini", *words, GEMINI_API_KEY="test-key")


def parts(text: str) -> dict[str, str]:
    """heading -> text of each section."""
    found = re.split(r"(?m)^(?=#{1,6} )", text.partition("\n---\n")[2])
    return {one.split("\n")[0].lstrip("# "): one for one in found}


def edit(market: Market, path: str, change: Callable[[str], str]) -> None:
    file = market.root / "plugins" / "alpha" / path
    file.write_text(change(file.read_text()))


def told_line(market: Market) -> tuple[str, str, str]:
    """(file, line, heading): a line of prose of the plugin that a section of the document tells."""
    document = parts(market.target("alpha").read_text())
    for path in ("README.md", "commands/alpha-collect.md", "commands/alpha-settle.md"):
        for line in (market.root / "plugins" / "alpha" / path).read_text().split("\n"):
            holders = [title for title, text in document.items() if line in text]
            if len(line) > 60 and line.startswith("The ") and len(holders) == 1:
                return path, line, holders[0]
    raise AssertionError("the document tells no line of its plugin")


def test_only_the_section_that_rests_on_a_changed_line_is_asked_for(
    shop: Market, server: GeminiServer
) -> None:
    path, line, heading = told_line(shop)
    before = shop.target("alpha").read_text()
    edit(shop, path, lambda text: text.replace(line, f"{line} Then it is looked at twice."))
    plan = shop.done("backend=gemini", "plan", GEMINI_API_KEY="test-key")
    assert heading in plan.out and "partly stale" in plan.out, plan.out
    assert "1 published" in build(shop).out
    assert server.seen()["by_phase"] == {"analysis": 1, "generation": 2}, "no second analysis"
    after = shop.target("alpha").read_text()
    was, becomes = parts(before), parts(after)
    assert {title for title in was if was[title] != becomes.get(title)} <= {heading}
    assert before.partition("\n---\n")[0] == after.partition("\n---\n")[0]
    assert "nothing to do" in build(shop).out


def test_a_change_that_no_section_rests_on_costs_no_call(
    shop: Market, server: GeminiServer, tmp_path: Path
) -> None:
    """And no look: these very bytes stand there. And a clone, which does not know the plugin as it
    was, judges alike."""
    before = shop.target("alpha").read_text()
    manifest = shop.root / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text() + "publish: review\n")
    edit(shop, "README.md", lambda text: f"{text.rstrip()} It is named after a river.\n")
    built = build(shop)
    assert "README.md changed: no section rests on that, the text stays" in built.out, built.out
    assert server.seen()["calls"] == 2
    assert shop.target("alpha").read_text() == before
    shutil.copytree(
        shop.root, tmp_path / "clone", ignore=shutil.ignore_patterns(".nightpress", ".doit*")
    )
    assert "nothing to do" in build(Market(tmp_path / "clone")).out
    assert "nothing to do" in build(shop).out


@pytest.mark.parametrize("change", ["a command", "a description", "a chapter", "a clone"])
def test_what_concerns_all_of_it_is_asked_for_as_a_whole(
    shop: Market, server: GeminiServer, change: str
) -> None:
    folder = shop.root / "plugins" / "alpha"
    if change == "a command":
        text = "---\ndescription: Lists the late ones\n---\n\n# Late\n\nLists what is late.\n"
        (folder / "commands" / "alpha-late.md").write_text(text)
    elif change == "a description":
        manifest = folder / ".claude-plugin" / "plugin.json"
        said = json.loads(manifest.read_text()) | {"description": "Counts the boats of a harbour"}
        manifest.write_text(json.dumps(said))
    elif change == "a chapter":
        more = "\n".join(f"- The boat of pier {n} is looked at by night." for n in range(20, 60))
        edit(shop, "README.md", lambda text: f"{text}\n## At night\n\n{more}\n")
    else:
        path, line, _ = told_line(shop)
        edit(shop, path, lambda text: text.replace(line, f"{line} Then it is looked at twice."))
        shutil.rmtree(shop.root / ".nightpress")
    assert "partly stale" not in build(shop).out
    assert server.seen()["by_phase"] == {"analysis": 2, "generation": 2}


WRITER = """import json, runpy, sys
from io import StringIO
prompt = sys.stdin.read()
if "the files have changed" in prompt:
    print(json.dumps({"said": {"text": "UNCHANGED"}}))
else:
    sys.stdin = StringIO(prompt)
    runpy.run_path(%r, run_name="__main__")
"""


def test_a_writer_may_say_that_nothing_has_to_change(tmp_path: Path) -> None:
    plugin(tmp_path / "shop", "alpha", size=16_000)
    market = Market(tmp_path / "shop")
    assert market.run("nightpress", "init").code == 0
    (tmp_path / "writer.py").write_text(
        WRITER % str(Path(__file__).parents[1] / "backends/scribe.py")
    )
    run = json.dumps([sys.executable, str(tmp_path / "writer.py")])
    configure(market, f"command: {{run: {run}, reply: said.text, unsafe_tools: accepted}}")
    market.done("backend=command")
    before = market.target("alpha").read_bytes()
    path, line, _ = told_line(market)
    edit(market, path, lambda text: text.replace(line, f"{line} Then it is looked at twice."))
    assert "1 published" in market.done("backend=command").out
    assert market.rows("SELECT phase FROM calls ORDER BY id") == [
        ("analysis",), ("generation",), ("generation",),
    ]  # fmt: skip
    assert market.target("alpha").read_bytes() == before
    assert "nothing to do" in market.done("backend=command").out
