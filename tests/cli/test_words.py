"""One word for each state: a project is taken through all of them, and every surface is read."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

import nightpress
from nightpress.model import ENDINGS, PARKED, STATES, Status, said
from tests.market import Market, plugin

WORDS = {words.word for words in STATES.values()}
SHORT = "# Notes\n\nA person wrote this.\n"
AFTER = {"published": "up to date", "adopted": "up to date"}
"""What is called otherwise afterwards; so is what came to nothing, which is what it was before."""
CAME_TO_NOTHING = {Status.FAILED, Status.DEFERRED, Status.INTERRUPTED}


def manifest(market: Market, name: str, more: str) -> None:
    path = market.root / "manifests" / f"{name}.yaml"
    text = path.read_text()
    assert "    generator: skill\n" in text
    path.write_text(text.replace("    generator: skill\n", f"    generator: skill\n{more}"))


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """made: published; moved: published, then stale; gates: refused; look, turned: drafts beside
    nothing, one waits, one is rejected; tiny: too little; blank: hollow; small: a person's, kept;
    theirs: a person's, adopted; later, yet: put off by the limit; gone: not declared any more."""
    root = tmp_path_factory.mktemp("words") / "shop"
    for name in ("made", "moved", "gates", "look", "turned", "gone", "yet"):
        plugin(root, name)
    plugin(root, "later")
    plugin(root, "tiny", size=0)
    plugin(root, "small", skill=SHORT)
    plugin(root, "theirs", size=0, skill=_long())
    blank = plugin(root, "blank")
    for file in blank.rglob("*.md"):
        file.unlink()
    (blank / "commands" / "scan.md").write_text(
        "---\ndescription: DESCRIPTION_PLACEHOLDER\n---\n\n# TITLE_PLACEHOLDER\n"
    )
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    for name in ("gates", "gone"):
        manifest(market, name, "    checks:\n      vocabulary:\n        floor: 1.5\n")
    for name in ("look", "turned"):
        manifest(market, name, "    publish: review\n")
    return market


def _long() -> str:
    told = "\n\n".join(f"## Part {n}\n\nStep {n} settles ledger {n} by hand." for n in range(300))
    return (
        f"---\nname: theirs\ndescription: Use when ledgers of a team are settled.\n---\n\n{told}\n"
    )


def planned(market: Market) -> dict[str, str]:
    """job -> the word that the plan's JSON has for it."""
    rows = json.loads(market.run("nightpress", "plan", "--json").out)["enhancements"]
    return {row["enhancement"]: row["state"] for row in rows}


def ended(market: Market) -> dict[str, dict[str, str]]:
    """job -> its event at the end, of the latest run."""
    lines = (market.root / ".nightpress" / "logs" / "latest.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    return {one["job"]: one for one in events if one["event"] == "finished"}


def agree(market: Market) -> dict[str, str]:
    """Every surface that tells of states says the same; the plan's words."""
    words = planned(market)
    assert set(words.values()) <= WORDS
    counts = Counter(words.values())
    headline = market.run("nightpress", "plan").out
    for job, word in words.items():
        prefix = "make" if word in ("stale", "not made yet") else word.removeprefix("to ")
        line = market.run("nightpress", "plan", job).out
        assert re.match(rf"{prefix} *{job}\b", line), (word, line)
        assert f"\n  {word}" in market.run("nightpress", "info", job).out, job
    for word, count in counts.items():
        found = re.search(r"(?m)^\d+ documents? in \d.*", headline)
        totals = found[0] if found else ""
        assert re.search(rf"\b{count} {word}\b", totals), (word, headline)
    status = json.loads(market.run("nightpress", "status", "--json").out)["latest"]
    told = {said(k): n for k, n in status.items() if k not in AFTER}
    assert said(PARKED) not in status, "JSON has the key"
    for word, count in told.items():
        assert word in WORDS and counts[word] >= count, (word, told, counts)
    for word in ("refused", "rejected", "waiting"):
        assert told.get(word, 0) == counts[word]
    judged = json.loads(market.run("nightpress", "check", "--format", "json").out)
    assert (judged["stale"], judged["unmade"]) == (counts["stale"], counts["not made yet"])
    summary = market.run("nightpress", "report").out
    for word, count in counts.items():
        assert re.search(rf"\b{count} {word}\b", summary.splitlines()[0]), (word, summary)
    folder = market.root / ".nightpress" / "report"
    for one in json.loads((folder / "report.json").read_text())["plugins"]:
        for document in one["documents"]:
            assert STATES[document["state"]].word == words[document["job"]]
    rows = (folder / "report.md").read_text().partition("not up to date")[2].splitlines()
    cells = Counter(row.split(" | ")[1] for row in rows if row.count(" | ") == 3)
    assert not {k: n for k, n in cells.items() if k in WORDS and counts[k] != n}
    return words


def test_every_surface_has_the_same_word(market: Market) -> None:
    first = agree(market)
    assert Counter(first.values()) == {
        "not made yet": 8, "insufficient": 1, "hollow": 1, "kept": 1, "to adopt": 1,
    }  # fmt: skip

    ran = market.run("nightpress", "build", "--limit", "6")
    events = ended(market)
    for job, one in events.items():
        assert one["word"] in {said(ending) for ending in ENDINGS}
        assert one["text"].startswith(f"{one['word']:<12} {job}"), one
        assert job not in ran.out or f"{one['word']:<12} {job}" in ran.out, job
    totals = ran.out.splitlines()[-1]
    for word, count in Counter(one["word"] for one in events.values()).items():
        assert re.search(rf"\b{count} {word}\b", totals), (word, totals)
    words = agree(market)
    for job, one in events.items():
        before = first[job] if one["word"] in CAME_TO_NOTHING else one["word"]
        assert words[job] == AFTER.get(before, before), job
    status = market.run("nightpress", "status").out
    for word, count in Counter(one["word"] for one in events.values()).items():
        assert f"{count} {word}" in status.split("last run")[1], (word, status)
    why = market.run("nightpress", "why", "plugins/look/skills/look/SKILL.md").out
    assert "the last of 1 attempts: waiting" in why
    (market.root / "manifests" / "gone.yaml").write_text(
        re.sub(r"(?s)enhancements:.*", "enhancements: {}\n",
               (market.root / "manifests" / "gone.yaml").read_text())
    )  # fmt: skip
    readme = market.root / "plugins" / "moved" / "README.md"
    readme.write_text(readme.read_text() + "\n## Rounding\n\nThe moved tavo rounds each sum up.\n")
    assert "1 waiting" in market.run("nightpress", "build", "turned").out
    market.done("reject:turned", "--because", "not this")
    words = agree(market)
    assert set(words.values()) == WORDS - {"to adopt", "to update"}
    idle = market.run("nightpress", "build").out.partition("no work needed: ")[2].splitlines()[0]
    kinds = ("refused", "rejected", "waiting", "insufficient", "hollow", "kept")
    counts = Counter(words.values())
    assert set(idle.split(", ")) >= {f"{counts[word]} {word}" for word in kinds}, idle


OTHER_WORDS = r'"[^"\n]*(?:too little source|kept as found|[ai]s it stands|what (?:stood|stands))\b'


def test_no_message_has_another_word_for_a_state() -> None:
    """(The prompts are not for people: a new word in them would be another question.)"""
    source = Path(nightpress.__file__).parent
    for path in source.rglob("*.py"):
        text = re.sub(r'''(?s)""".*?"""''', "", path.read_text())
        found = re.search(OTHER_WORDS, text)
        assert path.name == "prompt.py" or found is None, (path, found)
