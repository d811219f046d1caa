"""The press as a user runs it: doit in a subprocess, on a real marketplace, offline."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nightpress.clock import RealClock
from nightpress.project.project import Project
from nightpress.tasks import usage
from tests.market import Market, plugin, published


def test_first_run_publishes_and_the_second_does_nothing(market: Market) -> None:
    first = market.doit()
    assert first.code == 0, first.out + first.err
    assert market.rows(
        "SELECT status, COUNT(*) FROM enhancements GROUP BY status ORDER BY status"
    ) == [("insufficient", 1), ("published", 2)]
    for name in ("alpha", "beta"):
        data = market.target(name).read_bytes()
        assert 8_000 <= len(data) <= 14_000
        held = market.rows("SELECT job, content_sha256, bytes_after FROM enhancements")
        assert (f"{name}/skill", hashlib.sha256(data).hexdigest(), len(data)) in held
    before = {
        path: path.stat().st_mtime_ns
        for path in market.root.rglob("*")
        if path.is_file() and ".nightpress" not in path.parts
    }
    second = market.doit()
    assert second.code == 0
    assert "nothing to do: 2 up to date, 1 insufficient" in second.out
    assert market.rows("SELECT COUNT(*) FROM enhancements") == [(3,)]
    assert market.rows("SELECT COUNT(*) FROM runs") == [(1,)]
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())


def test_nothing_promised_is_null(market: Market) -> None:
    market.documented()
    rows = market.rows(
        "SELECT COUNT(*) FROM enhancements WHERE timestamp IS NULL OR plugin_name IS NULL OR"
        " plugin_path IS NULL OR processing_time_seconds IS NULL OR reasons = '[]' OR"
        " (status = 'published' AND (model_answered IS NULL OR bytes_after IS NULL))"
    )
    assert rows == [(0,)]
    assert market.rows("SELECT AVG(processing_time_seconds) > 0 FROM enhancements") == [(1,)]


def test_one_changed_file_makes_exactly_that_plugin_stale(market: Market) -> None:
    market.documented()
    readme = market.root / "plugins" / "beta" / "README.md"
    readme.write_text(readme.read_text() + "\nOne more remark on how settling works.\n")
    plan = json.loads(market.doit("plan", "--format", "json").out)
    work = {row["enhancement"]: row["reasons"] for row in plan["enhancements"] if row["work"]}
    assert list(work) == ["beta/skill"]
    assert work["beta/skill"][0]["text"] == "content changed: README.md changed"
    assert market.doit().code == 0
    assert market.rows("SELECT COUNT(*) FROM enhancements WHERE status = 'published'") == [(3,)]


def test_a_document_is_made_without_what_it_does_not_need(market: Market) -> None:
    """Each of these imports costs as much as all the rest of making one document offline."""
    market.documented()
    readme = market.root / "plugins" / "beta" / "README.md"
    readme.write_text(readme.read_text() + "\nOne more remark on how settling works.\n")
    ran = market.start("doit", PYTHONPROFILEIMPORTTIME="1")
    assert "1 published" in ran.out, ran.out
    loaded = {row.rpartition("|")[2].strip() for row in ran.err.splitlines()}
    assert "markdown_it" in loaded  # the rows are what we take them for
    heavy = {"jsonschema", "google.genai", "jinja2", "rich", "httpx2", "pygal"}
    assert not loaded & heavy


def test_a_changed_prompt_makes_exactly_its_type_stale(market: Market) -> None:
    market.documented()
    own = market.root / "generators" / "skill"
    bundled = Path(__file__).parents[2] / "generators" / "skill"
    shutil.copytree(bundled, own)
    same = json.loads(market.doit("plan", "--format", "json").out)
    assert not [row for row in same["enhancements"] if row["work"]]
    (own / "prompt.md.j2").write_text((own / "prompt.md.j2").read_text() + "\nBe brief.\n")
    plan = json.loads(market.doit("plan", "--format", "json").out)
    stale = {row["enhancement"] for row in plan["enhancements"] if row["work"]}
    assert stale >= {"alpha/skill", "beta/skill"}
    codes = {r["code"] for row in plan["enhancements"] if row["work"] for r in row["reasons"]}
    assert "generator" in codes


def test_a_hand_edit_is_kept_until_the_user_says_otherwise(market: Market) -> None:
    market.documented()
    target = market.target("alpha")
    edited = target.read_text() + "\nA remark by hand.\n"
    target.write_text(edited)
    kept = market.doit()
    assert kept.code == 0
    assert "edited by hand" in kept.out
    assert target.read_text() == edited
    market.done()
    assert market.rows("SELECT COUNT(*) FROM enhancements WHERE status = 'kept'") == [(1,)]
    assert market.doit("force=1").code == 3
    forced = market.doit("force=1", "enhance:alpha/skill")
    assert forced.code == 0, forced.out + forced.err
    assert "A remark by hand" not in target.read_text()
    listed = json.loads(market.doit("restore", "--list", "--format", "json").out)
    newest = next(row for row in listed if row["plugin"] == "alpha")["id"]
    assert market.doit("restore", "--plugin", "alpha", "--snapshot", newest).code == 0
    assert target.read_text() == edited


def test_adopt_takes_the_edit_as_the_truth(market: Market) -> None:
    market.documented()
    target = market.target("alpha")
    target.write_text(target.read_text() + "\nA remark by hand.\n")
    assert market.doit("adopt:alpha").code == 0
    after = market.doit()
    assert "2 up to date" in after.out, after.out
    assert target.read_text().endswith("A remark by hand.\n")


def test_forget_asks_again_and_keeps_the_analysis(market: Market) -> None:
    market.documented()
    market.done("forget", "enhance:alpha/skill")
    info = market.doit("info", "enhance:alpha/skill")
    assert (
        " - decision: stale: you asked for it\n - actions: pace, then draft, then publish\n"
        in info.out
    )
    assert market.doit().code == 0
    assert market.rows("SELECT COUNT(*) FROM analyses") == [(2,)]
    assert "2 up to date" in market.doit().out


def test_a_clone_without_a_ledger_is_judged_from_the_lock_file(
    market: Market, tmp_path: Path
) -> None:
    market.documented()
    market.git("init", "-q")
    market.git("add", "-A")
    market.git("commit", "-qm", "all")
    clone = Market(tmp_path / "clone")
    subprocess.run(["git", "clone", "-q", str(market.root), str(clone.root)], check=True)
    readme = clone.root / "plugins" / "beta" / "README.md"
    readme.write_text(readme.read_text() + "\nChanged in the clone.\n")
    plan = json.loads(clone.doit("plan", "--format", "json").out)
    made = [row["enhancement"] for row in plan["enhancements"] if row["action"] == "make"]
    assert made == ["beta/skill"]
    assert clone.target("alpha").read_bytes() == market.target("alpha").read_bytes()


def test_what_git_ignores_is_no_content(market: Market, tmp_path: Path) -> None:
    """A clone does not have it: else the committed lock file would be wrong there."""
    (market.root / ".gitignore").write_text(".nightpress/\n*.log\n/plugins/beta/build/\n")
    beta = market.root / "plugins" / "beta"
    (beta / "build").mkdir()
    (beta / "build" / "out.md").write_text("# Out\n\nMade by a tool.\n")
    (beta / "debug.log").write_text("a private remark\n")
    (beta / "kept.log").write_text("Committed all the same.\n")
    market.git("init", "-q")
    market.git("add", "-f", "plugins/beta/kept.log")
    market.done()
    market.git("add", "-A")
    market.git("commit", "-qm", "all")
    [(files,)] = market.rows(
        "SELECT c.files FROM contents c JOIN enhancements e"
        " ON c.content = json_extract(e.fingerprint, '$.content') WHERE e.job = 'beta/skill'"
    )
    assert "kept.log" in json.loads(str(files))
    assert not {"debug.log", "build/out.md"} & set(json.loads(str(files)))
    (beta / "debug.log").write_text("another private remark\n")
    assert "nothing to do" in market.done().out
    market.git("clone", "-q", str(market.root), str(tmp_path / "clone"))
    clone = Market(tmp_path / "clone").done().out
    assert "no work needed: 2 up to date" in clone
    assert "published" not in clone
    (market.root / ".gitignore").write_text(".nightpress/\n*.log\n")
    assert "content changed: build/out.md added" in market.done().out
    (market.root / ".gitignore").write_text(".nightpress/\n*.log\nbuild/\n")
    # a git that refuses the quick question is asked the other one
    assert "build/out.md removed" in market.done(GIT_LITERAL_PATHSPECS="1").out


def test_a_marketplace_in_an_ignored_folder_is_documented_all_the_same(market: Market) -> None:
    (market.root / ".gitignore").write_text(".nightpress/\nplugins/\n")
    market.git("init", "-q")
    assert "2 published" in market.done().out
    (market.root / "plugins" / "beta" / "NOTES.md").write_text("# Notes\n\nNew.\n")
    assert "content changed: NOTES.md added" in market.done().out


def test_one_bad_manifest_is_one_finding_and_the_others_go_on(market: Market) -> None:
    bad = market.root / "manifests" / "beta.yaml"
    bad.write_text(bad.read_text().replace("generator: skill", "generater: skill"))
    done = market.doit()
    assert done.code == 1
    assert "did you mean 'generator'?" in done.err
    assert market.target("alpha").exists()
    assert not market.target("beta").exists()
    assert market.doit("list", "--all").code == 0


def test_unknown_options_are_errors_with_a_hint(market: Market) -> None:
    wrong = market.doit("focre=1", "enhance:alpha")
    assert wrong.code == 3
    assert "did you mean 'force'?" in wrong.err
    assert "Traceback" not in wrong.err
    assert market.doit("limit=many").code == 3


def test_a_reader_of_the_list_may_have_seen_enough(market: Market) -> None:
    market.done("plan")
    script = Path(sys.executable).parent / "doit"
    for words in (["list", "--all"], ["info", "enhance:alpha/skill"]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [script, *words], cwd=market.root, stdout=write, stderr=subprocess.PIPE, check=False
        )
        os.close(write)
        assert done.stderr == b""


def test_a_second_writer_is_told_who_is_busy(market: Market) -> None:
    market.done("list")
    path = market.root / ".nightpress" / "run.lock"
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write(json.dumps({"pid": 4242, "since": "2026-01-01T00:00:00", "command": "doit"}))
        held.flush()
        began = time.monotonic()
        busy = market.doit()
        assert busy.code == 75
        assert "pid 4242" in busy.err
        assert time.monotonic() - began < 30
        assert market.doit("plan").code == 0
        assert market.doit("restore", "--list").code == 0


def instead_of_reading(market: Market, act: str) -> None:
    with (market.root / "dodo.py").open("a") as file:
        file.write(f"""
