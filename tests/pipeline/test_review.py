"""Drafts that wait for a person: shown, applied byte for byte, rejected with a reason, merged."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from nightpress.clock import RealClock
from nightpress.plan import Gatherer
from nightpress.project import Project, prompt
from nightpress.report import margin, review_page
from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, plugin

OLD = "# Beta\n\nold words\n"


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """Two plugins whose drafts wait for review; beta's replaces a short document."""
    plugin(tmp_path, "alpha", size=16_000)
    plugin(tmp_path, "beta", size=16_000, skill=OLD)
    market = Market(tmp_path)
    market.run("nightpress", "init")
    path = tmp_path / "manifests" / "_defaults.yaml"
    text = path.read_text().replace("publish: auto", "publish: review")
    path.write_text(text.replace("standing: keep", "standing: review"))
    return market


def waiting(market: Market) -> dict[str, dict[str, object]]:
    return {row["job"]: row for row in json.loads(market.doit("review", "--format", "json").out)}


@contextmanager
def asked(market: Market) -> Iterator[tuple[GeminiServer, dict[str, str]]]:
    """A server without limits, and the environment in which the market asks it, unpaced."""
    path = market.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text() + "pace:\n  profile: unpaced\n")
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        yield server, {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}


def test_drafts_wait_and_nothing_is_made_twice(market: Market) -> None:
    done = market.doit()
    assert done.code == 0
    assert "2 waiting" in done.out
    market.done("report")
    assert (
        "nightpress review shows the draft"
        in (market.root / ".nightpress" / "report" / "report.md").read_text()
    )
    assert not market.target("alpha").exists()
    assert market.target("beta").read_text() == OLD
    again = market.doit()
    assert "nothing to do: 2 waiting" in again.out
    assert "its draft waits for you: doit review" in market.doit("plan").out
    assert market.rows("SELECT COUNT(*) FROM enhancements") == [(2,)]


@pytest.mark.parametrize("standing", ["review", "replace", "extend"])
def test_the_plan_says_of_each_draft_that_it_will_wait(market: Market, standing: str) -> None:
    path = market.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("standing: review", f"standing: {standing}"))
    for beforehand in (True, False):
        rows = json.loads(market.doit("plan", "--format", "json").out)["enhancements"]
        assert {row["enhancement"]: row["publish"] for row in rows} == {
            "alpha/skill": "review", "beta/skill": "review",
        }  # fmt: skip
        if beforehand:
            market.done()
    assert len(waiting(market)) == 2


def test_a_draft_that_changes_nothing_waits_for_nobody(market: Market) -> None:
    market.documented()
    market.done("apply")
    stood = market.target("alpha").read_bytes()
    with (market.root / "plugins/alpha/README.md").open("a") as readme:
        readme.write("\n## License\n\nMIT, as the file beside this one says.\n")
    again = market.done("enhance:alpha", "force=1")
    assert "1 published" in again.out
    assert market.target("alpha").read_bytes() == stood
    assert waiting(market) == {}


def test_the_review_shows_the_difference_and_what_to_do(market: Market) -> None:
    market.documented()
    said = market.doit("review").out
    assert "beta: 1 draft\n" in said
    assert "alpha/skill  plugins/alpha/skills/alpha/SKILL.md\n  a new document, 1" in said
    assert "  loses no word of the current file\n  gains " in said
    assert "  {+name: beta+}\n" in said
    assert "  old words\n" in said
    assert "publish it: doit apply:beta/skill\n" in said
    assert "reject it:  doit reject:beta/skill --because" in said
    assert "2 drafts without losses: doit apply --lossless" in said
    assert said.splitlines()[-1] == ".nightpress/report/review.html"
    page = (market.root / ".nightpress" / "report" / "review.html").read_text()
    assert "<ins>name: beta</ins>" in page
    assert "old words</td>" in page
    assert 'data-apply="nightpress apply beta/skill"' in page
    found = waiting(market)
    assert found["beta/skill"]["bytes_before"] == len(OLD)
    assert found["alpha/skill"]["edited"] is False
    assert found["alpha/skill"]["losses"] == []
    assert "Overview" in [gain["quote"] for gain in found["beta/skill"]["gains"]]


