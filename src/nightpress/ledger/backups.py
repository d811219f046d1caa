"""The ledger's table of backups, drills and what else was done with the vault; a migration.

Floor 2.
"""

from __future__ import annotations

BACKUPS = """
-- One row per journey to the vault, failures too. place never holds a token.
CREATE TABLE backups (
  id INTEGER PRIMARY KEY,
  timestamp TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('backup', 'drill', 'verify', 'archive', 'forget')),
  place TEXT NOT NULL,
  off_site INTEGER NOT NULL,
  ok INTEGER NOT NULL,
  said TEXT NOT NULL,
  seconds REAL NOT NULL,
  recovery_seconds REAL,
  snapshot TEXT,
  bytes_sent INTEGER,
  objects_new INTEGER,
  plugins INTEGER,
  files INTEGER,
  bytes INTEGER,
  partial INTEGER,
  CHECK (ok = 0 OR kind NOT IN ('backup', 'drill') OR snapshot IS NOT NULL)
) STRICT;
"""

STATE = """
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
  (SELECT max(rowid) FROM chain), (SELECT count(*) FROM chain_gaps)
) AS state
"""
"""What changes with whatever the ledger is told, but not with a row in `backups`: that a backup was
made is no reason to send the ledger again."""
