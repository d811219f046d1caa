"""What becomes of a file that a person wrote, by the project's word (`standing`)."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.gemini_server import GeminiServer
from tests.market import Market, plugin, prose

SHORT = (
    "---\nname: gamma\ndescription: Short. Use when testing ledgers.\n---\n\n# Gamma\n\n"
    "Never settle a ledger twice.\n\n## By hand\n\n- Ask the team first.\n"
)


@pytest.fixture
def small(tmp_path: Path) -> Market:
    """A project of one plugin, with an undersized skill that a person wrote."""
    plugin(tmp_path, "gamma", skill=SHORT)
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    return market


def says(market: Market, word: str) -> None:
    path = market.root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("\nstanding: keep\n", f"\nstanding: {word}\n"))


def waiting(market: Market) -> list[dict[str, object]]:
    drafts = json.loads(market.done("review", "--format", "json").out)
    return drafts if isinstance(drafts, list) else drafts["drafts"]


def test_kept_is_reported_and_never_touched(small: Market) -> None:
    said = small.done("plan").out
    assert "kept: undersized" in said and "edited by hand" not in said, said
    told = "1 file written by a person stays as it is, 1 undersized; `standing: review` proposes"
    assert f"{told} drafts" in said
    told = (
        "kept         gamma/skill: a person's file, kept, undersized; `standing: review` proposes"
    )
    assert told in small.done().out
    assert "nothing to do: 1 kept" in small.done().out
    assert small.target("gamma").read_text() == SHORT
    assert "edited by hand" not in small.done("plan").out + small.done("report").out


def test_a_named_one_gets_a_draft_that_waits_and_is_not_made_twice(small: Market) -> None:
    small.done()
    assert "1 waiting" in small.done("enhance:gamma/skill").out
    assert small.target("gamma").read_text() == SHORT
    [draft] = waiting(small)
    for words in (["enhance:gamma/skill"], []):
        assert "nothing to do" in small.done(*words).out
    assert waiting(small) == [draft]
    assert small.rows("SELECT status FROM enhancements ORDER BY id") == [("kept",), ("deferred",)]


def test_the_merge_that_a_persons_file_cannot_have_is_told(small: Market) -> None:
    small.done("enhance:gamma/skill")
    small.target("gamma").write_text(SHORT + "\nOne more rule.\n")
    told = small.doit("apply:gamma/skill", "--merge")
    assert told.code == 1 and "changed since the draft was made" in told.out, told.out
    assert "a person's file, which nightpress never published, has no version to merge" in told.out
    assert "doit enhance:gamma/skill makes a new one from the current file" in told.out


def test_files_of_people_are_counted_in_every_run(small: Market) -> None:
    big = plugin(small.root, "omega", skill=SHORT.replace("gamma", "omega") + "Rule. " * 2_000)
    assert big.is_dir()
    small.done("manifests")
    for _ in range(2):
        assert (
            "2 files written by people stay as they are, 1 undersized; " in small.done("plan").out
        )
        small.done()


def test_drafts_for_review_are_listed_after_what_is_new(small: Market) -> None:
    plugin(small.root, "zeta")
    small.done("manifests")
    says(small, "review")
    said = small.done("plan").out
    assert said.index("make         zeta") < said.index("make         gamma")
    assert "1 draft beside a person's file will wait for review: no calls; $0" in said
    done = small.done().out
    assert "1 published" in done and "1 waiting" in done
    assert small.target("gamma").read_text() == SHORT


def test_what_a_draft_would_lose_is_told_where_it_waits(small: Market) -> None:
    says(small, "review")
    small.done()
    [draft] = waiting(small)
    told = [f["message"] for f in draft["findings"]]  # type: ignore[attr-defined]
    assert sum("Short. Use when testing ledgers" in message for message in told) == 1, told
    assert any("another subject is added: How it works" in message for message in told), told
    [(message,)] = small.rows("SELECT error_message FROM enhancements")
    assert str(message).startswith("it would lose 1 frontmatter value; ")


def test_what_replaces_says_so_and_what_is_lost(small: Market) -> None:
    says(small, "replace")
    assert "REPLACES a person's file" in small.done("plan").out
    done = small.done().out
    now = small.target("gamma").stat().st_size
    told = f"REPLACES a person's file ({len(SHORT)} -> {now:,} bytes; loses "
    assert told in done, done
    assert "1 frontmatter value, 1 rule, 1 heading, 1 list item)" in done[done.index(told) :]


def test_force_publishes_over_a_persons_file_and_says_so(small: Market) -> None:
    done = small.done("force=1", "enhance:gamma/skill").out
    assert "1 published" in done
    assert f"REPLACES a person's file ({len(SHORT)} -> " in done
    assert small.target("gamma").read_text() != SHORT


KEEPER = (
    "---\nname: delta\ndescription: Settles the ledger of a team at the end of a month. Use when"
    " the user asks to settle or close a ledger.\n---\n\n# Delta\n\n"
    "Never settle a ledger of a team twice.\n\n## By hand\n\n- Ask the team first.\n"
)


def extending(root: Path, skill: str) -> Market:
    """A project that extends, of one plugin whose README speaks of what its skill speaks of."""
    folder = plugin(root, "delta", skill=skill, size=0)
    (folder / "README.md").write_text(
        "# Delta\n\nSettles the ledger of a team.\n\n"
        + "".join(
            f"## {name} ledger of a team\n\nThe {name.lower()} ledger of a team is settled at the"
            f" end of the month, after the team has closed the {name.lower()} month by hand. Run"
            f" `settle --ledger {name.lower()}` and read what the {name.lower()} team answers.\n\n"
            for name in "Open Late Joint Spare Split Frozen Foreign Rounded".split()
        )
    )
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    says(market, "extend")
    path = root / "manifests" / "_defaults.yaml"
    path.write_text(path.read_text().replace("  min: 8000\n", "  min: 1500\n"))
    return market


def test_extended_is_what_loses_nothing(tmp_path: Path) -> None:
    market = extending(tmp_path, KEEPER)
    done = market.done().out
    text = market.target("delta").read_text()
    assert "1 published" in done, done
    assert text != KEEPER
    assert all(line in text.splitlines() for line in KEEPER.splitlines())
    assert text.startswith(KEEPER.partition("# Delta")[0]), "the frontmatter is its author's"
    assert "nothing to do" in market.done().out


def in_order(lines: list[str], text: str) -> bool:
    rest = iter(text.splitlines())
    return all(line in rest for line in lines)


@pytest.mark.parametrize("clone", [False, True])
def test_what_was_extended_still_spares_its_author(tmp_path: Path, clone: bool) -> None:
    """It is ours by now; made again after the plugin changed, it loses no line of the person's."""
    market = extending(tmp_path, KEEPER.replace("## By hand", "---\n\n## By hand"))
    written = market.target("delta").read_text().splitlines()
    market.done()
    assert in_order(written, market.target("delta").read_text())
    if clone:
        shutil.rmtree(tmp_path / ".nightpress")
    readme = tmp_path / "plugins/delta/README.md"
    for name in ("Open", "Rounded"):
        readme.write_text(
            readme.read_text().replace(f"the {name.lower()} team", f"the {name} crew")
        )
        plan = market.done("plan").out
        assert "make         delta/skill: content changed" in plan
        assert "1 file written by a person is extended if nothing of it is lost" in plan
        done = market.doit().out  # a clone has the person's text as part of ours alone
        assert "1 published" in done or (clone and "1 refused" in done), done
        assert in_order(written, market.target("delta").read_text())
    if not clone:
        assert "Open crew" in market.target("delta").read_text()


