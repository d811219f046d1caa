"""The vault's tables, and the triggers that hold its invariants whoever writes.

Runs on libSQL and on SQLite from 3.37. What the triggers promise: an object never changes and is
never deleted while a tree refers to it; a tree is complete when it appears, and so is a snapshot;
nothing that is referred to can be replaced. (`INSERT OR REPLACE` deletes without a delete trigger,
hence the guard before every insert.)
"""

from __future__ import annotations

from nightpress.errors import NightpressError
from nightpress.storage import sqlite
from nightpress.vault.place import Absent, Place, Rows, Sql

VERSION = 1

RECOVERY = (
    "Get a read-only token: turso db tokens create NAME --read-only (and the address: turso db "
    "show NAME --url).",
    "If the database answers that it is archived: turso group unarchive GROUP.",
    "On any machine with Python 3.11 or later: pip install nightpress",
    "Export TURSO_DATABASE_URL (libsql://...) and TURSO_AUTH_TOKEN.",
    'Run: nightpress restore-all "$TURSO_DATABASE_URL" DEST - it restores the newest snapshot '
    "into the empty folder DEST and verifies every byte.",
    "To restore another snapshot or one plugin, add --snapshot ID or --plugin SLUG; the ids are "
    "in the table snapshots, the slugs in the view plugins.",
    "In DEST, run: doit - the plugins, manifests, generators and the ledger are back, so it finds "
    "everything up to date and makes no call.",
    "Without nightpress, in SQLite's shell (turso db shell NAME .dump | sqlite3 vault.db): SELECT "
    "writefile('OUT', sqlar_uncompress(data, raw_size)) FROM objects WHERE hash = 'HASH'. A part's "
    "list of files is the object snapshot_parts.tree: JSON Lines of [f, path, mode, size, sha256, "
    "chunks]; a file is its chunks in order, or where none are named the one object sha256; next "
    "in the first line is the object with which the list goes on.",
)

TABLES = """
CREATE TABLE IF NOT EXISTS vault_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- Content, each piece once: at most 1 MiB of a file, or a tree. hash: sha256 of the raw bytes.
CREATE TABLE IF NOT EXISTS objects (
  hash TEXT PRIMARY KEY NOT NULL CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
  raw_size INTEGER NOT NULL CHECK (raw_size BETWEEN 0 AND 4194304),
  size INTEGER NOT NULL CHECK (size = length(data)),
  codec TEXT NOT NULL CHECK (codec IN ('raw', 'zlib')),
  stored INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

-- What a tree (the list of one plugin's files) is made of. refs: rows of it in tree_objects.
CREATE TABLE IF NOT EXISTS trees (
  hash TEXT PRIMARY KEY NOT NULL,
  refs INTEGER NOT NULL,
  stored INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS tree_objects (
  tree TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (tree, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tree_objects_hash ON tree_objects (hash);

-- One row per backup; written last, so that what is listed is complete. partial: 1 if something
-- was too large or could not be read; left_out: files that did not travel, for any reason.
CREATE TABLE IF NOT EXISTS snapshots (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  taken TEXT NOT NULL,
  host TEXT NOT NULL,
  tool TEXT NOT NULL,
  parts INTEGER NOT NULL,
  plugins INTEGER NOT NULL,
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  left_out INTEGER NOT NULL,
  partial INTEGER NOT NULL CHECK (partial IN (0, 1))
) STRICT;

-- The inventory of a snapshot: its plugins, the project's own files, the ledger.
CREATE TABLE IF NOT EXISTS snapshot_parts (
  snapshot TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('plugin', 'project', 'ledger')),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  category TEXT NOT NULL,
  version TEXT NOT NULL,
  path TEXT NOT NULL,
  files INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  left_out INTEGER NOT NULL,
  partial INTEGER NOT NULL CHECK (partial IN (0, 1)),
  tree TEXT NOT NULL,
  PRIMARY KEY (snapshot, kind, slug)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS snapshot_parts_tree ON snapshot_parts (tree);

CREATE TABLE IF NOT EXISTS recovery_steps (step INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;

-- For a human in a shell: what the newest snapshot holds, and how each plugin went on.
CREATE VIEW IF NOT EXISTS plugins AS
  SELECT slug, name, category, version, path, files, bytes, left_out, tree AS digest
  FROM snapshot_parts
  WHERE kind = 'plugin' AND snapshot = (SELECT id FROM snapshots ORDER BY seq DESC LIMIT 1);
CREATE VIEW IF NOT EXISTS history AS
  SELECT p.slug, min(s.taken) AS since, p.version, p.files, p.bytes, p.tree AS digest,
    count(*) AS snapshots
  FROM snapshot_parts p JOIN snapshots s ON s.id = p.snapshot
  WHERE p.kind = 'plugin' GROUP BY p.slug, p.tree;
"""

