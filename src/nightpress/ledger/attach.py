"""The ledger of another machine, attached to this one whole: its rows, and its chain as it is.

Rows get numbers of this ledger; nothing else of them changes, and nothing at all of their chain:
whoever verifies takes the numbers back (`Numbers`), and finds digests and links as they were
recorded there. A ledger that began as a copy of this one has the same beginning, and one that was
attached before has grown since: then what is new is attached, and follows from the link that is
known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from nightpress.errors import LedgerError
from nightpress.ledger import chain
from nightpress.ledger.rows import insert
from nightpress.storage import Connection, Row

REDO = "merge it from where its run ended, or leave it out: what it made is made again"


class Numbers(Struct, frozen=True):
    """How an attached ledger's numbers and those here belong together, by kind; parent: those of
    what was attached of it before."""

    after: Mapping[str, int]
    offset: Mapping[str, int]
    parent: Numbers | None = None

    def here(self, kind: str, row: int | None) -> int | None:
        if row is None or row > self.after[kind]:
            return None if row is None else row + self.offset[kind]
        return self.parent.here(kind, row) if self.parent is not None else row

    def there(self, kind: str, row: int | None) -> int | None:
        if row is None or row > self.after[kind] + self.offset[kind]:
            return None if row is None else row - self.offset[kind]
        return self.parent.there(kind, row) if self.parent is not None else row


class Attached(Struct, frozen=True):
    """number: of the table `attached`; new: was it attached just now; attempts, calls: of it."""

    number: int
    new: bool
    attempts: int
    calls: int


def attach(db: Connection, theirs: Connection, now: str) -> Attached | None:
    """Attach what is new in `theirs`, in the caller's transaction; None: it has nothing that is not
    here. Raises LedgerError for one that cannot be, and changes nothing then."""
    if breaks := [*chain.verify(theirs, chain.Mark()), *verify(theirs)]:
        raise LedgerError(f"its chain is broken: {breaks[0].what}", REDO)
    known, since, before = _standing(db, theirs)
    entries = theirs.execute("SELECT * FROM chain WHERE seq > ? ORDER BY seq", (since,)).fetchall()
    if not entries:
        return None if known is None else _counted(db, known, new=False)
    if theirs.execute("SELECT 1 FROM chain_gaps WHERE last_seq > ?", (since,)).fetchone():
        raise LedgerError("it was pruned before it was merged", REDO)
    after = {kind: _first(entries, kind, theirs) - 1 for kind in chain.TABLES}
    _refuse_merged(db, theirs, after)
    offset = {kind: _newest(db, kind) - after[kind] for kind in chain.TABLES}
    numbers = Numbers(after, offset, None if known is None else _numbers(db, known))
    _rows(db, theirs, numbers, now)
    return _chain(db, theirs, entries, (known, before), numbers, now)


def verify(db: Connection, after: int = 0) -> Iterator[chain.Break]:
    """Every break in the chains of attached ledgers; after: up to that one they are whole."""
    held = db.execute("SELECT link FROM attached WHERE number = ?", (after,)).fetchone()
    link = held["link"] if held else ""
    query = "SELECT * FROM attached WHERE number > ? ORDER BY number"
    for one in db.execute(query, (after if held else 0,)).fetchall():
        where = f"attached ledger {one['number']}"
        link = _link(link, one["ledger_id"], one["before"], one["head"])
        if one["link"] != link:
            yield chain.Break(0, f"{where} was changed, or one before it is missing")
            link = one["link"]
        yield from _broken(db, one, where)


def _broken(db: Connection, one: Row, where: str) -> Iterator[chain.Break]:
    numbers, before, expected = _numbers(db, one["number"]), one["before"], one["first_seq"]
    query = "SELECT * FROM attached_chain WHERE attached = ? ORDER BY seq"
    for entry in db.execute(query, (one["number"],)).fetchall():
        kind, row = entry["kind"], entry["row_id"]
        if entry["seq"] != expected:
            yield chain.Break(expected, f"{where}: link {expected} is missing")
            return
        if _digest_there(db, kind, row, numbers) != entry["digest"]:
            yield chain.Break(expected, f"{where}: {kind} {row} was changed after it was recorded")
        there = numbers.there(kind, row) or 0
        if chain.chained(before, kind, there, entry["digest"]) != entry["link"]:
            what = f"{where}: the link of {kind} {row} does not follow from the one before"
            yield chain.Break(expected, what)
        before, expected = entry["link"], expected + 1
    if before != one["head"]:
        yield chain.Break(expected, f"{where}: its end is missing")


def _standing(db: Connection, theirs: Connection) -> tuple[int | None, int, str]:
    """(the attached ledger that theirs goes on from, or None; the last link of their chain that
    stands here; that link)."""
    links = {row["seq"]: row["link"] for row in theirs.execute("SELECT seq, link FROM chain")}
    identity = _identity(theirs)
    query = "SELECT number, last_seq, head FROM attached WHERE ledger_id = ? ORDER BY number DESC"
    for one in db.execute(query, (identity,)).fetchall():
        if links.get(one["last_seq"]) == one["head"]:
            return one["number"], one["last_seq"], one["head"]
    if identity != _identity(db):
        if db.execute(query, (identity,)).fetchone():
            raise LedgerError("it does not go on from what was merged of it before", REDO)
        return None, 0, ""
    for row in db.execute("SELECT seq, link FROM chain ORDER BY seq DESC"):
        if links.get(row["seq"]) == row["link"]:
            return None, row["seq"], row["link"]
    return None, 0, ""


def _refuse_merged(db: Connection, theirs: Connection, after: Mapping[str, int]) -> None:
    """LedgerError for one that has attached others, unless those are here, and were there first."""
    heads = {row["head"] for row in db.execute("SELECT head FROM attached")}
    strange = any(row["head"] not in heads for row in theirs.execute("SELECT head FROM attached"))
    later = any(
        theirs.execute(
            "SELECT 1 FROM attached_chain WHERE kind = ? AND row_id > ?", (kind, number)
        ).fetchone()
        for kind, number in after.items()
    )
    if strange or later:
        raise LedgerError("it has merged ledgers itself", "merge those here, each by itself")


def _rows(db: Connection, theirs: Connection, numbers: Numbers, now: str) -> None:
    """Their rows that are not here, in the order in which they refer to one another."""
    for row in theirs.execute("SELECT * FROM runs ORDER BY rowid"):
        if not db.execute("SELECT 1 FROM runs WHERE run_id = ?", (row["run_id"],)).fetchone():
            insert(db, "runs", dict(row))
    for row in _new(theirs, "enhancement", numbers):
        final = row | {"id": numbers.here("enhancement", row["id"])}
        insert(db, "enhancements", final | {"status": "started"})  # as every attempt begins
        db.execute(
            "UPDATE enhancements SET status = ? WHERE id = ?", (final["status"], final["id"])
        )
    for row in _new(theirs, "call", numbers):
        insert(db, "calls", _renumbered("call", row, numbers.here))
    for table, key in (("analyses", "request_sha256"), ("contents", "content")):
        for row in map(dict, theirs.execute(f"SELECT * FROM {table}")):  # noqa: S608
            if not db.execute(f"SELECT 1 FROM {table} WHERE {key} = ?", (row[key],)).fetchone():  # noqa: S608
                insert(db, table, row)
    _replies(db, theirs, numbers)
    _reviews(db, theirs, numbers, now)


def _replies(db: Connection, theirs: Connection, numbers: Numbers) -> None:
    """What was paid for there and has led to nothing yet is used here, and not paid again. A reply
    that two ledgers have (one took it from the vault) has led to what came of it in either."""
    there = "SELECT id, spent_on FROM replies WHERE request_sha256 = ? AND text = ?"
    for row in map(dict, theirs.execute("SELECT * FROM replies ORDER BY id")):
        spent = row["spent_on"] and numbers.here("enhancement", row["spent_on"])
        known = db.execute(there, (row["request_sha256"], row["text"])).fetchone()
        if known is None:
            del row["id"]
            insert(db, "replies", row | {"spent_on": spent})
        elif known["spent_on"] is None and spent is not None:
            db.execute("UPDATE replies SET spent_on = ? WHERE id = ?", (spent, known["id"]))


def _reviews(db: Connection, theirs: Connection, numbers: Numbers, now: str) -> None:
    """Drafts that wait there wait here; one that waited here for the same document is older."""
    query = "SELECT * FROM reviews WHERE enhancement_id > ? ORDER BY id"
    for row in map(dict, theirs.execute(query, (numbers.after["enhancement"],))):
        if row["state"] == "waiting":
            db.execute(
                "UPDATE reviews SET state = 'superseded', decided = ?"
                " WHERE job = ? AND state = 'waiting'",
                (now, row["job"]),
            )
        del row["id"]
        row["enhancement_id"] = numbers.here("enhancement", row["enhancement_id"])
        insert(db, "reviews", row)


def _chain(
    db: Connection,
    theirs: Connection,
    entries: list[Row],
    follows: tuple[int | None, str],
    numbers: Numbers,
    now: str,
) -> Attached:
    (parent, before), identity, head = follows, _identity(theirs), entries[-1]["link"]
    last = db.execute("SELECT link FROM attached ORDER BY number DESC LIMIT 1").fetchone()
    number = insert(db, "attached", {
        "timestamp": now, "ledger_id": identity, "parent": parent,
        "first_seq": entries[0]["seq"], "last_seq": entries[-1]["seq"],
        "before": before, "head": head,
        "after_enhancement": numbers.after["enhancement"],
        "offset_enhancement": numbers.offset["enhancement"],
        "after_call": numbers.after["call"], "offset_call": numbers.offset["call"],
        "link": _link(last["link"] if last else "", identity, before, head),
    })  # fmt: skip
    for entry in entries:
        here = numbers.here(entry["kind"], entry["row_id"])
        db.execute(
            "INSERT INTO attached_chain VALUES (?, ?, ?, ?, ?, ?)",
            (number, entry["seq"], entry["kind"], here, entry["digest"], entry["link"]),
        )
    return _counted(db, number, new=True)


def _counted(db: Connection, number: int, *, new: bool) -> Attached:
    attempts, calls = db.execute(
        "SELECT coalesce(sum(kind = 'enhancement'), 0), coalesce(sum(kind = 'call'), 0)"
        " FROM attached_chain WHERE attached = ?",
        (number,),
    ).fetchone()
    return Attached(number, new, attempts, calls)


def _new(theirs: Connection, kind: str, numbers: Numbers) -> Iterator[dict[str, Any]]:
    query = f"SELECT * FROM {chain.TABLES[kind]} WHERE id > ? ORDER BY id"  # noqa: S608
    yield from map(dict, theirs.execute(query, (numbers.after[kind],)))


def _renumbered(kind: str, row: Mapping[str, Any], to: Any) -> dict[str, Any]:
    """The row with other numbers: its own, and the attempt's that a call was made for."""
    changed = {"id": to(kind, row["id"])}
    if kind == "call":
        changed["enhancement_id"] = to("enhancement", row["enhancement_id"])
    return {**row, **changed}