def test_a_new_document_is_folded_and_the_page_has_it_whole(market: Market) -> None:
    market.documented()
    said = market.run("nightpress", "review", "alpha").out
    text = waiting(market)["alpha/skill"]["diff"]
    left = len(text) - 3 - review_page.MOST_NEW  # type: ignore[arg-type]
    each = "nightpress review --plugin alpha/skill --verbose"
    assert f"  and {left} more lines: {each}, or .nightpress/report/review.html\n" in said
    assert len(said.splitlines()) < 40
    for words in (each.split(), ["nightpress", "review", "alpha", "-v"]):
        whole = market.run(*words).out
        assert all(str(line[1:]).rstrip() in whole for line in text[3:])  # type: ignore[index]
        assert " more line" not in whole
    page = (market.root / ".nightpress" / "report" / "review.html").read_text()
    assert html.escape(str(text[-1][1:])) in page  # type: ignore[index]


def test_what_applying_accepts_is_told(market: Market) -> None:
    """Dead links of a person's text go on, and `check` is silent of them from then on."""
    dead = ["[a guide](docs/guide.md)", "[notes](../notes.md)"]
    market.target("beta").write_text(f"{OLD}\nSee {dead[0]} and {dead[1]}.\n")
    market.done("forget", "enhance:beta")
    market.done()
    errors = {"link to a missing file: docs/guide.md", "link to a missing file: ../notes.md"}
    accepts = waiting(market)["beta/skill"]["accepts"]
    assert {one["message"] for one in accepts} >= errors  # type: ignore[attr-defined]
    said = market.run("nightpress", "review", "beta").out
    page = (market.root / ".nightpress" / "report" / "review.html").read_text()
    done = market.done("apply:beta").out
    told = market.run("nightpress", "why", str(market.target("beta"))).out
    for error in errors:
        assert f"accepts an error of the current file: link-resolves: {error}\n" in said
        assert error in page.partition("Applying it accepts")[2]
        assert f"beta/skill: accepted: link-resolves: {error}\n" in done
        assert f"error: link-resolves: {error}\n" in told.partition("accepted  ")[2]


def test_the_review_quotes_what_a_draft_would_lose(market: Market) -> None:
    market.documented()
    rules = [f"- Never skip step {number} of <b>." for number in range(12)]
    market.target("beta").write_text("\n".join([OLD, *rules, ""]))
    said = market.doit("review").out
    assert "  loses 12 list items\n    line 5: list item is gone or changed: Never skip" in said
    assert "    and 4 more\n" in said
    assert "  [-- Never skip step 11 of <b>.-]\n" in said
    page = (market.root / ".nightpress" / "report" / "review.html").read_text()
    assert "<del>- Never skip step 11 of &lt;b&gt;.</del>" in page
    assert "<summary>and 4 more</summary>" in page
    losses = waiting(market)["beta/skill"]["losses"]
    assert [loss["line"] for loss in losses] == list(range(5, 17))


