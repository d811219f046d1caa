"""Years in the ledger: size and time of report, plan, attempt and reservation, at 1 M attempts."""

from __future__ import annotations

import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.market import Market, plugin

from benchmarks import _night_ledger
from nightpress import report
from nightpress.clock import RealClock
from nightpress.ledger import Ledger, NewAttempt, chain
from nightpress.model import Status
from nightpress.pipeline import prune
from nightpress.plan import catalog
from nightpress.project import Project, init
from nightpress.storage import run_lock

PLUGINS = 236
DAYS = 1_500
VIEWS = ("latest", "plugins", "gates", "success", "cost", "pace", "durations")
MODEL = "gemini-3.5-flash-lite"
STATUSES = ("published",) * 14 + ("refused", "refused", "failed", "deferred", "deferred", "kept")
FINDINGS = json.dumps(
    [{"check": "grounding.command", "severity": "warning", "message": "no such command",
      "line": 12, "column": 1, "hint": "name one of the plugin's own"}]
)  # fmt: skip


def main(argv: list[str]) -> dict[str, Any]:
    attempts = int(argv[0]) if argv else 1_000_000
    found: dict[str, Any] = {"attempts": attempts, "calls": attempts, "plugins": PLUGINS}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number in range(PLUGINS):
            plugin(root, f"plugin-{number}", size=600)
        init.init(root, ".", rename_generic=False)
        with _measured(found, "fill_s"):
            _fill(root, attempts)
        found["doit_s"] = _seconds(lambda: Market(root).doit())
        found["null_doit_s"] = _seconds(lambda: Market(root).doit())
        found["size_mb"] = round(_ledger(root).stat().st_size / 1e6, 1)
        found |= _reading(root)
        found |= _writing(root)
        found |= _pruned(root)
    cost = _night_ledger.cost(attempts, 100)
    found["reserve_ms"] = cost["with_history"]["reserve_ms"]
    found["reserve_new_ms"] = cost["new_ledger"]["reserve_ms"]
    return found


