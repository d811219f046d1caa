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
