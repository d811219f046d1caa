"""What `doit prune` removes from the ledger, in small transactions, and what it leaves behind.

Kept, whatever their age: open attempts; those of attached ledgers; of each enhancement the latest
attempt, the first and the latest publication; the calls of what is kept; unspent replies; the
newest analysis of each plugin.
What goes is added to the sums by day, and its stretch of the chain becomes a gap that carries the
last link, so that all that stays can be verified. It is chosen first, which nobody waits for; each
transaction then leaves a whole ledger, so that a run may go on beside it, and what is killed goes
on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from nightpress.errors import LedgerError
from nightpress.ledger import chain
from nightpress.storage import Connection, Store


class Pruned(Struct, frozen=True):
    """Rows that went (or, in a dry run, would go)."""

    enhancements: int = 0
    calls: int = 0
    replies: int = 0
    analyses: int = 0
    contents: int = 0
    runs: int = 0

    @property
    def anything(self) -> bool:
        return any(getattr(self, name) for name in self.__struct_fields__)


LEAST, FIRST, MOST = 50, 500, 10_000
"""Rows of a transaction at least, of the first, and at most."""
GOAL = 0.2
"""Seconds that a transaction should take: as long may somebody have to wait for it."""

_CHOOSE = (
    "CREATE TEMP TABLE kept (id INTEGER PRIMARY KEY)",
    "INSERT OR IGNORE INTO kept SELECT id FROM enhancements WHERE timestamp >= :before",
    "INSERT OR IGNORE INTO kept SELECT id FROM enhancements"
    " WHERE status IN ('started', 'prepared')",
    "INSERT OR IGNORE INTO kept SELECT id FROM latest",
    "INSERT OR IGNORE INTO kept SELECT max(id) FROM enhancements"
    " WHERE status IN ('published', 'adopted') GROUP BY job",
    "INSERT OR IGNORE INTO kept SELECT min(id) FROM enhancements"
    " WHERE status IN ('published', 'adopted') GROUP BY job",
    "INSERT OR IGNORE INTO kept SELECT min(id) FROM enhancements WHERE status = 'published'"
    " GROUP BY job",
    # the newest entry of the chain is what the next one links to
    "INSERT OR IGNORE INTO kept SELECT row_id FROM chain WHERE kind = 'enhancement'"
    " AND seq = (SELECT max(seq) FROM chain)",
    # an attached chain stays whole
    "INSERT OR IGNORE INTO kept SELECT row_id FROM attached_chain WHERE kind = 'enhancement'",
    "CREATE TEMP TABLE doomed_enhancements (id INTEGER PRIMARY KEY)",
    "INSERT INTO doomed_enhancements SELECT id FROM enhancements"
    " WHERE id NOT IN (SELECT id FROM kept)",
    "CREATE TEMP TABLE doomed_calls (id INTEGER PRIMARY KEY)",
    "INSERT INTO doomed_calls SELECT id FROM calls WHERE"
    " (enhancement_id IN (SELECT id FROM doomed_enhancements)"
    "  OR (enhancement_id IS NULL AND timestamp < :before))"
    " AND id NOT IN (SELECT max(id) FROM calls WHERE phase = 'analysis' GROUP BY job)"
    " AND id NOT IN (SELECT row_id FROM chain WHERE kind = 'call'"
    "  AND seq = (SELECT max(seq) FROM chain))"
    " AND id NOT IN (SELECT row_id FROM attached_chain WHERE kind = 'call')",
    # a kept call holds on to its attempt
    "DELETE FROM doomed_enhancements WHERE id IN (SELECT enhancement_id FROM calls"
    " WHERE enhancement_id IS NOT NULL AND id NOT IN (SELECT id FROM doomed_calls))",
    "CREATE TEMP TABLE doomed_chain (id INTEGER PRIMARY KEY, kind TEXT, row_id INTEGER)",
    "INSERT INTO doomed_chain SELECT seq, kind, row_id FROM chain WHERE CASE kind"
    " WHEN 'call' THEN row_id IN (SELECT id FROM doomed_calls)"
    " ELSE row_id IN (SELECT id FROM doomed_enhancements) END",
    "CREATE TEMP TABLE slice (id INTEGER PRIMARY KEY, kind TEXT, row_id INTEGER)",
    "CREATE TEMP TABLE used (content TEXT)",
    "INSERT INTO used SELECT DISTINCT json_extract(fingerprint, '$.content') FROM enhancements"
    " WHERE id NOT IN (SELECT id FROM doomed_enhancements)",
)
_ROWS = {
    "replies": "spent_on IS NOT NULL AND stored < :before",
    "analyses": "stored < :before AND rowid NOT IN (SELECT max(rowid) FROM analyses"
    " GROUP BY plugin)",
    "contents": "content NOT IN (SELECT content FROM used WHERE content IS NOT NULL)",
    "runs": "finished IS NOT NULL AND started < :before"
    " AND run_id NOT IN (SELECT run_id FROM enhancements WHERE id NOT IN"
    "  (SELECT id FROM doomed_enhancements))"
    " AND run_id NOT IN (SELECT run_id FROM calls WHERE id NOT IN (SELECT id FROM doomed_calls))",
    # of a rejected draft hash and reason stay: it must not come back; a merged one stays
    "reviews": "decided < :before AND (state = 'superseded' OR state = 'applied'"
    " AND draft_sha256 IN (SELECT content_sha256 FROM enhancements))",
}
"""Table -> which of its rows go."""
_STILL = {
    "contents": "content NOT IN (SELECT json_extract(fingerprint, '$.content') FROM enhancements"
    " WHERE id > (SELECT coalesce(max(id), 0) FROM kept))",
    "runs": "NOT EXISTS (SELECT 1 FROM enhancements WHERE run_id = runs.run_id)"
    " AND NOT EXISTS (SELECT 1 FROM calls WHERE run_id = runs.run_id)",
}
"""What a run may have taken into use since they were chosen stays."""

_SLICE = (
    "DELETE FROM slice",
    "INSERT INTO slice SELECT * FROM doomed_chain ORDER BY id LIMIT :size",
    # calls go with their attempt: one that was lost was recorded after its end
    "INSERT OR IGNORE INTO slice SELECT seq, kind, row_id FROM chain WHERE kind = 'call' AND row_id"
    " IN (SELECT id FROM calls WHERE enhancement_id IN"
    "  (SELECT row_id FROM slice WHERE kind = 'enhancement'))",
)
_OF_SLICE = "id IN (SELECT row_id FROM slice WHERE kind = ?)"
_ADD_UP = (
    "INSERT INTO pruned_enhancements SELECT substr(timestamp, 1, 10), status, count(*)"
    " FROM enhancements WHERE id IN (SELECT row_id FROM slice WHERE kind = 'enhancement')"
    " GROUP BY 1, 2"
    " ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts",
    "INSERT INTO pruned_calls SELECT substr(timestamp, 1, 10), model_requested, count(*),"
    " sum(outcome = 'reply'), sum(tokens_in), sum(tokens_out),"
    " CASE WHEN sum(cost IS NULL AND tokens_in + tokens_out > 0) = 0"
    " THEN coalesce(sum(cost), 0.0) END"
    " FROM calls WHERE id IN (SELECT row_id FROM slice WHERE kind = 'call') GROUP BY 1, 2"
    " ON CONFLICT DO UPDATE SET calls = calls + excluded.calls,"
    " replies = replies + excluded.replies, tokens_in = tokens_in + excluded.tokens_in,"
    " tokens_out = tokens_out + excluded.tokens_out, cost = cost + excluded.cost",
)


def prune(
    store: Store,
    before: str,
    now: str,
    used: Iterable[str] = (),
    *,
    dry: bool = False,
    goes_on: Callable[[], bool] = lambda: True,
) -> Pruned:
    """Remove what is older than `before` (ISO time) and not needed; what went.

    used: content digests that something outside of the ledger refers to (the lock file); goes_on:
    asked between two transactions. Raises LedgerError if the chain does not hold: what is damaged
    is not thinned out.
    """
    db = store.connection()
    with chain.still(db):
        breaks = [] if dry else chain.verify(db, chain.Mark())
    if breaks:
        raise LedgerError(
            f"the chain does not hold ({len(breaks)} breaks): nothing was pruned", "see: doit audit"
        )
    try:
        with chain.still(db):
            _choose(db, before, used)
        if dry:
            names = Pruned.__struct_fields__
            return Pruned(**{name: _count(db, f"doomed_{name}") for name in names})
        return _removed(store, before, now, goes_on)
    finally:
        for name in ("kept", "slice", "used", *(f"doomed_{n}" for n in ("chain", *_ALL))):
            db.execute(f"DROP TABLE IF EXISTS temp.{name}")


_ALL = ("enhancements", "calls", *_ROWS)


def _choose(db: Connection, before: str, used: Iterable[str]) -> None:
    for query in _CHOOSE:
        db.execute(query, {"before": before} if ":before" in query else {})
    db.executemany("INSERT INTO used VALUES (?)", ((content,) for content in used))
    for table, condition in _ROWS.items():  # table and condition are our own words
        db.execute(f"CREATE TEMP TABLE doomed_{table} (id INTEGER PRIMARY KEY)")
        query = f"INSERT INTO doomed_{table} SELECT rowid FROM {table} WHERE {condition}"  # noqa: S608
        db.execute(query, {"before": before} if ":before" in query else {})


def _count(db: Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def _removed(store: Store, before: str, now: str, goes_on: Callable[[], bool]) -> Pruned:
    went = Pruned()

    def of_chain(size: int) -> int:
        nonlocal went
        attempts, calls = _cut(store, now, size)
        went = replace(went, enhancements=went.enhancements + attempts, calls=went.calls + calls)
        return attempts + calls

    def of(table: str, size: int) -> int:
        nonlocal went
        taken, gone = _drop(store, table, size)
        if table in Pruned.__struct_fields__:
            went = replace(went, **{table: getattr(went, table) + gone})
        return taken

    # a review is known by its publication, and a run by what refers to it
    works: list[Callable[[int], int]] = [partial(of, "reviews"), of_chain]
    works += [partial(of, table) for table in _ROWS if table != "reviews"]
    for work in works:
        if not _sliced(work, goes_on):
            return went
    with store.write() as db:
        db.execute(
            "UPDATE reviews SET draft = x'' WHERE state = 'rejected' AND decided < ?", (before,)
        )
    return went


def _sliced(work: Callable[[int], int], goes_on: Callable[[], bool]) -> bool:
    """Do it slice by slice, each about as long as it may be, until there is nothing more; False:
    it was broken off. work: takes a number of rows, tells how many there were."""
    size = FIRST
    while True:
        began = time.monotonic()
        if not work(size):
            return True
        took = max(time.monotonic() - began, 0.001)
        size = max(LEAST, min(MOST, 2 * size, int(size * GOAL / took)))
        if not goes_on():
            return False


def _cut(store: Store, now: str, size: int) -> tuple[int, int]:
    """Attempts and calls of one stretch of the chain, in one transaction; how many of each."""
    with store.write() as db:
        for query in _SLICE:
            db.execute(query, {"size": size} if ":size" in query else {})
        if not _count(db, "slice"):
            return 0, 0
        for query in _ADD_UP:
            db.execute(query)
        triggers = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            " AND tbl_name IN ('enhancements', 'calls', 'chain')"
        ).fetchall()
        for trigger in triggers:
            db.execute(f"DROP TRIGGER {trigger['name']}")
        _join_gaps(db, now)
        db.execute("DELETE FROM chain WHERE seq IN (SELECT id FROM slice)")
        gone = [
            db.execute(f"DELETE FROM {table} WHERE {_OF_SLICE}", (kind,)).rowcount  # noqa: S608
            for kind, table in reversed(chain.TABLES.items())
        ]
        for trigger in triggers:  # in the same transaction: there is no instant without them
            db.execute(trigger["sql"])
        db.execute("DELETE FROM doomed_chain WHERE id IN (SELECT id FROM slice)")
    calls, attempts = gone
    return attempts, calls


def _join_gaps(db: Connection, now: str) -> None:
    """The slice becomes gaps of the chain; neighbours are joined."""
    links = db.execute("SELECT seq, link FROM chain WHERE seq IN (SELECT id FROM slice)")
    cut = [(row["seq"], row["seq"], row["link"]) for row in links]
    if not cut:
        return
    first, last = min(cut)[0] - 1, max(cut)[0] + 1
    near = (
        "SELECT first_seq, last_seq, link FROM chain_gaps WHERE first_seq BETWEEN ?1 AND ?2"
        " UNION SELECT * FROM (SELECT first_seq, last_seq, link FROM chain_gaps"
        " WHERE first_seq <= ?1 ORDER BY first_seq DESC LIMIT 1)"
    )
    gaps = [tuple(row) for row in db.execute(near, (first, last))]
    db.executemany("DELETE FROM chain_gaps WHERE first_seq = ?", ((gap[0],) for gap in gaps))
    joined = _joined(sorted([*cut, *gaps]))
    db.executemany("INSERT INTO chain_gaps VALUES (?, ?, ?, ?)", ((*gap, now) for gap in joined))


def _joined(stretches: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """(first, last, link) of every stretch, those that meet as one."""
    held: tuple[int, int, str] | None = None
    for first, last, link in stretches:
        if held and held[1] + 1 == first:
            held = held[0], last, link
        else:
            if held:
                yield held
            held = first, last, link
    if held:
        yield held


def _drop(store: Store, table: str, size: int) -> tuple[int, int]:
    """Rows of a table, in one transaction; how many were chosen, and how many went."""
    with store.write() as db:  # table and condition are our own words
        db.execute("DELETE FROM slice")
        chosen = f"INSERT INTO slice SELECT id, '', 0 FROM doomed_{table} ORDER BY id LIMIT ?"  # noqa: S608
        taken = db.execute(chosen, (size,)).rowcount
        still = _STILL.get(table, "TRUE")
        query = f"DELETE FROM {table} WHERE rowid IN (SELECT id FROM slice) AND {still}"  # noqa: S608
        gone = db.execute(query).rowcount
        db.execute(f"DELETE FROM doomed_{table} WHERE id IN (SELECT id FROM slice)")  # noqa: S608
    return taken, gone
