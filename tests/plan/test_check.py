"""`nightpress check` as people and CI run it."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

from ruamel.yaml import YAML

from nightpress.model import Finding
from nightpress.plan import Judged
from nightpress.report.check_report import Report
from tests.checks import base
from tests.market import Market, Ran, plugin, prose


def check(market: Market, *words: str) -> Ran:
    return market.run("nightpress", "check", *words)


def test_a_published_marketplace_passes_until_something_moves(market: Market) -> None:
    assert market.doit().code == 0
    done = check(market)
    assert done.code == 0, done.out
    assert done.out.splitlines()[-1] == "2 documents: 0 errors, 0 warnings, 0 stale"
    (market.root / "plugins" / "beta" / "NEW.md").write_text("One more remark.\n")
    stale = check(market)
    assert stale.code == 1
    shown = "plugins/beta/skills/beta/SKILL.md: stale: content changed: NEW.md added"
    assert shown in stale.out.splitlines()
    assert check(market, "--stale=ignore").code == 0
    assert check(market, "plugins/alpha").code == 0


def test_a_fresh_clone_is_judged_from_its_lock_and_stays_clean(
    market: Market, tmp_path: Path
) -> None:
    market.documented()
    market.git("init", "-q")
    market.git("add", "-A")
    market.git("commit", "-qm", "all")
    market.git("clone", "-q", ".", str(tmp_path / "clone"))
    clone = Market(tmp_path / "clone")
    assert check(clone).code == 0
    assert not (clone.root / ".nightpress").exists()
    assert clone.git("status", "--short", "--ignored") == ""
    target = clone.target("alpha")
    target.write_text(target.read_text() + "\nSee [the missing page](gone.md).\n")
    broken = check(clone)
    assert broken.code == 1
    [line] = [row for row in broken.out.splitlines() if "link-resolves" in row]
    count = target.read_text().count("\n")
    assert line.startswith(f"plugins/alpha/skills/alpha/SKILL.md:{count}:")


def test_what_was_never_made_is_told_and_fails_only_when_strict(
    market: Market, tmp_path: Path
) -> None:
    """In a clone: who rejected a first draft, or one beside a person's file, has no more to do."""
    plugin(market.root, "gamma", skill="# Gamma\n\nold words\n")
    assert market.run("nightpress", "manifests").code == 0
    defaults = market.root / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("publish: auto", "publish: review"))
    defaults.write_text(defaults.read_text().replace("standing: keep", "standing: review"))
    market.done()
    market.done("apply:alpha")
    for slug in ("beta", "gamma"):
        market.done(f"reject:{slug}", "--because", "not this")
    check(market, "--write-baseline", "sins.json")
    market.git("init", "-q")
    market.git("add", "-A")
    market.git("commit", "-qm", "all")
    market.git("clone", "-q", ".", str(tmp_path / "clone"))
    clone = Market(tmp_path / "clone")

    def judged(*words: str) -> Ran:
        return clone.run("nightpress", "ci", "check", "--baseline=sins.json", *words)

    quiet = judged("-q")
    assert (quiet.code, quiet.out) == (0, ""), quiet.err
    done = judged()
    told = [line for line in done.out.splitlines() if "not made yet" in line]
    assert done.code == 0, done.out
    assert told[:-1] == [
        "plugins/beta/skills/beta/SKILL.md: not made yet: nightpress build makes it",
        "plugins/gamma/skills/gamma/SKILL.md: not made yet: a person's file: its draft will wait"
        " for you; undersized (19 of 2,000 bytes)",
    ]
    assert "0 stale, 2 not made yet" in told[-1]
    assert "2 stale" in judged("--stale=strict").out
    assert clone.run("nightpress", "check", "plugins/beta").code == 0
    assert clone.run("nightpress", "check", "plugins/beta", "--stale=strict").code == 1
    assert "made" not in judged("--stale=ignore").out.splitlines()[-1]

    clone.target("alpha").unlink()
    assert "error: gone: published and on record, but the file is gone" in judged().out