def test_ours_that_would_lose_an_authors_line_by_now_waits(tmp_path: Path) -> None:
    market = extending(tmp_path, KEEPER.replace("## By hand", "---\n\n## By hand"))
    market.done()
    before = market.target("delta").read_text()
    defaults = tmp_path / "manifests/_defaults.yaml"  # the server's own text says little
    defaults.write_text(defaults.read_text() + "\nchecks:\n  emptiness: false\n")
    with GeminiServer(latency=0) as server:  # it draws no dividing lines
        environ = {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}
        said = market.doit("pace=unpaced", **environ).out
    assert "1 waiting" in said and "it would lose" in said, said
    assert market.target("delta").read_text() == before


def test_a_model_is_asked_whatever_keys_the_author_has(tmp_path: Path) -> None:
    keys = "x: of my own\nallowed-tools: [Read, Grep]\nmetadata:\n  tags: [a, b]\n---\n\n# Delta"
    skill = KEEPER.replace("---\n\n# Delta", keys)
    market = extending(tmp_path, skill)
    with GeminiServer(latency=0) as server:
        environ = {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}
        said = market.doit("pace=unpaced", **environ).out
    assert "no draft can mend" not in said
    assert "frontmatter-" not in said
    assert market.rows("SELECT count(*) FROM calls") != [(0,)]


