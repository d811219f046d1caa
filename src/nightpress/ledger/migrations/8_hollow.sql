-- A plugin with nothing real to say ends as `hollow`. A CHECK can only be widened in the schema's own
-- text (https://sqlite.org/lang_altertable.html, "making other kinds of table schema changes"): the
-- rows, their chain, triggers and indexes stay as they are.
PRAGMA writable_schema = ON;
UPDATE sqlite_master
SET sql = replace(replace(sql, '''insufficient'', ''kept'', ''interrupted'')',
  '''insufficient'', ''hollow'', ''kept'', ''interrupted'')'),
  '''kept'', ''insufficient'')', '''kept'', ''insufficient'', ''hollow'')')
WHERE type = 'table' AND name = 'enhancements';
PRAGMA writable_schema = RESET;

DROP VIEW plugins;
-- Each plugin: how its enhancements ended last.
CREATE VIEW plugins AS
SELECT plugin_name, plugin_path, count(*) AS enhancements,
  sum(status IN ('published', 'adopted')) AS standing,
  sum(status = 'refused') AS refused, sum(status = 'failed') AS failed,
  sum(status = 'deferred') AS deferred, sum(status = 'insufficient') AS insufficient,
  sum(status = 'hollow') AS hollow, sum(status = 'kept') AS kept, max(timestamp) AS last_attempt
FROM latest GROUP BY plugin_path;

DROP VIEW success;
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
  sum(iif(status = 'hollow', n, 0)) AS hollow,
  sum(iif(status IN ('kept', 'interrupted'), n, 0)) AS kept_or_interrupted,
  round(100.0 * sum(iif(status = 'published', n, 0))
    / nullif(sum(iif(status IN ('published', 'refused', 'failed'), n, 0)), 0), 1) AS rate
FROM outcomes GROUP BY day;
