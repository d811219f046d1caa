"""The hash chain over the ledger's final rows and calls, and its verification.

SQLite's integrity_check misses bits that flip inside a row; here each entry holds the digest of its
row, and a link that follows from the entry before, so that a row that was changed, removed or
slipped in later shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from nightpress.storage import Connection

TABLES = {"enhancement": "enhancements", "call": "calls"}

_OUTSIDE = {
    "enhancement": "SELECT id FROM enhancements WHERE id >= :attempt"
    " AND status NOT IN ('started', 'prepared')"
    " AND id NOT IN (SELECT row_id FROM chain WHERE kind = 'enhancement')"
    " AND id NOT IN (SELECT row_id FROM attached_chain WHERE kind = 'enhancement')",
    "call": "SELECT id FROM calls WHERE id >= :call"
    " AND id NOT IN (SELECT row_id FROM chain WHERE kind = 'call')"
    " AND id NOT IN (SELECT row_id FROM attached_chain WHERE kind = 'call')",
}


@contextmanager
def still(db: Connection) -> Iterator[None]:
    """One state of the ledger for all that is read meanwhile, whatever others write."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("COMMIT")


class Break(Struct, frozen=True):
    """A place where the chain does not hold; seq 0: a row outside it."""

    seq: int
    what: str


class Mark(Struct, frozen=True):
    """How far a ledger was found whole: the number and the link of its chain's last entry then, the
    numbers from which on attempts and calls are new, and the last ledger that was attached."""

    seq: int = 0
    link: str = ""
    attempt: int = 0
    call: int = 0
    attached: int = 0


def mark(db: Connection) -> Mark:
    """How far it goes now: taken before it is verified, for a run may add to it meanwhile."""
    last = db.execute("SELECT seq, link FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
    numbers = db.execute(
        "SELECT coalesce((SELECT min(id) FROM enhancements WHERE status IN"
        " ('started', 'prepared')), (SELECT max(id) + 1 FROM enhancements), 0),"
        " (SELECT coalesce(max(id) + 1, 0) FROM calls),"
        " (SELECT coalesce(max(number), 0) FROM attached)"
    ).fetchone()
    return Mark(*(last or (0, "")), *numbers)


def link(db: Connection, kind: str, row: int) -> None:
    """Append one recorded row to the chain, within the caller's transaction."""
    before = db.execute("SELECT link FROM chain ORDER BY seq DESC LIMIT 1").fetchone()
    row_digest = _row_digest(db, kind, row)
    db.execute(
        "INSERT INTO chain (kind, row_id, digest, link) VALUES (?, ?, ?, ?)",
        (kind, row, row_digest, chained(before["link"] if before else "", kind, row, row_digest)),
    )


def verify(db: Connection, since: Mark) -> list[Break]:
    """Walk the chain: every break in it, and every final row or call that stands outside. since:
    what is older is taken for whole (if it `holds`).

    `doit prune` leaves a gap in place of what it removed, with the link that the gap ended with,
    so that what follows is verified as before.
    """
    gaps = {gap["first_seq"]: gap for gap in db.execute("SELECT * FROM chain_gaps")}
    breaks = _uncounted(db)
    before, expected = since.link, since.seq + 1
    for entry in db.execute("SELECT * FROM chain WHERE seq > ? ORDER BY seq", (since.seq,)):
        while gap := gaps.get(expected):
            before, expected = gap["link"], gap["last_seq"] + 1
        where = f"{entry['kind']} {entry['row_id']}"
        if entry["seq"] != expected:
            breaks.append(Break(expected, f"link {expected} is missing"))
            break
        if _row_digest(db, entry["kind"], entry["row_id"]) != entry["digest"]:
            breaks.append(Break(expected, f"{where} was changed after it was recorded"))
        if chained(before, entry["kind"], entry["row_id"], entry["digest"]) != entry["link"]:
            what = f"the link of {where} does not follow from the one before"
            breaks.append(Break(expected, what))
        before, expected = entry["link"], expected + 1
    for kind, query in _OUTSIDE.items():
        rows = db.execute(query, {"attempt": since.attempt, "call": since.call})
        breaks += [Break(0, f"{kind} {row['id']} is not in the chain") for row in rows]
    return breaks


def holds(db: Connection, since: Mark) -> bool:
    """Does the chain still have the entry that it ended with then?"""
    query = "SELECT 1 FROM chain WHERE seq = ? AND link = ?"
    return db.execute(query, (since.seq, since.link)).fetchone() is not None


def size(db: Connection) -> tuple[int, int]:
    """(entries, those of attached ledgers too; entries that were pruned)."""
    entries, gone = db.execute(
        "SELECT (SELECT count(*) FROM chain) + (SELECT count(*) FROM attached_chain),"
        " (SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM chain_gaps)"
    ).fetchone()
    return entries, gone


def _uncounted(db: Connection) -> list[Break]:
    """The gaps hold as many entries as the sums of pruned attempts and calls say."""
    gone, counted = db.execute(
        "SELECT (SELECT coalesce(sum(last_seq - first_seq + 1), 0) FROM chain_gaps),"
        " (SELECT coalesce(sum(attempts), 0) FROM pruned_enhancements)"
        " + (SELECT coalesce(sum(calls), 0) FROM pruned_calls)"
    ).fetchone()
    if gone == counted:
        return []
    return [Break(0, f"{gone} entries are pruned, but {counted} rows were counted as pruned")]


def _row_digest(db: Connection, kind: str, row: int) -> str:
    columns = db.execute(f"SELECT * FROM {TABLES[kind]} WHERE id = ?", (row,)).fetchone()  # noqa: S608
    return digest(dict(columns or {}))


def digest(row: Mapping[str, Any]) -> str:
    """sha256 of a row: only of the columns that are set, so that a column that a later version
    adds leaves old digests alone."""
    columns = {name: value for name, value in row.items() if value is not None}
    return hashlib.sha256(json.dumps(columns, sort_keys=True).encode()).hexdigest()


def chained(before: str, kind: str, row: int, digest: str) -> str:
    """The link of an entry; before: the link of the entry before it, "" for the first."""
    return hashlib.sha256(f"{before}\n{kind} {row} {digest}".encode()).hexdigest()