import os, signal, time
from nightpress.plan import catalog

def load(*given, **named):
    {act}

catalog.load = load
""")


def test_a_second_writer_is_told_before_a_plugin_is_read(market: Market) -> None:
    market.done("list")
    instead_of_reading(market, "raise RuntimeError('plugins were read')")
    with (market.root / ".nightpress" / "run.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for words in ([], ["enhance:alpha"], ["-n", "1", "limit=1", "enhance"]):
            busy = market.doit(*words)
            assert busy.code == 75, busy.err
            assert "another run is busy" in busy.err


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_while_plugins_are_read_ends_with_a_word(market: Market, number: str) -> None:
    dodo = (market.root / "dodo.py").read_text()
    instead_of_reading(market, f"os.kill(os.getpid(), signal.{number}); time.sleep(30)")
    for words in ([], ["plan"]):
        done = market.doit(*words)
        assert done.code == 130, done.err
        assert done.err == "interrupted: nothing was begun\n"
    assert (market.root / ".nightpress" / "run.lock").read_bytes() == b""
    (market.root / "dodo.py").write_text(dodo)
    market.done()


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_task_that_is_no_run_with_a_word(market: Market, number: str) -> None:
    instead_of_reading(market, f"os.kill(os.getpid(), signal.{number}); time.sleep(30)")
    with (market.root / "dodo.py").open("a") as file:
        file.write("from nightpress import report\nreport.gather = load\n")
    for program in ("doit", "nightpress"):
        done = market.run(program, "report")
        assert (done.code, done.err) == (130, "interrupted: run it again\n")


def test_the_short_cut_hides_no_task(market: Market) -> None:
    """What `list --all` says does not depend on what is stale."""
    before = market.doit("list", "--all", "--quiet").out
    market.done()
    assert market.doit("list", "--all", "--quiet").out == before
    assert "enhance:alpha/skill" in before
    status = market.doit("list", "--all", "--status", "enhance:alpha/skill").out
    assert status.startswith("U enhance:alpha/skill")
    assert market.doit("enhance:alpha/skill").code == 0
    assert market.doit("enhance:alpah").code == 3


def test_json_is_exactly_one_document(market: Market) -> None:
    for words in (["plan"], ["validate"], ["report"], ["audit"], ["restore", "--list"]):
        json.loads(market.doit(*words, "--format", "json").out)


def test_ctrl_c_ends_with_130_and_the_next_run_goes_on(market: Market) -> None:
    for number in range(12):
        plugin(market.root, f"more{number}")
    market.done("manifests")
    script = Path(sys.executable).parent / "doit"
    child = subprocess.Popen(
        [str(script), "-n", "1"], cwd=market.root, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("published"):
            child.send_signal(2)
            break
    child.communicate(timeout=60)
    assert child.returncode == 130
    done = market.rows("SELECT COUNT(*) FROM enhancements WHERE status = 'published'")[0][0]
    assert isinstance(done, int) and 0 < done < 14
    assert market.doit().code == 0
    assert market.rows("SELECT COUNT(*) FROM enhancements WHERE status = 'published'") == [(14,)]


def test_a_clone_reads_the_others_once_though_its_ledger_is_new(
    market: Market, tmp_path: Path
) -> None:
    """The ledger that a clone's first publication makes says nothing new of the other plugins."""
    (market.root / "manifests" / "tiny.yaml").unlink()
    market.done()
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "all")):
        market.git(*words)
    market.git("clone", "-q", ".", str(tmp_path / "clone"))
    clone = Market(tmp_path / "clone")
    time.sleep(0.2)  # younger files are not trusted
    assert "nothing to do: 2 up to date" in clone.doit().out
    (clone.root / "plugins" / "alpha" / "NEW.md").write_text("One more remark.\n")
    assert "1 published" in clone.doit().out
    index = sqlite3.connect(clone.root / ".nightpress" / "index.db")
    assert ("beta",) in index.execute("SELECT slug FROM settled").fetchall()
    [(held,)] = index.execute("SELECT value FROM meta WHERE key = 'key'")
    index.close()
    assert held == Project(clone.root, {}, {}, RealClock()).key()
    assert "nothing to do: 2 up to date" in clone.doit().out