def test_the_page_runs_nothing_but_our_own_script(market: Market) -> None:
    market.documented()
    market.target("beta").write_text("# Beta\n\n</script><script>alert(1)</script>\n")
    market.done("review")
    page = (market.root / ".nightpress" / "report" / "review.html").read_text()
    [script] = re.findall(r"<script>(.*?)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src &#39;none&#39;" in page
    assert f"script-src &#39;sha256-{digest}&#39;" in page
    assert "alert(1)" not in script


def test_the_margin_has_the_lines_of_the_plugin_that_say_it(market: Market) -> None:
    readme = market.root / "plugins" / "alpha" / "README.md"
    last = "The vusa moke of a <b>ledger</b> dorfil is never settled tavo twice."
    readme.write_text(readme.read_text().replace("Ledgers for teams.", last))
    market.done()
    told = waiting(market)["alpha/skill"]["evidence"]
    assert told["share"] > 0.9 and told["weak"] == []  # type: ignore[index,call-overload]
    assert "of the text is backed by the plugin\n" in market.doit("review").out
    page = (market.root / ".nightpress" / "report" / "review.html").read_text()
    line = readme.read_text().split("\n").index(last) + 1
    assert f'<summary>README.md:{line}</summary><ol start="{line}">' in page
    assert "<li>The vusa moke of a &lt;b&gt;ledger&lt;/b&gt; dorfil" in page


def test_a_section_of_which_the_plugin_says_little_is_marked(market: Market) -> None:
    market.documented()
    made_up = "Every gardener admires some purple elephants of the night. " * 5
    with closing(sqlite3.connect(market.root / ".nightpress" / "ledger.db")) as ledger:
        [(draft,)] = ledger.execute("SELECT draft FROM reviews WHERE job = 'alpha/skill'")
    for row in waiting(market).values():
        assert row["evidence"]["weak"] == []  # type: ignore[index,call-overload]
    market.target("alpha").parent.mkdir(parents=True)
    market.target("alpha").write_bytes(draft + f"\n## Elephants\n\n{made_up}\n".encode())
    market.done("adopt:alpha")
    project = Project(market.root, {}, {}, RealClock())
    plugin = Gatherer(project).gather("alpha")
    text = market.target("alpha").read_text()
    found = margin.of(project, plugin, plugin.states["skill"], text)
    assert [one.title for one in found.weak] == ["Elephants"]
    assert found.text.endswith("; little of Elephants (0%)")
    assert found.notes[text.count("\n")].says_no == 5


def test_apply_publishes_exactly_those_bytes_and_makes_no_call(market: Market) -> None:
    market.documented()
    shown = waiting(market)["alpha/skill"]
    (market.root / "plugins" / "alpha" / "NEW.md").write_text("One more remark.\n")
    done = market.doit("apply:alpha")
    assert done.code == 0, done.err
    assert "applied after review" in done.out
    since = "alpha/skill: applied; since its draft content changed: NEW.md added"
    assert f"{since}: the next run remakes it" in done.out, done.out
    data = market.target("alpha").read_bytes()
    assert hashlib.sha256(data).hexdigest() == shown["sha256"]
    assert list(waiting(market)) == ["beta/skill"]
    rows = market.rows("SELECT status, content_sha256 FROM enhancements WHERE job = 'alpha/skill'")
    assert rows == [("deferred", None), ("published", shown["sha256"])]
    assert "make         alpha/skill: content changed: NEW.md added" in market.doit("plan").out
    assert market.doit("apply:beta").code == 0
    market.done("restore", "--plugin", "beta")
    assert market.target("beta").read_text() == OLD


def test_apply_without_a_name_takes_all(market: Market) -> None:
    market.documented()
    assert market.doit("apply").code == 0
    assert waiting(market) == {}
    assert market.doit("apply:alpha").out.strip() == "alpha: no draft waits"
    assert "nothing to do: 2 up to date" in market.doit().out


def test_one_document_is_applied_or_rejected_by_its_name(market: Market) -> None:
    market.documented()
    market.done("apply:alpha/skill")
    assert list(waiting(market)) == ["beta/skill"]
    assert market.done("apply:alpha/skill").out.strip() == "alpha/skill: no draft waits"
    market.done("reject:beta/skill", "--because", "Not this one")
    assert waiting(market) == {}
    assert market.target("beta").read_text() == OLD


@pytest.mark.parametrize("words", [("apply", "--lossless"), ("apply:alpha", "--lossless")])
def test_drafts_without_losses_can_be_taken_alone(market: Market, words: tuple[str, ...]) -> None:
    market.documented()
    mine = f"{OLD}\nMind the gap.\n"
    market.target("beta").write_text(mine)
    done = market.done(*words)
    assert ("beta/skill: still waits: it would lose 1 sentence" in done.out) is (
        words[0] == "apply"
    )
    assert list(waiting(market)) == ["beta/skill"]
    assert market.target("alpha").exists()
    assert market.target("beta").read_text() == mine


def test_what_a_linked_file_says_is_lost_of_the_document(market: Market) -> None:
    market.documented()
    draft = "\n".join(waiting(market)["beta/skill"]["diff"])  # type: ignore[arg-type]
    assert "commands/beta-collect.md" in draft
    with (market.root / "plugins/beta/commands/beta-collect.md").open("a") as linked:
        linked.write("\nMind the gap.\n")
    market.target("beta").write_text(f"{OLD}\nMind the gap.\n")
    assert "  loses 1 sentence\n" in market.doit("review").out
    assert "beta/skill: still waits: it would lose" in market.done("apply", "--lossless").out
    assert "beta/skill" in waiting(market)


@pytest.mark.parametrize("words", [("apply",), ("apply", "--lossless")])
def test_a_draft_of_another_state_of_its_plugin_is_told_and_not_taken_unnamed(
    market: Market, words: tuple[str, ...]
) -> None:
    """As where a source was edited, built, and put back."""
    market.documented()
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text().replace("Ledgers for teams.", "Ledgers for big teams."))
    since = "another state of its plugin: since it was made, content changed: README.md changed"
    out = market.doit("review").out
    assert out.count(since) == 1 and "1 draft without losses" in out
    page = (market.root / ".nightpress" / "report" / "review.html").read_text()
    assert "<strong>It is of another state of its plugin:</strong>" in page
    told = "alpha/skill: still waits: it is of another state of its plugin (content changed: README"
    assert told in market.done(*words).out
    assert list(waiting(market)) == ["alpha/skill"]
    assert "the next run remakes it" in market.done("apply:alpha").out
    assert waiting(market) == {}