def test_a_document_on_record_that_is_gone_fails_whatever_a_build_makes_of_it(
    market: Market, tmp_path: Path
) -> None:
    """An adopted file of a plugin with too little to say: nothing is stale, and nothing is made."""
    plugin(market.root, "petty", size=0, skill="# Petty\n\nA person's own words.\n")
    assert market.run("nightpress", "manifests").code == 0
    market.done("adopt:petty")
    market.done()
    market.done("backup")
    market.git("init", "-q")
    market.git("add", "-A")
    market.git("commit", "-qm", "all")
    market.git("clone", "-q", ".", str(tmp_path / "clone"))
    for place in (market, Market(tmp_path / "clone")):
        assert check(place, "--stale=ignore", "--write-baseline", "sins.json").code == 0
        place.target("petty").unlink()
        place.target("alpha").unlink()
        for words in (("check",), ("ci", "check")):
            done = place.run("nightpress", *words, "--stale=ignore", "--baseline=sins.json")
            assert done.code == 1
            lines = done.out.splitlines()
            skill = "plugins/petty/skills/petty/SKILL.md:1:1: error: gone: adopted and on record"
            [at] = [number for number, line in enumerate(lines) if line.startswith(skill)]
            assert "nightpress restore --plugin petty" in lines[at + 1]
            assert "remove skill from manifests/petty.yaml" in lines[at + 1]
            assert "alpha/SKILL.md:1:1: error: gone: published and on record" in done.out
    market.done("restore", "--plugin", "petty")
    assert "petty/SKILL.md:1:1: error: gone" not in check(market).out


def test_what_was_adopted_covers_its_findings_and_no_further_one(market: Market) -> None:
    market.documented()
    target = market.target("alpha")
    target.write_text(target.read_text() + "\nSee [the missing page](gone.md).\n")
    adopted = market.doit("adopt:alpha")
    assert adopted.code == 0
    assert "accepted: link-resolves" in adopted.out, adopted.out
    assert check(market).code == 0
    text = target.read_text() + "\nAnd [one more](lost.md).\n"
    target.write_text(text)
    told = check(market, "--stale=ignore")
    assert told.code == 1
    assert "lost.md" in told.out and "gone.md" not in told.out
    market.done()  # it is told, but a check that was overruled once replaces nobody's file
    assert target.read_text() == text


def test_three_formats_and_one_document_each(market: Market) -> None:
    market.documented()
    target = market.target("alpha")
    target.write_text(target.read_text() + "\nSee [the missing page](gone.md).\n")
    held = json.loads(check(market, "--format", "json").out)
    assert held["ok"] is False
    assert held["errors"] == 1
    assert {row["path"]: row["score"] for row in held["results"]}.keys() == {
        f"plugins/{name}/skills/{name}/SKILL.md" for name in ("alpha", "beta")
    }
    log = json.loads(check(market, "--format", "sarif").out)
    [result] = [r for r in log["runs"][0]["results"] if r["level"] == "error"]
    assert result["ruleId"] == "link-resolves"


def test_a_skill_that_no_manifest_declares_is_judged_by_what_holds_everywhere(
    market: Market,
) -> None:
    market.documented()
    other = market.root / "plugins" / "alpha" / "skills" / "other" / "SKILL.md"
    other.parent.mkdir()
    other.write_text("# Other\n\nSee [the page](gone.md).\n\n```sh\nls\n")
    place = other.relative_to(market.root).as_posix()
    for words in ([place], [], ["plugins/alpha"]):
        done = check(market, *words)
        assert done.code == 1, done.out
        rows = [row for row in done.out.splitlines() if row.startswith(f"{place}:")]
        for rule in ("frontmatter-present", "link-resolves", "fence-closed"):
            assert sum(f": error: {rule}: " in row for row in rows) == 1, rows
        assert not any("link-dead" in row for row in rows)
    assert market.run("nightpress", "ci", "check").code == 1
    other.write_text("---\nname: other\ndescription: Tells of other things.\n---\n\n# Other\n")
    assert check(market, place).code == 0


def test_a_baseline_accepts_old_sins_only(market: Market) -> None:
    market.documented()
    target = market.target("alpha")
    target.write_text(target.read_text() + "\nSee [the missing page](gone.md).\n")
    assert check(market, "--write-baseline", "sins.json").code == 0
    accepted = check(market, "--baseline", "sins.json")
    assert accepted.code == 0, accepted.out
    assert "2 accepted by the baseline" in accepted.out
    target.write_text(target.read_text() + "\nAnd [another](away.md).\n")
    assert check(market, "--baseline", "sins.json").code == 1
    (market.root / "sins.json").write_text("{}")
    assert check(market, "--baseline", "sins.json").code == 3


