"""The ledger: every attempt, call and paid reply, in SQLite, recorded when it happens.

doit schedules; the ledger remembers: its own state is lost on kill -9, so what was paid for is
written here at once. Final rows and calls are chained by hash (see `chain`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nightpress.errors import BLOCKED, AwaitsReview, TooLittle, Withheld
from nightpress.ledger import attach, chain
from nightpress.ledger.migrations import MIGRATIONS
from nightpress.ledger.rows import (
    Call,
    Drafted,
    NewAttempt,
    RecordedAttempt,
    insert,
    keep_reply,
    recorded_attempt,
)
from nightpress.model import STANDING, Reply, Status
from nightpress.storage import Connection, Row, Store, reading

Clock = Callable[[], float]
"""Gives the time in epoch seconds."""

_STATE = """
SELECT json_array(
  (SELECT value FROM meta WHERE key = 'ledger_id'),
  (SELECT user_version FROM pragma_user_version),
  (SELECT max(rowid) FROM runs), (SELECT max(finished) FROM runs),
  (SELECT max(rowid) FROM enhancements),
  (SELECT group_concat(id || status) FROM enhancements WHERE status IN ('started', 'prepared')),
  (SELECT max(rowid) FROM calls),
  (SELECT max(rowid) FROM replies),
  (SELECT count(*) FROM replies WHERE spent_on IS NULL),
  (SELECT max(rowid) FROM analyses), (SELECT max(rowid) FROM contents),
  (SELECT max(rowid) FROM reviews), (SELECT max(decided) FROM reviews),
  (SELECT max(rowid) FROM asks), (SELECT count(*) FROM asks),
  (SELECT max(rowid) FROM batches), (SELECT max(looked) FROM batches),
  (SELECT count(*) FROM batches WHERE state = 'sent'),
  (SELECT max(rowid) FROM chain), (SELECT count(*) FROM chain_gaps)
) AS state
"""
"""What changes with whatever the ledger is told, but not with a row in `backups`: that a backup was
made is no reason to send the ledger again."""


_OVERTAKES = """
UPDATE reviews SET decided = :now, state = CASE
  WHEN draft_sha256 = (SELECT content_sha256 FROM enhancements WHERE id = :row) THEN 'applied'
  ELSE 'superseded' END
