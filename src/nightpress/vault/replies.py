"""Replies that were paid for, one by one, for whoever asks the same question elsewhere.

They lie beside the snapshots in the same database, and are no part of them: a snapshot has them in
its ledger. Of one question the latest reply counts, so that one that was asked for anew is found.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from nightpress.model import Reply
from nightpress.text import safe
from nightpress.vault.place import Absent, Damaged, Place, Sql
from nightpress.vault.transfer import NOW

DAYS = 30
"""Days for which a reply stays: a shard that was killed is made again within a few."""


class Paid(Struct, frozen=True):
    """A reply, and who paid for it. id: drawn by who puts it there, so that it may be sent twice;
    request: the digest of its question; paid: when (ISO time)."""

    id: str
    request: str
    phase: str
    job: str
    run: str
    paid: str
    reply: Reply


_COLUMNS = "id, request, phase, job, run, paid, model_answered, finish, tokens_in, tokens_out, text"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS paid_replies (number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, phase TEXT NOT NULL, job TEXT NOT NULL,"
    " run TEXT NOT NULL, paid TEXT NOT NULL, model_answered TEXT NOT NULL, finish TEXT NOT NULL,"
    " tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, text TEXT NOT NULL,"
    " stored INTEGER NOT NULL) STRICT",
    "CREATE INDEX IF NOT EXISTS paid_replies_request ON paid_replies (request, number)",
    "CREATE TRIGGER IF NOT EXISTS paid_replies_stay BEFORE UPDATE ON paid_replies"
    " BEGIN SELECT RAISE(ABORT, 'vault: a reply never changes'); END",
)
_PUT = (
    f"INSERT INTO paid_replies ({_COLUMNS}, stored)"  # noqa: S608  constants
    f" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, {NOW}"
    " WHERE NOT EXISTS (SELECT 1 FROM paid_replies WHERE id = ?1)"
)
_FIND = (
    f"SELECT {_COLUMNS} FROM paid_replies WHERE request = ?1"  # noqa: S608  constants
    " ORDER BY number DESC LIMIT 1"
)


def put(place: Place, replies: Sequence[Paid]) -> None:
    """Put them there, all or none; what is there already stays as it is."""
    rows = [Sql(_PUT, _values(one)) for one in replies]
    try:
        place.write(rows)
    except Absent:
        place.write([*map(Sql, _TABLES), *rows])


def find(place: Place, request: str) -> Paid | None:
    """The latest reply to that question, or None."""
    try:
        (rows,) = place.read(Sql(_FIND, (request,)))
    except Absent:
        return None
    return _paid(rows[0], place.name) if rows else None


def collect(place: Place, days: int = DAYS) -> int:
    """Delete those that are older, by the server's clock; how many."""
    old = f"stored <= {NOW} - {days * 86_400}"
    try:
        ((count,),) = place.read(Sql(f"SELECT count(*) FROM paid_replies WHERE {old}"))[0]  # noqa: S608
    except Absent:
        return 0
    if count:
        place.write([Sql(f"DELETE FROM paid_replies WHERE {old}")])  # noqa: S608
    return int(count)


def _values(one: Paid) -> tuple[str | int, ...]:
    reply = one.reply
    return (
        one.id, one.request, one.phase, one.job, one.run, one.paid, reply.model, reply.finish,
        reply.tokens_in, reply.tokens_out, reply.text,
    )  # fmt: skip


def _paid(row: Sequence[object], where: str) -> Paid:
    """From a row, which whoever may write to the vault may have made."""
    words, numbers, text = row[:8], row[8:10], row[10]
    if not all(isinstance(word, str) for word in (*words, text)) or not all(
        isinstance(number, int) and number >= 0 for number in numbers
    ):
        raise Damaged(f"a reply in {where} is none")
    id_, request, phase, job, run, paid, model, finish = (safe(str(word)) for word in words)
    tokens_in, tokens_out = (int(str(number)) for number in numbers)
    return Paid(
        id_, request, phase, job, run, paid,
        Reply(str(text), model, "length" if finish == "length" else "stop", tokens_in, tokens_out),
    )  # fmt: skip
