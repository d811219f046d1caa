-- Drafts that passed their checks and wait for a person (publish: review), and what became of them.
CREATE TABLE reviews (
  id INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  enhancement_id INTEGER NOT NULL,
  made TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'applied', 'rejected', 'superseded')),
  draft BLOB NOT NULL,
  draft_sha256 TEXT NOT NULL,
  before_sha256 TEXT,
  model_answered TEXT NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  score_before INTEGER,
  score_after INTEGER NOT NULL,
  findings TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  files TEXT NOT NULL,
  because TEXT,
  decided TEXT,
  CHECK (state <> 'rejected' OR because IS NOT NULL),
  CHECK (state = 'waiting' OR decided IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX reviews_waiting ON reviews (job) WHERE state = 'waiting';