def test_a_changed_plugin_supersedes_its_draft(market: Market) -> None:
    market.documented()
    before = waiting(market)["alpha/skill"]["sha256"]
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text().replace("Ledgers for teams.", "Ledgers for big teams."))
    assert "1 waiting" in market.doit().out
    assert waiting(market)["alpha/skill"]["sha256"] != before
    states = market.rows("SELECT state FROM reviews WHERE job = 'alpha/skill' ORDER BY id")
    assert states == [("superseded",), ("waiting",)]


def test_a_reason_goes_into_the_next_prompt(market: Market) -> None:
    with asked(market) as (server, environ):
        market.done("enhance:alpha", **environ)
        assert list(waiting(market)) == ["alpha/skill"]
        nameless = market.doit("reject:alpha", **environ)
        assert nameless.code == 3
        assert "a rejection needs its reason" in nameless.err
        reason = "Say how the settle step ends"
        done = market.doit("reject:alpha", "--because", reason, **environ)
        assert done.code == 0, done.err
        assert waiting(market) == {}
        assert "1 waiting" in market.doit("enhance:alpha", **environ).out
        sent = [c["prompt_bytes"] for c in server.seen()["list"] if c["phase"] == "generation"]
        minded = prompt.minding("", reason)
        assert reason in minded
        assert sent[-1] - sent[0] == len(minded.encode())
    assert market.rows("SELECT because FROM reviews WHERE state = 'rejected'") == [(reason,)]


def test_what_is_asked_for_again_is_made_once(market: Market) -> None:
    market.documented()
    market.done("forget", "enhance:beta")
    assert "1 waiting" in market.doit().out
    assert "nothing to do: 2 waiting" in market.doit().out
    assert "make " not in market.doit("plan").out
    assert market.rows("SELECT COUNT(*) FROM enhancements") == [(3,)]


def test_a_rejected_draft_never_comes_back_the_same(market: Market) -> None:
    market.documented()
    draft = waiting(market)["alpha/skill"]["sha256"]
    done = market.done("reject:alpha", "--because", "Too long")
    assert "not made again until its plugin or settings change" in done.out
    assert "nothing to do: 1 rejected, 1 waiting" in market.doit().out
    plan = market.done("plan").out
    assert "its draft was rejected (Too long)" in plan and "never made" not in plan
    assert "not attempted" not in market.done("report").out
    market.doit("forget", "enhance:alpha")
    ran = market.doit()
    assert "exactly the draft that was rejected (Too long)" in ran.out
    assert "doit force=1 enhance:alpha/skill brings it back for review" in ran.out
    assert list(waiting(market)) == ["beta/skill"]
    assert not market.target("alpha").exists()
    assert "nothing to do: 1 refused, 1 waiting" in market.doit().out
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text().replace("Ledgers for teams.", "Ledgers for big teams."))
    assert "1 waiting" in market.done().out
    assert waiting(market)["alpha/skill"]["sha256"] != draft