def test_a_document_outside_any_project(tmp_path: Path) -> None:
    alone = Market(tmp_path)
    folder = tmp_path / "skills" / base.TARGET.split("/")[-2]
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(base.BASE)
    done = check(alone, f"skills/{folder.name}/SKILL.md")
    assert done.code == 0, done.out
    (folder / "SKILL.md").write_text(base.BASE.replace("description:", "summary:"))
    wrong = check(alone, "skills/")
    assert wrong.code == 1
    assert wrong.out.startswith(f"skills/{folder.name}/SKILL.md:")
    assert check(alone, "nowhere").code == 3
    (folder / "SKILL.md").write_bytes(b"x" * 2_000_000)
    assert "cannot be judged" in check(alone).out
    (folder / "SKILL.md").unlink()
    os.mkfifo(folder / "SKILL.md")
    assert check(alone).code == 3
    assert "cannot be judged" in check(alone, f"skills/{folder.name}/SKILL.md").out


def test_a_project_for_gemini_is_checked_without_a_key(market: Market) -> None:
    market.documented()
    path = market.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("backend: auto", "backend: gemini"))
    done = check(market)
    assert done.code == 1
    assert "stale: model changed" in done.out


def test_one_bad_manifest_is_an_error_of_its_own(market: Market) -> None:
    market.documented()
    (market.root / "manifests" / "beta.yaml").write_text("name: [\n")
    done = check(market)
    assert done.code == 1
    assert any(row.startswith("manifests/beta.yaml:") for row in done.out.splitlines())
    assert "2 documents: 1 error" in done.out


def test_the_pre_commit_hook_judges_what_it_is_given(market: Market) -> None:
    repository = Path(__file__).parents[2]
    [hook] = YAML(typ="safe").load(repository / ".pre-commit-hooks.yaml")
    recipe = (repository / "docs" / "ci.md").read_text()
    assert f"entry: {hook['entry']}" in recipe
    assert f"files: {hook['files']}" in recipe
    market.done()
    changed = [str(p.relative_to(market.root)) for p in market.root.rglob("*.md")]
    given = [path for path in changed if re.search(hook["files"], path)]
    assert market.target("alpha").relative_to(market.root).as_posix() in given
    assert market.run(*hook["entry"].split(), *given).code == 0
    market.target("alpha").write_text("# no frontmatter\n")
    assert market.run(*hook["entry"].split(), *given).code == 1


def test_a_baseline_and_a_forge_know_files_wherever_they_were_typed(market: Market) -> None:
    market.documented()
    market.git("init", "-q")
    target = market.target("alpha")
    target.write_text(target.read_text() + "\nSee [the missing page](gone.md).\n")
    assert "3 findings accepted in old.json" in check(market, "--write-baseline", "old.json").out
    where = "plugins/alpha/skills/alpha/SKILL.md"
    for typed in ("./plugins", "plugins/alpha/", str(market.root), str(target)):
        assert "link-resolves:" not in check(market, "--baseline", "old.json", typed).out, typed
        log = json.loads(check(market, "--format", "sarif", typed).out)
        uris = {
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            for result in log["runs"][0]["results"]
            if result["ruleId"] == "link-resolves"
        }
        assert uris == {where}, typed


def test_a_lone_skill_is_judged_by_what_lies_in_its_folder(market: Market, tmp_path: Path) -> None:
    skill = tmp_path / "lone"
    (skill / "scripts").mkdir(parents=True)
    (skill / "scripts" / "run.py").write_text("print(1)\n")
    text = base.BASE.partition("\n# ")[0].replace("tide-table", "lone")
    links = "[run](scripts/run.py), [gone](scripts/gone.py) and [a neighbour](../other/SKILL.md)"
    ran = "Run `scripts/run.py`, then `scripts/lost.py`; `${CLAUDE_PLUGIN_ROOT}/scripts/far.py`."
    (skill / "SKILL.md").write_text(f"{text}\n# Lone\n\n{links}.\n\n{ran}\n")
    said = check(market, str(skill)).out
    assert "link to a missing file: scripts/gone.py" in said
    assert "no file scripts/lost.py in this skill" in said
    assert not re.search(r"missing file: (scripts/run|\.\./other)|no file scripts/(run|far)", said)


