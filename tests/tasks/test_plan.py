"""What `doit plan` prints: a line for each document, or in a terminal one for each cause."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from nightpress.clock import RealClock
from nightpress.model import Decision, Reason
from nightpress.plan import Item, appraise, catalog
from nightpress.project import Project
from nightpress.tasks.chapters import plan
from tests.market import Market, environment, plugin, published
from tests.terminal import Terminal


def item(slug: str, action: str, code: str, text: str) -> Item:
    decision = Decision(action, (Reason(code, text),))
    return Item(f"{slug}/skill", slug, "skill", "x", "skill", decision, action == "make")


def test_documents_of_one_cause_are_one_line() -> None:
    items = [
        *(item(f"new{n}", "make", "never", "never made") for n in range(30)),
        *(
            replace(
                item(f"old{n}", "keep", "undersized", f"kept: {n},511 of 8,000 bytes"), size=511
            )
            for n in range(9)
        ),
        item("one", "make", "content", "content changed: README.md changed"),
    ]
    assert list(plan._causes(items)) == [
        "make            30           never made (e.g. new0/skill)",
        "kept             9     5 kB  kept: 0,511 of 8,000 bytes (e.g. old0/skill)",
        "make             1           one/skill: content changed: README.md changed",
        "40 documents by cause; one by one: doit plan --verbose",
    ]
    assert len(list(plan._lines(items, {"one/skill": 71}, whole=True))) == 40


def test_a_score_is_remembered_until_something_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = published(tmp_path, "alpha")
    readme = shop.root / "plugins" / "alpha" / "README.md"
    readme.write_text(f"{readme.read_text()}\nA word more.\n")
    judged = []

    def counted(*given: Any) -> int | None:
        judged.append(given[2].id)
        return score(*given)

    score = appraise._score
    monkeypatch.setattr(appraise, "_score", counted)
    monkeypatch.setattr(appraise, "RACY_NS", -(10**15))  # what is young may change unseen

    def scores() -> dict[str, int]:
        project = Project(shop.root, {}, {}, RealClock())
        listed = catalog.load(project, everything=True)
        try:
            return appraise.scores(project, listed.items.values(), listed.plugins)
        finally:
            project.index.close()
            project.ledger.close()

    first = scores()
    assert judged == ["alpha/skill"] and scores() == first and len(judged) == 1
    target = shop.target("alpha")
    target.write_text(f"{target.read_text()}\nIt is `--amazing`, world-class and seamless.\n")
    assert scores() != first and len(judged) == 2


def test_a_cause_has_a_line_of_a_terminal_and_many_are_counted() -> None:
    words = "zero one two three four five six seven eight nine".split()
    items = [item(word, "keep", "edited", f"{word} is a placeholder " * 9) for word in words]
    *lines, more, verbose = plan._causes(items)
    assert len(lines) == plan.CAUSES and max(map(len, lines)) < plan.COLUMNS
    assert lines[0].endswith(" zero is a ...") and more == "... and 2 more causes", lines
    assert verbose == "10 documents by cause; one by one: doit plan --verbose"


def test_in_a_terminal_the_plan_fits_a_screen_and_ends_with_the_totals(tmp_path: Path) -> None:
    for number in range(30):
        skill = None if number % 2 else "---\nname: x\ndescription: Old.\n---\n\nShort.\n"
        plugin(
            tmp_path / "shop", f"plug-{number:02}", size=(600, 9_000)[number % 3 > 0], skill=skill
        )
    shop = Market(tmp_path / "shop")
    assert shop.run("nightpress", "init").code == 0
    terminal = Terminal()
    assert terminal.run("nightpress plan", shop.root, environment()) == 0
    shown = terminal.text().plain
    assert not terminal.screen.history.top, "what came first has left the screen"
    *_, totals, build = shown.rstrip().splitlines()
    assert " in 30 plugins: " in shown and totals.endswith("(offline)"), shown
    assert build.startswith("next: nightpress build   "), shown
    piped = shop.run("nightpress", "plan").out
    assert " documents by cause; " in piped and len(piped.splitlines()) < 20, piped
    assert len(shop.run("nightpress", "plan", "-v").out.splitlines()) > 30
    ran = terminal.run("nightpress build --limit 14", shop.root, environment())
    assert ran == 0
    *rows, nexts, rate, totals = terminal.text().plain.rstrip().splitlines()
    published = [row for row in rows if row.startswith("published ")]
    assert published and all("(100 - " not in row for row in published), rows
    assert "14 published, " in totals and rate.startswith("success rate"), rows
    assert re.match(r"  next         nightpress (build|check): ", nexts), rows
    assert not any(row.startswith(("hollow ", "insufficient ")) for row in rows), rows


def test_a_dry_run_counts_force_and_limit(tmp_path: Path) -> None:
    shop = published(tmp_path, "alpha")
    for name in ("beta", "gamma", "delta"):
        plugin(shop.root, name)
    shop.done("manifests")
    forced = shop.run("nightpress", "build", "alpha", "--force", "-n")
    assert forced.out.startswith("make         alpha/skill: forced"), forced
    assert "\nalpha/skill: a draft that passes its checks is published\n" in forced.out
    defaults = shop.root / "manifests" / "_defaults.yaml"
    text = defaults.read_text()
    defaults.write_text(text.replace("publish: auto", "publish: review"))
    waits = shop.run("nightpress", "build", "alpha", "--force", "-n").out
    assert "\nalpha/skill: the draft waits for you (nightpress review)\n" in waits
    defaults.write_text(text)
    told = shop.run("nightpress", "clean", "alpha", "-n").out
    assert told.startswith("would remove plugins/alpha/"), told
    assert told.endswith("\ndry run: nothing was changed\n"), told
    assert "up to date   alpha/skill" in shop.run("nightpress", "plan", "alpha").out
    unnamed = shop.run("nightpress", "build", "--force", "-n")
    assert unnamed.code == 3 and "--force needs a named task" in unnamed.err
    bounded = shop.run("nightpress", "build", "--limit", "2", "-n").out
    assert bounded.endswith("limit=2: a run makes 2 of these 3 documents\n")


def test_a_draft_that_waits_beside_what_is_up_to_date_is_told(tmp_path: Path) -> None:
    """A source was edited, built, and put back."""
    shop = published(tmp_path, "alpha")
    defaults = shop.root / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("publish: auto", "publish: review"))
    readme = shop.root / "plugins" / "alpha" / "README.md"
    before = readme.read_text()
    readme.write_text(
        f"{before}\n## Retries\n\nThe alpha ledger tries a closed book three times.\n"
    )
    assert "1 waiting" in shop.done().out
    readme.write_text(before)
    for words in (["plan"], ["plan", "alpha"]):
        told = shop.run("nightpress", *words).out
        assert "up to date" in told and "alpha/skill: an earlier draft still waits: " in told, told
    assert shop.run("nightpress", "reject", "alpha", "--because", "old").code == 0
    assert "still waits" not in shop.run("nightpress", "plan").out


def test_a_document_that_its_manifest_asks_for_no_more_is_told_of(tmp_path: Path) -> None:
    market = published(tmp_path, "alpha", "beta")
    manifest = market.root / "manifests" / "alpha.yaml"
    manifest.write_text(
        manifest.read_text().replace("skill:", "guide:").replace("SKILL.md", "X.md")
    )
    told = market.done("plan").out
    assert "alpha/skill: published before, and its manifest asks for it no more" in told
    assert "beta/skill" not in told
    market.target("alpha").unlink()
    assert "asks for it no more" not in market.done("plan").out, "nothing is left of it"