WHERE state = 'waiting' AND job = (SELECT job FROM enhancements WHERE id = :row)
"""


class Ledger:
    """The open ledger of one project. Every method is safe in any thread.

    path: the SQLite file; now: gives epoch seconds (an argument, so that tests own the time).
    """

    def __init__(self, path: Path, now: Clock) -> None:
        self.path, self.now = path, now
        self.store = Store(path, MIGRATIONS)

    def now_text(self) -> str:
        """The time as the ledger writes it."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds")

    # --- runs ---

    def begin_run(
        self, run_id: str, *, pid: int, command: str, backend: str, model: str, version: str
    ) -> None:
        """Record that a run has begun; called at the first thing that it does."""
        with self.store.write() as db:
            db.execute(
                "INSERT INTO runs (run_id, started, pid, command, backend, model, version)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run_id, self.now_text(), pid, command, backend, model, version),
            )

    def end_run(self, run_id: str, exit_code: int, summary: Mapping[str, Any]) -> None:
        with self.store.write() as db:
            db.execute(
                "UPDATE runs SET finished = ?, exit_code = ?, summary = ? WHERE run_id = ?",
                (self.now_text(), exit_code, json.dumps(summary, sort_keys=True), run_id),
            )

    def state(self) -> str:
        """Equal texts: the ledger says the same, but for its backups."""
        [row] = self.rows(_STATE)
        return str(row["state"])

    def record_backup(self, columns: Mapping[str, Any]) -> None:
        """One row in `backups`, by column name."""
        with self.store.write() as db:
            insert(db, "backups", columns)

    # --- attempts ---

    def begin(self, run_id: str, attempt: NewAttempt) -> int:
        """Record an attempt as `started`; returns its id."""
        with self.store.write() as db:
            return self._insert(db, run_id, attempt, Status.STARTED)

    def prepare(self, row: int, **columns: Any) -> None:
        """Record what is about to be published, whole: `prepared`, before the target is touched.

        A later run finishes the row from just this, should we die before `end`.
        """
        columns["status"] = Status.PREPARED
        with self.store.write() as db:
            _set(db, row, columns)

    def end(
        self, row: int, status: Status, draft: Drafted | None = None, /, **columns: Any
    ) -> None:
        """Give a row its final status; chains it, spends the replies that it used, and answers
        the wish for it. What stands now, published or adopted, overtakes a draft that waited."""
        if draft is not None:
            columns |= draft.columns()
            if status == Status.REFUSED:  # it is made again when what was asked for changes
                del columns["fingerprint"]
        if status in STANDING:
            columns["verified"] = self.now_text()
        else:
            columns["content_sha256"] = None
        columns["status"] = status
        with self.store.write() as db:
            _set(db, row, columns)
            kind = columns.get("error_class")
            answered = kind in (AwaitsReview.__name__, TooLittle.__name__)
            if answered or status in (Status.PUBLISHED, Status.REFUSED):
                db.execute(
                    "UPDATE replies SET spent_on = ? WHERE spent_on IS NULL AND job ="
                    " (SELECT job FROM enhancements WHERE id = ?) AND phase <> 'analysis'",
                    (row, row),
                )
            parks = answered or kind in (BLOCKED, Withheld.__name__)
            if parks or status in (*STANDING, Status.REFUSED):
                db.execute(
                    "DELETE FROM asks WHERE job = (SELECT job FROM enhancements WHERE id = ?)"
                    " AND after_id < ?",
                    (row, row),
                )
            if status in STANDING:
                db.execute(_OVERTAKES, {"now": self.now_text(), "row": row})
            chain.link(db, "enhancement", row)

    def open_rows(self) -> list[RecordedAttempt]:
        """Attempts of a run that died: still `started` or `prepared`, oldest first."""
        query = "SELECT * FROM enhancements WHERE status IN ('started', 'prepared') ORDER BY id"
        return [recorded_attempt(row) for row in self.rows(query)]

    def newest(self) -> int:
        """The id of the latest attempt; 0 if there is none."""
        [row] = self.rows("SELECT coalesce(max(id), 0) FROM enhancements")
        return int(row[0])

    def last(self, job: str) -> list[RecordedAttempt]:
        """The job's latest row, its latest `published` or `adopted` one, and the latest at which a
        person had changed the file meanwhile, if any; newest first."""
        query = (
            "SELECT * FROM enhancements WHERE id IN ("
            " (SELECT max(id) FROM enhancements WHERE job = ?1),"
            " (SELECT max(id) FROM enhancements WHERE job = ?1"
            "   AND error_class = 'PublishConflict'),"
            " (SELECT max(id) FROM enhancements WHERE job = ?1"
            "   AND status IN ('published', 'adopted'))) ORDER BY id DESC"
        )
        return [recorded_attempt(row) for row in self.rows(query, (job,))]

    def rows(self, query: str, arguments: Sequence[str | int] = ()) -> Iterator[Row]:
        """Rows of a SELECT."""
        yield from self.store.connection().execute(query, arguments)

    # --- calls and replies ---

    def call(self, run_id: str, call: Call, reply: Reply | None = None, at: str = "") -> int:
        """Record one HTTP attempt, and the reply that it was paid for, in one transaction: neither
        is ever known without the other. at: when it ended, if that is not now."""
        columns = {name: getattr(call, name) for name in Call.__struct_fields__}
        columns |= {"run_id": run_id, "timestamp": at or self.now_text()}
        with self.store.write() as db:
            row = insert(db, "calls", columns)
            chain.link(db, "call", row)
            if reply is not None:
                whose = (call.phase, call.job)
                keep_reply(db, call.prompt_sha256, whose, reply, self.now_text())
        return row

    def has_call(self, call: Call, at: str) -> bool:
        """Is the call on record that ended then?"""
        query = "SELECT 1 FROM calls WHERE timestamp = ? AND prompt_sha256 = ? AND attempt = ?"
        return any(self.rows(query, (at, call.prompt_sha256, call.attempt)))

    def is_lost(self, job: str, request_sha256: str) -> bool:
        """Does nobody know what came of the last call of this very question?"""
        query = (
            "SELECT outcome FROM calls WHERE job = ? AND prompt_sha256 = ? ORDER BY id DESC LIMIT 1"
        )
        return any(row["outcome"] == "lost" for row in self.rows(query, (job, request_sha256)))

    def has_run(self, run_id: str) -> bool:
        return any(self.rows("SELECT 1 FROM runs WHERE run_id = ?", (run_id,)))

    def has_attempt(self, row: int) -> bool:
        return any(self.rows("SELECT 1 FROM enhancements WHERE id = ?", (row,)))

    def known_reply(self, request_sha256: str, *, unpublished: bool) -> Reply | None:
        """A reply that was paid for and has led to nothing yet (the run was killed); unpublished:
        or to a draft that was refused, or waits."""
        found = self._reply(request_sha256, "spent_on IS NULL")
        if found is None and unpublished:
            found = self._unpublished(request_sha256)
        return found

    def useless_reply(self, request_sha256: str) -> Reply | None:
        """A reply to this very question that was judged to be of no use."""
        return self._reply(request_sha256, "spent_on = 0")

    def _unpublished(self, request_sha256: str) -> Reply | None:
        """The last reply to this very question of phase 2, if its draft was refused, or waits."""
        query = (
            "SELECT text, replies.model_answered, finish, replies.tokens_in, replies.tokens_out,"
            " status FROM replies JOIN enhancements ON enhancements.id = spent_on"
            " WHERE request_sha256 = ? ORDER BY replies.id DESC LIMIT 1"
        )
        rows = (tuple(row) for row in self.rows(query, (request_sha256,)))
        return next((Reply(*row) for *row, status in rows if status != Status.PUBLISHED), None)

    def _reply(self, request_sha256: str, condition: str) -> Reply | None:
        query = (
            "SELECT text, model_answered, finish, tokens_in, tokens_out FROM replies"  # noqa: S608
            f" WHERE request_sha256 = ? AND {condition} ORDER BY id DESC LIMIT 1"
        )
        return next((Reply(*row) for row in self.rows(query, (request_sha256,))), None)

    def has_reply(self, request_sha256: str) -> bool:
        """Was there ever a reply to this very question?"""
        return any(self.rows("SELECT 1 FROM replies WHERE request_sha256 = ?", (request_sha256,)))

    def take_reply(
        self, request_sha256: str, phase: str, job: str, reply: Reply, origin: str
    ) -> None:
        """Keep a reply that no call of this ledger brought; origin: who paid for it, and where it
        was found."""
        with self.store.write() as db:
            keep_reply(db, request_sha256, (phase, job), reply, self.now_text(), origin)

    def origin(self, request_sha256: str) -> str:
        """Who paid for the latest reply to a question; `before`: this ledger's runs."""
        query = "SELECT origin FROM replies WHERE request_sha256 = ? ORDER BY id DESC LIMIT 1"
        return next(
            (row["origin"] or "before" for row in self.rows(query, (request_sha256,))), "before"
        )

    def spend_reply(self, request_sha256: str) -> None:
        """A reply that was judged and is of no use (an analysis that breaks its schema)."""
        with self.store.write() as db:
            db.execute(
                "UPDATE replies SET spent_on = 0 WHERE request_sha256 = ? AND spent_on IS NULL",
                (request_sha256,),
            )

    def keep_analysis(
        self, request_sha256: str, plugin: str, backend: str, model: str, analysis: Any
    ) -> None:
        with self.store.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO analyses VALUES (?, ?, ?, ?, ?, ?)",
                (request_sha256, self.now_text(), plugin, backend, model, json.dumps(analysis)),
            )

    def analysis(self, request_sha256: str) -> dict[str, Any] | None:
        """The cached analysis for exactly this request, or None."""
        query = "SELECT analysis FROM analyses WHERE request_sha256 = ?"
        rows = self.rows(query, (request_sha256,))
        return next((json.loads(row["analysis"]) for row in rows), None)

    # --- contents and asks ---

    def keep_content(self, content: str, files: Mapping[str, str]) -> None:
        with self.store.write() as db:
            db.execute(
                "INSERT OR IGNORE INTO contents VALUES (?, ?)",
                (content, json.dumps(files, sort_keys=True)),
            )

    def content(self, content: str) -> dict[str, str] | None:
        """path -> sha256 of the files behind a content digest, if we have seen them."""
        query = "SELECT files FROM contents WHERE content = ?"
        rows = self.rows(query, (content,))
        return next((json.loads(row["files"]) for row in rows), None)

    def ask(self, job: str) -> None:
        """The user asks for this job again (`doit forget`)."""
        with self.store.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO asks SELECT ?, ?, coalesce(max(id), 0) FROM enhancements",
                (job, self.now_text()),
            )

    def asked(self) -> frozenset[str]:
        return frozenset(row["job"] for row in self.rows("SELECT job FROM asks"))

    def identity(self) -> str:
        """Which ledger this is: an index made beside another one does not fit it."""
        [row] = self.rows("SELECT value FROM meta WHERE key = 'ledger_id'")
        return str(row["value"])

    def verify(self, since: chain.Mark = chain.Mark()) -> list[chain.Break]:  # noqa: B008 - a value
        """Every break in the hash chain, and in those of attached ledgers; since: how far they were
        found whole before."""
        db = self.store.connection()
        with chain.still(db):
            since = since if chain.holds(db, since) else chain.Mark()
            return [*chain.verify(db, since), *attach.verify(db, since.attached)]

    def mark(self) -> chain.Mark:
        """How far it goes: for a later `verify`."""
        return chain.mark(self.store.connection())

    def attach(self, other: Ledger) -> attach.Attached | None:
        """Attach what is new in the ledger of another machine; None: it has nothing new. Raises
        LedgerError where it cannot be."""
        with self.store.write() as db:
            return attach.attach(db, other.store.connection(), self.now_text())

    def chain_size(self) -> tuple[int, int]:
        """(entries of the chain, entries that were pruned from it)."""
        return chain.size(self.store.connection())

    def unfinished(self) -> bool:
        """Did a run die? (It left open rows, or never said that it ended.)"""
        query = (
            "SELECT EXISTS (SELECT 1 FROM enhancements WHERE status IN ('started', 'prepared'))"
            " OR EXISTS (SELECT 1 FROM runs WHERE finished IS NULL)"
        )
        [row] = self.rows(query)
        return bool(row[0])

    def close_runs(self) -> None:
        """Runs that died are over: they are closed without an exit code."""
        with self.store.write() as db:
            db.execute("UPDATE runs SET finished = ? WHERE finished IS NULL", (self.now_text(),))

    def close(self) -> None:
        self.store.close()

    # --- inside ---

    def _insert(self, db: Connection, run_id: str, attempt: NewAttempt, status: str) -> int:
        columns = {name: getattr(attempt, name) for name in NewAttempt.__struct_fields__}
        columns["reasons"] = json.dumps(list(attempt.reasons), ensure_ascii=False)
        columns["fingerprint"] = json.dumps(dict(attempt.fingerprint), sort_keys=True)
        columns |= {"run_id": run_id, "status": status, "timestamp": self.now_text()}
        return insert(db, "enhancements", columns)


def _set(db: Connection, row: int, columns: dict[str, Any]) -> None:
    """accepted: marks of findings, by themselves."""
    if "accepted" in columns:
        columns["accepted"] = json.dumps(list(columns["accepted"])) if columns["accepted"] else None
    names = ", ".join(f"{name} = ?" for name in columns)
    # the names are our own keyword arguments, never data
    db.execute(f"UPDATE enhancements SET {names} WHERE id = ?", (*columns.values(), row))  # noqa: S608


def last_run(path: Path) -> tuple[int, dict[str, Any]]:
    """(number, summary) of the last run that was recorded; (0, {}) before the first. For who only
    reads: the ledger of another process's run, or one that is not there yet."""
    with reading(path) as db:
        if db is None:
            return 0, {}
        query = "SELECT rowid AS number, summary FROM runs ORDER BY rowid DESC LIMIT 1"
        row = db.execute(query).fetchone()
    return (0, {}) if row is None else (row["number"], json.loads(row["summary"] or "{}"))
