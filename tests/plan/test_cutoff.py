"""What no document depends on makes none stale; what one depends on, that one."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from nightpress import fingerprint
from nightpress.clock import RealClock
from nightpress.plan import content, gather
from nightpress.plugin import facts, sources
from nightpress.project.project import Project
from tests.market import Market, plugin, prose, published

Change = Callable[[Path], None]


def writes(path: str, text: str) -> Change:
    def change(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)

    return change


def adds(path: str, text: str) -> Change:
    def change(folder: Path) -> None:
        (folder / path).write_text((folder / path).read_text() + text)

    return change


def says(**values: object) -> Change:
    def change(folder: Path) -> None:
        path = folder / ".claude-plugin" / "plugin.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return change


NOTHING = {
    "licence": writes("LICENSE", "MIT License\n"),
    "logo": writes("assets/logo.png", "not even a picture"),
    "changelog": writes("CHANGELOG.md", "# Changelog\n\n## 2.0.0\n\n- more\n"),
    "lock file": writes("package-lock.json", "{}"),
    "workflow": writes(".github/workflows/ci.yml", "on: push\nenv: {PORT: 8080}\n"),
    "issue template": writes(".gitlab/issue_templates/bug.md", "# Bug\n\nUse `--trace`.\n"),
    "editor": writes(".vscode/settings.json", '{"editor.tabSize": 2}'),
    "release": says(license="MIT", homepage="https://example.org"),
    "blanks": lambda folder: adds("README.md", " \n\n")(folder),
    "line ends": lambda folder: (
        (folder / "README.md").write_bytes(
            (folder / "README.md").read_bytes().replace(b"\n", b"\r\n")
        )
        and None
    ),
    "byte order mark": lambda folder: (
        (folder / "README.md").write_bytes(b"\xef\xbb\xbf" + (folder / "README.md").read_bytes())
        and None
    ),
    "mark of a command": lambda folder: (
        (folder / "commands" / "alpha-settle.md").write_bytes(
            b"\xef\xbb\xbf" + (folder / "commands" / "alpha-settle.md").read_bytes()
        )
        and None
    ),
    "ignored": writes("target/out.o", "x"),
}
SOMETHING = {
    "word": adds("README.md", "A word.\n"),
    "command": writes("commands/new.md", "---\ndescription: New.\n---\n\n# New\n"),
    "no command": lambda folder: (folder / "commands" / "alpha-settle.md").unlink(),
    "agent": writes("agents/new.md", "---\nname: new\ndescription: New.\n---\n"),
    "hook": writes("hooks/hooks.json", '{"hooks": {"Stop": []}}'),
    "server": writes(".mcp.json", '{"mcpServers": {"a": {"command": "b"}}}'),
    "script": writes("scripts/run.sh", "#!/bin/sh\necho $HOME\n"),
    "setting": writes("settings.json", '{"a": 1}'),
    "description": says(description="Keeps other ledgers"),
    "name": says(name="other"),
    "workflow for its user": writes("templates/.github/workflows/ci.yml", "on: push\n"),
    "prompt": writes(".github/prompts/trace.md", "# Trace\n\nUse `--trace`.\n"),
    "own file": writes("skills/alpha/references/tables.md", "# Tables\n"),
}


@pytest.fixture
def market(tmp_path: Path) -> Market:
    (tmp_path / ".gitignore").write_text("target/\n")
    made = published(tmp_path, "alpha")
    made.git("init", "-q")
    return made


@pytest.mark.parametrize("change", NOTHING.values(), ids=NOTHING)
def test_what_no_generator_sees_makes_nothing_stale(market: Market, change: Change) -> None:
    change(market.root / "plugins" / "alpha")
    assert "0 stale" in market.done("plan").out


@pytest.mark.parametrize("has_ledger", [True, False])
def test_what_an_earlier_version_counted_makes_nothing_stale(
    market: Market, has_ledger: bool
) -> None:
    folder = market.root / "plugins" / "alpha"
    workflow = ".github/workflows/ci.yml"
    writes(workflow, "on: push\n")(folder)
    project = Project(market.root, {}, {}, RealClock())
    now = gather.Gatherer(project).gather("alpha").states["skill"].inputs
    counted = {**now.files, workflow: fingerprint.sha256(b"on: push\n")}
    former = fingerprint.content(counted)
    with project.ledger.store.write() as db:
        db.execute("INSERT INTO contents VALUES (?, ?)", (former, json.dumps(counted)))
    project.ledger.close()
    project.index.close()
    if not has_ledger:
        shutil.rmtree(market.root / ".nightpress")
    lock = market.root / "nightpress.lock"
    written = lock.read_text().replace(now.fingerprint.content, former)
    assert written != lock.read_text()
    lock.write_text(written)
    assert "0 stale, 1 up to date" in market.done("plan").out
    if has_ledger:  # a clone knows no files
        writes(workflow, "on: pull_request\n")(folder)
        assert "0 stale, 1 up to date" in market.done("plan").out
    adds("README.md", "A word.\n")(folder)
    assert "make         alpha/skill: content changed" in market.done("plan").out


def factual(folder: Path) -> None:
    """Something of every kind of fact."""
    writes(
        "commands/new.md", "---\nargument-hint: <team> [--dry-run]\nmodel: opus\n---\n\n# New\n"
    )(folder)
    writes("agents/clerk.md", "---\nname: clerk\ndescription: Files.\ntools: Bash\n---\n")(folder)
    hook = {"type": "command", "command": "${CLAUDE_PLUGIN_ROOT}/scripts/run.sh --strict"}
    hooks = {"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [hook]}]}}
    writes("hooks/hooks.json", json.dumps(hooks))(folder)
    server = {"command": "npx", "args": ["ledger-mcp"], "env": {"LEDGER_TOKEN": "x"}}
    writes(".mcp.json", json.dumps({"mcpServers": {"ledger": server}}))(folder)
    writes(
        "scripts/run.sh",
        '#!/bin/sh\nHOST="${LEDGER_HOST:-localhost}"\ncase "$1" in --strict) S=1;; esac\n'
        'curl "http://$HOST:8080/v1" || exit 3\n',
    )(folder)
    writes(
        "scripts/report.py",
        "import argparse\nimport os\nparser = argparse.ArgumentParser()\n"
        'parser.add_argument("--format", default="csv")\nos.environ["LEDGER_HOME"]\n',
    )(folder)
    writes("settings.json", '{"retries": 4}')(folder)
    writes("requirements.txt", "requests>=2.31\n")(folder)


def test_every_fact_that_changes_makes_its_document_stale(market: Market) -> None:
    """Each fact that we find in the plugin, one at a time, with another name."""
    folder = market.root / "plugins" / "alpha"
    factual(folder)
    market.done()
    project = Project(market.root, {}, {}, RealClock())
    files = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    own = [path for path in files if path != "skills/alpha/SKILL.md"]
    found = facts.collect(sources.anatomy_of(folder, sources.read(folder, own))).all
    tried = Counter[str]()
    for fact in found:
        path, at = folder / fact.file, fact.lines[0] - 1
        before = path.read_text()
        rows = before.split("\n")
        rows[at] = rows[at].replace(fact.name.lstrip("/-$"), f"{fact.name.lstrip('/-$')}9", 1)
        path.write_text("\n".join(rows))
        if path.read_text() == before:
            continue  # named by its path
        state = gather.Gatherer(project).gather("alpha").states["skill"]
        release = fact.file.endswith("plugin.json") and fact.kind == "version"
        codes = [reason.code for reason in state.decision.reasons]
        assert codes == ["frontmatter" if release else "content"], fact
        tried[fact.kind] += 1
        path.write_text(before)
    project.index.close()
    assert len(tried) >= 10 and tried.total() >= 20, tried


def test_the_reason_says_what_was_cut_off(market: Market) -> None:
    folder = market.root / "plugins" / "alpha"
    market.done("plan")
    for change in ("licence", "blanks", "release"):
        NOTHING[change](folder)
    said = market.done("plan").out
    assert "LICENSE added, which no document is made from" in said
    assert "README.md changed, but only blanks, line ends or a byte order mark" in said
    assert "plugin.json changed, but only its release or its form; LICENSE added" in said
    assert market.done("plan").out == said  # from the index
    assert "README.md changed" in market.done("info", "enhance:alpha/skill").out
    assert "nothing to do" in market.done().out
    adds("README.md", "A word.\n")(folder)
    assert "only blanks" not in market.done("plan").out


@pytest.mark.parametrize("change", SOMETHING.values(), ids=SOMETHING)
def test_every_fact_makes_its_document_stale(market: Market, change: Change) -> None:
    change(market.root / "plugins" / "alpha")
    assert "make         alpha/skill: content changed" in market.done("plan").out


def test_fields_that_follow_plugin_json_are_written_without_a_call(market: Market) -> None:
    target = market.target("alpha")
    before = target.read_text()
    said = {"version": "2.0.0-rc.1", "author": {"name": 'Ann "A" Other'}}
    says(**said)(market.root / "plugins" / "alpha")
    plan = market.done("plan").out
    assert "update       alpha/skill: frontmatter: metadata.author Test Author -> Ann" in plan
    assert "0 stale, 1 to update" in plan
    assert "1 published" in market.done().out
    wanted = before.replace('"1.2.0"', '"2.0.0-rc.1"').replace("Test Author", 'Ann \\"A\\" Other')
    assert target.read_text() == wanted != before
    assert "nothing to do" in market.done().out
    shutil.rmtree(market.root / ".nightpress")  # a clone
    target.write_bytes(target.read_bytes().replace(b"\n", b"\r\n"))  # with autocrlf
    says(version="3")(market.root / "plugins" / "alpha")
    assert "1 published" in market.done().out
    assert target.read_text() == wanted.replace("2.0.0-rc.1", "3")
    assert "nothing to do" in market.done().out


def test_an_authors_own_fields_follow_nobody(tmp_path: Path) -> None:
    head = '---\nname: alpha\ndescription: Short.\nmetadata:\n  version: "9"\n---\n\n# Alpha\n'
    plugin(tmp_path, "alpha", skill=head)
    plugin(tmp_path, "beta", skill=head.replace("alpha", "beta").replace("Alpha", "Beta"))
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    market.replaces().done("enhance:alpha")
    beta = market.target("beta")
    before = beta.read_bytes()
    for name in ("alpha", "beta"):
        says(version="2.0.0")(tmp_path / "plugins" / name)
    market.done("enhance:alpha")
    assert 'version: "9"' in market.target("alpha").read_text()
    market.done("adopt:beta")
    says(version="3.0.0")(tmp_path / "plugins" / "beta")
    market.done()
    assert beta.read_bytes() == before


def test_what_waits_for_review_waits_with_its_fields(market: Market) -> None:
    manifest = market.root / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text() + "publish: review\n")
    before = market.target("alpha").read_bytes()
    says(version="2.0.0")(market.root / "plugins" / "alpha")
    assert "waits for you" in market.done().out
    assert market.target("alpha").read_bytes() == before
    assert "nothing to do" in market.done().out
    market.done("apply:alpha")
    assert b'version: "2.0.0"' in market.target("alpha").read_bytes()
    assert "nothing to do" in market.done().out


def test_what_a_generator_declares_it_sees() -> None:
    for path in ("CHANGELOG.md", "docs/changelog.md", "LICENSE.txt", "a/logo.SVG", "uv.lock"):
        assert not content.seen(path)
        assert content.seen(path, ["*.md", "LICENSE*", "a/*", "uv.lock"])
    for path in ("commands/changelog.md", "skills/x/history.md", "docs/licensing.md", "x.json"):
        assert content.seen(path)


def test_a_skill_depends_on_its_own_folder_and_on_what_it_links_to(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "alpha", size=24_000)
    skills(folder, one="", two="", three="See [two](../two/guide.md).\n")
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    market.replaces().done()
    assert "0 stale" in market.done("plan").out
    adds("skills/two/guide.md", "\nA word more.\n")(folder)
    for clone in (False, True):
        if clone:
            shutil.rmtree(tmp_path / ".nightpress")
        said = market.done("plan").out
        assert "alpha/skill-two: content changed" in said
        assert "alpha/skill-three: content changed" in said
        assert "alpha/skill-one: content" not in said


def skills(folder: Path, **texts: str) -> None:
    """Skills with a guide of their own; texts: what each SKILL.md says beside that."""
    for name, text in texts.items():
        code = f"\n```bash\n/alpha-collect {name} --since 2026-01-01\n```\n"
        writes(f"skills/{name}/guide.md", f"# {name}\n\n{prose(name, 7_000)}\n{code}")(folder)
        head = f"---\nname: {name}\ndescription: Does {name}. Use when {name} is due.\n---\n\n"
        writes(f"skills/{name}/SKILL.md", f"{head}# {name}\n\n{text}")(folder)


def stale(market: Market) -> set[str]:
    """Names of the skills that are stale, in the project and in a clone of it."""
    said = [market.done("plan").out]
    shutil.rmtree(market.root / ".nightpress")
    said.append(market.done("plan").out)
    found = [set(re.findall(r"alpha/skill-(\w+): content changed", one)) for one in said]
    assert found[0] == found[1]
    return found[0]


def test_links_of_a_skill_wherever_they_lead(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "alpha", size=6_000)
    writes("docs/ledger.md", f"# Ledger\n\n{prose('ledger', 3_000)}\n")(folder)
    skills(
        folder, alone="", deep="", chain="See [deep](../deep/guide.md).\n",
        docs="See [the ledger](../../docs/ledger.md).\n",
        whole="Then use [alone](../alone/).\n",
    )  # fmt: skip
    writes("skills/deep/references/more.md", "# More\n\nSee [a](../../alone/guide.md).\n")(folder)
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    market.replaces().done()
    assert stale(market) == set()
    adds("skills/alone/guide.md", "\nA word more.\n")(folder)
    assert stale(market) == {"alone", "deep", "whole"}  # of the chain only what it names itself
    market.done()
    assert stale(market) == set()
    adds("docs/ledger.md", "\nA word more.\n")(folder)
    assert "docs" in stale(market)
    market.done()
    (folder / "skills" / "alone").rename(folder / "skills" / "moved")  # its document goes with it
    assert {"deep", "whole"} <= stale(market)


ELSEWHERE = {
    "prose": adds("README.md", "\nMore, from 2026: see https://example.org and `--fast`.\n"),
    "docs": adds("docs/ledger.md", "\nA word more.\n"),
    "new page": writes("docs/new.md", "# New\n\nSomething new.\n"),
    "command": adds("commands/alpha-settle.md", "\nA word more.\n"),
    "code": adds("scripts/run.sh", "echo done\n"),
    "list of skills": adds("README.md", "\n## Skills\n\n- `one`: a\n- `two`: b\n- `three`: c\n"),
}
FACTS = {
    "option": ("commands/alpha-settle.md", "<team>", "<team> [--since DAY]"),
    "purpose": ("commands/alpha-settle.md", "The settle step", "The final step"),
    "variable": ("scripts/run.sh", "LEDGER_HOST", "LEDGER_NODE"),
    "exit code": ("scripts/run.sh", "exit 3", "exit 4"),
    "setting": ("settings.json", '"retries"', '"tries"'),
    "hook": ("hooks/hooks.json", "PreToolUse", "PostToolUse"),
    "server": (".mcp.json", "ledger-mcp", "ledger-serve"),
    "agent": ("agents/clerk.md", "description: Files.", "description: Stores."),
    "description": (".claude-plugin/plugin.json", "Keeps", "Holds"),
}


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """Three skills, each with a guide of its own, beside docs, commands and all kinds of facts."""
    root = tmp_path_factory.mktemp("several")
    folder = plugin(root, "alpha", size=24_000)
    factual(folder)
    writes("docs/ledger.md", f"# Ledger\n\n{prose('ledger', 3_000)}\n")(folder)
    skills(folder, one="", two="", three="")
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    market.replaces().done()
    return market


def copied(market: Market, root: Path) -> tuple[Market, Path]:
    shutil.copytree(market.root, root / "copy", symlinks=True)
    return Market(root / "copy"), root / "copy" / "plugins" / "alpha"


@pytest.mark.parametrize("change", ELSEWHERE.values(), ids=ELSEWHERE)
def test_prose_of_the_plugin_makes_no_skill_stale(
    several: Market, tmp_path: Path, change: Change
) -> None:
    market, folder = copied(several, tmp_path)
    change(folder)
    assert stale(market) == set()
    plan = market.done("plan").out
    assert "but nothing of it that a document is made from: up to date" in plan


@pytest.mark.parametrize(("path", "before", "after"), FACTS.values(), ids=FACTS)
def test_a_fact_of_the_plugin_makes_every_skill_stale(
    several: Market, tmp_path: Path, path: str, before: str, after: str
) -> None:
    market, folder = copied(several, tmp_path)
    text = (folder / path).read_text()
    assert before in text
    (folder / path).write_text(text.replace(before, after))
    assert stale(market) == {"one", "two", "three"}


def test_what_names_a_skill_is_its_source(several: Market, tmp_path: Path) -> None:
    market, folder = copied(several, tmp_path)
    adds("README.md", "\n## The two skill\n\nIt wants a ledger that is closed.\n")(folder)
    assert stale(market) == {"two"}
    market.done()
    assert "ledger that is closed" in (folder / "skills/two/SKILL.md").read_text()
    assert stale(market) == set()


def test_a_skill_without_anything_of_its_own_depends_on_the_plugin(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "alpha", size=24_000)
    skills(folder, one="", two="")
    manifest = tmp_path / "manifests" / "alpha.yaml"
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    more = "  alpha:\n    generator: skill\n    target: skills/alpha/SKILL.md\n"
    more += "  guide:\n    generator: readme\n    target: GUIDE.md\n"
    manifest.write_text(manifest.read_text().rstrip("\n") + f"\n{more}")
    market.replaces().done()
    assert (folder / "skills/alpha/SKILL.md").is_file()
    adds("README.md", "\nA word more.\n")(folder)
    for clone in (False, True):
        if clone:
            shutil.rmtree(tmp_path / ".nightpress")
        said = market.done("plan").out
        assert "alpha/alpha: content changed" in said
        assert "alpha/guide: content changed" in said
        assert "alpha/skill-one: content" not in said


def test_a_link_that_is_added_and_one_that_is_taken_away(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "alpha", size=6_000)
    skills(folder, one="", two="")
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    market.replaces().done()
    guide = folder / "skills" / "one" / "guide.md"
    before = guide.read_text()
    guide.write_text(f"{before}\nSee [two](../two/guide.md).\n")
    assert stale(market) == {"one"}
    market.done()
    assert stale(market) == set()
    adds("skills/two/guide.md", "\nA word more.\n")(folder)
    assert stale(market) == {"one", "two"}
    market.done()
    guide.write_text(before)
    assert stale(market) == {"one"}
    market.done()
    (folder / "skills" / "one" / "shared.md").symlink_to("../two/guide.md")  # never read
    market.done()
    adds("skills/two/guide.md", "\nAnd one.\n")(folder)
    assert "two" in stale(market)


def test_a_siblings_publication_changes_nothing(tmp_path: Path) -> None:
    """Whichever goes first, each document comes out the same."""
    texts = []
    for first in ("one", "two"):
        root = tmp_path / first
        folder = plugin(root, "alpha", size=14_000)
        for name in ("one", "two"):
            writes(f"skills/{name}/notes.md", f"# {name}\n\n{prose(name, 2_500)}\n")(folder)
            head = f"---\nname: {name}\ndescription: Does {name}. Use when {name} is due.\n---\n"
            writes(f"skills/{name}/SKILL.md", f"{head}\n# {name}\n")(folder)
        market = Market(root)
        assert market.run("nightpress", "init").code == 0
        market.replaces()
        market.doit(f"enhance:alpha/skill-{first}")
        market.doit()
        texts.append([(folder / f"skills/{n}/SKILL.md").read_bytes() for n in ("one", "two")])
    assert texts[0] == texts[1]


def test_a_folder_is_linked_by_what_it_holds_at_any_depth() -> None:
    folders = ("skills/a", "skills/ab", "skills/b", "skills")
    paths = ("skills/a/references/deep/x.md", "skills/ab", "other/skills/b/x")
    assert content.linked(folders, paths) == ("skills", "skills/a")
    assert content.linked(folders, ()) == () == content.linked((), paths)
