"""A document of a model's whose plugin changed: only the sections that rest on what changed are
asked for, without a new analysis, and where none does, nothing is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
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


def other_contract(market: Market) -> None:
    """The analysis contract under another title: the same facts, the same analysis."""
    own = market.root / "schemas" / "analysis.json"
    own.parent.mkdir(exist_ok=True)
    said = json.loads((SCHEMAS / "analysis.json").read_text())
    own.write_text(json.dumps(said | {"title": f"other {len(said['title'])}"}))


SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.mark.parametrize("publish", ["auto", "review"])
def test_an_analysis_is_compared_by_value(shop: Market, server: GeminiServer, publish: str) -> None:
    """Of another contract the same analysis: the question is the one that the text answers."""
    if publish == "review":
        manifest = shop.root / "manifests" / "alpha.yaml"
        manifest.write_text(manifest.read_text() + "publish: review\n")
        assert "waits for you" in build(shop, "enhance:alpha", "force=1").out
        shop.done("apply:alpha")
    before, asked = shop.target("alpha").read_text(), server.seen()["by_phase"]
    other_contract(shop)
    built = build(shop)
    assert "analysis contract changed: its question is the one that its text answers" in built.out
    assert server.seen()["by_phase"] == asked | {"analysis": asked["analysis"] + 1}
    assert shop.target("alpha").read_text() == before
    assert "nothing to do" in build(shop).out
    (shop.root / "schemas" / "analysis.json").unlink()  # and back, from the cache
    assert "the text stays" in build(shop).out
    assert server.seen()["by_phase"]["generation"] == asked["generation"]
    other_contract(shop)
    build(shop, "enhance:alpha/skill")  # who names it wants another text
    assert server.seen()["by_phase"]["generation"] == asked["generation"] + 1


@pytest.mark.parametrize("how", ["waits", "beside ours", "refused"])
def test_nor_is_a_draft_asked_for_twice_that_was_not_published(
    shop: Market, server: GeminiServer, how: str
) -> None:
    if how != "beside ours":
        for path in (".nightpress", "nightpress.lock", "plugins/alpha/skills"):
            remove(shop.root / path)
    manifest = shop.root / "manifests" / "alpha.yaml"
    more = "checks: {vocabulary: {floor: 0.999}}" if how == "refused" else "publish: review"
    manifest.write_text(f"{manifest.read_text()}{more}\n")
    ends = "1 refused" if how == "refused" else "1 waiting"
    assert ends in tried(shop, *(["enhance:alpha", "force=1"] * (how == "beside ours")))
    asked = server.seen()["by_phase"]
    other_contract(shop)
    assert ends in tried(shop)
    assert server.seen()["by_phase"] == asked | {"analysis": asked["analysis"] + 1}
    assert "nothing to do" in tried(shop)
    tried(shop, "enhance:alpha/skill", "force=1")
    assert server.seen()["by_phase"]["generation"] > asked["generation"]


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def tried(market: Market, *words: str) -> str:
    return market.doit("backend=gemini", *words, GEMINI_API_KEY="test-key").out


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


def test_what_was_asked_for_before_its_skill_stood_there_is_not_asked_for_again(
    bundle: Market, server: GeminiServer
) -> None:
    before = server.seen()["by_phase"]
    other_contract(bundle)
    assert build(bundle).out.count("the text stays") == 3
    assert server.seen()["by_phase"] == before | {"analysis": before["analysis"] + 1}
    assert "nothing to do" in build(bundle).out


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


@pytest.mark.parametrize("which", ["the README's", "a skill's"])
def test_of_skills_and_a_readme_the_sections_of_the_one_are_asked_for(
    several: Market, server: GeminiServer, which: str
) -> None:
    """A plugin with two analyses: of what its skills share, and of all of it. None is asked for
    again, though the ledger does not say which one a document was made with."""
    manifest = several.root / "manifests" / "alpha.yaml"
    manifest.write_text(f"{manifest.read_text()}  readme:\n    generator: readme\n")
    (several.root / "plugins" / "alpha" / "README.md").unlink()
    assert "1 published" in build(several).out
    calls = dict(server.seen()["by_phase"])
    assert calls == {"analysis": 2, "generation": 3}
    if which == "a skill's":
        target, paths = skill(several, "two"), ["skills/two/guide.md"]
    else:
        target = several.root / "plugins" / "alpha" / "README.md"
        paths = ["commands/alpha-collect.md", "commands/alpha-settle.md"]
    before = {
        one: one.read_text() for one in (skill(several, "one"), skill(several, "two"), target)
    }
    path, line, heading = told_by(several, target, paths)
    edit(several, path, lambda text: text.replace(line, f"{line} Then it is looked at twice."))
    plan = several.done("backend=gemini", "plan", GEMINI_API_KEY="test-key")
    assert f"partly stale: {heading}" in plan.out, plan.out
    build(several)
    assert server.seen()["by_phase"]["analysis"] == calls["analysis"]
    after = {one: one.read_text() for one in before}
    was, becomes = parts(before[target]), parts(after[target])
    changed = {title for title in was if was[title] != becomes.get(title)}
    assert changed <= {heading} and before[target] != after[target]
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
    # but not where the plugin has a new option: what was paid for did not arrive
    edit(market, "commands/alpha-settle.md", lambda text: f"{text}\n- `--twice`: look again\n")
    out = market.run("doit", "backend=command").out
    assert "change-told: says nothing of --twice, which commands/alpha-settle.md has now" in out
    assert market.target("alpha").read_bytes() == before


# --- in a clone ---


def commit(root: Path, message: str) -> None:
    for words in (("add", "-A"), ("commit", "-qm", message)):
        run_git(root, *words)


def run_git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


def cloned(market: Market, to: Path, *words: str) -> Market:
    """A clone as a colleague has it: the committed files, and no ledger."""
    run_git(market.root, "clone", "-q", *words, f"file://{market.root}", str(to))
    clone = Market(to)
    assert not (to / ".nightpress").exists()
    return clone


def committed(market: Market) -> None:
    run_git(market.root, "init", "-q")
    (market.root / ".gitignore").write_text(".nightpress/\n.doit*\n")
    commit(market.root, "documents")


@pytest.mark.parametrize("since", ["nothing else", "another publication"])
def test_a_clone_asks_for_the_sections_that_rest_on_a_changed_line(
    shop: Market, server: GeminiServer, tmp_path: Path, since: str
) -> None:
    """What the plugin was it has from git; of the analysis the offline writer's stands in."""
    committed(shop)
    if since == "another publication":
        plugin(shop.root, "beta", size=16_000)
        assert shop.run("nightpress", "init").code == 0
        build(shop, "enhance:beta")
        commit(shop.root, "another")
    calls = dict(server.seen()["by_phase"])
    path, line, heading = told_line(shop)
    edit(shop, path, lambda text: text.replace(line, f"{line} Then it is looked at twice."))
    commit(shop.root, "a line")
    clone = cloned(shop, tmp_path / "clone")
    before = clone.target("alpha").read_text()
    plan = clone.done("backend=gemini", "plan", GEMINI_API_KEY="test-key")
    assert f"content changed: {path} changed; partly stale: {heading}" in plan.out, plan.out
    assert "1 published" in build(clone).out
    calls["generation"] += 1
    assert server.seen()["by_phase"] == calls, "one call, and no analysis"
    was, becomes = parts(before), parts(clone.target("alpha").read_text())
    assert {title for title in was if was[title] != becomes.get(title)} <= {heading}
    head = before.partition("\n---\n")[0]
    assert clone.target("alpha").read_text().startswith(head)
    assert "nothing to do" in build(clone).out


