"""`nightpress doctor`: each thing that is wrong is told with how to fix it, and no key is shown."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path

import pytest

from nightpress import errors
from nightpress.backends import BACKENDS
from nightpress.cli import doctor
from nightpress.project import Project
from nightpress.storage import run_lock
from tests import failing_disk
from tests.market import Market, published
from tests.quota.clocks import FakeClock


@pytest.fixture
def market(tmp_path: Path) -> Market:
    return published(tmp_path, "alpha")


def found(market: Market, **environ: str) -> dict[str, dict[str, str]]:
    ran = market.run("nightpress", "doctor", "--json", **environ)
    assert "Traceback" not in ran.err
    results = {row["name"]: row for row in json.loads(ran.out)}
    assert ran.code == (1 if any(r["state"] == "error" for r in results.values()) else 0)
    assert all(row["mend"] for row in results.values() if row["state"] != "ok")
    return results


def test_a_healthy_project(market: Market) -> None:
    market.git("init", "-q")
    results = found(market)
    assert {n for n, row in results.items() if row["state"] == "warning"} == {"key", "vault"}
    assert results["project"]["what"].endswith("1 manifest, marketplace .")
    market.done("backup")
    assert "1 backup, the newest made just now" in found(market)["vault"]["what"]


@pytest.mark.parametrize(
    ("text", "told"),
    [("a: [\n", "manifests/alpha.yaml:2:1"), ("name: alpha\n", "manifests/alpha.yaml")],
)
def test_a_manifest_that_cannot_be_used_is_told_by_doctor_and_status(
    market: Market, text: str, told: str
) -> None:
    assert "manifests" not in market.run("nightpress", "status").out
    (market.root / "manifests" / "alpha.yaml").write_text(text)
    row = found(market)["manifests"]
    assert (row["state"], row["mend"]) == ("error", "nightpress validate")
    assert told in row["what"]
    status = market.run("nightpress", "status")
    assert told in status.out.splitlines()[0]
    assert "nightpress validate" in status.out.splitlines()[0]


def test_to_look_for_a_backup_makes_no_vault(market: Market) -> None:
    """And doctor and status know of the same backup, wherever its vault is by now."""
    kept = market.root / ".nightpress" / "vault.db"
    for words in (["doctor"], ["backups"], ["drill"], ["verify"], ["status"]):
        market.run("nightpress", *words)
        assert not kept.exists(), words
    assert "no backup yet" in found(market)["vault"]["what"]
    market.done("backup")
    kept.unlink()
    assert "on this machine alone" in market.run("nightpress", "status").out
    told = found(market)["vault"]["what"]
    assert "no backup in it; the last on record: just now, on this machine" in told
    assert not kept.exists()


def test_with_a_key_it_tells_the_quota_and_never_the_key(market: Market) -> None:
    ran = market.run("nightpress", "doctor", GEMINI_API_KEY="hidden-value")
    assert "hidden-value" not in ran.out + ran.err
    assert "GEMINI_API_KEY is set" in ran.out
    assert "calls left today" in ran.out


@pytest.mark.parametrize(("years", "state"), [(0, "ok"), (1, "warning")])
def test_it_tells_of_when_its_prices_are(market: Market, years: int, state: str) -> None:
    day = BACKENDS["gemini"].as_of
    assert day is not None
    clock = FakeClock(datetime(day.year + years, day.month, day.day, 12).timestamp())
    project = Project(market.root, {}, {"GEMINI_API_KEY": "test-key"}, clock)
    (told,) = doctor._prices(project)
    assert (told.state, str(day) in told.what) == (state, True)
    assert list(doctor._prices(Project(market.root, {}, {}, clock))) == []
    if state == "ok":
        words = ("plan", "backend=gemini")
        paid = market.done(*words, "paid=1", GEMINI_API_KEY="test-key").out
        assert f"prices of {day}" in paid, paid
        assert "prices of" not in market.done(*words, GEMINI_API_KEY="test-key").out


@pytest.mark.parametrize(
    ("file", "text", "name", "told"),
    [
        ("dodo.py", "\ndef mine(:\n", "dodo.py", r"dodo\.py:\d+:10: invalid syntax"),
        ("dodo.py", "\nunknown\n", "dodo.py", r"dodo\.py:\d+: NameError"),
        ("dodo.py", "\nraise SystemExit\n", "dodo.py", "ends the process"),
        ("plugins/alpha/.claude-plugin/plugin.json", "{",
         "plugins", r"plugin\.json:\d+:\d+: not JSON"),
        (".claude-plugin/marketplace.json", "{", "marketplace",
         r"/marketplace\.json:1:2: cannot be"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_with_its_place(
    market: Market, file: str, text: str, name: str, told: str
) -> None:
    path = market.root / file
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as out:
        out.write(text)
    row = found(market)[name]
    assert row["state"] == "error"
    assert re.search(told, row["what"]), row
    assert row["mend"]


def test_a_ledger_that_is_none_has_one_exit_status_and_one_line(market: Market) -> None:
    path = market.root / ".nightpress" / "ledger.db"
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_text("no database at all; " * 20)
    for words in ("build", "plan", "status", "check", "review", "audit", "tonight", "info alpha"):
        ran = market.run("nightpress", *words.split())
        assert (ran.code, "the page Disaster recovery" in ran.err) == (3, True), words
    doctor = market.run("nightpress", "doctor").out
    assert doctor.count("ledger.db") == 1 == doctor.count("Disaster recovery")


def test_chapters_that_dodo_lacks_are_a_warning_while_a_build_can_do_without(
    market: Market,
) -> None:
    path = market.root / "dodo.py"
    whole = path.read_text()
    for chapter, state in (("plan", "warning"), ("enhance", "error")):
        path.write_text(re.sub(rf"(?s)def task_{chapter}\(.*?\n\n\n", "", whole))
        row = found(market)["dodo.py"]
        assert (row["state"], row["what"]) == (state, f"dodo.py lacks a chapter: {chapter}")
        ran = market.run("nightpress", "build" if chapter == "enhance" else chapter)
        assert (ran.code, f"has no chapter {chapter}" in ran.err) == (3, True)


@pytest.mark.parametrize(
    ("breaks", "name", "told"),
    [
        ("defaults", "project", "is not a mapping"),
        ("ledger", "state", "ledger.db is damaged"),
        ("dodo.py", "project", "there is no dodo.py"),
        ("manifests", "project", "no manifests"),
        ("marketplace", "defaults", "marketplace: there is no folder 'nope'"),
        ("two", "project", "not an integer"),
        ("conflict", "lock file", "nightpress.lock:2:1: a merge conflict"),
        ("loop", "dodo.py", "dodo.py is still being loaded after 1 s"),
        ("token", "vault", "TURSO_AUTH_TOKEN is set, but TURSO_DATABASE_URL is not"),
        ("backend", "writer", "needs GOOGLE_API_KEY or GEMINI_API_KEY"),
    ],
)
def test_what_is_wrong_is_its_own_result(
    market: Market, breaks: str, name: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {}
    defaults = market.root / "manifests" / "_defaults.yaml"
    if breaks == "defaults":
        defaults.write_text("size: wrong\n")
    elif breaks == "marketplace":
        defaults.write_text(
            re.sub("(?m)^marketplace: .*", "marketplace: nope", defaults.read_text())
        )
        for command in ("build", "plan"):
            assert f"{told}: no new plugin is found" in market.run("nightpress", command).out
    elif breaks == "two":
        defaults.write_text("size: {min: x, max: y}\n")
        shown = market.run("nightpress", "doctor").out
        assert "\n" + " " * 20 + "manifests/_defaults.yaml:1:21: size.max: 'y' is not" in shown
        assert "\\n" not in shown
    elif breaks == "conflict":
        lock = market.root / "nightpress.lock"
        lock.write_text(lock.read_text().replace("\n", "\n<<<<<<< HEAD\n", 1))
    elif breaks == "loop":
        (market.root / "dodo.py").write_text("while True:\n    pass\n")
        monkeypatch.setattr(doctor, "LOADING", 1)
        results = {one.name: one for one in doctor.examine(str(market.root))}
        assert told == results[name].what and results[name].state == "error"
        return
    elif breaks == "backend":
        defaults.write_text(defaults.read_text().replace("backend: auto", "backend: gemini"))
    elif breaks == "ledger":
        path = market.root / ".nightpress" / "ledger.db"
        for suffix in ("-wal", "-shm"):  # it would heal the pages that it holds
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        path.write_bytes(path.read_bytes()[:100] + os.urandom(8_000))
    elif breaks == "dodo.py":
        (market.root / "dodo.py").unlink()
    elif breaks == "manifests":
        (market.root / "manifests" / "alpha.yaml").unlink()
    else:
        environ = {"TURSO_AUTH_TOKEN": "t"}
    result = found(market, **environ)[name]
    assert result["state"] == "error"
    assert told in result["what"]


def test_a_run_that_is_busy_is_told(market: Market) -> None:
    lock = run_lock.acquire(market.root / ".nightpress", "doit enhance:alpha")
    try:
        result = found(market)["run lock"]
    finally:
        lock.release()
    assert result["state"] == "warning"
    assert f"another run is busy: pid {os.getpid()}" in result["what"]
    assert "(nightpress build alpha)" in result["what"]


@pytest.mark.parametrize("says", ["{}", '{"pid": 1, "since": "x", "command": "doit"}'])
def test_to_look_at_the_run_lock_changes_nothing_of_it(market: Market, says: str) -> None:
    path = market.root / ".nightpress" / "run.lock"
    path.parent.mkdir(exist_ok=True)
    path.write_text(says)
    before = path.stat().st_mtime_ns
    assert found(market)["run lock"]["what"] == "free"
    assert (path.read_text(), path.stat().st_mtime_ns) == (says, before)


def test_without_a_project_it_tells_of_the_machine_alone(tmp_path: Path) -> None:
    assert found(Market(tmp_path))["project"]["mend"] == "nightpress init in the marketplace"


@pytest.mark.parametrize(
    ("shut", "told"),
    [
        (".nightpress", "chmod u+rwx {root}/.nightpress"),
        ("", "chmod u+rwx {root}"),
        (".nightpress/run.lock", "chmod u+rw {root}/.nightpress/run.lock"),
    ],
)
def test_what_is_shut_is_named(
    market: Market, shut: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = market.root / shut
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) not in (denied, *_inside(denied)))
    error = PermissionError(13, "Permission denied", f"{market.root}/.nightpress/run.lock")
    known = errors.known(error)
    assert known is not None and known.exit_code == 3
    assert known.hint == f"look at its permissions: {told.format(root=market.root)}"


def _inside(folder: Path) -> list[Path]:
    return [*folder.rglob("*")]


@pytest.mark.skipif(failing_disk.library() is None, reason="no compiler for the failing disk")
@pytest.mark.parametrize(
    "command", ["build alpha --force", "clean alpha", "adopt alpha", "manifests"]
)
def test_a_command_that_may_write_nothing_says_where(market: Market, command: str) -> None:
    environ = failing_disk.always(market.root, "EACCES")
    ran = market.start(
        "nightpress", *command.split(), LD_PRELOAD=str(failing_disk.library()), **environ
    )
    assert ran.code == 3, ran.err
    denied = "(Permission denied|attempt to write a readonly database)"
    assert re.search(f"^ERROR: /.*: {denied}\n  hint: .*look at its permissions", ran.err), ran.err