# table, what happens, when that is refused, in which words
_RULES = (
    ("objects", "INSERT", "EXISTS (SELECT 1 FROM objects WHERE hash = NEW.hash)"
     " OR EXISTS (SELECT 1 FROM objects WHERE rowid = NEW.rowid)", "this object is there already"),
    ("objects", "UPDATE", "1", "an object never changes"),
    ("objects", "DELETE", "EXISTS (SELECT 1 FROM tree_objects WHERE hash = OLD.hash)"
     " OR EXISTS (SELECT 1 FROM trees WHERE hash = OLD.hash)", "a tree refers to this object"),
    ("tree_objects", "INSERT", "EXISTS (SELECT 1 FROM trees WHERE hash = NEW.tree)"
     " OR EXISTS (SELECT 1 FROM tree_objects WHERE tree = NEW.tree AND hash = NEW.hash)"
     " OR NOT EXISTS (SELECT 1 FROM objects WHERE hash = NEW.hash)",
     "a reference needs its object, and a sealed tree stays"),
    ("tree_objects", "UPDATE", "1", "a reference never changes"),
    ("tree_objects", "DELETE", "EXISTS (SELECT 1 FROM trees WHERE hash = OLD.tree)",
     "a sealed tree stays"),
    ("trees", "INSERT", "EXISTS (SELECT 1 FROM trees WHERE hash = NEW.hash)"
     " OR EXISTS (SELECT 1 FROM trees WHERE rowid = NEW.rowid)"
     " OR NOT EXISTS (SELECT 1 FROM objects WHERE hash = NEW.hash)"
     " OR NEW.refs <> (SELECT count(*) FROM tree_objects WHERE tree = NEW.hash)",
     "a tree needs all of its objects"),
    ("trees", "UPDATE", "1", "a tree never changes"),
    ("trees", "DELETE", "EXISTS (SELECT 1 FROM snapshot_parts WHERE tree = OLD.hash)",
     "a snapshot refers to this tree"),
    ("snapshot_parts", "INSERT", "EXISTS (SELECT 1 FROM snapshots WHERE id = NEW.snapshot)"
     " OR EXISTS (SELECT 1 FROM snapshot_parts WHERE snapshot = NEW.snapshot"
     " AND kind = NEW.kind AND slug = NEW.slug)"
     " OR NOT EXISTS (SELECT 1 FROM trees WHERE hash = NEW.tree)",
     "a part needs its tree, and a listed snapshot stays"),
    ("snapshot_parts", "UPDATE", "1", "a part never changes"),
    ("snapshot_parts", "DELETE", "EXISTS (SELECT 1 FROM snapshots WHERE id = OLD.snapshot)",
     "a listed snapshot stays whole"),
    ("snapshots", "INSERT", "EXISTS (SELECT 1 FROM snapshots WHERE id = NEW.id OR seq = NEW.seq)"
     " OR 0 = coalesce((SELECT count(*) = NEW.parts AND total(files) = NEW.files"
     " AND total(bytes) = NEW.bytes AND total(left_out) = NEW.left_out"
     " AND max(partial) = NEW.partial AND total(kind = 'plugin') = NEW.plugins"
     " FROM snapshot_parts WHERE snapshot = NEW.id), 0)", "a snapshot needs all of its parts"),
    ("snapshots", "UPDATE", "1", "a snapshot never changes"),
)  # fmt: skip

_CASCADES = """
CREATE TRIGGER IF NOT EXISTS snapshots_forgotten AFTER DELETE ON snapshots
BEGIN DELETE FROM snapshot_parts WHERE snapshot = OLD.id; END;
CREATE TRIGGER IF NOT EXISTS trees_forgotten AFTER DELETE ON trees
BEGIN DELETE FROM tree_objects WHERE tree = OLD.hash; END;
"""

TRIGGERS = frozenset(f"{table}_{event.lower()}" for table, event, _, _ in _RULES) | {
    "snapshots_forgotten", "trees_forgotten",
}  # fmt: skip


def _trigger(table: str, event: str, refused: str, words: str) -> Sql:
    return Sql(
        f"CREATE TRIGGER IF NOT EXISTS {table}_{event.lower()} BEFORE {event} ON {table}"
        f" WHEN {refused} BEGIN SELECT RAISE(ABORT, 'vault: {words}'); END"
    )


def create(place: Place) -> None:
    """Make the tables, triggers and views where they are missing; safe to do twice at once."""
    steps = [
        Sql("INSERT INTO recovery_steps VALUES (?1, ?2) ON CONFLICT (step) DO UPDATE"
            " SET what = excluded.what", (number, what))
        for number, what in enumerate(RECOVERY, 1)
    ]  # fmt: skip
    place.write(
        [
            *(Sql(text.strip()) for text in sqlite.statements(TABLES)),
            *(_trigger(*rule) for rule in _RULES),
            *(Sql(text.strip()) for text in sqlite.statements(_CASCADES)),
            *steps,
            Sql("INSERT INTO vault_meta VALUES ('schema', ?1) ON CONFLICT (key) DO NOTHING",
                (str(VERSION),)),
        ]
    )  # fmt: skip


WHICH = Sql("SELECT value FROM vault_meta WHERE key = 'schema'")


def check(place: Place, rows: Rows) -> None:
    """Judge the answer to `WHICH`: NightpressError if a newer nightpress made the vault."""
    if not rows:
        raise Absent(f"there is no vault in {place.name}")
    version = str(rows[0][0])
    if version != str(VERSION):
        raise NightpressError(
            f"the vault {place.name} has schema {version}, this nightpress knows {VERSION}",
            "upgrade nightpress: pip install --upgrade nightpress",
        )
