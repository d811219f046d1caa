-- US dollars that the call cost at that day's price; 0 on a free tier, null: no price is known.
ALTER TABLE calls ADD COLUMN cost REAL;

CREATE INDEX enhancements_time ON enhancements (timestamp, status);
CREATE INDEX enhancements_standing ON enhancements (job, id)
  WHERE status IN ('published', 'adopted');
CREATE INDEX enhancements_target ON enhancements (target_path, id);
CREATE INDEX calls_time ON calls (timestamp);
CREATE INDEX calls_job ON calls (job, id);

-- `doit prune`: each stretch of the chain whose rows are gone; link: the one it ended with, so that
-- what follows can still be verified.
CREATE TABLE chain_gaps (
  first_seq INTEGER PRIMARY KEY,
  last_seq INTEGER NOT NULL,
  link TEXT NOT NULL,
  pruned TEXT NOT NULL,
  CHECK (last_seq >= first_seq)
) STRICT;

-- What pruned attempts add to the sums, by day.
CREATE TABLE pruned_enhancements (
  day TEXT NOT NULL,
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  PRIMARY KEY (day, status)
) STRICT, WITHOUT ROWID;
-- What pruned calls add to the sums, by day and model asked.
CREATE TABLE pruned_calls (
  day TEXT NOT NULL,
  model TEXT NOT NULL,
  calls INTEGER NOT NULL,
  replies INTEGER NOT NULL,
  tokens_in INTEGER NOT NULL,
  tokens_out INTEGER NOT NULL,
  cost REAL,
  PRIMARY KEY (day, model)
) STRICT, WITHOUT ROWID;

-- The latest attempt at each enhancement. Walks the index from job to job, so that a long history
-- costs nothing.
CREATE VIEW latest AS
WITH RECURSIVE jobs (job) AS (
  SELECT min(job) FROM enhancements
  UNION ALL
  SELECT (SELECT min(job) FROM enhancements WHERE job > jobs.job) FROM jobs WHERE job IS NOT NULL
)
SELECT enhancements.* FROM jobs JOIN enhancements
  ON enhancements.id = (SELECT max(id) FROM enhancements AS own WHERE own.job = jobs.job);

-- Each plugin: how its enhancements ended last.
CREATE VIEW plugins AS
SELECT plugin_name, plugin_path, count(*) AS enhancements,
  sum(status IN ('published', 'adopted')) AS standing,
  sum(status = 'refused') AS refused, sum(status = 'failed') AS failed,
  sum(status = 'deferred') AS deferred, sum(status = 'insufficient') AS insufficient,
  sum(status = 'kept') AS kept, max(timestamp) AS last_attempt
FROM latest GROUP BY plugin_path;

-- Each day: what was attempted, and what came of it. Rate: published of attempted, in percent.
CREATE VIEW success AS
WITH outcomes (day, status, n) AS (
  SELECT substr(timestamp, 1, 10), status, count(*) FROM enhancements GROUP BY 1, 2
  UNION ALL SELECT day, status, attempts FROM pruned_enhancements
)
SELECT day,
  sum(iif(status IN ('published', 'refused', 'failed'), n, 0)) AS attempted,
  sum(iif(status = 'published', n, 0)) AS published,
  sum(iif(status = 'refused', n, 0)) AS refused,
  sum(iif(status = 'failed', n, 0)) AS failed,
  sum(iif(status = 'deferred', n, 0)) AS deferred,
  sum(iif(status = 'adopted', n, 0)) AS adopted,
  sum(iif(status = 'insufficient', n, 0)) AS insufficient,
  sum(iif(status IN ('kept', 'interrupted'), n, 0)) AS kept_or_interrupted,
  round(100.0 * sum(iif(status = 'published', n, 0))
    / nullif(sum(iif(status IN ('published', 'refused', 'failed'), n, 0)), 0), 1) AS rate
FROM outcomes GROUP BY day;

-- Each run: how fast it was.
CREATE VIEW pace AS
SELECT runs.run_id, runs.started, runs.finished, runs.backend, runs.model,
  round(86400 * (julianday(runs.finished) - julianday(runs.started)), 1) AS seconds,
  coalesce(made.n, 0) AS published, coalesce(asked.n, 0) AS calls,
  coalesce(asked.refused, 0) AS refused_calls,
  round(made.n / nullif(24 * (julianday(runs.finished) - julianday(runs.started)), 0), 1)
    AS published_per_hour,
  round(asked.n / nullif(1440 * (julianday(runs.finished) - julianday(runs.started)), 0), 1)
    AS calls_per_minute
FROM runs
LEFT JOIN (SELECT run_id, count(*) AS n FROM enhancements WHERE status = 'published'
  GROUP BY run_id) AS made USING (run_id)
LEFT JOIN (SELECT run_id, count(*) AS n, sum(outcome IN ('minute_quota', 'day_quota', 'capacity'))
  AS refused FROM calls GROUP BY run_id) AS asked USING (run_id);

-- Each day and model asked: calls, tokens, US dollars (null: some call had no known price).
CREATE VIEW cost AS
WITH spent (day, model, calls, replies, tokens_in, tokens_out, cost, unpriced) AS (
  SELECT substr(timestamp, 1, 10), model_requested, count(*), sum(outcome = 'reply'),
    sum(tokens_in), sum(tokens_out), sum(cost), sum(cost IS NULL AND tokens_in + tokens_out > 0)
  FROM calls GROUP BY 1, 2
  UNION ALL SELECT day, model, calls, replies, tokens_in, tokens_out, cost, cost IS NULL
  FROM pruned_calls
)
SELECT day, model, sum(calls) AS calls, sum(replies) AS replies, sum(tokens_in) AS tokens_in,
  sum(tokens_out) AS tokens_out,
  CASE WHEN sum(unpriced) = 0 THEN round(coalesce(sum(cost), 0), 6) END AS usd
FROM spent GROUP BY day, model;

-- Each published attempt: size, score and findings, before and after.
CREATE VIEW quality AS
SELECT id, timestamp, job, enhancement_type, target_path, bytes_before, bytes_after,
  bytes_after - coalesce(bytes_before, 0) AS bytes_more, score_before, score_after,
  score_after - score_before AS score_more, json_array_length(findings) AS findings
FROM enhancements WHERE status = 'published';

-- Each phase: seconds at the median, and what 95 of 100 stay under (nearest rank).
CREATE VIEW durations AS
WITH spans (phase, seconds) AS (
  SELECT phase, seconds FROM calls WHERE outcome = 'reply'
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

-- Each gate: how often it spoke in the latest attempts.
CREATE VIEW gates AS
SELECT json_extract(found.value, '$.check') AS gate,
  json_extract(found.value, '$.severity') AS severity,
  count(*) AS findings, count(DISTINCT job) AS documents
FROM latest, json_each(latest.findings) AS found GROUP BY 1, 2;