def _digest_there(db: Connection, kind: str, row: int, numbers: Numbers) -> str:
    query = f"SELECT * FROM {chain.TABLES[kind]} WHERE id = ?"  # noqa: S608
    found = db.execute(query, (row,)).fetchone()
    return "" if found is None else chain.digest(_renumbered(kind, dict(found), numbers.there))


def _numbers(db: Connection, number: int) -> Numbers:
    one = db.execute("SELECT * FROM attached WHERE number = ?", (number,)).fetchone()
    return Numbers(
        {kind: one[f"after_{kind}"] for kind in chain.TABLES},
        {kind: one[f"offset_{kind}"] for kind in chain.TABLES},
        None if one["parent"] is None else _numbers(db, one["parent"]),
    )


def _first(entries: list[Row], kind: str, theirs: Connection) -> int:
    """The number of their first row that is not here."""
    rows = [entry["row_id"] for entry in entries if entry["kind"] == kind]
    return min(rows) if rows else _newest(theirs, kind) + 1


def _newest(db: Connection, kind: str) -> int:
    query = f"SELECT coalesce(max(id), 0) FROM {chain.TABLES[kind]}"  # noqa: S608
    return int(db.execute(query).fetchone()[0])


def _identity(db: Connection) -> str:
    return str(db.execute("SELECT value FROM meta WHERE key = 'ledger_id'").fetchone()[0])


def _link(before: str, identity: str, first: str, head: str) -> str:
    return chain.chained(before, f"{identity} {first}", 0, head)
