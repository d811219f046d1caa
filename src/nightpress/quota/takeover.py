"""What counted before this ledger did: taken over once, nothing forgotten, nothing counted twice.

Ledgers were kept per project once, and are again wherever the user's own folder cannot be written
(`place`). A lane that was taken over is known by the digest of all that it had counted, so that a
crash before its file is removed, or a copy of its project, adds nothing to the count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from nightpress import fingerprint
from nightpress.errors import LedgerError
from nightpress.quota.tables import MIGRATIONS
from nightpress.storage import Connection, Database, Fields, Store, sqlite


class Earlier(Struct, frozen=True):
    """paths: ledgers that may be there; names: what their lanes call the account."""

    paths: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()

    def standing(self) -> list[Path]:
        return [path for path in self.paths if path.is_file()]


NOTHING = Earlier()


def into(store: Store, account: str, earlier: Earlier, now: float) -> tuple[str, ...]:
    """Open the ledger and bring into it what the earlier ones hold; what the user should read."""
    told = list(_opened(store))
    for path in earlier.standing():
        old = Store(path, MIGRATIONS)
        try:
            with closing(sqlite.in_memory(path, MIGRATIONS)) as copy, store.write() as db:
                rest = merge(db, copy, earlier.names, account, now)
        except LedgerError as error:
            if not sqlite.is_damage(error):
                raise
            old.set_aside()
            told.append(_DAMAGED.format(error.message))
        else:
            if not rest:
                for suffix in ("", "-wal", "-shm"):
                    with suppress(OSError):  # not ours to remove: it is known by its digest
                        Path(f"{path}{suffix}").unlink()
    return tuple(told)


@contextmanager
def reading(path: Path, account: str, earlier: Earlier, now: float) -> Iterator[Connection | None]:
    """The ledger as it will be when the earlier ones are taken over, without writing; None: there
    is none yet, or it is damaged (then the next run begins another)."""
    try:
        old = [sqlite.in_memory(one, MIGRATIONS) for one in earlier.standing()]
        standing = path if path.exists() else None
        db = sqlite.in_memory(standing, MIGRATIONS) if standing or old else None
    except LedgerError as error:
        if not sqlite.is_damage(error):
            raise
        yield None
        return
    if db is None:
        yield None
        return
    with closing(db):
        for copy in old:
            with closing(copy):
                merge(db, copy, earlier.names, account, now)
        yield db


_DAMAGED = "{}; it was set aside, and counting starts again"


def _opened(store: Store) -> Iterator[str]:
    try:
        store.connection()
    except LedgerError as error:
        if not sqlite.is_damage(error):
            raise
        store.set_aside()
        store.connection()
        yield _DAMAGED.format(error.message)


def merge(db: Database, old: Connection, names: tuple[str, ...], account: str, now: float) -> int:
    """Bring the account's lanes of `old` into `db`, in its open transaction, if there is one. How
    many lanes of other accounts are left there."""
    rest = 0
    for lane in old.execute("SELECT * FROM lanes"):
        if lane["project"] not in (*names, account):
            rest += 1
            continue
        counted = {
            table: [dict(row) for row in old.execute(f"{query} WHERE lane=?", (lane["id"],))]
            for table, query in _COUNTED.items()
        }
        known = fingerprint.digest(fingerprint.canonical([dict(lane), counted]))
        new = db.execute(
            "INSERT OR IGNORE INTO taken_over (lane, at) VALUES (?,?)", (known, now)
        ).rowcount
        if new:
            _add(db, account, lane, counted)
    return rest


_COUNTED: Mapping[str, str] = {
    "days": "SELECT day, used, refused, tokens_in, tokens_out FROM days",
    "reservations": "SELECT at, day, tokens, purpose, state FROM reservations",
    "proved": "SELECT limits, clean, refusals FROM proved",
    "learned": "SELECT limits, kind, value, at FROM learned",
}
_ADD: Mapping[str, str] = {
    "days": "INSERT INTO days (lane, day, used, refused, tokens_in, tokens_out)"
    " VALUES (:lane, :day, :used, :refused, :tokens_in, :tokens_out) ON CONFLICT (lane, day)"
    " DO UPDATE SET used=used+:used, refused=refused+:refused, tokens_in=tokens_in+:tokens_in,"
    " tokens_out=tokens_out+:tokens_out",
    "reservations": "INSERT INTO reservations (lane, at, day, tokens, purpose, state)"
    " VALUES (:lane, :at, :day, :tokens, :purpose, :state)",
    "proved": "INSERT OR IGNORE INTO proved (lane, limits, clean, refusals)"
    " VALUES (:lane, :limits, :clean, :refusals)",
    "learned": "INSERT INTO learned (lane, limits, kind, value, at)"
    " VALUES (:lane, :limits, :kind, :value, :at) ON CONFLICT (lane, limits, kind) DO UPDATE"
    " SET value=:value, at=:at WHERE :at > at",
}
_LATEST = ("last_at", "slowed_at", "hold_until", "closed_until", "ratio")
"""Of a lane: of two ledgers the larger one holds."""


def _add(
    db: Database, account: str, lane: Fields, counted: Mapping[str, list[dict[str, object]]]
) -> None:
    (number,) = db.execute(
        f"INSERT INTO lanes (project, model, {', '.join(_LATEST)})"  # noqa: S608 (names of ours)
        f" VALUES (?, ?, {', '.join('?' * len(_LATEST))}) ON CONFLICT (project, model) DO UPDATE"
        f" SET {', '.join(f'{name}=max({name}, excluded.{name})' for name in _LATEST)}"
        " RETURNING id",
        (account, lane["model"], *(lane[name] for name in _LATEST)),
    ).fetchone()
    for table, rows in counted.items():
        db.executemany(_ADD[table], [{**row, "lane": number} for row in rows])