@contextmanager
def _measured(found: dict[str, Any], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    found[name] = round(time.perf_counter() - began, 3)


def _seconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return round(time.perf_counter() - began, 3)


def _project(root: Path) -> Project:
    return Project(root, {}, {}, RealClock())


def _ledger(root: Path) -> Path:
    return root / ".nightpress" / "ledger.db"


def _reading(root: Path) -> dict[str, Any]:
    """Report, plan and audit of a project with that history."""
    found: dict[str, Any] = {}
    cwd = Path.cwd()
    os.chdir(root)
    try:
        project = _project(Path())
        with _measured(found, "report_s"):
            report.write(project, report.gather(project))
        with _measured(found, "plan_s"):
            catalog.load(_project(Path()), everything=True)
        for path in (root / ".nightpress").glob("index.db*"):
            path.unlink()
        with _measured(found, "plan_without_index_s"):
            catalog.load(_project(Path()), everything=True)
        with _measured(found, "audit_s"):
            assert project.ledger.verify() == []
        found["views_s"] = {
            view: _seconds(lambda view=view: list(project.ledger.rows(f"SELECT * FROM {view}")))  # noqa: S608
            for view in VIEWS
        }
        project.ledger.close()
    finally:
        os.chdir(cwd)
    return found


def _writing(root: Path) -> dict[str, Any]:
    """Milliseconds of one attempt's rows (begin and end, durable), median of 100."""
    ledger, spent = Ledger(_ledger(root), time.time), []
    ledger.begin_run("bench", pid=1, command="b", backend="offline", model="m", version="0")
    for number in range(100):
        job = f"plugin-{number}/skill"
        began = time.perf_counter()
        ledger.last(job)
        row = ledger.begin(
            "bench", NewAttempt(job, "p", "p", "skill", "t", "offline", "m", ["x"], {})
        )
        ledger.end(row, Status.FAILED, processing_time_seconds=1.0, error_message="bench")
        spent.append(time.perf_counter() - began)
    ledger.end_run("bench", 0, {})
    ledger.close()
    return {"attempt_ms": round(1000 * sorted(spent)[50], 3)}


def _pruned(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    project, waits, over = _project(root), list[float](), threading.Event()
    beside = threading.Thread(target=_recording, args=(root, waits, over))
    beside.start()
    with _measured(found, "prune_s"):
        done = prune.prune(project, 90)
    over.set()
    beside.join()
    found["prune_rows"], found["prune_wait_s"] = len(waits), round(max(waits), 3)
    found["pruned_attempts"] = done.rows.enhancements
    found["size_pruned_mb"] = round(_ledger(root).stat().st_size / 1e6, 1)
    with _measured(found, "audit_pruned_s"):
        assert project.ledger.verify() == []
    project.ledger.close()
    return found


def _recording(root: Path, waits: list[float], over: threading.Event) -> None:
    """A run beside it: how long each of its rows takes."""
    ledger, lock = Ledger(_ledger(root), time.time), run_lock.acquire(root / ".nightpress", "bench")
    ledger.begin_run("beside", pid=1, command="b", backend="offline", model="m", version="0")
    while not over.wait(0.05):
        began = time.perf_counter()
        ledger.begin(
            "beside",
            NewAttempt("plugin-1/skill", "p", "p", "skill", "t", "offline", "m", ["x"], {}),
        )
        waits.append(time.perf_counter() - began)
    lock.release()
    ledger.close()


# --- a long history ---


def _fill(root: Path, attempts: int) -> None:
    """`attempts` final attempts, each with one call, over DAYS, chained as the ledger chains."""
    ledger = Ledger(_ledger(root), time.time)
    db = ledger.store.connection()
    db.execute("PRAGMA synchronous=OFF")
    db.execute("BEGIN IMMEDIATE")
    start = datetime.now(UTC) - timedelta(days=DAYS)
    db.executemany(
        "INSERT INTO runs VALUES (?, ?, ?, 1, 'doit', 'gemini', ?, '0', 0, '{}')",
        (
            (f"run-{n}", (at := _iso(start + timedelta(days=n))), at, MODEL)
            for n in range(DAYS)
        ),
    )  # fmt: skip
    columns = [row["name"] for row in db.execute("PRAGMA table_info(enhancements)")]
    marks = ", ".join("?" * len(columns))
    rows = _rows(attempts, start, columns)
    db.execute("DROP TRIGGER enhancements_begin")  # the rows are written as they ended
    db.executemany(f"INSERT INTO enhancements VALUES ({marks})", rows)  # noqa: S608
    db.execute(
        "INSERT INTO calls (timestamp, run_id, enhancement_id, job, phase, attempt, backend,"
        " model_requested, model_answered, http_status, outcome, prompt_sha256, tokens_in,"
        " tokens_out, seconds, cost) SELECT timestamp, run_id, id, job, 'generation', 1, backend,"
        " model_requested, model_answered, 200, 'reply', content_sha256, 6000, 3000,"
        " processing_time_seconds, 0.0 FROM enhancements"
    )
    _chain(db)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.close()


def _rows(attempts: int, start: datetime, columns: list[str]) -> Iterator[list[Any]]:
    rng = random.Random(1)
    names = ("content", "generator", "schemas", "settings", "model")
    fingerprint = json.dumps(dict.fromkeys(names, "0" * 64))
    for number in range(attempts):
        slug, status = f"plugin-{number % PLUGINS}", rng.choice(STATUSES)
        day = number * DAYS // attempts
        sha256 = f"{number:064x}"
        held: dict[str, Any] = {
            "id": number + 1, "timestamp": _iso(start + timedelta(days=day, seconds=number % 9000)),
            "plugin_name": slug, "plugin_path": f"plugins/{slug}", "enhancement_type": "skill",
            "status": status, "processing_time_seconds": round(rng.uniform(4, 60), 4),
            "waited_seconds": 4.0, "run_id": f"run-{day}", "job": f"{slug}/skill",
            "target_path": f"plugins/{slug}/skills/{slug}/SKILL.md", "backend": "gemini",
            "model_requested": MODEL, "model_answered": MODEL,
            "reasons": '["content changed: README.md"]', "tokens_in": 6000, "tokens_out": 3000,
            "bytes_before": 9000, "bytes_after": 11_000, "before_sha256": sha256,
            "content_sha256": sha256, "verified": "yes", "fingerprint": fingerprint,
            "snapshot_id": f"snapshot-{day}", "findings": FINDINGS, "score_before": 60,
            "score_after": 95, "error_class": None if status == "published" else "transient",
            "error_message": None if status == "published" else "503 The model is overloaded",
        }  # fmt: skip
        yield [held.get(name) for name in columns]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _chain(db: Any) -> None:
    """Link every row, as `chain.link` would have, one by one."""
    link = ""
    for kind, table in chain.TABLES.items():
        entries = []
        for row in db.execute(f"SELECT * FROM {table} ORDER BY id"):  # noqa: S608
            digest = chain.digest(dict(row))
            link = chain.chained(link, kind, row["id"], digest)
            entries.append((kind, row["id"], digest, link))
            if len(entries) == 50_000:
                db.executemany(_LINK, entries)
                entries.clear()
        db.executemany(_LINK, entries)


_LINK = "INSERT INTO chain (kind, row_id, digest, link) VALUES (?, ?, ?, ?)"


def render(found: dict[str, Any]) -> str:
    """Lines for people."""
    return "\n".join(
        f"- {line}"
        for line in (
            f"{found['attempts']:,} attempts and as many calls over {DAYS} nights,"
            f" {found['plugins']} plugins: {found['size_mb']:,} MB"
            f" ({1e6 * found['size_mb'] / found['attempts']:,.0f} bytes an attempt)",
            f"report {found['report_s']:.2f} s; plan {found['plan_s']:.3f} s"
            f" (without index {found['plan_without_index_s']:.2f} s);"
            f" nothing to do {found['null_doit_s']:.2f} s",
            f"one attempt's rows {found['attempt_ms']:.2f} ms; one reservation"
            f" {found['reserve_ms']:.2f} ms (in a new ledger {found['reserve_new_ms']:.2f} ms)",
            "whole views: "
            + ", ".join(f"{view} {seconds:.2f} s" for view, seconds in found["views_s"].items()),
            f"audit {found['audit_s']:.1f} s; prune to 90 days {found['prune_s']:.1f} s:"
            f" {found['size_pruned_mb']:,} MB, audit then {found['audit_pruned_s']:.1f} s",
            f"a run beside that prune: {found['prune_rows']:,} rows, each waited"
            f" {found['prune_wait_s']:.2f} s at most",
        )
    )