def test_force_brings_back_for_review_what_was_rejected(market: Market) -> None:
    """Over nothing, over a person's file, and where drafts would be published unseen by now."""
    market.documented()
    drafts = {job: draft["sha256"] for job, draft in waiting(market).items()}
    for name in ("alpha", "beta"):
        market.done(f"reject:{name}", "--because", "Too long")
    ran = market.done("force=1", "enhance:alpha/skill", "enhance:beta/skill").out
    assert "2 waiting" in ran and "rejected before (Too long); " in ran
    assert {job: draft["sha256"] for job, draft in waiting(market).items()} == drafts
    assert not market.target("alpha").exists() and market.target("beta").read_text() == OLD
    market.done("reject:beta", "--because", "Too long")
    defaults = market.root / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("publish: review", "publish: auto"))
    assert "1 waiting" in market.done("force=1", "enhance:beta/skill").out
    assert market.target("beta").read_text() == OLD
    market.done("apply")
    assert hashlib.sha256(market.target("alpha").read_bytes()).hexdigest() == drafts["alpha/skill"]
    assert "nothing to do: 2 up to date" in market.done().out


def test_a_clone_knows_what_was_rejected(market: Market, tmp_path: Path) -> None:
    """A stale document is one with and without the ledger, until its draft is decided on."""
    market.done()
    market.done("apply")
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text() + "\n## Audits\n\nNever settle a ledger under audit.\n")
    market.done()
    assert list(waiting(market)) == ["alpha/skill"]

    def checked() -> list[int]:
        clone = tmp_path / "clone"
        shutil.rmtree(clone, ignore_errors=True)
        shutil.copytree(market.root, clone, ignore=shutil.ignore_patterns(".nightpress"))
        each = (market, Market(clone))
        return [json.loads(m.run("nightpress", "check", "--json").out)["stale"] for m in each]

    assert checked() == [1, 1]
    red = Market(tmp_path / "clone").run("nightpress", "check").out
    assert (
        "nightpress build PLUGIN makes it again; nightpress adopt PLUGIN/NAME keeps the text" in red
    )
    told = market.done("reject:alpha", "--because", "no news").out
    assert "nightpress.lock says so to clones and CI: commit it" in told
    assert checked() == [0, 0]
    clone = Market(tmp_path / "clone")
    assert "rejected     alpha/skill: a draft of it was rejected: " in clone.done("plan").out
    assert "nothing to do: 1 up to date, 1 rejected" in clone.done().out
    readme.write_text(readme.read_text() + "\nClose each ledger with two signatures.\n")
    assert checked() == [1, 1]


def test_what_was_rejected_is_known_after_a_prune(market: Market) -> None:
    market.documented()
    market.done("reject:alpha", "--because", "Too long")
    with closing(sqlite3.connect(market.root / ".nightpress" / "ledger.db")) as db:
        db.execute("UPDATE reviews SET decided = '2020-01-01' WHERE state = 'rejected'")
        db.commit()
    market.done("prune", "--days", "30")
    assert market.rows("SELECT length(draft) FROM reviews WHERE state = 'rejected'") == [(0,)]
    assert "its draft was rejected (Too long)" in market.done("plan").out
    market.done("forget", "enhance:alpha")
    assert "exactly the draft that was rejected (Too long)" in market.doit().out


def test_a_reply_that_led_to_a_draft_is_spent(market: Market) -> None:
    with asked(market) as (server, environ):
        market.done("enhance:alpha", **environ)
        calls = server.seen()["calls"]
        market.done("forget", "enhance:alpha", **environ)
        assert "1 waiting" in market.done("enhance:alpha", **environ).out
        assert server.seen()["calls"] == calls + 1, "a new document was asked for, once"
        assert "nothing to do: 1 waiting" in market.done("enhance:alpha", **environ).out
        assert server.seen()["calls"] == calls + 1


def test_what_was_adopted_overtakes_the_draft_that_waited(market: Market) -> None:
    published_then_edited(market, "same")
    done = market.done("adopt:alpha")
    assert "alpha/skill: its draft is no longer waiting" in done.out
    assert list(waiting(market)) == ["beta/skill"]
    assert market.doit("apply:alpha").out.strip() == "alpha: no draft waits"
    assert "nothing to do: 1 up to date, 1 waiting" in market.doit().out


def test_a_wish_is_answered_by_adopting(market: Market) -> None:
    market.done("enhance:alpha")
    market.done("apply:alpha")
    market.done("forget", "enhance:alpha")
    market.done("adopt:alpha")
    assert "1 up to date" in market.done("enhance:alpha").out