@pytest.mark.parametrize("lacks", ["history", "the truth", "git's files"])
def test_a_clone_whose_git_does_not_know_asks_for_the_whole(
    shop: Market, server: GeminiServer, tmp_path: Path, lacks: str
) -> None:
    """The commit of the document is not there, has another plugin than it was made from, or would
    have to be fetched."""
    path, line, _ = told_line(shop)
    more: tuple[str, ...] = ()
    if lacks == "the truth":
        edit(shop, path, lambda text: text.replace(line, f"{line} Then it is looked at once."))
    committed(shop)
    edit(shop, path, lambda text: text.replace(line, f"{line} Then it is looked at twice."))
    commit(shop.root, "a line")
    if lacks == "history":
        more = ("--depth=1",)
    if lacks == "git's files":
        run_git(shop.root, "config", "uploadpack.allowFilter", "true")
        more = ("--filter=blob:none",)
    clone = cloned(shop, tmp_path / "clone", *more)
    assert "partly stale" not in build(clone).out
    assert server.seen()["by_phase"] == {"analysis": 2, "generation": 2}


def test_a_clone_makes_no_call_where_no_section_rests_on_the_change(
    shop: Market, server: GeminiServer, tmp_path: Path
) -> None:
    committed(shop)
    edit(shop, "README.md", lambda text: f"{text.rstrip()} It is named after a river.\n")
    commit(shop.root, "a name")
    clone = cloned(shop, tmp_path / "clone")
    assert "no section rests on that, the text stays" in build(clone).out
    assert server.seen()["calls"] == 2
    assert "nothing to do" in build(clone).out


def test_a_clone_asks_for_sections_of_one_skill_of_several(
    several: Market, server: GeminiServer, tmp_path: Path
) -> None:
    committed(several)
    path, line, heading = told_by(several, skill(several, "two"), ["skills/two/guide.md"])
    edit(several, path, lambda text: text.replace(line, f"{line} Then it is looked at twice."))
    commit(several.root, "a line")
    clone = cloned(several, tmp_path / "clone")
    plan = clone.done("backend=gemini", "plan", GEMINI_API_KEY="test-key")
    assert f"partly stale: {heading}" in plan.out, plan.out
    assert "1 published" in build(clone).out
    assert server.seen()["by_phase"] == {"analysis": 1, "generation": 3}
    assert skill(clone, "one").read_text() == skill(several, "one").read_text()
    assert "nothing to do" in build(clone).out


def test_a_clone_asks_for_sections_of_a_bundles_files(
    bundle: Market, server: GeminiServer, tmp_path: Path
) -> None:
    committed(bundle)
    before = of_bundle(bundle)
    name = "references/alpha-settle.md"
    line = parts(before[name])["Recovery"].split("\n")[2]
    edit(bundle, SETTLE, lambda text: text.replace(line, f"{line}\nThen it is looked at twice."))
    commit(bundle.root, "a line")
    clone = cloned(bundle, tmp_path / "clone")
    plan = clone.done("backend=gemini", "plan", GEMINI_API_KEY="test-key")
    assert "partly stale: Recovery" in plan.out, plan.out
    assert "2 published" in build(clone).out
    assert server.seen()["by_phase"] == {"analysis": 1, "generation": 4}
    after = of_bundle(clone)
    assert {path for path in before if before[path] != after[path]} <= {name}
    assert "nothing to do" in build(clone).out