@pytest.mark.parametrize(
    "own",
    [
        "Give $1 to the team only before noon.", "- Branch: !`git branch`", "<kept>\nx\n</kept>",
        "> Delete every ledger.", "Hard  \nbreak", "~~~\nx\n~~~", "###### Deep", "***",
    ],
)  # fmt: skip
def test_what_is_extended_stands_word_for_word(tmp_path: Path, own: str) -> None:
    """What it has runs, or is filled in, by its author's will; what is added comes after it."""
    skill = f"{KEEPER}\n{own}\n"
    market = extending(tmp_path, skill)
    done = market.done().out
    assert "1 published" in done, done
    assert skill.partition("---\n\n")[2].rstrip("\n") in market.target("delta").read_text()


def test_a_persons_code_stays_with_the_words_of_its_fences(tmp_path: Path) -> None:
    listing = "```\nledger/\n  2026/\n```"
    broken = '```json\n{"ledger": ...}\n```'
    plugin(tmp_path, "gamma", skill=f"{SHORT}\n{listing}\n\nThen write it:\n\n{broken}\n")
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    says(market, "review")
    market.done()
    [(draft,)] = market.rows("SELECT draft FROM reviews")
    text = draft.decode() if isinstance(draft, bytes) else str(draft)
    assert listing in text and broken in text


def test_what_an_adopted_document_speaks_of_has_changed(tmp_path: Path) -> None:
    good = SHORT + prose("good", 9_000) + "\n"
    plugin(tmp_path, "gamma", skill=good)
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    assert "1 adopted" in market.done().out
    command = tmp_path / "plugins/gamma/commands/gamma-settle.md"
    command.write_text(command.read_text() + "\nSettle at noon.\n")
    told = "source has moved on: commands/gamma-settle.md changed"
    for _ in range(3):  # null builds in between forget nothing
        assert "nothing to do: 1 up to date" in market.done().out
        assert told in market.done("plan").out
        assert told in market.run("nightpress", "check").out
        assert told in market.done("report").out
    assert market.target("gamma").read_text() == good
    shutil.rmtree(tmp_path / ".nightpress")  # a clone knows it from the lock file
    assert "source has moved on: commands/ changed" in market.done("plan").out
    assert "1 waiting" in market.done("enhance:gamma/skill").out
    assert market.target("gamma").read_text() == good


def test_a_skill_at_the_place_of_a_document_of_ours_is_still_the_plugins(tmp_path: Path) -> None:
    """facts lists it, and a README names it: with what its author wrote, and nothing of ours."""
    root = tmp_path / "shop"
    market = extending(root, KEEPER)
    before = market.run("nightpress", "facts", "delta", "--kind", "skill").out
    assert "Settles the ledger of a team at the end" in before
    assert "1 published" in market.done().out
    assert "#### Related commands" not in KEEPER and "Related" in market.target("delta").read_text()
    assert market.run("nightpress", "facts", "delta", "--kind", "skill").out == before
    manifest = root / "manifests" / "delta.yaml"
    guide = "  guide:\n    generator: readme\n    target: GUIDE.md\n    size: {min: 300}\n"
    manifest.write_text(manifest.read_text() + guide)
    market.done()
    text = (root / "plugins" / "delta" / "GUIDE.md").read_text()
    section = text.partition("## Skills\n")[2].partition("\n## ")[0]
    assert "### `delta`" in section and "Never settle a ledger of a team twice." in section
    assert "Related commands" not in section
    assert "nothing to do" in market.done().out
    (root / "plugins/delta/commands/delta-settle.md").unlink()
    market.done()
    text = (root / "plugins" / "delta" / "GUIDE.md").read_text()
    assert "### `delta`" in text.partition("## Skills\n")[2]


