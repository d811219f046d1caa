"""`nightpress why PATH` for files of every kind, run as a user runs it."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from nightpress.checks import evidence
from nightpress.report import evidence as lines_of
from tests.gemini_server import GeminiServer
from tests.market import Market, plugin

OLD = "---\nname: alpha\ndescription: x\n---\n# Old\n"


@pytest.fixture()
def market(tmp_path: Path) -> Market:
    plugin(tmp_path, "alpha", skill=OLD)
    plugin(tmp_path, "tiny", size=0)
    found = Market(tmp_path)
    assert found.run("nightpress", "init").code == 0
    found.replaces()
    return found


def _why(market: Market, path: str | Path, *words: str) -> dict[str, Any]:
    done = market.run("nightpress", "why", str(path), "--format", "json", *words)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_a_published_file_tells_its_sources_and_takes_itself_back(market: Market) -> None:
    market.documented()
    found = _why(market, market.target("alpha"), "--diff")
    assert (found["state"], found["attempts"], found["calls"]) == ("published", 1, 0)
    assert {"README.md", "commands/alpha-settle.md"} <= set(found["sources"])
    assert found["counted_from"].startswith(f"{found['score']}: ")
    assert "-description: x" in found["diff"]
    said = market.run("nightpress", "why", str(market.target("alpha"))).out
    assert "attempts      1 (1 on record)" in said, "doit prune may have taken others"
    assert market.doit(*found["restore"].split()[1:]).code == 0
    assert market.target("alpha").read_text() == OLD


@pytest.mark.parametrize("named", ["alpha", "alpha/skill"])
def test_a_document_is_told_by_its_name_too(market: Market, named: str) -> None:
    market.documented()
    assert _why(market, named)["state"] == "published"
    assert _why(market, f"{named}:9")["path"].endswith("SKILL.md:9")
    manifest = market.root / "manifests" / "alpha.yaml"
    manifest.write_text(
        f"{manifest.read_text()}\n  tour:\n    generator: readme\n    target: TOUR.md\n"
    )
    done = market.run("nightpress", "why", "alpha")
    assert done.code == 0 and "plugins/alpha/TOUR.md: declared, and not made yet" in done.out


def test_a_model_s_file_tells_prompt_models_calls_and_tokens(market: Market) -> None:
    with GeminiServer(keys={"test-key": "p"}) as server:
        done = market.doit(
            "backend=gemini", "pace=unpaced", GEMINI_API_KEY="test-key",
            GOOGLE_GEMINI_BASE_URL=server.url(),
        )  # fmt: skip
    found = _why(market, market.target("alpha"))
    assert found["state"] == "published", done.out + done.err
    (row,) = market.rows(
        "SELECT count(*), sum(tokens_in), max(prompt_sha256) FROM calls"
        " WHERE job = 'alpha/skill' AND outcome = 'reply'"
    )
    assert (found["calls"], found["tokens_in"]) == row[:2] and row[0]
    assert found["prompt"] and found["model_answered"] == found["model_requested"]
    assert found["cost"] == 0.0
    (row,) = market.rows("SELECT tokens_in FROM calls WHERE job = 'alpha' AND outcome = 'reply'")
    assert found["analysis"]["tokens_in"] == row[0]
    text = market.run("nightpress", "why", str(market.target("alpha"))).out
    assert (
        f"one reply for all documents of the plugin, {found['analysis']['timestamp'][:10]}" in text
    )
    assert "was asked" in text and "take it back" in text


def test_a_path_through_a_link_to_the_project_is_in_the_project(market: Market) -> None:
    market.documented()
    link = market.root.parent / "elsewhere"
    link.symlink_to(market.root)
    target = link / market.target("alpha").relative_to(market.root)
    assert _why(market, target)["path"] == "plugins/alpha/skills/alpha/SKILL.md"
    outside = market.run("nightpress", "why", str(market.root.parent / "other" / "SKILL.md"))
    assert outside.code == 3
    assert "is not in this project" in outside.err


def test_files_that_are_not_as_we_left_them(market: Market) -> None:
    market.documented()
    target = market.target("alpha")
    target.write_text(target.read_text() + "\nMine.\n")
    assert _why(market, target)["state"] == "edited"
    target.unlink()
    assert _why(market, target)["state"] == "missing"


def test_files_that_are_none_of_ours(market: Market) -> None:
    target = market.target("alpha")
    assert _why(market, target)["state"] == "planned"
    market.done()
    assert _why(market, market.target("tiny"))["state"] == "not published"
    source = _why(market, "plugins/alpha/README.md")
    assert (source["state"], source["source_of"]) == ("not ours", ["alpha/skill"])
    for path, said in (("nowhere.md", "no such file"), ("../x", "not in this project"),
                       ("plugins", "regular files")):  # fmt: skip
        done = market.run("nightpress", "why", path)
        assert done.code == 3 and said in done.err, done.err


def test_adopted_files_and_clones_without_a_ledger(market: Market) -> None:
    market.done("enhance:alpha")
    shutil.rmtree(market.root / ".nightpress")
    found = _why(market, market.target("alpha"))
    assert found["state"] == "published" and "lock" in found["text"]
    (market.root / "nightpress.lock").unlink()
    market.done("enhance:alpha")
    assert _why(market, market.target("alpha"))["state"] == "adopted"


def test_names_with_control_characters_reach_no_terminal(market: Market) -> None:
    path = market.root / "plugins/alpha/\x1b[31mred.md"
    path.write_text("x")
    done = market.run("nightpress", "why", str(path))
    assert done.code == 0 and "\x1b" not in done.out and "\\x1b[31mred" in done.out


def test_a_file_that_was_edited_and_adopted_tells_its_whole_history(market: Market) -> None:
    market.done("enhance:alpha")
    target = market.target("alpha")
    generated = _why(market, target)["chain"]
    assert [step["what"] for step in generated] == ["found", "generated"]
    assert generated[0]["sha256"] == hashlib.sha256(OLD.encode()).hexdigest()
    assert generated[1]["by"] == "offline" and generated[1]["at"] and generated[1]["run"]
    target.write_text(target.read_text() + "\nMine.\n")
    assert [step["what"] for step in _why(market, target)["chain"]][2:] == ["edited"]
    market.done("adopt:alpha")
    found = _why(market, target)
    assert found["state"] == "adopted" and "never changed" not in found["text"]
    assert [s["what"] for s in found["chain"]] == ["found", "generated", "edited", "adopted"]
    mine = hashlib.sha256(target.read_bytes()).hexdigest()
    assert [s["sha256"] for s in found["chain"]][1:] == [generated[1]["sha256"], mine, mine]
    text = market.run("nightpress", "why", str(target)).out
    assert f"edited by people, {found['chain'][2]['at'][:10]}" in text
    assert f"sha256 {generated[1]['sha256'][:12]}" in text
    target.write_text(OLD)
    assert _why(market, target)["chain"][-1]["what"] == "put back"
    target.unlink()
    assert _why(market, target)["chain"][-1]["what"] == "removed"


def test_a_file_of_people_says_that_nothing_was_changed(market: Market) -> None:
    market.done("adopt:alpha")
    found = _why(market, market.target("alpha"))
    assert "nightpress never changed it" in found["text"]
    assert [step["what"] for step in found["chain"]] == ["found", "adopted"]


def test_a_line_tells_the_lines_that_it_rests_on(market: Market) -> None:
    market.documented()
    path = market.target("alpha")
    lines = path.read_text().split("\n")
    source = (market.root / "plugins" / "alpha" / "README.md").read_text().split("\n")
    said = next(n for n, line in enumerate(lines, 1) if line in source and len(line) > 60)
    found = _why(market, f"{path}:{said}")
    assert found["state"] == "rests", found
    place = found["sentences"][0]["place"]
    told = market.run("nightpress", "why", f"{path}:{said}").out
    assert f"rests on  {place['file']}:{place['first']}" in told
    text = (market.root / "plugins" / "alpha" / place["file"]).read_text().split("\n")
    assert f"{place['first']} | {text[place['first'] - 1]}" in told
    heading = next(n for n, line in enumerate(lines, 1) if line.startswith("## "))
    section = _why(market, f"{path}:{heading}")["section"]
    assert {"file", "first", "last", "share"} == set(section["places"][0])
    shutil.rmtree(market.root / ".nightpress")  # a clone has no ledger, and finds the same
    assert _why(market, f"{path}:{said}")["sentences"] == found["sentences"]
    path.write_text(path.read_text() + "\nEvery gardener admires some purple elephants.\n")
    last = len(lines) + 1
    assert _why(market, f"{path}:{last}")["state"] == "rests on nothing"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("README.md", "the plugin says so"),
        ("skills/alpha/SKILL.md", "the file that was there before says so"),
    ],
)
def test_a_line_that_rests_on_its_own_document_alone_is_not_the_plugin_s(
    file: str, text: str
) -> None:
    unit = evidence.Unit(3, "Words.", evidence.Place(file, 1, 1))
    where = "plugins/alpha/skills/alpha/SKILL.md:3"
    assert lines_of._sentences(where, [unit], {file: "Words."}).text == text


def test_what_a_section_rests_on_is_in_the_ledger(market: Market) -> None:
    market.documented()
    [(text,)] = market.rows("SELECT evidence FROM enhancements WHERE job = 'alpha/skill'")
    sections = json.loads(text)
    assert sections and all(places for *_, places in sections), sections
    files = {place.rpartition(":")[0] for *_, places in sections for place in places}
    assert all((market.root / "plugins" / "alpha" / file).is_file() for file in files)


@pytest.mark.parametrize(
    ("of", "said"),
    [("99999", "and no line 99999"), ("0", "and no line 0"), ("2", "frontmatter")],
)
def test_a_line_that_has_no_evidence_is_told_in_a_sentence(
    market: Market, of: str, said: str
) -> None:
    market.documented()
    done = market.run("nightpress", "why", f"{market.target('alpha')}:{of}")
    assert done.code == 3 and said in done.err


def test_lines_of_files_that_nobody_declares(market: Market) -> None:
    done = market.run("nightpress", "why", f"{market.root / 'dodo.py'}:1")
    assert done.code == 3 and "no document that a manifest declares" in done.err


def test_a_rejected_draft_is_told_as_rejected(tmp_path: Path) -> None:
    plugin(tmp_path, "alpha", skill=OLD)
    market = Market(tmp_path)
    market.run("nightpress", "init")
    market.done("enhance:alpha/skill")
    assert "draft waits" in market.run("nightpress", "why", str(market.target("alpha"))).out
    market.done("reject:alpha/skill", "--because", "too loud")
    said = market.run("nightpress", "why", str(market.target("alpha"))).out
    assert "its draft was rejected" in said and ": too loud\n" in said and "waits" not in said


def test_what_was_put_back_is_no_edit(market: Market) -> None:
    market.documented()
    made = market.target("alpha").read_text()
    market.target("alpha").write_text(OLD)
    said = market.run("nightpress", "why", str(market.target("alpha"))).out
    assert "the text from before us is back" in said and "edited" not in said
    market.target("alpha").write_text(made + "\nMore.\n")
    assert _why(market, market.target("alpha"))["state"] == "edited"


def test_no_command_is_offered_that_cannot_work(market: Market) -> None:
    """The copies of what stood before are lost, then the whole state."""
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", "-C", str(market.root))
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "plugins"], check=True)
    subprocess.run([*git, "commit", "-qm", "theirs"], check=True)
    market.documented()
    said = market.run("nightpress", "why", str(market.target("alpha"))).out
    assert "nightpress clean alpha/skill" in said and "nightpress restore --plugin" in said
    for lost in ("snapshots", "."):
        shutil.rmtree(market.root / ".nightpress" / lost)
        found = _why(market, market.target("alpha"))
        said = market.run("nightpress", "why", str(market.target("alpha"))).out
        assert "nightpress clean" not in said and "nightpress restore" not in said
        assert not found.get("restore")
        [shown] = re.findall(r"before us +(git show .*?)  \(", said)
        shown = subprocess.run(shlex.split(shown), cwd=market.root, capture_output=True, text=True)
        assert shown.stdout == OLD


def test_of_a_plugin_each_of_its_documents_is_told(tmp_path: Path) -> None:
    plugin(tmp_path, "alpha", size=40_000)
    market = Market(tmp_path)
    market.run("nightpress", "init")
    manifest = tmp_path / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text() + "  references:\n    generator: references\n")
    market.documented()
    told = market.run("nightpress", "why", "alpha")
    assert told.code == 0 and told.out.count("published by nightpress, and unchanged since") == 3
    assert told.out.endswith("more of one: nightpress why alpha/skill\n")
    found = json.loads(market.run("nightpress", "why", "alpha", "--format", "json").out)
    assert {one["state"] for one in found} == {"published"}
