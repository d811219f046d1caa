"""A skill's bundle: SKILL.md and a reference for each command, made and published together."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from nightpress import fingerprint
from nightpress.checks import Context, document, regression
from nightpress.checks.bundle import bundle_repeats, references_alike
from nightpress.clock import RealClock
from nightpress.ledger import lockfile
from nightpress.model import SourceFile, Status, Window
from nightpress.pipeline import draft as drafts
from nightpress.pipeline import recover
from nightpress.plan import Gatherer, size
from nightpress.plugin import anatomy
from nightpress.project import Project, bundles
from nightpress.project import prompt as prompting
from nightpress.storage import Snapshots, atomic
from tests.market import Market, plugin

LIMITS = (
    "\n## Limits\n\n- Ledgers of 90 teams at most are settled in one run.\n- A ledger without a"
    " date is never collected.\n- Nothing is settled twice, even where a run was broken off.\n"
)
ASKED = "  references:\n    generator: references\n"
NAMES = ("references.alpha-collect", "references.alpha-settle")


def _market(root: Path, *, skill: str | None = None, size: int = 40_000, more: str = "") -> Market:
    plugin(root, "alpha", size=size, skill=skill)
    with (root / "plugins/alpha/README.md").open("a") as readme:
        readme.write(LIMITS)
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    path = root / "manifests" / "alpha.yaml"
    path.write_text(path.read_text() + ASKED + more)
    return market


def _references(market: Market) -> list[str]:
    folder = market.target("alpha").parent / "references"
    return sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []


def test_each_command_has_a_reference_that_the_skill_links_to(tmp_path: Path) -> None:
    market = _market(tmp_path)
    assert "3 published" in market.done().out
    assert _references(market) == ["alpha-collect.md", "alpha-settle.md"]
    skill = market.target("alpha").read_text()
    assert "[`/alpha-collect`](references/alpha-collect.md)" in skill
    assert "(../../commands/" not in skill and len(skill.encode()) <= size.KEPT
    reference = (market.target("alpha").parent / "references" / "alpha-settle.md").read_text()
    assert reference.startswith("# `/alpha-settle`\n")
    command = (tmp_path / "plugins/alpha/commands/alpha-settle.md").read_text()
    told = [line for line in command.split("\n") if len(line) > 80]
    assert told and all(line in reference and line not in skill for line in told)
    rows = market.rows("SELECT target_path, content_sha256 FROM enhancements ORDER BY id")
    assert len(rows) == 3
    for path, sha256 in rows:
        assert hashlib.sha256((tmp_path / str(path)).read_bytes()).hexdigest() == sha256
    assert "nothing to do: 3 up to date" in market.done().out
    assert market.run("nightpress", "check").code == 0


def test_one_changed_command_makes_its_own_reference_again(tmp_path: Path) -> None:
    market = _market(tmp_path).documented()
    path = tmp_path / "plugins/alpha/commands/alpha-settle.md"
    path.write_text(path.read_text() + "\nThe settled tavo is moke for the whole ledger.\n")
    plan = market.doit("plan").out
    assert "make         alpha/references.alpha-settle: content changed" in plan
    assert "alpha/references.alpha-collect" not in plan
    market.done()
    made = market.target("alpha").parent / "references" / "alpha-settle.md"
    assert "The settled tavo is moke" in made.read_text()


def test_a_refused_reference_keeps_the_whole_bundle_back(tmp_path: Path) -> None:
    market = _market(tmp_path, more="    checks:\n      vocabulary:\n        floor: 1.5\n")
    done = market.doit()
    assert done.code == 1 and "2 refused, 1 waiting" in done.out, done.out
    assert "alpha/skill  goes with references.alpha-" in done.out
    assert not market.target("alpha").exists() and _references(market) == []
    assert "nothing to do: 2 refused, 1 waiting" in market.doit().out


def test_a_refused_skill_keeps_its_references_back(tmp_path: Path) -> None:
    market = _market(tmp_path)
    path = tmp_path / "manifests" / "alpha.yaml"
    text = path.read_text().replace(
        "    generator: skill\n",
        "    generator: skill\n    checks:\n      vocabulary:\n        floor: 1.5\n",
    )
    path.write_text(text)
    done = market.doit()
    assert done.code == 1 and "1 refused, 2 waiting" in done.out, done.out
    assert _references(market) == []
    assert "nothing to do: 1 refused, 2 waiting" in market.doit().out


def test_a_reference_is_not_published_before_its_skill(tmp_path: Path) -> None:
    market = _market(tmp_path)
    done = market.doit(f"enhance:alpha/{NAMES[0]}")
    assert "goes with skill, which was not published: doit enhance:alpha" in done.out
    assert _references(market) == []
    assert market.rows("SELECT status FROM enhancements") == [("deferred",)]
    market.done()
    assert len(_references(market)) == 2


@pytest.mark.parametrize("words", ["by hand", "by hand, and long enough for itself. " * 300])
def test_beside_a_persons_skill_there_are_no_references(tmp_path: Path, words: str) -> None:
    skill = f"---\nname: alpha\ndescription: Keeps it. Use when asked.\n---\n\n# Alpha\n\n{words}\n"
    market = _market(tmp_path, skill=skill)
    for _ in range(2):  # adopted in the first run, up to date in the second
        market.doit()
        assert _references(market) == [] and market.target("alpha").read_text() == skill
    said = "skills/alpha/SKILL.md is a person's, and has no link to it: add one, or doit force=1"
    assert said in market.doit("plan").out


@pytest.mark.parametrize("adopted", [False, True])
def test_a_reference_to_which_a_persons_skill_leads_is_made(tmp_path: Path, adopted: bool) -> None:
    market = _market(tmp_path).documented()
    market.target("alpha").write_text(market.target("alpha").read_text() + "\nBy hand.\n")
    if adopted:
        market.done("adopt:alpha/skill")
    (market.target("alpha").parent / "references" / "alpha-settle.md").unlink()
    assert f"make         alpha/{NAMES[1]}: target missing" in market.doit("plan").out
    market.done()
    assert _references(market) == ["alpha-collect.md", "alpha-settle.md"]


def test_a_reference_to_which_an_edited_skill_does_not_lead_waits(tmp_path: Path) -> None:
    market = _market(tmp_path).documented()
    market.target("alpha").write_text(market.target("alpha").read_text() + "\nBy hand.\n")
    commands = tmp_path / "plugins/alpha/commands"
    (commands / "alpha-close.md").write_bytes((commands / "alpha-settle.md").read_bytes())
    said = (
        "skills/alpha/SKILL.md was edited by hand, and has no link to it:"
        " add one, or nightpress build alpha --force replaces that file"
    )
    assert said in market.run("nightpress", "plan").out
    market.doit()
    assert len(_references(market)) == 2
    assert market.run("nightpress", "build", "alpha", "--force").code == 0
    assert len(_references(market)) == 3 and "By hand" not in market.target("alpha").read_text()


@pytest.mark.parametrize("stale", [False, True])
def test_force_replaces_an_edited_reference_at_once(tmp_path: Path, stale: bool) -> None:
    """Its text is no content of SKILL.md, and nothing waits for one that leads to it already."""
    market = _market(tmp_path).documented()
    edited = market.target("alpha").parent / "references" / "alpha-settle.md"
    before = edited.read_text()
    edited.write_text(before + "\nBy hand.\n")
    if stale:
        path = tmp_path / "plugins/alpha/commands/alpha-collect.md"
        path.write_text(path.read_text() + "\nThe settled tavo is moke for all of it.\n")
    assert ("make         alpha/skill" in market.done("plan").out) is stale
    assert "1 published" in market.done("force=1", f"enhance:alpha/{NAMES[1]}").out
    assert edited.read_text() == before


def test_a_forced_reference_is_made_beside_whatever_skill(tmp_path: Path) -> None:
    market = _market(tmp_path, skill="# By hand\n")
    assert "1 published" in market.done("force=1", f"enhance:alpha/{NAMES[1]}").out
    assert _references(market) == ["alpha-settle.md"]


def test_references_of_a_skill_that_somebody_edits_go_on(tmp_path: Path) -> None:
    market = _market(tmp_path).documented()
    market.target("alpha").write_text(market.target("alpha").read_text() + "\nBy hand.\n")
    path = tmp_path / "plugins/alpha/commands/alpha-settle.md"
    path.write_text(path.read_text() + "\nThe settled tavo is moke for the whole ledger.\n")
    market.doit()
    made = market.target("alpha").parent / "references" / "alpha-settle.md"
    assert "The settled tavo is moke" in made.read_text()
    assert market.target("alpha").read_text().endswith("By hand.\n")


def test_a_reference_that_somebody_edited_is_kept(tmp_path: Path) -> None:
    market = _market(tmp_path).documented()
    for name in ("collect", "settle"):
        path = tmp_path / f"plugins/alpha/commands/alpha-{name}.md"
        path.write_text(path.read_text() + "\nThe vasa tavo is settled twice.\n")
    edited = market.target("alpha").parent / "references" / "alpha-settle.md"
    edited.write_text(edited.read_text() + "\nBy hand.\n")
    assert "alpha/references.alpha-collect" in market.doit().out
    assert edited.read_text().endswith("By hand.\n")
    assert "vasa tavo" not in edited.read_text()
    other = edited.with_name("alpha-collect.md")
    assert "vasa tavo is settled twice" in other.read_text()


def test_a_small_plugin_has_one_document(tmp_path: Path) -> None:
    market = _market(tmp_path, size=6_000)
    assert "1 published" in market.done().out
    assert _references(market) == []
    assert "[`/alpha-collect`](../../commands/alpha-collect.md)" in (
        market.target("alpha").read_text()
    )


def test_parts_are_files_of_the_usual_folders(tmp_path: Path) -> None:
    for path in ("commands/a.md", "commands/x/b.md", "agents/a.md", "agents/README.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x" * bundles.SPLIT)
    (tmp_path / "commands" / "link.md").symlink_to(tmp_path / "commands" / "a.md")
    found = bundles.parts(tmp_path, ["command", "agent"])
    assert [(part.name, part.path) for part in found] == [
        ("a", "commands/a.md"), ("x-b", "commands/x/b.md"), ("a-agent", "agents/a.md"),
    ]  # fmt: skip
    assert bundles.parts(tmp_path, ["agent"]) == ()


def test_one_target_for_many_is_a_problem(tmp_path: Path) -> None:
    market = _market(tmp_path, more="    target: skills/alpha/references/all.md\n")
    done = market.doit("validate")
    assert "'skills/alpha/references/all.md' is one file for many" in done.out + done.err


def test_what_references_hold_counts_for_the_bundle() -> None:
    whole = Window(8_000, 14_000)
    assert size._beside(whole, 3_000) == Window(5_000, 8_000, upto=8_000)
    assert size._beside(whole, 40_000).min == size.LEAST // 2


LINES = [f"The tavo number {n} is settled by the moke of the ledger." for n in "abcdefghij"]


@pytest.mark.parametrize(("shared", "told"), [(1, 0), (2, 1), (10, 1)])
def test_lines_that_stand_in_a_reference_too(shared: int, told: int) -> None:
    text = "---\nname: a\ndescription: b\n---\n\n# A\n\n" + "\n".join(LINES)
    bundle = {"references/x.md": "\n".join(LINES[:shared])}
    parsed, options = document.parse(text), {"share": 0.05}
    spots = list(bundle_repeats(parsed, Context(bundle=bundle), options))
    assert len(spots) == told
    assert not list(references_alike(parsed, Context(bundle=bundle), options))
    as_reference = Context(bundle=bundle, frontmatter="none")
    assert len(list(references_alike(parsed, as_reference, options))) == told


def test_the_profile_upload_leads_nowhere_out_of_the_folder(tmp_path: Path) -> None:
    market = _market(tmp_path)
    path = tmp_path / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text() + "profile: upload\n")
    assert "3 published" in market.done().out
    files = [market.target("alpha"), *market.target("alpha").parent.glob("references/*")]
    assert len(files) == 3
    assert all("](../.." not in file.read_text() for file in files)


def test_the_profile_agent_plugins_keeps_8_000_bytes_and_asks_for_a_manifest(
    tmp_path: Path,
) -> None:
    plugin(tmp_path, "alpha", size=14_000)
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    path = tmp_path / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text() + "profile: agent-plugins\n")
    market.done()
    assert 4_000 < market.target("alpha").stat().st_size <= 8_000
    said = "plugin.json is missing at the plugin's root"
    assert said in market.run("nightpress", "check").out
    (tmp_path / "plugins/alpha/plugin.json").write_text('{"name": "alpha"}')
    assert "plugin.json has no $schema" in market.run("nightpress", "check").out


def test_a_model_is_told_which_references_there_are(tmp_path: Path) -> None:
    market = _market(tmp_path)
    project = Project(tmp_path, {}, {}, RealClock())
    state = Gatherer(project).gather("alpha")
    question = drafts.request(project, state, state.states["skill"], {}, clean=True)
    generator = project.generator("skill")
    prompt = prompting.rendered(generator, question.material, lambda text: (text, ())).prompt
    assert "repeat none of their steps" in prompt
    for name in ("alpha-collect", "alpha-settle"):
        assert f"  - `skills/alpha/references/{name}.md`" in prompt
    one = drafts.request(project, state, state.states[NAMES[1]], {}, clean=True)
    assert {file.path for file in one.material.anatomy.files} == {
        ".claude-plugin/plugin.json", "commands/alpha-settle.md",
    }  # fmt: skip
    assert not market.target("alpha").exists()


# --- one decision: held, applied, rejected, and removed together ---


def _held(tmp_path: Path) -> Market:
    market = _market(tmp_path)
    path = tmp_path / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("publish: auto", "publish: review"))
    market.documented()
    assert market.rows("SELECT status FROM enhancements") == [("deferred",)] * 3
    return market


@pytest.mark.parametrize("name", ["alpha/skill", f"alpha/{NAMES[1]}", "alpha"])
def test_apply_of_one_draft_applies_its_bundle(tmp_path: Path, name: str) -> None:
    market = _held(tmp_path)
    assert _references(market) == []
    assert market.doit(f"apply:{name}").code == 0
    assert _references(market) == ["alpha-collect.md", "alpha-settle.md"]
    assert market.target("alpha").exists()
    assert "nothing to do: 3 up to date" in market.done().out


def test_a_draft_whose_bundle_was_rejected_in_part_is_not_applied(tmp_path: Path) -> None:
    market = _held(tmp_path)
    market.doit(f"reject:alpha/{NAMES[0]}", "--because", "say less")
    done = market.doit("apply:alpha/skill")
    said = f"it goes with {NAMES[0]}, which is rejected"
    hint = f"doit force=1 enhance:alpha/{NAMES[0]} makes it, then: doit apply:alpha"
    assert done.code == 1 and said in done.out + done.err and hint in done.out + done.err
    assert _references(market) == [] and not market.target("alpha").exists()
    market.doit("force=1", f"enhance:alpha/{NAMES[0]}")
    market.done("apply:alpha")
    assert len(_references(market)) == 2 and market.target("alpha").exists()


def test_a_save_keeps_the_whole_bundle_from_being_applied(tmp_path: Path) -> None:
    market = _held(tmp_path)
    saved = market.target("alpha").parent / "references" / "alpha-settle.md"
    saved.parent.mkdir(parents=True)
    saved.write_text("By hand.\n")
    assert market.doit("apply:alpha").code == 1
    assert _references(market) == ["alpha-settle.md"] and saved.read_text() == "By hand.\n"
    assert not market.target("alpha").exists()


def _without_a_command(tmp_path: Path) -> Market:
    """A bundle of three commands, of which the third is gone."""
    market = _market(tmp_path)
    commands = tmp_path / "plugins/alpha/commands"
    (commands / "alpha-close.md").write_bytes((commands / "alpha-settle.md").read_bytes())
    market.documented()
    assert market.rows("SELECT status FROM enhancements") == [("published",)] * 4
    (commands / "alpha-close.md").unlink()
    return market


def test_a_removed_command_takes_its_reference_with_it(tmp_path: Path) -> None:
    market = _without_a_command(tmp_path)
    before = (market.target("alpha").parent / "references" / "alpha-close.md").read_bytes()
    gone = "skills/alpha/references/alpha-close.md"
    for words in (("plan",), ("plan", "alpha")):
        assert f"remove       alpha: {gone}: nothing" in market.run("nightpress", *words).out
    assert json.loads(market.run("nightpress", "plan", "--json").out)["removals"] == {
        "alpha": [gone]
    }
    assert "link-resolves" not in market.run("nightpress", "check", "plugins/alpha").out
    out = market.doit().out
    removed = "removed, since nothing asks for it: skills/alpha/references/alpha-close.md"
    assert f"alpha: {removed}" in out
    assert _references(market) == ["alpha-collect.md", "alpha-settle.md"]
    assert "alpha-close" not in market.target("alpha").read_text()
    assert "alpha-close" not in (tmp_path / "nightpress.lock").read_text()
    snapshots = Snapshots(tmp_path / ".nightpress" / "snapshots")
    [kept, *_] = snapshots.listed()
    assert snapshots.read(kept.id, "skills/alpha/references/alpha-close.md") == before
    assert "nothing to do: 3 up to date" in market.done().out


def test_check_names_a_command_of_which_no_reference_is_made(tmp_path: Path) -> None:
    market = _market(tmp_path)
    hollow = tmp_path / "plugins/alpha/commands/alpha-todo.md"
    hollow.write_text("---\ndescription: A demo command\n---\n\nTODO: describe it.\n")
    assert "hollow       alpha/references.alpha-todo" in market.run("nightpress", "plan").out
    said = market.run("nightpress", "check", "plugins/alpha").out
    assert "plugins/alpha/commands/alpha-todo.md:1:1: warning: hollow: nothing real to say" in said


def test_a_clone_names_a_removed_command_no_more(tmp_path: Path) -> None:
    market = _without_a_command(tmp_path)
    assert "alpha-close" in market.target("alpha").read_text().split("---")[1]
    shutil.rmtree(tmp_path / ".nightpress")
    market.done()
    assert "alpha-close" not in market.target("alpha").read_text()


def test_a_reference_without_a_command_stays_where_somebody_edited_it(tmp_path: Path) -> None:
    market = _without_a_command(tmp_path)
    edited = market.target("alpha").parent / "references" / "alpha-close.md"
    edited.write_text(edited.read_text() + "\nBy hand.\n")
    assert "alpha-close.md was edited by hand: kept" in market.doit().out
    assert edited.read_text().endswith("By hand.\n")
    assert "nothing to do: 3 up to date" in market.done().out


def test_a_reference_without_a_command_stays_where_a_document_leads_to_it(tmp_path: Path) -> None:
    market = _without_a_command(tmp_path)
    guide = tmp_path / "plugins/alpha/docs/guide.md"
    guide.parent.mkdir()
    guide.write_text("See [closing](../skills/alpha/references/alpha-close.md).\n")
    assert "is kept, since docs/guide.md leads to it" in market.doit().out
    assert "alpha-close.md" in _references(market)


# --- one document becomes a bundle, and a bundle one document ---


def _one_document(tmp_path: Path) -> Market:
    plugin(tmp_path, "alpha", size=40_000)
    for path in (tmp_path / "plugins/alpha/commands").glob("*.md"):
        more = "".join(f"\n## Step {n}\n\n```bash\nledger {n} --all\n```\n" for n in range(8))
        path.write_text(path.read_text() + more)
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    return market


@pytest.mark.parametrize("publish", ["auto", "review"])
def test_what_moves_into_references_is_not_lost(tmp_path: Path, publish: str) -> None:
    market = _one_document(tmp_path).documented()
    before = market.target("alpha").read_text().count("```")
    manifest = tmp_path / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text() + ASKED + f"publish: {publish}\n")
    done = market.doit()
    assert done.code == 0, done.out
    if publish == "review":
        told = market.run("nightpress", "review", "alpha/skill").out
        assert "code block is gone" not in told and "heading is gone: ## Step" not in told, told
        market.done("apply:alpha")
    assert _references(market) == ["alpha-collect.md", "alpha-settle.md"]
    assert market.target("alpha").read_text().count("```") < before / 2
    assert "nothing to do: 3 up to date" in market.done().out


def test_a_skill_that_loses_what_no_reference_has_is_a_regression() -> None:
    """Of a bundle that was one before only SKILL.md is compared with SKILL.md."""
    standing = "# A\n\n" + "\n\n".join(f"```bash\nledger {n}\n```" for n in range(8))
    text, path = "# A\n\nSee [x](references/x.md).\n", "skills/a/references/x.md"
    context = Context(target="skills/a/SKILL.md", standing=standing, bundle={path: standing})
    parsed, options = document.parse(text), {"from": 3, "loss": 0.5}
    assert not list(regression.regression_code(parsed, context, options))
    known = replace(context, standing=f"{standing}\n\n[x](references/x.md)\n")
    assert list(regression.regression_code(parsed, known, options))
    assert list(regression.regression_code(parsed, replace(context, bundle={}), options))


def test_a_link_to_a_reference_that_goes_is_no_loss(tmp_path: Path) -> None:
    market = _market(tmp_path).documented()
    manifest = tmp_path / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text().replace(ASKED, ""))
    out = market.done().out
    assert "removed, since nothing asks for it: skills/alpha/references/alpha-collect.md, " in out
    assert _references(market) == []
    links = "".join(f"[{n}](references/{n}.md)\n" for n in "abcd")
    context = Context(target="SKILL.md", standing=f"# A\n\n{links}", plugin_paths=frozenset())
    options = {"from": 3, "loss": 0.5}
    assert not list(regression.regression_links(document.parse("# A\n"), context, options))
    there = replace(context, plugin_paths=frozenset(f"references/{n}.md" for n in "abcd"))
    assert list(regression.regression_links(document.parse("# A\n"), there, options))


# --- a bundle that a crash cut in two ---

BUNDLE = ("skills/a/references/x.md", "skills/a/references/y.md", "skills/a/SKILL.md")


def _cut(root: Path, there: int, *, before: bool) -> list[Any]:
    """Rows of a bundle of which the first `there` files stand and all are staged."""
    snapshots = Snapshots(root / "state" / "snapshots")
    if before:
        for target in BUNDLE:
            (root / "p" / target).parent.mkdir(parents=True, exist_ok=True)
            (root / "p" / target).write_text(f"old {target}")
    (root / "p").mkdir(exist_ok=True)
    taken = snapshots.take(root / "p", "p", "before a run", 0.0, "r")
    staged = [atomic.stage(root / "p", t, f"new {t}".encode(), f"t{t[-4]}") for t in BUNDLE]
    old = [fingerprint.sha256(f"old {t}".encode()) if before else None for t in BUNDLE]
    for new, expected in list(zip(staged, old, strict=True))[:there]:
        atomic.swap(new, expected)
    return [
        SimpleNamespace(
            plugin_path="p", target=new.target, content_sha256=new.sha256, before_sha256=expected,
            token=f"t{new.target[-4]}", snapshot_id=taken.id, slug="p",
        )
        for new, expected in zip(staged, old, strict=True)
    ]  # fmt: skip


def _stand(root: Path) -> list[str]:
    paths = [root / "p" / target for target in BUNDLE]
    return [path.read_text().split()[0] if path.exists() else "" for path in paths]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("there", range(4))
@pytest.mark.parametrize("edited", [None, 0, 1, 2])
def test_what_a_crash_cut_in_two_is_whole_again(
    tmp_path: Path, before: bool, there: int, edited: int | None
) -> None:
    rows = _cut(tmp_path, there, before=before)
    if edited is not None:
        (tmp_path / "p" / BUNDLE[edited]).write_text("edited")
    project: Any = SimpleNamespace(root=tmp_path, state=tmp_path / "state")
    recover._settle_together(project, rows)
    old = "old" if before else ""
    stands = "new" if there and (edited is None or there == 3) else old
    wanted = [stands] * 3
    if edited is not None:
        wanted[edited] = "edited"
        if edited < there < 3:  # it was edited after it had been put there: no more to be done
            wanted = ["edited" if n == edited else old for n in range(3)]
    assert _stand(tmp_path) == wanted


def test_what_its_own_command_says_is_no_repetition() -> None:
    """Two commands may say the same, and a reference holds all that its own says."""
    texts = [SourceFile("commands/x.md", "\n".join(LINES), 0)]
    context = Context(
        bundle={"references/x.md": "\n".join(LINES)},
        frontmatter="none",
        anatomy=anatomy.build(texts, "harbour"),
    )
    parsed = document.parse("# A\n\n" + "\n".join(LINES))
    assert not list(references_alike(parsed, context, {"share": 0.05}))


def test_commands_in_parts_of_a_plugin_have_references_too(tmp_path: Path) -> None:
    """Two of one name in two parts have a file each; what is a skill's own is none."""
    for path in (
        "commands/tar.md",
        "plugins/hull/commands/tar.md",
        "plugins/deck/wash/agents/tar.md",
        "skills/x/commands/no.md",
        "plugins/hull/commands/README.md",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x" * bundles.SPLIT)
    found = bundles.parts(tmp_path, ["command", "agent"])
    assert [(part.name, part.path) for part in found] == [
        ("tar", "commands/tar.md"),
        ("tar-command", "plugins/hull/commands/tar.md"),
        ("tar-agent", "plugins/deck/wash/agents/tar.md"),
    ]


def test_a_skill_that_somebody_edits_stays_one_with_references(tmp_path: Path) -> None:
    """Its window is that of a bundle's SKILL.md, and a draft beside it leads to the references."""
    market = _market(tmp_path).documented()
    skill = market.target("alpha")
    before = len(skill.read_text())
    skill.write_text(skill.read_text() + "\nBy hand.\n")
    assert "size-window" not in market.run("nightpress", "check", "alpha").out
    market.run("nightpress", "forget", "alpha/skill")
    market.run("nightpress", "build", "alpha/skill")
    draft = tmp_path / ".nightpress/drafts/alpha/skill.md"
    text = draft.read_text() if draft.is_file() else skill.read_text()
    assert "references/alpha-settle.md" in text
    assert len(text) < before + 200


def test_adopting_a_plugin_leaves_what_nobody_touched_to_nightpress(tmp_path: Path) -> None:
    """What was edited is taken; the rest is kept true as before, until it is named."""
    market = _market(tmp_path).documented()
    edited = market.target("alpha").parent / "references" / "alpha-settle.md"
    edited.write_text(edited.read_text() + "\nOur own line.\n")
    told = market.done("adopt:alpha").out
    assert "alpha: 2 documents stand as published, and stay nightpress's" in told

    def adopted() -> list[str]:
        entries = lockfile.read(tmp_path / "nightpress.lock").values()
        return [entry.job for entry in entries if entry.status == Status.ADOPTED]

    assert adopted() == ["alpha/references.alpha-settle"]
    market.done("adopt:alpha/references.alpha-collect")
    assert adopted() == ["alpha/references.alpha-collect", "alpha/references.alpha-settle"]