def test_a_lone_plugin_is_what_its_skill_is_compared_with(market: Market, tmp_path: Path) -> None:
    plugin = tmp_path / "harbour"
    (plugin / ".claude-plugin").mkdir(parents=True)
    (plugin / ".claude-plugin" / "plugin.json").write_text('{"name": "harbour"}')
    (plugin / "commands").mkdir()
    (plugin / "commands" / "berth.md").write_text("# Berth\n\nFinds a berth.\n")
    head = base.BASE.partition("\n# ")[0]
    (plugin / "SKILL.md").write_text(f"{head}\n# Harbour\n\nRun `/berth`, then `/undock`.\n")
    said = check(market, str(plugin)).out
    assert "warning: command-exists: /undock is not a command of this plugin" in said
    assert "/berth is no command" not in said


def test_a_clone_finds_what_the_machine_finds(tmp_path: Path) -> None:
    """What rests on a person's text that our document was made from, which a clone has not."""
    theirs = "\n\n".join(
        f"## Case {n}\n\nCall the harbour master of pier {n} before dawn, and hand him the sealed"
        f" envelope {n} that the night watch of quay {n} left under the lamp; see notes/{n}.md."
        for n in range(3)
    )
    head = "---\nname: alpha\ndescription: Keeps ledgers. Use when ledgers are settled.\n---\n"
    plugin(tmp_path / "shop", "alpha", size=16_000, skill=f"{head}\n# Alpha\n\n{theirs}\n")
    market = Market(tmp_path / "shop")
    assert market.run("nightpress", "init").code == 0
    assert "1 published" in market.run("nightpress", "build", "alpha/skill", "--force").out
    shutil.copytree(market.root, tmp_path / "clone", ignore=shutil.ignore_patterns(".nightpress"))
    told = [
        json.loads(check(one, "plugins", "--format", "json").out)["results"]
        for one in (market, Market(tmp_path / "clone"))
    ]
    assert told[0] == told[1]
    [document] = [one for one in told[0] if one["path"].endswith("SKILL.md")]
    assert {one["check"] for one in document["accepted"]} >= {"path-exists"}
    checks = {one["check"] for one in document["findings"]}
    assert not checks & {"section-grounded", "document-grounded", "path-exists"}, checks


