"""The whole press is killed before every step of a publication: nothing is lost, nothing lies."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.gemini_server import GeminiServer, Limits
from tests.market import Market, environment, plugin
from tests.preloaded import preloaded

OLD = "---\nname: beta\ndescription: Short. Use when testing.\n---\n\nToo short.\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """One plugin without a document, and one whose document is undersized."""
    root = tmp_path / "source"
    plugin(root, "alpha", size=2_000)
    plugin(root, "beta", size=2_000, skill=OLD)
    Market(root).run("nightpress", "init")
    Market(root).replaces()
    return root


def kills(
    source: Path, tmp_path: Path, mutant: str = "", only: Sequence[str] = (), **environ: str
) -> list[dict[str, Any]]:
    work = tmp_path / f"work-{mutant}"
    work.mkdir()
    words = [str(source), str(work), mutant, *only]
    code, out, err = preloaded().run(
        "tests.pipeline.crash", words, tmp_path, environment(**environ), seconds=600
    )
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


def violations(found: list[dict[str, Any]], old: str) -> list[str]:
    """Every broken promise, with the step before which the press was killed."""
    whole = found[0]["after"]["targets"]
    broken = []

    def check(holds: bool, what: str, kill: dict[str, Any]) -> None:
        if not holds:
            broken.append(f"{kill['at']} ({kill['step']}): {what}")

    for kill in found:
        dead, after = kill["killed"], kill["after"]
        for path, sha256 in dead["targets"].items():
            check(sha256 in (whole[path], old), f"{path} is torn", kill)
        for status, path, sha256 in dead["rows"]:
            if status == "published":
                check(dead["targets"].get(path) == sha256, f"{path}: the ledger lies", kill)
        check(kill["second"] == 0, "the next run failed", kill)
        check(after["targets"] == whole, "the next run did not finish the work", kill)
        check(not after["leftovers"], f"left behind: {after['leftovers']}", kill)
        check(after["lock"] == whole, "the lock file disagrees", kill)
        published = [path for status, path, _ in after["rows"] if status == "published"]
        check(sorted(published) == sorted(whole), "published more or less than once", kill)
        adopted = [path for status, path, _ in after["rows"] if status == "adopted"]
        check(not adopted, "took its own document for somebody else's", kill)
        open_rows = [status for status, *_ in after["rows"] if status in ("started", "prepared")]
        check(not open_rows, "an attempt was left open", kill)
    trace = found[0]["trace"]
    for number, step in enumerate(trace):
        if step in ("before:exchange", "before:rename-new"):
            since = trace[:number]
            create = len(since) - since[::-1].index("after:write")
            check("os.fsync" in since[create:], "swapped before it was synced", found[0])
    return broken


def test_no_kill_point_breaks_a_promise(source: Path, tmp_path: Path) -> None:
    found = kills(source, tmp_path)
    steps = {kill["step"] for kill in found}
    assert {"before:exchange", "before:rename-new", "before:ledger.prepare"} <= steps
    assert len(found) > 60
    assert violations(found, hashlib.sha256(OLD.encode()).hexdigest()) == []


@pytest.mark.parametrize(
    ("mutant", "step"),
    [("no-fsync", "none"), ("ledger-first", "before:exchange"), ("plain-write", "torn-write")],
)
def test_a_broken_protocol_is_noticed(source: Path, tmp_path: Path, mutant: str, step: str) -> None:
    found = kills(source, tmp_path, mutant, [step])
    assert violations(found, hashlib.sha256(OLD.encode()).hexdigest()) != []


def broken_bundles(found: list[dict[str, Any]], before: dict[str, str]) -> list[str]:
    """Kill points after which a part of a bundle stood when the next run had begun."""
    whole = found[0]["after"]["targets"]
    return [
        f"{kill['at']} ({kill['step']}): {kill['mended']['targets']}"
        for kill in found
        if kill["mended"]["targets"] not in (before, whole) or kill["mended"]["leftovers"]
    ]


@pytest.mark.parametrize("again", [False, True])
def test_no_kill_point_leaves_part_of_a_bundle(tmp_path: Path, again: bool) -> None:
    source = tmp_path / "source"
    plugin(source, "alpha", size=24_000)
    market = Market(source)
    market.run("nightpress", "init")
    manifest = source / "manifests" / "alpha.yaml"
    manifest.write_text(manifest.read_text() + "  references:\n    generator: references\n")
    if again:  # the second bundle stands in place of the first, and one command is gone
        shutil.copy(source / COMMANDS / "alpha-settle.md", source / COMMANDS / "alpha-close.md")
        market.done()
        (source / COMMANDS / "alpha-close.md").unlink()
        for path in (source / COMMANDS).glob("*.md"):
            path.write_text(path.read_text() + "\nThe settled tavo is moke for the ledger.\n")
    before = {
        path.relative_to(source).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(source.glob("plugins/*/skills/**/*.md"))
    }
    found = kills(source, tmp_path, "mend", BUNDLE_STEPS)
    assert len(found[0]["after"]["targets"]) == 3 and len(before) == 4 * again
    assert broken_bundles(found, before) == []
    halves = [
        kill
        for kill in found
        if kill["killed"]["targets"] not in (before, found[0]["after"]["targets"])
    ]
    assert len(halves) >= 2
    assert not [kill for kill in found if kill["second"] or kill["after"]["leftovers"]]


BUNDLE_STEPS = [
    "after:ledger.prepare", "after:rename-new", "after:exchange", "before:unlink",
    "before:ledger.end",
]  # fmt: skip
COMMANDS = "plugins/alpha/commands"
LEDGER_STEPS = [
    "before:ledger.call", "after:ledger.call", "before:ledger.keep_analysis",
    "before:create", "before:ledger.prepare", "before:rename-new", "before:ledger.end",
    "after:ledger.end",
]  # fmt: skip


def paid_twice(found: list[dict[str, Any]]) -> list[str]:
    """Kill points after which something was paid for again. A reply that was not yet recorded is
    the only one that may be repeated."""
    whole = found[0]["calls"]
    allowed = {"before:ledger.call": whole + 1}
    return [k["step"] for k in found if k["calls"] > allowed.get(k["step"], whole)]


def test_what_was_paid_for_is_not_paid_for_again(tmp_path: Path) -> None:
    source = tmp_path / "source"
    plugin(source, "alpha", size=4_000)
    Market(source).run("nightpress", "init")
    defaults = source / "manifests" / "_defaults.yaml"
    defaults.write_text(defaults.read_text() + "\npace:\n  profile: unpaced\n")
    with GeminiServer(latency=0, limits={"*": Limits()}) as server:
        environ = {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}
        found = kills(source, tmp_path, "", LEDGER_STEPS, **environ)
        assert found[0]["calls"] >= 2
        assert paid_twice(found) == []
        mutant = kills(source, tmp_path, "no-stored-reply", ["before:ledger.prepare"], **environ)
        assert paid_twice(mutant) != []


WORDS = ("backend=gemini", "pace=unpaced")


def killed_in_mid_call(root: Path, server: GeminiServer, **settings: str) -> Market:
    """A project whose first run was killed with calls under way, which end at the server."""
    market = Market(root)
    for name in ("alpha", "beta", "gamma"):
        plugin(market.root, name, size=2_000)
    market.run("nightpress", "init")
    defaults = market.root / "manifests" / "_defaults.yaml"
    rows = [f"{name}: {value}\n" for name, value in settings.items()]
    defaults.write_text(defaults.read_text() + "".join(rows))
    given = environment(**server_of(server))
    words = [sys.executable, "-m", "nightpress", "build", *WORDS]
    with subprocess.Popen(words, cwd=market.root, env=given, stdout=subprocess.DEVNULL) as run:
        for _ in range(600):
            if server.seen()["calls"] or run.poll() is not None:
                break  # one is answered, and others are under way
            time.sleep(0.05)
        time.sleep(0.7)
        run.kill()
    time.sleep(15 * server.service.settings.latency)  # the longest of its calls
    return market


def server_of(server: GeminiServer) -> dict[str, str]:
    return {"GOOGLE_GEMINI_BASE_URL": server.url(), "GEMINI_API_KEY": "test-key"}


def test_calls_under_way_when_a_run_is_killed_are_on_record(tmp_path: Path) -> None:
    """As many rows as the server saw calls; those that nobody heard the end of are lost."""
    with GeminiServer(latency=0.5, limits={"*": Limits()}) as server:
        market = killed_in_mid_call(tmp_path / "market", server)
        ran = market.run("nightpress", "build", *WORDS, **server_of(server))
        made = server.seen()["calls"]
    rows = market.rows("SELECT outcome, count(*) FROM calls GROUP BY outcome")
    outcomes = {str(outcome): int(str(count)) for outcome, count in rows}
    assert outcomes["lost"] >= 1 and sum(outcomes.values()) == made, (outcomes, ran.out)
    assert "under way when the last run was killed, and may have been paid: lost" in ran.out
    assert not list((market.root / ".nightpress").glob("room/*"))


def test_a_lost_call_is_held_until_a_person_names_its_document(tmp_path: Path) -> None:
    """With `lost_calls: hold` nothing that was lost is asked again by itself, and who looks is
    told; as soon as it is named, or the setting is gone, it is."""
    with GeminiServer(latency=0.5, limits={"*": Limits()}) as server:
        market = killed_in_mid_call(tmp_path / "market", server, lost_calls="hold")
        given = server_of(server)
        market.run("nightpress", "build", *WORDS, **given)
        lost = {
            str(job).partition("/")[0]
            for (job,) in market.rows("SELECT job FROM calls WHERE outcome = 'lost'")
        }
        assert lost
        asked = server.seen()["calls"]
        for name in ("alpha", "beta", "gamma"):
            assert market.target(name).exists() == (name not in lost)
        plan = market.run("nightpress", "plan", *WORDS, **given)
        assert plan.out.count("a call of it was lost and may have been paid") >= 1, plan.out
        status = market.run("nightpress", "status", **given)
        assert f"{len(lost)} waiting" in status.out
        one, *others = sorted(lost)
        why = market.run("nightpress", "why", market.target(one).as_posix(), **given)
        assert "a call of it was lost and may have been paid" in why.out
        ran = market.run("nightpress", "build", *WORDS, **given)
        assert server.seen()["calls"] == asked, ran.out
        market.run("nightpress", "build", f"{one}/skill", *WORDS, **given)
        assert market.target(one).exists()
        defaults = market.root / "manifests" / "_defaults.yaml"
        defaults.write_text(defaults.read_text().replace("lost_calls: hold", "lost_calls: ask"))
        assert market.run("nightpress", "build", *WORDS, **given).code == 0
    assert all(market.target(name).exists() for name in others)
