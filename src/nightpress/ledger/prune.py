"""What `doit prune` removes from the ledger, in one transaction, and what it leaves behind.

Kept, whatever their age: open attempts; those of attached ledgers; of each enhancement the latest
attempt, the first and the latest publication; the calls of what is kept; unspent replies; the
newest analysis of each plugin.
What goes is added to the sums by day, and its stretch of the chain becomes a gap that carries the
last link, so that all that stays can be verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from nightpress.errors import LedgerError
from nightpress.ledger import chain
from nightpress.storage import Connection


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
    "CREATE TEMP TABLE doomed_rows AS SELECT id FROM enhancements"
    " WHERE id NOT IN (SELECT id FROM kept)",
    "CREATE TEMP TABLE doomed_calls AS SELECT id FROM calls WHERE"
    " (enhancement_id IN (SELECT id FROM doomed_rows)"
    "  OR (enhancement_id IS NULL AND timestamp < :before))"
    " AND id NOT IN (SELECT max(id) FROM calls WHERE phase = 'analysis' GROUP BY job)"
    " AND id NOT IN (SELECT row_id FROM chain WHERE kind = 'call'"
    "  AND seq = (SELECT max(seq) FROM chain))"
    " AND id NOT IN (SELECT row_id FROM attached_chain WHERE kind = 'call')",
    # a kept call holds on to its attempt
    "DELETE FROM doomed_rows WHERE id IN (SELECT enhancement_id FROM calls"
    " WHERE enhancement_id IS NOT NULL AND id NOT IN (SELECT id FROM doomed_calls))",
    "CREATE TEMP TABLE used AS SELECT DISTINCT json_extract(fingerprint, '$.content') AS content"
    " FROM enhancements WHERE id NOT IN (SELECT id FROM doomed_rows)",
)

_DOOMED = {
    "enhancements": "id IN (SELECT id FROM doomed_rows)",
    "calls": "id IN (SELECT id FROM doomed_calls)",
    "replies": "spent_on IS NOT NULL AND stored < :before",
    "analyses": "stored < :before AND rowid NOT IN (SELECT max(rowid) FROM analyses"
    " GROUP BY plugin)",
    "contents": "content NOT IN (SELECT content FROM used WHERE content IS NOT NULL)",
    "runs": "finished IS NOT NULL AND started < :before"
    " AND run_id NOT IN (SELECT run_id FROM enhancements WHERE id NOT IN"
    "  (SELECT id FROM doomed_rows))"
    " AND run_id NOT IN (SELECT run_id FROM calls WHERE id NOT IN (SELECT id FROM doomed_calls))",
}
"""Table -> which of its rows go; calls before enhancements before runs, as they refer."""

_ADD_UP = (
    "INSERT INTO pruned_enhancements SELECT substr(timestamp, 1, 10), status, count(*)"
    " FROM enhancements WHERE id IN (SELECT id FROM doomed_rows) GROUP BY 1, 2"
    " ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts",
    "INSERT INTO pruned_calls SELECT substr(timestamp, 1, 10), model_requested, count(*),"
    " sum(outcome = 'reply'), sum(tokens_in), sum(tokens_out),"
    " CASE WHEN sum(cost IS NULL AND tokens_in + tokens_out > 0) = 0"
    " THEN coalesce(sum(cost), 0.0) END"
    " FROM calls WHERE id IN (SELECT id FROM doomed_calls) GROUP BY 1, 2"
    " ON CONFLICT DO UPDATE SET calls = calls + excluded.calls,"
    " replies = replies + excluded.replies, tokens_in = tokens_in + excluded.tokens_in,"
    " tokens_out = tokens_out + excluded.tokens_out, cost = cost + excluded.cost",
)


def prune(
    db: Connection, before: str, now: str, used: Iterable[str] = (), *, dry: bool = False
) -> Pruned:
    """Remove what is older than `before` (ISO time) and not needed, in the caller's transaction.

    used: content digests that something outside of the ledger refers to (the lock file). Raises
    LedgerError if the chain does not hold: what is damaged is not thinned out.
    """
    if not dry and (breaks := chain.verify(db, chain.Mark())):
        raise LedgerError(
            f"the chain does not hold ({len(breaks)} breaks): nothing was pruned", "see: doit audit"
        )
    try:
        _choose(db, before, used)
        counts = {name: _count(db, name, before) for name in _DOOMED}
        if not dry:
            db.execute(
                "DELETE FROM reviews WHERE decided < ? AND (state = 'superseded' OR state ="
                " 'applied' AND draft_sha256 IN (SELECT content_sha256 FROM enhancements))",
                (before,),
            )  # of a rejected draft hash and reason stay: it must not come back; a merged one stays
            _remove(db, before, now)
            db.execute(
                "UPDATE reviews SET draft = x'' WHERE state = 'rejected' AND decided < ?", (before,)
            )
    finally:
        for name in ("kept", "doomed_rows", "doomed_calls", "used"):
            db.execute(f"DROP TABLE IF EXISTS temp.{name}")
    return Pruned(**counts)


def _choose(db: Connection, before: str, used: Iterable[str]) -> None:
    for query in _CHOOSE:
        db.execute(query, {"before": before} if ":before" in query else {})
    db.executemany("INSERT INTO used VALUES (?)", ((content,) for content in used))


def _count(db: Connection, table: str, before: str) -> int:
    # table and condition are our own words
    query = f"SELECT count(*) FROM {table} WHERE {_DOOMED[table]}"  # noqa: S608
    return int(db.execute(query, {"before": before}).fetchone()[0])


def _remove(db: Connection, before: str, now: str) -> None:
    for query in _ADD_UP:
        db.execute(query)
    gaps = list(_gaps(db))
    triggers = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        " AND tbl_name IN ('enhancements', 'calls', 'chain')"
    ).fetchall()
    for trigger in triggers:
        db.execute(f"DROP TRIGGER {trigger['name']}")
    db.execute(
        "DELETE FROM chain WHERE (kind = 'enhancement' AND row_id IN (SELECT id FROM doomed_rows))"
        " OR (kind = 'call' AND row_id IN (SELECT id FROM doomed_calls))"
    )
    db.execute("DELETE FROM chain_gaps")
    db.executemany("INSERT INTO chain_gaps VALUES (?, ?, ?, ?)", ((*gap, now) for gap in gaps))
    for table in ("calls", "enhancements", "replies", "analyses", "contents", "runs"):
        db.execute(f"DELETE FROM {table} WHERE {_DOOMED[table]}", {"before": before})  # noqa: S608
    for trigger in triggers:  # in the same transaction: there is no instant without them
        db.execute(trigger["sql"])


def _gaps(db: Connection) -> Iterator[tuple[int, int, str]]:
    """(first, last, link) of every stretch that is, or will be, gone; neighbours are joined."""
    query = (
        "SELECT seq AS first, seq AS last, link, CASE kind"
        "  WHEN 'enhancement' THEN row_id IN (SELECT id FROM doomed_rows)"
        "  ELSE row_id IN (SELECT id FROM doomed_calls) END AS gone FROM chain"
        " UNION ALL SELECT first_seq, last_seq, link, 1 FROM chain_gaps ORDER BY 1"
    )
    gap: tuple[int, int, str] | None = None
    for row in db.execute(query):
        if row["gone"]:
            gap = (gap[0] if gap else row["first"], row["last"], row["link"])
        elif gap:
            yield gap
            gap = None
    if gap:
        yield gap
