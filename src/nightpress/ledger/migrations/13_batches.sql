-- Jobs of many questions that a provider answers in its own time. `ours` is the name that we give a
-- job before it is made, `name` the provider's; sending: it may or may not be there; over: all that
-- came of it is on record; lost: it was never made.
CREATE TABLE batches (
  id INTEGER PRIMARY KEY,
  ours TEXT NOT NULL UNIQUE,
  sent TEXT NOT NULL,
  run_id TEXT NOT NULL,
  backend TEXT NOT NULL,
  model TEXT NOT NULL,
  account TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('sending', 'sent', 'over', 'lost')),
  name TEXT,
  said TEXT,
  looked TEXT,
  CHECK (state NOT IN ('sent', 'over') OR name IS NOT NULL)
) STRICT;
CREATE INDEX batches_open ON batches (id) WHERE state IN ('sending', 'sent');

-- Their questions. first: the question that began the attempt (a repair has another one); answered:
-- its reply is on record; cut: the reply was too short, and is asked for with a larger budget; failed:
-- `answer` says why, to be told once (then: told); back: nothing came of it, it may be asked again.
CREATE TABLE batch_parts (
  batch INTEGER NOT NULL REFERENCES batches (id),
  request_sha256 TEXT NOT NULL,
  first TEXT NOT NULL,
  job TEXT NOT NULL,
  phase TEXT NOT NULL,
  max_output_tokens INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'answered', 'cut', 'failed', 'told', 'back')),
  answer TEXT,
  PRIMARY KEY (request_sha256, batch)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_parts_of ON batch_parts (batch);
CREATE INDEX batch_parts_job ON batch_parts (job) WHERE state = 'waiting';

DROP VIEW durations;

-- Each phase: seconds at the median, and what 95 of 100 stay under (nearest rank). What a job of many
-- took says nothing of how long a call takes.
CREATE VIEW durations AS
WITH spans (phase, seconds) AS (
  SELECT phase, seconds FROM calls WHERE outcome = 'reply' AND lane IS NOT 'batch'
  UNION ALL SELECT 'attempt', processing_time_seconds FROM enhancements
    WHERE status IN ('published', 'refused', 'failed')
  UNION ALL SELECT 'waiting', waited_seconds FROM enhancements WHERE waited_seconds > 0
), ranked AS (
  SELECT phase, seconds, count(*) OVER (PARTITION BY phase) AS n,
    row_number() OVER (PARTITION BY phase ORDER BY seconds) AS place FROM spans
)
SELECT phase, n, max(iif(place = (n + 1) / 2, seconds, NULL)) AS p50,
  max(iif(place = (95 * n + 99) / 100, seconds, NULL)) AS p95, max(seconds) AS longest
FROM ranked GROUP BY phase;