def test_a_quiet_check_says_nothing_where_nothing_fails(market: Market) -> None:
    market.documented()
    done = check(market, "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    market.target("alpha").unlink()
    assert "gone" in check(market, "-q").out


def test_one_loss_is_counted_once(market: Market) -> None:
    market.documented()
    market.target("alpha").unlink()
    told = json.loads(check(market, "--format", "json").out)
    assert (told["errors"], told["stale"]) == (1, 0)
    [lost] = [one for one in told["results"] if one["path"].endswith("alpha/SKILL.md")]
    assert [one["check"] for one in lost["findings"]] == ["gone"] and not lost["stale"]


def test_the_end_of_a_check_is_short(market: Market) -> None:
    """Lines of a terminal; `-v` names what they count, as what nightpress.lock has as accepted."""
    market.documented()
    alpha = market.target("alpha")
    alpha.write_text(alpha.read_text() + "\nSee [a guide](docs/guide.md).\n")
    assert "link-resolves" in check(market).out
    market.done("adopt:alpha")
    short = check(market).out.splitlines()
    assert "accepted in nightpress.lock: 1 error of 1 document: nightpress check -v" in short
    ends = [row for row in short if row.startswith(("trigger: ", "names, ", "accepted in"))]
    assert len(ends) == 3 and max(map(len, ends)) <= 80, ends
    long = check(market, "-v").out
    assert ": accepted: link-resolves: link to a missing file: docs/guide.md\n" in long
    assert "sample requests (the skills' words and their plugins')" in long


def test_a_terminal_is_told_of_many_findings_by_gate() -> None:
    wrong = [Finding(f"gate-{n}", "warning", "so it is", 3) for n in range(20) for _ in range(n)]
    bad = Finding("name-form", "error", "breaks the rule", 2)
    judged = [
        Judged(f"plugins/a/skills/{name}/SKILL.md", 1, None, found, stale=stale)
        for name, found, stale in (("x" * 90, (bad, *wrong), ()), ("y", (bad,), ("edited",)))
    ]
    rows = list(Report(judged).lines(fold=True))
    assert rows[0].split() == ["stale", "1", "plugins/a/skills/y/SKILL.md"]
    assert rows[1].split() == ["error", "name-form", "2", ".../a/.../SKILL.md:2"]
    assert rows[2].startswith("warning  gate-19") and rows[16] == "... and 5 more gates"
    assert len(rows) <= 24 and max(map(len, rows)) <= 80
    assert rows[:2] != list(Report(judged).lines())[:2], "a pipe is told of each"
    few = Report(judged[1:])
    assert list(few.lines(fold=True)) == list(few.lines())


def test_skills_that_are_judged_together_are_asked_for_together(market: Market) -> None:
    for name, text in (("tides", "Predicts high water of harbours."), ("gulls", "Feeds gulls.")):
        file = market.root / "loose" / name / "SKILL.md"
        file.parent.mkdir(parents=True)
        front = f'---\nname: {name}\ndescription: "{text} Use when asked."\n---\n\n# {name}\n\n'
        file.write_text(front + '## When to use\n\n- "When is high water in the harbour?"\n')
    done = check(market, "loose", "-v")
    lines = done.out.splitlines()
    assert (
        "trigger: of 2 sample requests (the skills' words and their plugins') 50% rank their own"
        " skill first, 50% among the first three" in lines
    )
    [listing] = [row for row in lines if row.startswith("listing: ")]
    assert listing.startswith(
        "listing: names and descriptions take 86 of 8,000 characters, about 21 tokens; "
    )
    told = json.loads(check(market, "loose", "--format", "json").out)["trigger"]
    assert (told["first"], told["characters"], told["twins"]) == (0.5, 86, [])
    gulls, tides = told["skills"]
    assert (gulls["first"], gulls["rivals"]) == (0, [["loose/tides/SKILL.md", 1]])
    assert tides["first"] == tides["requests"] == 1
    assert "trigger:" not in check(market, "loose/tides").out


def test_what_ails_the_project_as_a_whole_is_told(market: Market) -> None:
    """What CI would pass in silence: each is a finding beside its file, with what to do."""
    market.documented()
    listing = market.root / ".claude-plugin" / "marketplace.json"
    listing.parent.mkdir(exist_ok=True)
    listing.write_text('{"plugins": [\n {"name": "alpha", "source": "./plugins/alpha"},\n')
    done = check(market)
    assert done.code == 1
    assert ".claude-plugin/marketplace.json:3:1: error: marketplace: cannot be read:" in done.out
    entries = [
        {"name": "alpha", "source": "./plugins/alpha"},
        {"name": "far", "source": {"source": "github", "repo": "a/b"}},
        {"name": "gone", "source": {"source": "local", "path": "./plugins/gone"}},
    ]
    listing.write_text(json.dumps({"plugins": entries}, indent=1))
    done = check(market)
    assert done.code == 1
    [line] = [row for row in done.out.splitlines() if "error:" in row]
    assert re.match(r"\S+marketplace.json:1\d:1: error: marketplace: entry 3 \(gone\) names", line)
    listing.write_text(json.dumps({"plugins": entries[:2]}))
    newcomer = market.root / "plugins" / "newcomer" / ".claude-plugin" / "plugin.json"
    newcomer.parent.mkdir(parents=True)
    newcomer.write_text('{"name": "newcomer"}')
    done = check(market, "--stale=ignore")
    assert done.code == 0
    assert f"{newcomer.relative_to(market.root)}:1:1: warning: undeclared: the plugin" in done.out
    assert "undeclared" not in check(market, "plugins/alpha").out
    manifest = "name: newcomer\nplugin: plugins/newcomer\nenhancements: {skill: {}}\n"
    (market.root / "manifests" / "newcomer.yaml").write_text(manifest)
    broken = check(market, "--stale=ignore")
    assert broken.code == 1 and "undeclared" not in broken.out, broken.out


def test_a_lock_file_that_a_clone_would_lack_is_told(market: Market) -> None:
    market.documented()
    market.git("init", "-q")
    market.git("add", "-A")
    assert "lock" not in check(market).out
    market.git("rm", "-q", "--cached", "nightpress.lock")
    assert "nightpress.lock:1:1: warning: lock: git does not track" in check(market).out
    (market.root / "nightpress.lock").unlink()
    done = check(market, "--stale=ignore")
    assert "nightpress.lock:1:1: warning: lock: nightpress.lock is not here" in done.out
    assert "hint: git restore nightpress.lock where it was deleted, else nightpress" in done.out
    assert done.code == 0
    in_ci = market.run("nightpress", "ci", "check", "--stale=ignore")
    assert in_ci.code == 1
    assert "nightpress.lock:1:1: error: lock: nightpress.lock is not here" in in_ci.out


def test_an_edited_document_is_told_and_that_its_source_moved_on(market: Market) -> None:
    market.documented()
    target = market.target("alpha")
    target.write_text(target.read_text() + "\nA sentence by hand.\n")
    done = check(market)
    assert done.code == 0
    assert "warning: edited: edited by hand since we published it" in done.out
    assert "hint: nightpress adopt alpha/skill keeps it, nightpress build" in done.out
    assert "moved:" not in done.out
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text() + "\nSettlements close at noon, and never later.\n")
    told = "its source has moved on: README.md changed"
    assert f"warning: moved: {told}" in check(market).out
    planned = market.done("plan").out
    assert f"edited by hand since we published it; {told}" in planned
    market.done("forget", "enhance:alpha/skill")
    assert "1 waiting" in market.done().out
    assert "A sentence by hand." in target.read_text()


