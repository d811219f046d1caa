"""The quota ledger's tables. A migration is never edited once released.

Times are epoch seconds, days are the provider's dates.
"""

from __future__ import annotations

_FIRST = """
-- One row per project and model: what is known of it, and when the last call was let go.
-- limits: the configured ones that the evidence was gathered under; ratio: input tokens per
-- estimated one, the largest of late; slowed_at: when a refusal last slowed it; draw: the jitter of
-- the next call; plugins: since the last rest.
CREATE TABLE lanes (
  id INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  model TEXT NOT NULL,
  limits TEXT NOT NULL,
  clean INTEGER NOT NULL DEFAULT 0,
  refusals INTEGER NOT NULL DEFAULT 0,
  ratio REAL NOT NULL DEFAULT 1.1,
  last_at REAL NOT NULL DEFAULT 0,
  slowed_at REAL NOT NULL DEFAULT 0,
  draw REAL NOT NULL DEFAULT 0,
  hold_until REAL NOT NULL DEFAULT 0,
  closed_until REAL NOT NULL DEFAULT 0,
  plugin TEXT NOT NULL DEFAULT '',
  plugins INTEGER NOT NULL DEFAULT 0,
  UNIQUE (project, model)
) STRICT;

-- One row per HTTP attempt, for as long as a minute's window or its own settlement needs it.
CREATE TABLE reservations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  lane INTEGER NOT NULL REFERENCES lanes (id),
  at REAL NOT NULL,
  day TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled', 'refused'))
) STRICT;
CREATE INDEX reservations_window ON reservations (lane, at, tokens);

-- Requests per day; kept for ever (one row a day).
CREATE TABLE days (
  lane INTEGER NOT NULL REFERENCES lanes (id),
  day TEXT NOT NULL,
  used INTEGER NOT NULL,
  refused INTEGER NOT NULL DEFAULT 0,
  tokens_in INTEGER NOT NULL DEFAULT 0,
  tokens_out INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (lane, day)
) STRICT, WITHOUT ROWID;

-- Limits that a refusal stated.
CREATE TABLE learned (
  lane INTEGER NOT NULL REFERENCES lanes (id),
  kind TEXT NOT NULL CHECK (kind IN ('rpm', 'tpm', 'rpd')),
  value INTEGER NOT NULL,
  at REAL NOT NULL,
  PRIMARY KEY (lane, kind)
) STRICT, WITHOUT ROWID;
"""

_SHARED = """
-- One ledger serves all marketplaces of a user, each with limits of its own: what was proved and
-- learned holds under those that were configured then (`limits`).
CREATE TABLE proved (
  lane INTEGER NOT NULL REFERENCES lanes (id),
  limits TEXT NOT NULL,
  clean INTEGER NOT NULL DEFAULT 0,
  refusals INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (lane, limits)
) STRICT, WITHOUT ROWID;
INSERT INTO proved SELECT id, limits, clean, refusals FROM lanes;

CREATE TABLE stated (
  lane INTEGER NOT NULL REFERENCES lanes (id),
  limits TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('rpm', 'tpm', 'rpd')),
  value INTEGER NOT NULL,
  at REAL NOT NULL,
  PRIMARY KEY (lane, limits, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO stated SELECT lane, limits, kind, value, at FROM learned JOIN lanes ON lanes.id = lane;
DROP TABLE learned;
ALTER TABLE stated RENAME TO learned;
ALTER TABLE lanes DROP COLUMN limits;
ALTER TABLE lanes DROP COLUMN clean;
ALTER TABLE lanes DROP COLUMN refusals;

-- Digests of the lanes of other ledgers that were taken over, so that none is counted twice.
CREATE TABLE taken_over (lane TEXT PRIMARY KEY, at REAL NOT NULL) STRICT, WITHOUT ROWID;
"""

MIGRATIONS = (_FIRST, _SHARED)
