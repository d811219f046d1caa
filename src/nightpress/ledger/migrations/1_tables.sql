CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO meta VALUES ('ledger_id', lower(hex(randomblob(16))));

-- One row per run that did something.
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY,
  started TEXT NOT NULL,
  finished TEXT,
  pid INTEGER NOT NULL,
  command TEXT NOT NULL,
  backend TEXT NOT NULL,
  model TEXT NOT NULL,
  version TEXT NOT NULL,
  exit_code INTEGER,
  summary TEXT
) STRICT;

-- One row per attempt at one enhancement. A final row never changes again.
CREATE TABLE enhancements (
  id INTEGER PRIMARY KEY,
  timestamp TEXT NOT NULL,
  plugin_name TEXT NOT NULL,
  plugin_path TEXT NOT NULL,
  enhancement_type TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('started', 'prepared', 'published', 'adopted', 'refused',
    'failed', 'deferred', 'insufficient', 'kept', 'interrupted')),
  processing_time_seconds REAL,
  waited_seconds REAL NOT NULL DEFAULT 0,
  run_id TEXT NOT NULL REFERENCES runs (run_id),
  job TEXT NOT NULL,
  target_path TEXT NOT NULL,
  backend TEXT NOT NULL,
  model_requested TEXT NOT NULL,
  model_answered TEXT,
  reasons TEXT NOT NULL,
  tokens_in INTEGER NOT NULL DEFAULT 0,
  tokens_out INTEGER NOT NULL DEFAULT 0,
  bytes_before INTEGER,
  bytes_after INTEGER,
  before_sha256 TEXT,
  content_sha256 TEXT,
  verified TEXT,
  error_class TEXT,
  error_message TEXT,
  fingerprint TEXT NOT NULL,
  snapshot_id TEXT,
  token TEXT,
  findings TEXT NOT NULL DEFAULT '[]',
  score_before INTEGER,
  score_after INTEGER,
  CHECK (status <> 'published' OR (content_sha256 IS NOT NULL AND bytes_after IS NOT NULL
    AND verified IS NOT NULL AND snapshot_id IS NOT NULL AND model_answered IS NOT NULL)),
  CHECK (status <> 'adopted' OR (content_sha256 IS NOT NULL AND verified IS NOT NULL)),
  CHECK (status <> 'prepared' OR (content_sha256 IS NOT NULL AND token IS NOT NULL)),
  CHECK (status NOT IN ('refused', 'failed', 'deferred', 'interrupted', 'kept', 'insufficient')
    OR error_message IS NOT NULL),
  CHECK (status IN ('started', 'prepared') OR processing_time_seconds IS NOT NULL)
) STRICT;
CREATE INDEX enhancements_job ON enhancements (job, id);
CREATE INDEX enhancements_open ON enhancements (status) WHERE status IN ('started', 'prepared');
CREATE INDEX enhancements_run ON enhancements (run_id);

CREATE TRIGGER enhancements_final_stays BEFORE UPDATE ON enhancements
WHEN OLD.status NOT IN ('started', 'prepared')
BEGIN SELECT RAISE(ABORT, 'a final row of the ledger never changes'); END;
CREATE TRIGGER enhancements_no_delete BEFORE DELETE ON enhancements
BEGIN SELECT RAISE(ABORT, 'the ledger forgets nothing'); END;

-- One row per HTTP attempt.
CREATE TABLE calls (
  id INTEGER PRIMARY KEY,
  timestamp TEXT NOT NULL,
  run_id TEXT NOT NULL REFERENCES runs (run_id),
  enhancement_id INTEGER REFERENCES enhancements (id),
  job TEXT NOT NULL,
  phase TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  backend TEXT NOT NULL,
  model_requested TEXT NOT NULL,
  model_answered TEXT,
  http_status INTEGER,
  outcome TEXT NOT NULL,
  prompt_sha256 TEXT NOT NULL,
  tokens_in INTEGER NOT NULL DEFAULT 0,
  tokens_out INTEGER NOT NULL DEFAULT 0,
  seconds REAL NOT NULL,
  error_message TEXT
) STRICT;
CREATE INDEX calls_enhancement ON calls (enhancement_id);
CREATE INDEX calls_run ON calls (run_id);
CREATE TRIGGER calls_stay BEFORE UPDATE ON calls
BEGIN SELECT RAISE(ABORT, 'a call of the ledger never changes'); END;
CREATE TRIGGER calls_no_delete BEFORE DELETE ON calls
BEGIN SELECT RAISE(ABORT, 'the ledger forgets nothing'); END;

-- What was paid for, stored before anything is done with it. spent_on: the enhancement row that
-- ended with it; an unspent reply is used again instead of a second payment.
CREATE TABLE replies (
  id INTEGER PRIMARY KEY,
  request_sha256 TEXT NOT NULL,
  stored TEXT NOT NULL,
  phase TEXT NOT NULL,
  job TEXT NOT NULL,
  text TEXT NOT NULL,
  model_answered TEXT NOT NULL,
  finish TEXT NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  spent_on INTEGER
) STRICT;
CREATE INDEX replies_request ON replies (request_sha256, spent_on);

-- Phase 1, cached: valid analyses by the hash of everything that they were made from.
CREATE TABLE analyses (
  request_sha256 TEXT PRIMARY KEY,
  stored TEXT NOT NULL,
  plugin TEXT NOT NULL,
  backend TEXT NOT NULL,
  model_answered TEXT NOT NULL,
  analysis TEXT NOT NULL
) STRICT;

-- path -> sha256 of the files behind a content digest: to name what changed.
CREATE TABLE contents (content TEXT PRIMARY KEY, files TEXT NOT NULL) STRICT;

-- `doit forget X`: the user asks for X again.
CREATE TABLE asks (job TEXT PRIMARY KEY, asked TEXT NOT NULL, after_id INTEGER NOT NULL) STRICT;

-- Every final row and every call, linked by hash in the order in which they were recorded.
CREATE TABLE chain (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('enhancement', 'call')),
  row_id INTEGER NOT NULL,
  digest TEXT NOT NULL,
  link TEXT NOT NULL,
  UNIQUE (kind, row_id)
) STRICT;
CREATE TRIGGER chain_stays BEFORE UPDATE ON chain
BEGIN SELECT RAISE(ABORT, 'the chain never changes'); END;
CREATE TRIGGER chain_no_delete BEFORE DELETE ON chain
BEGIN SELECT RAISE(ABORT, 'the chain never changes'); END;