def test_a_rule_is_explained_where_it_is_asked_for(market: Market) -> None:
    for rule in ("reference-orphaned", "moved", "link-resolves", "trigger"):
        told = check(market, "--explain", rule)
        assert told.code == 0
        assert told.out.startswith(f"{rule}: ")
    wrong = check(market, "--explain", "reference-orphand")
    assert wrong.code == 3
    assert "did you mean 'reference-orphaned'?" in wrong.err


def test_a_broken_plugin_json_is_told_of_where_it_stands(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "alpha")
    (folder / ".claude-plugin" / "plugin.json").write_text('{\n "name": "alpha",\n}\n')
    market = Market(tmp_path)
    told = market.run("nightpress", "init").out
    assert told.count("plugins/alpha/.claude-plugin/plugin.json") == 1
    assert "plugin.json:3:1: not JSON" in told
    for words in ((), ("plugins/alpha",)):
        said = check(market, *words).out
        assert "plugins/alpha/.claude-plugin/plugin.json:3:1: error: manifest: not JSON" in said


def rows(market: Market, *words: str) -> list[tuple[str, int, str, str]]:
    """(path, line, gate, severity) of each finding."""
    results = json.loads(check(market, "--format", "json", *words).out)["results"]
    return sorted(
        (row["path"], one["line"], one["check"], one["severity"])
        for row in results
        for one in row["findings"]
    )


def test_adopting_a_persons_file_hides_none_of_its_errors(tmp_path: Path) -> None:
    """What a build adopts by itself nobody has accepted: the same rows before and after it, in JSON
    and in the baseline, and in a clone."""
    told = "\n\n".join(f"## Part {n}\n\nStep {n} settles ledger {n}." for n in range(90))
    head = "---\nname: delta\ndescription: Use when ledgers are settled.\n---\n\n# Delta\n"
    skill = f"{head}\nSee [the missing page](gone.md).\n\n{told}\n"
    market = Market(tmp_path / "shop")
    plugin(market.root, "delta", size=0, skill=skill)
    assert market.run("nightpress", "init").code == 0
    market.git("init", "-q")
    where = "plugins/delta/skills/delta/SKILL.md"
    before = rows(market, where)
    assert (where, 8, "link-resolves", "error") in before
    assert check(market, where, "--write-baseline", "before.json").code == 0
    assert ", link-resolves" in market.done().out.partition("taken with its findings: ")[2]
    assert rows(market, where) == before
    assert check(market).code == 1
    assert check(market, where, "--write-baseline", "after.json").code == 0
    held = [(market.root / f"{name}.json").read_text() for name in ("before", "after")]
    assert held[0] == held[1] and where in held[0]
    market.git("add", "-A")
    market.git("commit", "-qm", "all")
    market.git("clone", "-q", ".", str(tmp_path / "clone"))
    assert rows(Market(tmp_path / "clone"), where) == before
    market.done("adopt:delta")  # now somebody has
    assert (where, 8, "link-resolves", "error") not in rows(market)


