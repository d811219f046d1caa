"""A document of a model's whose plugin changed: only the sections that rest on what changed are
asked for, without a new analysis, and where none does, nothing is."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, Ran, plugin, prose
from tests.pipeline.test_gemini import configure
from tests.plan.test_cutoff import skills


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
    body = text.partition("\n---\n")[2] if text.startswith("---\n") else text
    found = re.split(r"(?m)^(?=#{1,6} )", body)
    return {one.split("\n")[0].lstrip("# "): one for one in found}


def edit(market: Market, path: str, change: Callable[[str], str]) -> None:
    file = market.root / "plugins" / "alpha" / path
    file.write_text(change(file.read_text()))


def told_line(market: Market) -> tuple[str, str, str]:
    """(file, line, heading): a line of prose of the plugin that a section of the document tells."""
    paths = ("README.md", "commands/alpha-collect.md", "commands/alpha-settle.md")
    return told_by(market, market.target("alpha"), paths)


def told_by(market: Market, target: Path, paths: Sequence[str]) -> tuple[str, str, str]:
    document = parts(target.read_text())
    for path in paths:
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


SETTLE = "commands/alpha-settle.md"


@pytest.fixture
def bundle(tmp_path: Path, server: GeminiServer) -> Market:
    """A SKILL.md, and a reference for each of two commands."""
    folder = plugin(tmp_path / "shop", "alpha", size=8_000)
    for verb in ("collect", "settle"):
        with (folder / "commands" / f"alpha-{verb}.md").open("a") as file:
            for title in ("Recovery", "Dates", "Owners", "Reports"):
                file.write(f"\n## {title}\n\n{prose(f'{verb}-{title}', 2_000)}\n")
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    manifest = made.root / "manifests" / "alpha.yaml"
    manifest.write_text(f"{manifest.read_text()}  references:\n    generator: references\n")
    configure(made, f"pace: {{profile: unpaced}}\nbase_url: {server.url()}")
    assert "3 published" in build(made).out
    assert server.seen()["by_phase"] == {"analysis": 1, "generation": 3}
    return made


def of_bundle(market: Market) -> dict[str, str]:
    folder = market.target("alpha").parent
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*.md")}


def test_of_a_bundle_the_file_is_asked_for_in_part_that_tells_what_changed(
    bundle: Market, server: GeminiServer
) -> None:
    before = of_bundle(bundle)
    reference = bundle.target("alpha").parent / "references" / "alpha-settle.md"
    line = parts(reference.read_text())["Recovery"].split("\n")[2]
    assert line not in before["SKILL.md"]
    edit(bundle, SETTLE, lambda text: text.replace(line, f"{line}\nThen it is looked at twice."))
    plan = bundle.done("backend=gemini", "plan", GEMINI_API_KEY="test-key")
    assert "partly stale: Recovery" in plan.out, plan.out
    assert "alpha/skill: commands/alpha-settle.md changed: no section rests on that" in plan.out
    assert "2 published" in build(bundle).out  # of the skill its text, as it stands
    assert server.seen()["by_phase"] == {"analysis": 1, "generation": 4}
    after = of_bundle(bundle)
    assert {path for path in before if before[path] != after[path]} <= {
        "references/alpha-settle.md"
    }
    assert "nothing to do" in build(bundle).out


def test_a_new_option_of_a_command_is_asked_of_the_skill_and_its_reference(
    bundle: Market, server: GeminiServer
) -> None:
    edit(bundle, SETTLE, lambda text: f"{text}\n- `--twice`: settle each ledger again\n")
    plan = bundle.done("backend=gemini", "plan", GEMINI_API_KEY="test-key").out
    asked = re.findall(r"alpha/([\w.-]+): content changed: .*partly stale: ", plan)
    assert asked == ["references.alpha-settle", "skill"], plan
    assert "2 published" in build(bundle).out
    assert server.seen()["by_phase"] == {"analysis": 1, "generation": 5}


def test_of_a_bundle_in_part_none_goes_alone(bundle: Market) -> None:
    """Where the reference's sections are refused, the skill's are not published."""
    before = of_bundle(bundle)
    edit(bundle, SETTLE, lambda text: f"{text}\n- `--twice`: settle each ledger again\n")
    manifest = bundle.root / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text() + "    checks: {vocabulary: {floor: 1.5}}\n")
    ran = bundle.doit("backend=gemini", GEMINI_API_KEY="test-key")
    assert ran.code == 1 and "refused" in ran.out, ran.out
    assert of_bundle(bundle) == before


@pytest.fixture
def several(tmp_path: Path, server: GeminiServer) -> Market:
    """Two skills, each with a guide of its own."""
    skills(plugin(tmp_path / "shop", "alpha", size=24_000), one="", two="")
    made = Market(tmp_path / "shop")
    assert made.run("nightpress", "init").code == 0
    made.replaces()
    configure(made, f"pace: {{profile: unpaced}}\nbase_url: {server.url()}")
    assert "2 published" in build(made).out
    assert server.seen()["by_phase"] == {"analysis": 1, "generation": 2}
    return made


def skill(market: Market, name: str) -> Path:
    return market.root / "plugins" / "alpha" / "skills" / name / "SKILL.md"


def test_of_several_skills_the_sections_of_the_one_are_asked_for(
    several: Market, server: GeminiServer
) -> None:
    before = {name: skill(several, name).read_text() for name in ("one", "two")}
    path, line, heading = told_by(several, skill(several, "two"), ["skills/two/guide.md"])
    edit(several, path, lambda text: text.replace(line, f"{line} Then it is looked at twice."))
    plan = several.done("backend=gemini", "plan", GEMINI_API_KEY="test-key")
    assert f"partly stale: {heading}" in plan.out, plan.out
    assert "1 published" in build(several).out
    assert server.seen()["by_phase"] == {"analysis": 1, "generation": 3}
    after = {name: skill(several, name).read_text() for name in ("one", "two")}
    assert after["one"] == before["one"]
    was, becomes = parts(before["two"]), parts(after["two"])
    assert {title for title in was if was[title] != becomes.get(title)} <= {heading}
    assert "nothing to do" in build(several).out


def test_beside_a_new_skill_the_others_are_not_asked_for_in_part(several: Market) -> None:
    """What a skill depends on is told by who stands beside it."""
    path, line, _ = told_by(several, skill(several, "two"), ["skills/two/guide.md"])
    edit(several, path, lambda text: text.replace(line, f"{line} Then it is looked at twice."))
    skills(several.root / "plugins" / "alpha", three="")
    plan = several.done("backend=gemini", "plan", GEMINI_API_KEY="test-key")
    assert "guide.md changed" in plan.out and "partly stale" not in plan.out, plan.out


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