def test_the_plan_and_the_run_tell_scores_before_and_after(tmp_path: Path) -> None:
    plugin(tmp_path, "alpha", skill="# Alpha\n\nToo short.\n")
    market = Market(tmp_path)
    market.run("nightpress", "init")
    market.replaces()
    [planned] = json.loads(market.doit("plan", "--format", "json").out)["enhancements"]
    assert f"(score {planned['score']})" in market.doit("plan").out
    done = market.doit().out
    [(before, after)] = market.rows("SELECT score_before, score_after FROM enhancements")
    assert before == planned["score"]
    assert f"score {before} -> {after}" in done
    [stands] = json.loads(market.doit("plan", "--format", "json").out)["enhancements"]
    assert stands["score"] == after > before


def test_help_of_a_task_helps(market: Market) -> None:
    said = market.done("help", "enhance").out
    assert said.startswith("enhance  bring every document up to date")
    for word in (
        "doit enhance:PLUGIN/NAME",
        "nightpress.lock",
        "max_cost=",
        "See first: doit plan",
    ):
        assert word in said
    assert "doit clean enhance:PLUGIN/NAME" in market.done("help", "enhance:alpha/skill").out
    restore = market.done("help", "restore").out
    assert "--snapshot=ARG" in restore and "doit restore --list" in restore


