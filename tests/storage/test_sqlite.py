"""The one way to open SQLite for reading: a file without tables is one that is not used yet."""

from __future__ import annotations

import multiprocessing
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from nightpress.clock import RealClock
from nightpress.errors import LedgerError
from nightpress.ledger.ledger import Ledger, last_run
from nightpress.quota import Quota
from nightpress.quota.limits import Limits
from nightpress.quota.pace import Pace
from nightpress.quota.tables import MIGRATIONS
from nightpress.storage import sqlite
from nightpress.storage.sqlite import Store, read_only, reading
from tests.market import Market, plugin, three

SCRIPT = "CREATE TABLE words (word TEXT);"
LIMITS = Limits(rpm=10, tpm=1_000, rpd=100)


def _there(path: Path) -> bool:
    with reading(path) as connection:
        if connection is not None:
            connection.execute("SELECT * FROM words").fetchall()
        return connection is not None


def test_a_file_without_tables_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    assert not _there(path) and not path.exists()
    path.touch()
    assert not _there(path) and path.stat().st_size == 0
    with closing(sqlite3.connect(path, isolation_level=None)) as maker:
        maker.execute("PRAGMA journal_mode=WAL")
        assert not _there(path)
        maker.execute("BEGIN IMMEDIATE")
        maker.execute(SCRIPT)
        maker.execute("PRAGMA user_version=1")
        assert not _there(path)
        maker.execute("COMMIT")
        assert _there(path)
    assert _there(path)


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    store = Store(tmp_path / "x.db", (SCRIPT,))
    store.connection()
    with (
        pytest.raises(LedgerError, match="readonly"),
        reading(tmp_path / "x.db") as connection,
    ):
        assert connection is not None
        connection.execute("INSERT INTO words VALUES ('a')")
    store.close()


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(LedgerError, match="not a database"), reading(path):
        pass
    with pytest.raises(LedgerError):
        read_only(tmp_path / "missing.db")


def test_an_interrupted_rollback_journal_does_not_stop_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as maker:
        maker.executescript(SCRIPT + "PRAGMA user_version=1;")
    (tmp_path / "x.db-journal").write_bytes(b"")
    assert _there(path)


def test_where_nothing_can_be_written_tables_are_brought_up_to_date_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_writable", lambda _path: False)
    newer = "CREATE TABLE more (word TEXT);"
    for name, migrations in (("missing", ()), ("empty", ()), ("older", (SCRIPT,))):
        path = tmp_path / name
        if name == "empty":
            path.touch()
        if migrations:
            with closing(sqlite3.connect(path)) as maker:
                maker.executescript(SCRIPT + "INSERT INTO words VALUES ('a');")
                maker.execute("PRAGMA user_version=1")
        before = path.read_bytes() if path.exists() else None
        store = Store(path, (SCRIPT, newer))
        words = [row["word"] for row in store.connection().execute("SELECT word FROM words")]
        assert words == (["a"] if migrations else [])
        assert store.connection().execute("SELECT * FROM more").fetchall() == []
        store.close()
        assert (path.read_bytes() if path.exists() else None) == before


def _make(path: Path, go: Event) -> None:
    go.wait()
    store = Store(path, MIGRATIONS)
    store.connection()
    store.close()


def test_readers_race_with_whoever_makes_the_quota_ledger(tmp_path: Path) -> None:
    fork, seen = multiprocessing.get_context("fork"), 0
    for number in range(40):
        path, go = tmp_path / f"{number}.db", fork.Event()
        quota = Quota(path, RealClock())
        maker = fork.Process(target=_make, args=(path, go))
        maker.start()
        go.set()
        while maker.is_alive():
            shown = quota.snapshot("model", LIMITS, Pace())
            assert shown.left_in_minute == LIMITS.rpm
            seen += path.exists()
        maker.join()
        assert maker.exitcode == 0
    assert seen > 40