MINE = "Ask Ada before anything is settled."


def edited_again(root: Path) -> tuple[Market, str]:
    """A document of ours that a person edited, with a draft of it that was asked for and made
    after its plugin had changed; and what it says that is no longer so."""
    market = extending(root, KEEPER)
    target = market.target("delta")
    shutil.rmtree(target.parent)
    market.done()
    target.write_text(f"{target.read_text()}\n{MINE}\n")
    changed(market, "the open team", "the open crew")
    market.done("forget", "enhance:delta/skill")
    says(market, "keep")
    assert "1 waiting" in market.done().out
    return market, "the open team"


def changed(market: Market, old: str, new: str) -> None:
    readme = market.root / "plugins/delta/README.md"
    assert old in readme.read_text()
    readme.write_text(readme.read_text().replace(old, new))


@pytest.mark.parametrize("lost", ["", ".nightpress", "nightpress.lock"])
def test_what_was_applied_in_place_of_an_edited_document_is_what_later_ones_rest_on(
    tmp_path: Path, lost: str
) -> None:
    market, outdated = edited_again(tmp_path)
    [draft] = waiting(market)
    assert MINE in str(draft["losses"])
    market.done("apply:delta/skill")
    assert MINE not in market.target("delta").read_text()
    if lost:
        path = tmp_path / lost
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    changed(market, "the rounded team", "the rounded crew")
    assert "1 published" in market.done().out
    text = market.target("delta").read_text()
    assert "the rounded crew" in text and "the open crew" in text
    assert MINE not in text and outdated not in text


def test_a_merge_keeps_what_a_person_edited_before_the_draft_and_later_ones_keep_it(
    tmp_path: Path,
) -> None:
    market, outdated = edited_again(tmp_path)
    keeps = "doit apply:delta/skill --merge"
    assert f"made: {keeps} keeps the edits" in market.done("review").out
    page = (tmp_path / ".nightpress/report/review.html").read_text()
    assert "<code>nightpress apply delta/skill --merge</code> keeps the edits" in page
    market.done("apply:delta/skill", "--merge")
    text = market.target("delta").read_text()
    assert MINE in text and "the open crew" in text and outdated not in text
    for name, lost in (("late", ()), ("joint", (".nightpress/index.db", "nightpress.lock"))):
        for one in lost:
            (tmp_path / one).unlink()
        with closing(sqlite3.connect(tmp_path / ".nightpress/ledger.db")) as db:
            db.execute("UPDATE reviews SET decided = '2020-01-01' WHERE state = 'applied'")
            db.commit()
        market.done("prune", "--days", "30")
        changed(market, f"the {name} team", f"the {name} crew")
        assert "1 waiting" in market.done().out  # it would lose the person's line
        assert market.target("delta").read_text() == text
        assert f"{keeps} keeps the edits" in market.done("review").out
        market.done("apply:delta/skill", "--merge")
        text = market.target("delta").read_text()
        assert MINE in text and f"the {name} crew" in text and f"the {name} team" not in text
        version = tmp_path / "plugins/delta/.claude-plugin/plugin.json"
        version.write_text(version.read_text().replace('"version": "1', '"version": "11'))
        assert "1 published" in market.done().out  # its frontmatter alone
        text = market.target("delta").read_text()
        assert MINE in text and re.search(r'version: "11', text)
    clone = Market(tmp_path / "clone")
    shutil.copytree(tmp_path, clone.root, ignore=shutil.ignore_patterns(".nightpress", "clone"))
    changed(clone, "the split team", "the split crew")
    assert "1 waiting" in clone.done().out
    none = clone.doit("apply:delta/skill", "--merge")
    assert none.code == 1, none.out
    assert "by hand since we published it, and there is no merge: what" in none.out
    assert MINE in clone.target("delta").read_text()
    changed(market, "the split team", "the split crew")
    assert "1 waiting" in market.done().out
    market.done("apply:delta/skill")
    assert MINE not in market.target("delta").read_text()
    changed(market, "the frozen team", "the frozen crew")
    assert "1 published" in market.done().out
    text = market.target("delta").read_text()
    assert "the frozen crew" in text and MINE not in text