def test_what_was_published_since_overtakes_the_draft_that_waited(market: Market) -> None:
    """The manifest and the enhancement say how drafts are published, over the defaults."""
    published_then_edited(market, "same")
    manifest = market.root / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text() + "publish: auto\n")
    assert "published    alpha/skill" in market.done("force=1", "enhance:alpha").out
    new = market.target("alpha").read_text()
    assert list(waiting(market)) == ["beta/skill"]
    assert market.doit("apply:alpha", "--merge").out.strip() == "alpha: no draft waits"
    assert market.target("alpha").read_text() == new
    own = manifest.read_text().replace("publish: auto", "    publish: review")
    manifest.write_text(own)
    assert "waiting      alpha/skill" in market.done("force=1", "enhance:alpha").out
    assert list(waiting(market)) == ["alpha/skill", "beta/skill"]


def test_a_draft_that_nobody_declares_any_more(market: Market) -> None:
    manifest = market.root / "manifests" / "alpha.yaml"
    before = manifest.read_text()
    manifest.write_text(before + "  reference:\n    generator: reference\n")
    market.done()
    manifest.write_text(before)
    gone = "alpha/reference: its draft waits, but no manifest declares it any more"
    assert gone in market.doit("review").out
    done = market.doit("apply")
    assert done.code == 1, "one could not be applied"
    assert "bug" not in done.err
    assert "published    beta/skill" in done.out
    nameless = market.doit("reject")
    assert nameless.code == 3
    assert "bug" not in nameless.err
    market.done("reject:alpha", "--because", "it is gone")
    assert gone not in market.doit("review").out


def test_a_reader_that_has_seen_enough(market: Market) -> None:
    market.documented()
    doit = str(Path(sys.executable).parent / "doit")
    for words in ("review", "review --format json"):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", f"{doit} {words} | true"],
            cwd=market.root, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")


def published_then_edited(market: Market, edit: str) -> Market:
    """Alpha is published, then edited at its end; a draft that differs at its beginning waits."""
    market.documented()
    market.done("apply:alpha")
    text = market.target("alpha").read_text()
    readme = market.root / "plugins" / "alpha" / "README.md"
    readme.write_text(readme.read_text().replace("Ledgers for teams.", "Ledgers for big teams."))
    manifest = market.root / "plugins" / "alpha" / ".claude-plugin" / "plugin.json"
    manifest.write_text(manifest.read_text().replace("1.2.0", "1.3.0"))
    assert "1 waiting" in market.doit().out
    market.target("alpha").write_text(
        text.replace("1.2.0", "9.9.9") if edit == "same" else text + edit
    )
    return market


def test_both_sides_changed_a_merge_is_offered_and_taken_only_when_asked(market: Market) -> None:
    published_then_edited(market, "\nA word of my own.\n")
    mine = market.target("alpha").read_text()
    done = market.doit("apply:alpha")
    assert done.code == 1
    assert "a three-way merge without conflicts is in .nightpress/drafts/alpha" in done.out
    assert market.target("alpha").read_text() == mine
    proposed = (market.root / ".nightpress" / "drafts" / "alpha" / "skill.merged.md").read_text()
    assert "A word of my own." in proposed
    assert "1.3.0" in proposed
    taken = market.doit("apply:alpha", "--merge")
    assert taken.code == 0, taken.out + taken.err
    assert market.target("alpha").read_text() == proposed
    assert waiting(market).keys() == {"beta/skill"}


def test_a_conflict_is_never_applied(market: Market) -> None:
    published_then_edited(market, "same")
    mine = market.target("alpha").read_text()
    done = market.doit("apply:alpha", "--merge")
    assert done.code == 1
    assert "a three-way merge with 1 conflict is in" in done.out
    assert market.target("alpha").read_text() == mine
    proposed = (market.root / ".nightpress" / "drafts" / "alpha" / "skill.merged.md").read_text()
    assert "<<<<<<< current file" in proposed


@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_unless_it_says_no(
    market: Market, environ: dict[str, str], coloured: bool
) -> None:
    market.documented()
    said = market.terminal("doit", "review", **environ)
    assert "name: beta" in said
    assert ("\x1b[32m{+name: beta+}\x1b[0m" in said) is coloured