def test_how_long_a_persons_file_is_fails_nobody(market: Market) -> None:
    """Ours that was cut short is another matter."""
    market.documented()
    stub = "---\nname: petty\ndescription: Use when petty ledgers are settled.\n---\n\n# Petty\n"
    plugin(market.root, "petty", skill=stub)
    assert market.run("nightpress", "manifests").code == 0
    market.done("enhance:petty")
    size = [row for row in rows(market) if row[2] == "size-window"]
    assert [(row[0].split("/")[1], row[3]) for row in size] == [("petty", "warning")]
    market.target("alpha").write_text(market.target("alpha").read_text()[:300] + "\n")
    size = [row for row in rows(market) if row[2] == "size-window"]
    assert [(row[0].split("/")[1], row[3]) for row in size] == [
        ("alpha", "error"), ("petty", "warning"),
    ]  # fmt: skip


def test_an_edit_fails_where_edits_are_strict_until_it_is_adopted(market: Market) -> None:
    market.documented()
    target = market.target("alpha")
    target.write_text(target.read_text().replace("## ", "## More of ", 1))
    defaults = market.root / "manifests" / "_defaults.yaml"
    for words in (("check",), ("ci", "check")):
        told = market.run("nightpress", *words)
        assert (told.code, ": warning: edited: " in told.out) == (0, True), told.out
        told = market.run("nightpress", *words, "--edits=strict")
        assert (told.code, ": error: edited: " in told.out) == (1, True), told.out
    defaults.write_text(defaults.read_text().replace("standing: keep", "standing: review"))
    target.write_text(target.read_text()[:900] + "\n")  # a draft would be made beside it
    assert ": warning: edited: " in check(market).out
    market.done("adopt:alpha")
    assert check(market, "--edits=strict").code == 0


def test_a_plugin_that_went_with_its_manifest_is_told_while_on_record(market: Market) -> None:
    market.documented()
    shutil.rmtree(market.root / "plugins" / "beta")
    (market.root / "manifests" / "beta.yaml").unlink()
    told = check(market)
    said = "nightpress.lock:1:1: warning: gone: beta: 1 document on record, and neither"
    assert (told.code, said in told.out) == (0, True), told.out
    market.done()
    assert "on record" not in check(market).out


def test_a_damaged_document_is_no_edit_of_a_persons_and_comes_back(market: Market) -> None:
    """Broken off within a line, emptied, or full of NULs: no person leaves that. A snapshot that a
    build takes afterwards has the damage, and a restore does not."""
    market.documented()
    target = market.target("alpha")
    whole = target.read_bytes()
    half = whole[: len(whole) // 2].rpartition(b" ")[0]
    for damaged in (half, b"", b"\0" * len(whole)):
        target.write_bytes(damaged)
        told = check(market)
        assert told.code == 1
        assert f"error: edited: damaged, it seems: {len(damaged):,} of the" in told.out
    target.write_bytes(half)
    manifest = market.root / "manifests" / "alpha.yaml"
    more = "  guide:\n    generator: readme\n    target: GUIDE.md\n    size: {min: 300}\n"
    manifest.write_text(manifest.read_text() + more)
    assert "published    alpha/guide" in market.done().out
    assert target.read_bytes() == half
    assert "or has it damaged" in market.done("restore", "--plugin", "alpha").out
    assert target.read_bytes() == whole
    target.write_bytes(half.rpartition(b"\n")[0] + b"\n")  # cut by lines: somebody may mean that
    assert "warning: edited: edited by hand" in check(market).out


def test_how_to_live_with_an_error_of_a_persons_file_is_told(tmp_path: Path) -> None:
    head = "---\nname: Bad Name\ndescription: Use when ledgers are settled.\n---\n\n# Delta\n\n"
    plugin(
        tmp_path,
        "delta",
        skill=head + prose("delta", 9_000) + "\n\nkey: sk-ant-" + "a1B2" * 12 + "\n",
    )
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    assert "1 adopted" in market.done().out
    told = market.run("nightpress", "check", "-q")
    accepts = "nightpress adopt delta/skill accepts it"
    rows = dict(zip(*[iter(told.out.splitlines())] * 2, strict=True))
    assert told.code == 1 and {": name-form: " in row for row in rows} == {True, False}
    for row, hint in rows.items():
        assert (accepts in hint) == (": secret: " not in row), row
    market.run("nightpress", "adopt", "delta/skill")
    assert accepts not in market.run("nightpress", "check").out