def test_every_chapter_that_help_tells_of_is_there(market: Market) -> None:
    listed = {line.split()[0] for line in market.done("list").out.splitlines() if line.strip()}
    assert set(usage.TEXTS) <= listed


def test_a_neighbour_that_is_made_is_no_content_of_what_is_adopted(tmp_path: Path) -> None:
    """The README is too short to be made without the skill that stands; once that counts, the
    README goes, and the skill must be judged without it at once."""
    sample = Path(__file__).parents[2] / "plugins" / "incident-scribe"
    shutil.copytree(sample, tmp_path / "plugins" / "incident-scribe")
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    market.done("manifests", "--add", "readme")
    market.replaces()
    assert "1 published, 1 adopted" in market.done().out
    assert "nothing to do: 2 up to date" in market.done().out
    assert market.rows("SELECT COUNT(*) FROM enhancements") == [(2,)]


def test_a_file_that_passes_with_warnings_is_not_said_to_have_no_findings(tmp_path: Path) -> None:
    plugin(tmp_path, "alpha", size=16_000)
    market = Market(tmp_path)
    market.run("nightpress", "init")
    manifest = market.root / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text() + "  readme:\n    generator: readme\n")
    said = "adopt        alpha/readme: already good: "
    assert said in market.done("plan").out
    market.done("enhance:alpha/readme")
    assert "warning: " in market.run("nightpress", "check", "plugins/alpha/README.md").out