def test_many_drafts_are_summed_up_at_the_end(tmp_path: Path) -> None:
    for name in ("alpha", "beta", "gamma", "delta"):
        plugin(tmp_path, name, skill=f"# {name}\n\nNever twice.\n")
    market = Market(tmp_path)
    market.run("nightpress", "init")
    path = market.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("standing: keep", "standing: review"))
    market.done()
    end = market.done("review").out.splitlines()[-8:]
    assert [line.split()[0] for line in end[:4]] == [
        "alpha/skill", "beta/skill", "delta/skill", "gamma/skill",
    ]  # fmt: skip
    assert all(" -> " in line for line in end[:4]), end
    assert all(line.endswith("bytes, loses nothing") for line in end[:4]), end


def test_what_a_person_wrote_is_told_apart_from_what_the_plugin_says(market: Market) -> None:
    """One score of the file, and one share, in plan, check, review and why."""
    own = "\n\n".join(f"Purple elephants admire gardener number {n} by night." for n in range(8))
    market.target("beta").write_text(f"{OLD}\n{own}\n")
    path = market.target("beta").relative_to(market.root).as_posix()
    planned = json.loads(market.run("nightpress", "plan", "--json").out)["enhancements"]
    scores = {row["enhancement"]: row["score"] for row in planned}
    judged = json.loads(market.run("nightpress", "check", path, "--format", "json").out)
    assert scores["beta/skill"] == judged["results"][0]["score"]
    market.done()
    draft = waiting(market)["beta/skill"]
    assert draft["score_before"] == scores["beta/skill"]
    told = draft["evidence"]
    assert 0.01 < told["own"] < 0.5 and told["share"] + told["own"] <= 1  # type: ignore[index,call-overload,operator]
    said = f"{told['own']:.0%} is in the current file alone"  # type: ignore[index,call-overload]
    assert said in market.doit("review").out
    assert said in (market.root / ".nightpress" / "report" / "review.html").read_text()
    line = market.target("beta").read_text().split("\n").index(own.split("\n")[0]) + 1
    why = market.run("nightpress", "why", f"{path}:{line}").out
    assert "nothing in the plugin says so" in why


def test_what_was_applied_is_counted(market: Market) -> None:
    market.done()
    assert market.run("nightpress", "apply").out.splitlines()[-1] == "2 published"


def test_many_drafts_are_a_line_each_in_a_terminal(market: Market) -> None:
    for name in ("gamma", "delta"):
        plugin(market.root, name, size=16_000)
    market.done("manifests")
    market.done()
    assert len(waiting(market)) == 4
    said = market.terminal("nightpress", "review").splitlines()
    assert sum(" bytes" in line for line in said) == 4 and len(said) < 24, said
    assert "one of them: nightpress review --plugin alpha/skill" in said
    whole = market.run("nightpress", "review").out
    assert whole.count("publish it: nightpress apply") == 4


def test_a_run_with_nothing_to_do_names_what_waits(market: Market) -> None:
    market.documented()
    for _ in range(3):  # the last of them on the short way
        assert "next         nightpress review: 2 drafts wait for you" in market.done().out
        time.sleep(0.15)  # younger files are not trusted
    assert "nightpress review: 1 draft waits for you" in market.done("enhance:alpha").out
    market.done("reject:alpha", "--because", "no")
    assert "nightpress review: 1 draft waits for you" in market.done().out
    assert "next" not in market.done("enhance:alpha").out
    market.done("apply:beta")
    assert "next" not in market.done().out


def test_a_draft_of_a_plugin_without_a_manifest_waits_for_nobody(market: Market) -> None:
    market.doit()
    manifest = market.root / "manifests" / "alpha.yaml"
    text = manifest.read_text()
    manifest.unlink()
    shutil.rmtree(market.root / "plugins" / "alpha")
    assert list(waiting(market)) == ["beta/skill"]
    assert "1 draft waits" in market.doit().out
    assert market.run("nightpress", "status", "--json").out.count("alpha/skill") == 0
    plugin(market.root, "alpha", size=16_000)
    manifest.write_text(text)
    assert list(waiting(market)) == ["alpha/skill", "beta/skill"], "it is there again"