def test_an_empty_ledger_is_one_before_its_first_run(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.touch()
    assert last_run(path) == (0, {})
    ledger = Ledger(path, lambda: 0.0)
    ledger.begin_run("r1", pid=1, command="doit", backend="offline", model="", version="1")
    ledger.end_run("r1", 0, {"published": 2})
    assert last_run(path) == (1, {"published": 2})
    ledger.close()


def test_a_run_meets_files_without_tables(tmp_path: Path) -> None:
    plugin(tmp_path, "alpha")
    market = Market(tmp_path)
    assert market.run("nightpress", "init").code == 0
    state = tmp_path / ".nightpress"
    state.mkdir(exist_ok=True)
    for name in ("quota.db", "ledger.db", "index.db"):
        (state / name).unlink(missing_ok=True)
        (state / name).touch()
        planned = market.doit("backend=gemini", "plan", GEMINI_API_KEY="x")
        assert planned.code == 0 and "Traceback" not in planned.err, planned.err
    assert market.done("report").err == ""


def test_a_file_that_another_program_holds_is_told_within_three_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "ledger.db", ["CREATE TABLE t (a)"])
    store.connection()
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(2.6, other.execute, ["ROLLBACK"]).start()
    began = time.monotonic()
    with store.write() as db:
        db.execute("INSERT INTO t VALUES (1)")
    assert 2 < time.monotonic() - began < 30
    said = capsys.readouterr().err
    assert said == "ledger.db is held by another program; waiting for it\n"
    other.close()
    store.close()


TAKE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
connection.execute("PRAGMA locking_mode=EXCLUSIVE")
try:
    connection.execute("BEGIN EXCLUSIVE")
except sqlite3.OperationalError as error:
    print(error)
"""


def test_another_threads_connection_drops_no_lock_of_the_first(tmp_path: Path) -> None:
    """POSIX drops all locks of a process on a file when it closes any descriptor of it; another
    program that came then could take the log away beneath us, which is a disk I/O error."""
    path = tmp_path / "x.db"
    store = Store(path, (SCRIPT,), durable=True)
    store.connection().execute("SELECT * FROM words").fetchall()
    other = threading.Thread(target=store.connection)
    other.start()
    other.join()
    done = subprocess.run(
        [sys.executable, "-c", TAKE, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "database is locked\n"
    store.close()


WATCH = """
import os, sys

def hear(event, given):
    if event == "open" and str(given[0]).endswith(".db") and not (given[2] or 0) & os.O_EXCL:
        os.write(2, f"opened: {given[0]}\\n".encode())

sys.addaudithook(hear)
"""


@pytest.mark.parametrize("words", [["build"], ["plan"], ["check"], ["validate"], ["report"]])
def test_no_database_is_opened_but_by_sqlite(tmp_path: Path, words: list[str]) -> None:
    """Closing it would drop the locks of this process; whoever reads the ledger meanwhile would
    take its log away beneath the run, and the ledger be malformed."""
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    market = three(tmp_path / "market").documented()
    ran = market.start("nightpress", *words, PYTHONPATH=str(tmp_path))
    assert "opened: " not in ran.err, ran.err


def test_threads_take_turns_at_a_file_and_none_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no patience at all SQLite would refuse whoever comes while another one writes."""
    store = Store(tmp_path / "some.db", ("CREATE TABLE one (n INTEGER)",))
    store.connection()
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    monkeypatch.setattr(sqlite, "TOLD_AFTER", 0.0)
    wrong: list[BaseException] = []
    ready = threading.Barrier(20)

    def write(n: int) -> None:
        try:
            store.connection()
            ready.wait(20)
            with store.write() as connection:
                connection.execute("INSERT INTO one VALUES (?)", (n,))
                time.sleep(0.005)
        except BaseException as error:  # noqa: BLE001 (told by the test)
            wrong.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (count,) = store.connection().execute("SELECT count(*) FROM one").fetchone()
    assert (wrong, count) == ([], 20)
    store.close()
