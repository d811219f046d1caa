"""The sketchbook: sketches of the paragraphs of every document that stands, found by band.

Floor 2, on `store`. A cache beside the ledger: deleting it changes nothing but time.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from nightpress.storage.sqlite import Cursor, Store

Sketch = tuple[int, ...]

MOST = 500
"""Places that are looked at per paragraph: a paragraph that hundreds share is shared enough."""

_SCHEMA = """
CREATE TABLE documents (
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL UNIQUE,
  stamp BLOB NOT NULL,
  sha256 TEXT NOT NULL
);
CREATE TABLE paragraphs (
  id INTEGER PRIMARY KEY,
  document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
  bins BLOB NOT NULL
);
CREATE INDEX paragraphs_document ON paragraphs (document);
CREATE TABLE bands (
  band INTEGER NOT NULL,
  paragraph INTEGER NOT NULL REFERENCES paragraphs (id) ON DELETE CASCADE,
  PRIMARY KEY (band, paragraph)
) WITHOUT ROWID;
CREATE INDEX bands_paragraph ON bands (paragraph);
"""
_BY_PLUGIN = """
ALTER TABLE documents ADD COLUMN slug TEXT NOT NULL DEFAULT '';
CREATE INDEX documents_slug ON documents (slug);
CREATE TABLE plugins (slug TEXT PRIMARY KEY, signature BLOB NOT NULL) WITHOUT ROWID;
"""
_BY_IDENTITY = """
DROP TABLE plugins;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('identity', lower(hex(randomblob(16)))), ('plugins', '');
"""


class Entry(Struct, frozen=True):
    """One document of the plugin `slug`. stamp: of its file, b"" where it may still change unseen;
    sketches: each with the bands under which it is found."""

    slug: str
    target: str
    stamp: bytes
    sha256: str
    sketches: Sequence[tuple[Sketch, Sequence[int]]] = ()


class Sketchbook:
    """The open sketchbook of one project. Every method is safe in any thread."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path, (_SCHEMA, _BY_PLUGIN, _BY_IDENTITY), durable=False)

    @cached_property
    def identity(self) -> str:
        """Which sketchbook this is: what the index says of another one does not hold for it."""
        return self._meta("identity")

    def keep_only(self, slugs: Sequence[str]) -> None:
        """Forget the documents of all plugins but these."""
        digest = sha256("\0".join(slugs).encode()).hexdigest()
        if self._meta("plugins") == digest:
            return
        held = {slug for (slug,) in self._plain("SELECT DISTINCT slug FROM documents")}
        gone = [(slug,) for slug in held.difference(slugs)]
        with self._store.write() as db:
            db.executemany("DELETE FROM documents WHERE slug = ?", gone)
            db.execute("UPDATE meta SET value = ? WHERE key = 'plugins'", (digest,))

    def _meta(self, key: str) -> str:
        [(value,)] = self._plain("SELECT value FROM meta WHERE key = ?", key)
        return str(value)

    def known(self, slug: str) -> dict[str, tuple[bytes, str]]:
        """target -> (stamp, sha256) of one plugin's documents."""
        query = "SELECT target, stamp, sha256 FROM documents WHERE slug = ?"
        return {target: (stamp, sha256) for target, stamp, sha256 in self._plain(query, slug)}

    def _plain(self, query: str, *values: str) -> Cursor:
        """Rows as plain tuples: there may be tens of thousands."""
        cursor = self._store.connection().cursor()
        cursor.row_factory = None
        return cursor.execute(query, values)

    def restamp(self, stamps: Iterable[tuple[str, bytes]]) -> None:
        """These files were touched, and say the same."""
        with self._store.write() as db:
            db.executemany(
                "UPDATE documents SET stamp = ? WHERE target = ?", [(s, t) for t, s in stamps]
            )

    def enter(self, entries: Iterable[Entry]) -> None:
        """Documents that are new, or say something else than before."""
        with self._store.write() as db:
            for entry in entries:
                db.execute("DELETE FROM documents WHERE target = ?", (entry.target,))
                made = db.execute(
                    "INSERT INTO documents (slug, target, stamp, sha256) VALUES (?, ?, ?, ?)",
                    (entry.slug, entry.target, entry.stamp, entry.sha256),
                )
                for sketch, bands in entry.sketches:
                    row = db.execute(
                        "INSERT INTO paragraphs (document, bins) VALUES (?, ?)",
                        (made.lastrowid, array("q", sketch).tobytes()),
                    )
                    db.executemany(
                        "INSERT OR IGNORE INTO bands VALUES (?, ?)",
                        [(band, row.lastrowid) for band in bands],
                    )

    def forget(self, targets: Iterable[str]) -> None:
        with self._store.write() as db:
            db.executemany("DELETE FROM documents WHERE target = ?", [(t,) for t in targets])

    def near(self, bands: Sequence[int], without: str) -> list[tuple[int, Sketch]]:
        """(document, sketch) of paragraphs that have one of the bands; without: the folder whose
        documents do not count."""
        marks = ", ".join("?" * len(bands))
        query = (
            "SELECT DISTINCT p.id, p.document, p.bins FROM bands b"  # noqa: S608 - marks only
            " JOIN paragraphs p ON p.id = b.paragraph JOIN documents d ON d.id = p.document"
            f" WHERE b.band IN ({marks}) AND substr(d.target, 1, ?) <> ? LIMIT {MOST}"
        )
        prefix = f"{without}/"
        rows = self._store.connection().execute(query, (*bands, len(prefix), prefix))
        return [(row["document"], tuple(array("q", row["bins"]))) for row in rows]

    def close(self) -> None:
        self._store.close()