def test_of_a_template_nothing_is_used_and_nothing_missed(tmp_path: Path) -> None:
    """A long file that a template made gives way to a shorter document of the plugin's own."""
    lines = "".join(
        f"\n## Part {n}\n\nThis skill empowers Claude to do part {n}.\n" for n in range(120)
    )
    skill = (
        f'---\nname: tide\ndescription: "Empowers. Use when needed."\nlicense: MIT\n---\n{lines}'
    )
    plugin(tmp_path, "tide", size=3_000, skill=skill)
    market = Market(tmp_path)
    assert market.run("nightpress", "init", ".").code == 0
    manifest = tmp_path / "manifests" / "tide.yaml"
    row = '    target: "skills/tide/SKILL.md"\n'
    said = f"{row}    standing: replace\n    standing_text: ignored\n"
    manifest.write_text(manifest.read_text().replace(row, said))
    market.done()
    text = (tmp_path / "plugins" / "tide" / "skills" / "tide" / "SKILL.md").read_text()
    assert "empowers" not in text.lower()
    assert "Keeps the tide ledgers" in text.split("---")[1]
    assert "license: MIT" in text.split("---")[1]


def test_a_copy_that_was_asked_for_is_told(tmp_path: Path) -> None:
    market = published(tmp_path / "shop", "alpha", "beta")
    done = market.run("nightpress", "snapshot", "alpha")
    assert done.out == "1 plugin copied: nightpress restore --list names the copies\n"
    assert "would copy alpha" in market.run("nightpress", "snapshot", "alpha", "-n").out
